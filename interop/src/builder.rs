//! How a Python peer is set up.

use core::net::Ipv4Addr;
use core::time::Duration;
use std::ffi::OsString;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::environment;
use crate::hex;
use crate::packet::IdentityHash;
use crate::peer::PythonPeer;

/// Sets up a [`PythonPeer`]; start with [`PythonPeer::builder`].
#[derive(Clone, Debug)]
pub struct Builder {
    name: String,
    storage: PathBuf,
    connect: Option<u16>,
    arguments: Vec<OsString>,
}

impl Builder {
    pub(crate) fn new(test: &str, name: &str) -> Self {
        let storage = environment::target_dir().join("interop").join(test).join(name);
        Self { name: name.to_owned(), storage, connect: None, arguments: Vec::new() }
    }

    /// Connects to a Reticulum TCP listener on loopback, instead of listening on a free port.
    ///
    /// The listener must be there already: RNS tries again only after 5 s.
    pub fn connect(mut self, port: u16) -> Self {
        self.connect = Some(port);
        self
    }

    /// Speaks a 16-bit WAV into the microphone, `delay` after it opens; silence follows.
    ///
    /// The telephone throws away the first 75 ms of its microphone and fades in the next 225 ms,
    /// each rounded up to whole frames: a delay of 0.5 s (1 s for frames of 320 ms and more) keeps
    /// the WAV whole.
    pub fn audio_in(self, wav: &Path, delay: Duration) -> Self {
        self.option("--audio-in", wav).option("--audio-delay", delay.as_secs_f64().to_string())
    }

    /// Repeats the WAV of [`Self::audio_in`] for as long as the call lasts.
    pub fn audio_loop(self) -> Self {
        self.flag("--audio-loop")
    }

    /// Answers calls this many seconds after they start to ring; must be more than 0.
    pub fn auto_answer(self, seconds: f64) -> Self {
        self.option("--auto-answer", seconds.to_string())
    }

    /// Lets only this identity's calls ring; others get BUSY.
    pub fn allow_only(self, identity: IdentityHash) -> Self {
        self.option("--allow", hex::encode(&identity))
    }

    /// Lets this identity's calls never ring; they get BUSY.
    pub fn block(self, identity: IdentityHash) -> Self {
        self.option("--block", hex::encode(&identity))
    }

    /// Lets nobody's calls ring; all get BUSY.
    pub fn allow_none(self) -> Self {
        self.option("--allow", "none")
    }

    /// Lets an incoming call ring this long; the telephone's own 60 s if not given.
    pub fn ring_time(self, time: Duration) -> Self {
        self.option("--ring-time", time.as_secs_f64().to_string())
    }

    /// Lets an outgoing call wait this long; the telephone's own 70 s if not given.
    pub fn wait_time(self, time: Duration) -> Self {
        self.option("--wait-time", time.as_secs_f64().to_string())
    }

    /// Keeps the microphone's band-pass, AGC and echo filters, which are off if not asked for.
    pub fn filters(self) -> Self {
        self.flag("--filters")
    }

    /// Logs only the first media packets of each link and direction; all are counted.
    pub fn log_media_first(self, packets: usize) -> Self {
        self.option("--log-media", format!("first:{packets}"))
    }

    /// Starts the peer and waits until it is ready.
    ///
    /// Its files are in `interop/<test>/<name>` below the target folder, made anew: `heard.wav`,
    /// `log` (of RNS), `stderr` and `events.jsonl`.
    ///
    /// # Panics
    /// When Python LXST cannot be set up, or the peer does not come up within 30 s; the message
    /// says why.
    #[track_caller]
    pub fn spawn(self) -> PythonPeer {
        let python = match environment::python() {
            Ok(python) => python,
            Err(error) => panic!("{error}"),
        };
        for attempt in 1.. {
            let port = self.connect.unwrap_or_else(free_port);
            let child = self.start(python, port);
            let mut peer = PythonPeer::new(&self.name, &self.storage, port, child);
            match peer.await_ready() {
                Ok(()) => return peer,
                // Somebody took the free port in between.
                Err(error)
                    if attempt < SPAWN_ATTEMPTS && error.contains("Address already in use") => {}
                Err(error) => panic!("{error}"),
            }
        }
        unreachable!("the last attempt returns or panics");
    }

    fn start(&self, python: &Path, port: u16) -> Child {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peer.py");
        if self.storage.exists() {
            fs::remove_dir_all(&self.storage)
                .unwrap_or_else(|error| panic!("{}: {error}", self.storage.display()));
        }
        fs::create_dir_all(&self.storage)
            .unwrap_or_else(|error| panic!("{}: {error}", self.storage.display()));
        let stderr = File::create(self.storage.join("stderr"))
            .unwrap_or_else(|error| panic!("{}: {error}", self.storage.display()));
        Command::new(python)
            .arg(script)
            .arg(if self.connect.is_some() { "--connect" } else { "--listen" })
            .arg(port.to_string())
            .arg("--storage")
            .arg(&self.storage)
            .arg("--audio-out")
            .arg(self.storage.join("heard.wav"))
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", python.display()))
    }

    fn option(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.arguments.push(name.into());
        self.arguments.push(value.into());
        self
    }

    fn flag(mut self, name: &str) -> Self {
        self.arguments.push(name.into());
        self
    }
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .unwrap_or_else(|error| panic!("no free port on loopback: {error}"))
        .port()
}

const SPAWN_ATTEMPTS: u32 = 3;
