//! How a phone starts.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use async_channel::Receiver;
use async_executor::Executor;
#[cfg(feature = "voice-processing")]
use lxst_engine::VoiceProcessing;
use lxst_engine::core::limits::FRAMES_PER_PACKET;
use lxst_engine::core::{IdentityHash, InsteadOfVoice};
use lxst_engine::{Access, Config, Engine, Ids, InterfaceOrigin, LinkQueue, Tap, core};
use lxst_reticulum::{Config as EndpointConfig, Endpoint, EndpointLinks, Identity, Rng};

use crate::events::Events;
#[cfg(feature = "trace")]
use crate::host::record;
use crate::host::{
    CoderThread, FolderLock, IdentityFileError, OsRng, create_private_folder,
    load_or_create_identity,
};
use crate::inbox::Inbox;
use crate::intake::Intake;
use crate::interface::{Interface, OpenError, Opened};
use crate::links::{CommandSender, LinkPort, LinkReport};
use crate::network::Network;
use crate::outlets::Outlets;
use crate::phone::Phone;
use crate::request::Requests;
use crate::runner::{Parts, Runner};
use crate::runtime::Runtime;
use crate::state::{InterfaceState, Publisher, State};
use crate::store::Store;

/// Settings of a phone that is not started, on the runtime `R`.
#[derive(Debug)]
pub struct PhoneBuilder<R> {
    runtime: R,
    stack: Stack,
    config: Config,
    when_no_microphone: InsteadOfVoice,
    dtx: bool,
    people: Option<PathBuf>,
    #[cfg(feature = "trace")]
    trace: Option<(PathBuf, lxst_trace::Payloads)>,
}

/// Whose Reticulum the phone is on.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a phone is built once")]
enum Stack {
    Own { identity: Identity, settings: Settings },
    App { identity: IdentityHash, commands: CommandSender, reports: Receiver<LinkReport> },
}

/// Settings of our own endpoint.
#[derive(Debug)]
struct Settings {
    endpoint: EndpointConfig,
    interfaces: Vec<Interface>,
    known: Option<PathBuf>,
    rng: RngBox,
    lock: Option<FolderLock>,
}

/// A network with its sockets and files, which only our own endpoint has.
struct OwnNetwork<R: Runtime> {
    network: Network,
    opened: Vec<Opened<R>>,
    store: Option<Store>,
    lock: Option<FolderLock>,
}

/// Why a phone did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// An interface's address was not to be had.
    #[error("cannot use {address}: {error}; give another address or end what uses it")]
    Interface {
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
    /// Packets cannot have so many frames.
    #[error("{given} frames a packet, where 1 to {most} are possible")]
    FramesPerPacket {
        /// What the telephone's settings say.
        given: u8,
        /// The most, of the profile that allows the most.
        most: usize,
    },
    /// The operating system gave no thread for the codecs.
    #[error("cannot start the codec thread: {0}")]
    Thread(io::Error),
}

impl<R: Runtime> PhoneBuilder<R> {
    /// Begins a phone for a person, on our own Reticulum endpoint. Nothing is kept in files.
    #[must_use]
    pub fn new(identity: Identity) -> Self {
        let settings = Settings {
            endpoint: EndpointConfig::default(),
            interfaces: Vec::new(),
            known: None,
            rng: RngBox(Box::new(OsRng)),
            lock: None,
        };
        Self::on(Stack::Own { identity, settings })
    }

