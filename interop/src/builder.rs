//! The settings of a Python peer.

use core::time::Duration;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::environment;
use crate::hex;
#[cfg(target_os = "linux")]
use crate::namespace::Namespace;
use crate::network::{Ifac, Network, free_tcp_ports};
use crate::packet::IdentityHash;
use crate::peer::PythonPeer;
use crate::rnsd::Rnsd;

/// The settings of a [`PythonPeer`]; start with [`PythonPeer::builder`].
#[derive(Clone, Debug)]
pub struct Builder {
    name: String,
    storage: PathBuf,
    /// `None` listens on a free port.
    network: Option<Network>,
    ifac: Option<Ifac>,
    arguments: Vec<OsString>,
    /// What runs Python, and its arguments before Python's own; nothing runs it directly.
    wrapper: Vec<OsString>,
}

impl PythonPeer {
    /// Creates the settings of a peer. `test` and `name` name its folder, and are unique together.
    pub fn builder(test: &str, name: &str) -> Builder {
        Builder {
            name: name.to_owned(),
            storage: environment::target_dir().join("interop").join(test).join(name),
            network: None,
            ifac: None,
            arguments: Vec::new(),
            wrapper: Vec::new(),
        }
    }
}

impl Builder {
    /// Connects to a Reticulum TCP listener on loopback, instead of listening on a free port.
    ///
    /// The listener has to exist: RNS tries again only after 5 s. If the connection is lost, the
    /// peer reports `offline`, and a call ends as soon as media cannot be sent (0.2 s measured). It
    /// tries to connect every 5 s, the first time after 5 s, and reports `online`. It keeps its
    /// known paths and does not announce again by itself: a phone that has forgotten it needs a
    /// [`Command::Announce`](crate::Command::Announce). No setting shortens the wait.
    pub fn connect(mut self, port: u16) -> Self {
        self.network = Some(Network::Connect(port));
        self
    }

    /// Receives on one UDP port on loopback and sends to another, instead of listening on TCP.
    ///
    /// [`free_udp_ports`](crate::free_udp_ports) finds a pair. There is no connection: the peer is
    /// ready and `online` at once, packets before the other end listens are lost, and a path is
    /// requested only once. So start the callee first. Links have Reticulum's default MTU of 500
    /// bytes.
    pub fn udp(mut self, listen: u16, forward: u16) -> Self {
        self.network = Some(Network::Udp { listen, forward });
        self
    }

    /// Finds its neighbours by AutoInterface, on the network interfaces of a namespace, instead of
    /// listening on TCP.
    #[cfg(target_os = "linux")]
    pub fn auto_interface(mut self, namespace: &Namespace) -> Self {
        self.network = Some(Network::Auto);
        self.wrapper = namespace.wrapper().map(OsString::from).collect();
        self
    }

    /// Attaches to the shared instance of an rnsd, instead of having an interface of its own.
    ///
    /// The rnsd must run. Two phones on one rnsd are 0 hops apart, and find each other by path
    /// requests before any announce.
    ///
    /// If the rnsd dies, the phone ends its call, reports `offline` at once, and forgets all paths.
    /// It tries to attach every 8 s, the first time after 8 s, and reports `online`. From then on
    /// it answers path requests, so it can be called. It announces 10 s later, at least 18 s after
    /// the rnsd died. Apps on the same rnsd hear that announce, but it is a path response, which
    /// does not leave the rnsd unless it is asked for. No setting shortens these waits;
    /// [`Command::Announce`](crate::Command::Announce) saves the 10 s.
    pub fn shared_instance(mut self, rnsd: &Rnsd) -> Self {
        self.network = Some(Network::Attach(rnsd.shared_instance().clone()));
        self
    }

    /// Sets a network name and a passphrase (IFAC), which its interface then requires.
    ///
    /// # Panics
    /// If one of them is empty or contains a quote, `%`, `$` or a line end, which RNS's
    /// configuration does not keep.
    #[track_caller]
    pub fn ifac(mut self, network_name: &str, passphrase: &str) -> Self {
        self.ifac = Some(Ifac::new(network_name, passphrase));
        self
    }

    /// Plays a 16-bit WAV into the microphone, `delay` after it opens; silence follows.
    ///
    /// The telephone drops the first 75 ms of its microphone and fades in the next 225 ms, each
    /// rounded up to whole frames. A delay of 0.5 s (1 s for frames of 320 ms and more) keeps the
    /// whole WAV.
    pub fn audio_in(self, wav: &Path, delay: Duration) -> Self {
        self.option("--audio-in", wav).option("--audio-delay", delay.as_secs_f64().to_string())
    }

