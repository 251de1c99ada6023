//! How a phone starts.

use std::io;
use std::net::SocketAddr;
#[cfg(feature = "trace")]
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use lxst_driver::reticulum::{Config as EndpointConfig, Identity, InterfaceConfig, Rng};
use lxst_driver::system::{CoderThread, OsRng};
#[cfg(feature = "trace")]
use lxst_driver::trace;
use lxst_driver::{Access, Config, Driver, InterfaceOrigin, Tap, core};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::events::{self, Events};
use crate::interface::{self, Door};
use crate::phone::Phone;
use crate::request::REQUESTS;
use crate::runner::{Inbox, Runner};

/// Settings of a phone that is not started.
#[derive(Debug)]
pub struct PhoneBuilder {
    identity: Identity,
    telephone: core::Config,
    access: Access,
    endpoint: EndpointConfig,
    connect: Vec<String>,
    listen: Vec<String>,
    rng: RngBox,
    tap: Option<Tap>,
    #[cfg(feature = "trace")]
    trace: Option<(PathBuf, trace::Payloads)>,
}

struct RngBox(Box<dyn Rng + Send>);

impl std::fmt::Debug for RngBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rng")
    }
}

/// Why a phone did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// An address to listen on was not to be had.
    #[error("cannot listen on {address}: {error}; give another address or end what uses it")]
    Listen {
        /// The address.
        address: String,
        /// What went wrong.
        error: io::Error,
    },
    /// The file of the trace was not to be had.
    #[cfg(feature = "trace")]
    #[error("cannot record to {}: {error}; it takes a name that is free", path.display())]
    Trace {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        error: io::Error,
    },
    /// The operating system gave no thread for the codecs.
    #[error("cannot start the codec thread: {0}")]
    Thread(io::Error),
}

impl Phone {
    /// Begins a phone for a person.
    #[must_use]
    pub fn builder(identity: Identity) -> PhoneBuilder {
        PhoneBuilder::new(identity)
    }
}

impl PhoneBuilder {
    fn new(identity: Identity) -> Self {
        Self {
            identity,
            telephone: core::Config::default(),
            access: Access::default(),
            endpoint: EndpointConfig::default(),
            connect: Vec::new(),
            listen: Vec::new(),
            rng: RngBox(Box::new(OsRng)),
            tap: None,
            #[cfg(feature = "trace")]
            trace: None,
        }
    }

    /// Adds a TCP client interface: `host:port` of a Reticulum TCP server. It connects as soon as
    /// the server is there, and again when the connection breaks.
    #[must_use]
    pub fn connect(mut self, address: impl Into<String>) -> Self {
        self.connect.push(address.into());
        self
    }

    /// Adds a TCP server interface on `host:port`; port 0 takes a free one.
    #[must_use]
    pub fn listen(mut self, address: impl Into<String>) -> Self {
        self.listen.push(address.into());
        self
    }

    /// Sets the lists of callers for whom the telephone's policy does not count.
    #[must_use]
    pub fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Sets the telephone's settings.
    #[must_use]
    pub fn telephone(mut self, config: core::Config) -> Self {
        self.telephone = config;
        self
    }

    /// Sets the Reticulum endpoint's settings.
    #[must_use]
    pub fn endpoint(mut self, config: EndpointConfig) -> Self {
        self.endpoint = config;
        self
    }

    /// Replaces the operating system's random generator.
    #[must_use]
    pub fn rng(mut self, rng: impl Rng + Send + 'static) -> Self {
        self.rng = RngBox(Box::new(rng));
        self
    }

    /// Sees all that passes the telephone's doors.
    #[must_use]
    pub fn tap(mut self, tap: Tap) -> Self {
        self.tap = Some(tap);
        self
    }

    /// Records all that passes the telephone's doors into a new file, readable by its owner only.
    /// It holds the conversation, voices included unless stripped. Recording never makes the phone
    /// wait; [`shutdown`](Phone::shutdown) returns when all is written.
    #[cfg(feature = "trace")]
    #[must_use]
    pub fn trace(mut self, path: impl Into<PathBuf>, payloads: trace::Payloads) -> Self {
        self.trace = Some((path.into(), payloads));
        self
    }

    /// Starts the phone on the current tokio runtime.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running. A server that does not answer is no error: the
    /// phone goes on trying.
    ///
    /// # Panics
    /// Outside of a tokio runtime with time and I/O enabled.
    pub async fn start(self) -> Result<(Phone, Events), StartError> {
        let mut listeners = Vec::new();
        for address in &self.listen {
            let failed = |error| StartError::Listen { address: address.clone(), error };
            let listener = TcpListener::bind(address).await.map_err(failed)?;
            let local = listener.local_addr().map_err(failed)?;
            listeners.push((listener, local));
        }
        let (done_sender, done) = mpsc::unbounded_channel();
        let coder = CoderThread::spawn(move |done| {
            // The phone may have ended meanwhile.
            let _ = done_sender.send(done);
        })
        .map_err(StartError::Thread)?;

        #[cfg(feature = "trace")]
        let tap = recorded(self.tap, self.trace)?;
        #[cfg(not(feature = "trace"))]
        let tap = self.tap;
        let unix_time_at_origin =
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let (identity, telephone, endpoint) = (self.identity, self.telephone, self.endpoint);
        let config =
            Config { identity, telephone, access: self.access, endpoint, unix_time_at_origin, tap };
        let driver = Driver::new(config, self.rng.0);

        let (io_sender, io) = mpsc::channel(IO_BACKLOG);
        let (request_sender, requests) = mpsc::channel(REQUESTS);
        let (event_sender, events) = events::channel();
        let mut tasks = tokio::task::JoinSet::new();
        let addresses: Vec<SocketAddr> = listeners.iter().map(|(_, local)| *local).collect();
        let mut origins = (0..).map(InterfaceOrigin);
        for ((listener, _), origin) in listeners.into_iter().zip(&mut origins) {
            let door =
                Door { origin, config: InterfaceConfig::TCP_ACCEPTED, io: io_sender.clone() };
            tasks.spawn(interface::serve(listener, door));
        }
        for (address, origin) in self.connect.into_iter().zip(&mut origins) {
            let door = Door { origin, config: InterfaceConfig::TCP, io: io_sender.clone() };
            tasks.spawn(interface::connect(address, door));
        }
        let me = driver.identity();
        let inbox = Inbox { requests, io, done };
        let runner = Runner::new(driver, coder, inbox, event_sender, tasks);
        tokio::spawn(runner.run());
        Ok((Phone::new(request_sender, me, addresses), events))
    }
}

/// Adds the recorder of a trace to the app's tap.
#[cfg(feature = "trace")]
fn recorded(
    tap: Option<Tap>,
    trace: Option<(PathBuf, trace::Payloads)>,
) -> Result<Option<Tap>, StartError> {
    let Some((path, payloads)) = trace else { return Ok(tap) };
    match trace::record(&path, payloads) {
        Ok(recorder) => Ok(Some(match tap {
            Some(tap) => tap.and(recorder),
            None => recorder,
        })),
        Err(error) => Err(StartError::Trace { path, error }),
    }
}

/// Messages of interfaces that wait for the phone's task.
const IO_BACKLOG: usize = 64;