    /// Begins a phone that keeps what it knows in a folder, which is made where there is none, and which
    /// is one phone's at a time: its `identity`, made on first use, `known_destinations` and `people`.
    /// The folder and its files are their owner's alone.
    ///
    /// # Errors
    /// [`IdentityFileError`]: the folder cannot be made, another phone has it, or the identity cannot
    /// be read.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, IdentityFileError> {
        let folder = folder.as_ref();
        let made = if folder.as_os_str().is_empty() {
            Err(io::ErrorKind::NotFound.into())
        } else {
            create_private_folder(folder)
        };
        made.map_err(|error| IdentityFileError::Folder { path: folder.into(), error })?;
        let lock = FolderLock::take(folder)?;
        let identity = load_or_create_identity(&folder.join("identity"))?;
        let builder = Self::new(identity)
            .known_destinations(folder.join("known_destinations"))
            .people(folder.join("people"));
        Ok(builder.with_settings(|settings| settings.lock = lock))
    }

    /// Begins a phone on another Reticulum stack, which runs in the app and holds the identity. The
    /// app serves the port.
    #[must_use]
    pub fn on_links(identity: IdentityHash) -> (Self, LinkPort) {
        let ids = Ids::default();
        let (port, commands, reports) = LinkPort::new(ids.clone());
        let mut builder = Self::on(Stack::App { identity, commands, reports });
        builder.config.ids = ids;
        (builder, port)
    }

    fn on(stack: Stack) -> Self {
        Self {
            runtime: R::default(),
            stack,
            config: Config::default(),
            when_no_microphone: InsteadOfVoice::Nothing,
            dtx: false,
            people: None,
            #[cfg(feature = "trace")]
            trace: None,
        }
    }

    /// Adds a way into the network; a phone may have several. Without effect on another stack.
    #[must_use]
    pub fn interface(self, interface: Interface) -> Self {
        self.with_settings(|settings| settings.interfaces.push(interface))
    }

    /// Keeps the known destinations in a file: read at the start, replaced some seconds after they
    /// changed and at the end. A file that is no such thing, or is damaged, is told of in the log, and
    /// kept as `.bad`; a damaged record costs itself. Without effect on another stack.
    #[must_use]
    pub fn known_destinations(self, path: impl Into<PathBuf>) -> Self {
        self.with_settings(|settings| settings.known = Some(path.into()))
    }

    /// Keeps in a file whom we dialled or talked with, so that they are no strangers after a restart:
    /// [`CallerLimits`](core::CallerLimits) are for strangers. Read, replaced and told of as
    /// [`known_destinations`](Self::known_destinations) are.
    ///
    /// *Bounds*: the [`CALLERS_REMEMBERED`](core::limits::CALLERS_REMEMBERED) latest.
    #[must_use]
    pub fn people(mut self, path: impl Into<PathBuf>) -> Self {
        self.people = Some(path.into());
        self
    }

    /// Sets the Reticulum endpoint's settings. Without effect on another stack.
    #[must_use]
    pub fn endpoint(self, config: EndpointConfig) -> Self {
        self.with_settings(|settings| settings.endpoint = config)
    }

    /// Replaces the operating system's random generator. Without effect on another stack.
    #[must_use]
    pub fn rng(self, rng: impl Rng + Send + 'static) -> Self {
        self.with_settings(|settings| settings.rng = RngBox(Box::new(rng)))
    }

    /// Sets the telephone's settings.
    #[must_use]
    pub fn telephone(mut self, config: core::Config) -> Self {
        self.config.telephone = config;
        self
    }

    /// Sets the lists of callers for whom the telephone's policy does not count.
    #[must_use]
    pub fn access(mut self, access: Access) -> Self {
        self.config.access = access;
        self
    }

    /// Sets what a call sends while no audio source is attached.
    #[must_use]
    pub fn when_no_microphone(mut self, missing: InsteadOfVoice) -> Self {
        self.when_no_microphone = missing;
        self
    }

    /// Sends nothing while nobody speaks (DTX): a call's airtime is that of its words. *Default*: off, as
    /// the reference.
    #[must_use]
    pub const fn dtx(mut self, dtx: bool) -> Self {
        self.dtx = dtx;
        self
    }

    /// Lets the profile follow what the path carries: it steps down where more than 8 % of the voice is
    /// lost for 5 s, and up again after 20 s with less than 2 %. *Default*: off; only people switch, as
    /// in the reference.
    #[must_use]
    pub const fn adaptive_profile(mut self, adaptive: bool) -> Self {
        self.config.adaptive_profile = adaptive;
        self
    }

    /// Sets what is done to the microphone's sound.
    #[cfg(feature = "voice-processing")]
    #[must_use]
    pub fn voice_processing(mut self, processing: VoiceProcessing) -> Self {
        self.config.voice_processing = processing;
        self
    }

    /// Sees all that passes the telephone's doors.
    #[must_use]
    pub fn tap(mut self, tap: Tap) -> Self {
        self.config.tap = Some(tap);
        self
    }

    /// Records all that passes the telephone's doors into a new file, readable by its owner only.
    /// It holds the conversation, voices included unless stripped. Recording never makes the phone
    /// wait; [`shutdown`](Phone::shutdown) returns when all is written.
    #[cfg(feature = "trace")]
    #[must_use]
    pub fn trace(mut self, path: impl Into<PathBuf>, payloads: lxst_trace::Payloads) -> Self {
        self.trace = Some((path.into(), payloads));
        self
    }

    /// Starts the phone on the runtime.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running. A server that does not answer is no error: the
    /// phone goes on trying.
    ///
    /// # Panics
    /// Outside of a runtime, where the runtime's functions do.
    ///
    /// # Cancel safety
    /// It never waits, so that it cannot be cancelled halfway.
    pub async fn start(self) -> Result<(Phone, Events), StartError> {
        let Self { runtime, stack, config, when_no_microphone, dtx, people, .. } = self;
        let given = config.telephone.frames_per_packet;
        if !(1..=FRAMES_PER_PACKET).contains(&given.into()) {
            return Err(StartError::FramesPerPacket { given, most: FRAMES_PER_PACKET });
        }
        let (own, stack, reports) = match stack {
            Stack::Own { identity, settings } => (settings.open(&runtime, identity)?, None, None),
            Stack::App { identity, commands, reports } => {
                let network = Network::Port(LinkQueue::new(identity));
                let own = OwnNetwork { network, opened: Vec::new(), store: None, lock: None };
                (own, Some(commands), Some(reports))
            }
        };
        let OwnNetwork { network, opened, store, lock } = own;
        let (done_sender, done) = async_channel::unbounded();
        let coder = CoderThread::spawn(dtx, move |done| {
            // The phone may have ended meanwhile.
            let _ = done_sender.try_send(done);
        })
        .map_err(StartError::Thread)?;
        #[cfg(feature = "trace")]
        let config = Config { tap: recorded(config.tap, self.trace)?, ..config };
        let mut engine = Engine::new(config, network);
        let people = people.and_then(|path| Store::open_people(path, &mut engine));

        let io = Intake::default();
        let (request_sender, requests) = Requests::channel();
        let (events, queue) = Events::new(0);
        let interface = |opened: &Opened<R>| InterfaceState {
            name: opened.name.clone(),
            ..InterfaceState::default()
        };
        let state =
            State { interfaces: opened.iter().map(interface).collect(), ..State::default() };
        let (publisher, watch) = Publisher::new(state.clone());
        let listening: Vec<SocketAddr> = opened.iter().filter_map(|opened| opened.local).collect();
        let phone = Phone::new(request_sender, watch, engine.identity(), listening);
        let interfaces = Executor::new();
        for (opened, origin) in opened.into_iter().zip((0..).map(InterfaceOrigin)) {
            interfaces.spawn(opened.keep(runtime.clone(), origin, io.clone())).detach();
        }
        let runner = Runner::new(Parts {
            origin: runtime.now(),
            runtime: runtime.clone(),
            engine,
            coder,
            inbox: Inbox { requests, io, done, reports },
            stack,
            stores: store.into_iter().chain(people).collect(),
            outlets: Outlets::new(queue, publisher, state),
            when_no_microphone,
        });
        runtime.spawn(async move {
            let ended = interfaces.run(runner.run()).await;
            // The sockets are closed with their tasks.
            drop(interfaces);
            drop(lock);
            ended.tell();
        });
        Ok((phone, events))
    }

    fn with_settings(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        if let Stack::Own { settings, .. } = &mut self.stack {
            set(settings);
        }
        self
    }
}