    /// Repeats the WAV of [`Self::audio_in`] until the call ends.
    pub fn audio_loop(self) -> Self {
        self.flag("--audio-loop")
    }

    /// Uses sound devices of these names, in place of files.
    pub fn devices(self, microphone: &str, speaker: &str) -> Self {
        self.option("--devices", microphone).flag(speaker)
    }

    /// Sends raw audio of 16 or 32 bits a sample at any profile, 960 bytes per packet.
    pub fn raw(self, bits: u32) -> Self {
        self.option("--raw", bits.to_string())
    }

    /// Answers calls this many seconds after they start to ring; more than 0.
    pub fn auto_answer(self, seconds: f64) -> Self {
        self.option("--auto-answer", seconds.to_string())
    }

    /// Lets only this identity's calls ring; others get BUSY.
    pub fn allow_only(self, identity: IdentityHash) -> Self {
        self.option("--allow", hex::encode(&identity))
    }

    /// Blocks this identity: its calls get BUSY.
    pub fn block(self, identity: IdentityHash) -> Self {
        self.option("--block", hex::encode(&identity))
    }

    /// Lets no calls ring; all get BUSY.
    pub fn allow_none(self) -> Self {
        self.option("--allow", "none")
    }

    /// Sets how long an incoming call rings. *Default*: the telephone's own, 60 s.
    pub fn ring_time(self, time: Duration) -> Self {
        self.option("--ring-time", time.as_secs_f64().to_string())
    }

    /// Sets how long the busy tone plays before the end of a call is reported. *Default*: not at
    /// all.
    pub fn busy_tone(self, time: Duration) -> Self {
        self.option("--busy-tone", time.as_secs_f64().to_string())
    }

    /// Sets how long an outgoing call waits. *Default*: the telephone's own, 70 s.
    pub fn wait_time(self, time: Duration) -> Self {
        self.option("--wait-time", time.as_secs_f64().to_string())
    }

    /// Keeps the microphone's band-pass, AGC and echo filters. *Default*: off.
    pub fn filters(self) -> Self {
        self.flag("--filters")
    }

    /// Logs only the first media packets of each link and direction; all are counted.
    pub fn log_media_first(self, packets: usize) -> Self {
        self.option("--log-media", format!("first:{packets}"))
    }

    /// Starts the peer and waits until it is ready.
    ///
    /// Its files are in `interop/<test>/<name>` below the target folder, created anew: `heard.wav`,
    /// `log` (of RNS), `stderr` and `events.jsonl`.
    ///
    /// # Panics
    /// If Python LXST cannot be set up, if the peer is not ready within 30 s, or for IFAC at a
    /// shared instance. The message tells why.
    #[track_caller]
    pub fn spawn(self) -> PythonPeer {
        let python = match environment::python() {
            Ok(python) => python,
            Err(error) => panic!("{error}"),
        };
        assert!(
            self.ifac.is_none() || !matches!(self.network, Some(Network::Attach(_))),
            "a shared instance has no IFAC: the rnsd's own interfaces have it"
        );
        for attempt in 1.. {
            let [port] = free_tcp_ports();
            let network = self.network.clone().unwrap_or(Network::Listen(port));
            let child = self.start(python, &network);
            let mut peer = PythonPeer::new(&self.name, &self.storage, network.port(), child);
            match peer.await_ready() {
                Ok(()) => return peer,
                // Another process took the free port in between.
                Err(error)
                    if attempt < SPAWN_ATTEMPTS
                        && self.network.is_none()
                        && error.contains("Address already in use") => {}
                Err(error) => panic!("{error}"),
            }
        }
        unreachable!("the last attempt returns or panics");
    }

    fn start(&self, python: &Path, network: &Network) -> Child {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peer.py");
        if self.storage.exists() {
            fs::remove_dir_all(&self.storage)
                .unwrap_or_else(|error| panic!("{}: {error}", self.storage.display()));
        }
        fs::create_dir_all(&self.storage)
            .unwrap_or_else(|error| panic!("{}: {error}", self.storage.display()));
        let stderr = File::create(self.storage.join("stderr"))
            .unwrap_or_else(|error| panic!("{}: {error}", self.storage.display()));
        let mut command = self.wrapper.iter().map(OsString::as_os_str).chain([python.as_os_str()]);
        Command::new(command.next().unwrap_or(python.as_os_str()))
            .args(command)
            .arg(script)
            .args(network.arguments())
            .args(self.ifac_arguments())
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

    fn ifac_arguments(&self) -> impl Iterator<Item = &str> {
        self.ifac.iter().flat_map(|ifac| ["--ifac", &ifac.network_name, &ifac.passphrase])
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

const SPAWN_ATTEMPTS: u32 = 3;