impl Settings {
    fn open<R: Runtime>(
        self,
        runtime: &R,
        identity: Identity,
    ) -> Result<OwnNetwork<R>, StartError> {
        let opened = self.interfaces.into_iter().map(|interface| interface.open(runtime));
        let opened: Vec<Opened<R>> = opened
            .collect::<Result<_, OpenError>>()
            .map_err(|OpenError { address, error }| StartError::Interface { address, error })?;
        let mut endpoint = Endpoint::new(identity, self.endpoint, self.rng.0);
        let store = self.known.and_then(|path| Store::open_destinations(path, &mut endpoint));
        let network = Network::Endpoint(EndpointLinks::new(endpoint));
        Ok(OwnNetwork { network, opened, store, lock: self.lock })
    }
}

/// Adds the recorder of a trace to the app's tap.
#[cfg(feature = "trace")]
fn recorded(
    tap: Option<Tap>,
    trace: Option<(PathBuf, lxst_trace::Payloads)>,
) -> Result<Option<Tap>, StartError> {
    let Some((path, payloads)) = trace else { return Ok(tap) };
    let name = path.display().to_string();
    let on_end = move |why| tracing::warn!("recording to {name} ends, the call goes on: {why}");
    match record(&path, payloads, on_end) {
        Ok(recorder) => Ok(Some(match tap {
            Some(tap) => tap.and(recorder),
            None => recorder,
        })),
        Err(error) => Err(StartError::Trace { path, error }),
    }
}

struct RngBox(Box<dyn Rng + Send>);

impl fmt::Debug for RngBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rng")
    }
}
