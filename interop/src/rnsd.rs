//! The Reticulum daemon in a process of its own.

use core::time::Duration;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Instant;

use crate::logs;
use crate::network::SharedInstance;
use crate::watchdog;

/// A running rnsd of RNS 1.5.7, with a shared instance. Dropping it ends its process.
#[derive(Debug)]
pub struct Rnsd {
    name: String,
    storage: PathBuf,
    python: PathBuf,
    instance: SharedInstance,
    tcp_server: Option<u16>,
    child: Option<Child>,
}

impl Rnsd {
    pub(crate) fn new(
        name: &str,
        storage: &Path,
        python: &Path,
        instance: SharedInstance,
        tcp_server: Option<u16>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            storage: storage.to_owned(),
            python: python.to_owned(),
            instance,
            tcp_server,
            child: None,
        }
    }

    /// Returns the address at which apps attach to it; [`Self::restart`] keeps it.
    pub fn shared_instance(&self) -> &SharedInstance {
        &self.instance
    }

    /// Returns the folder of its configuration.
    pub fn folder(&self) -> &Path {
        &self.storage
    }

    /// Returns the port on loopback of its TCP server interface; [`Self::restart`] keeps it.
    ///
    /// # Panics
    /// If it was built without [`RnsdBuilder::tcp_server`](crate::RnsdBuilder::tcp_server).
    #[track_caller]
    pub fn port(&self) -> u16 {
        match self.tcp_server {
            Some(port) => port,
            None => panic!("rnsd {} has no TCP server: build it with tcp_server()", self.name),
        }
    }

    /// Kills it with SIGKILL and waits for its end. Nobody is told, and all its sockets close.
    ///
    /// Has no effect if it is dead. Its ports are free for others until [`Self::restart`].
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Both fail only when the process has ended and been waited for.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Kills it, starts it again with the same configuration, and waits until all its sockets are
    /// open.
    ///
    /// That takes about 0.2 s. A transport node returns with the same identity but without paths:
    /// after SIGKILL it has lost all announces. Python phones return by themselves, 8 s after it
    /// died if attached ([`Builder::shared_instance`](crate::Builder::shared_instance)), 5 s at its
    /// TCP server ([`Builder::connect`](crate::Builder::connect)), or a multiple of that: wait for
    /// their `online`.
    ///
    /// # Panics
    /// If it is not up within 30 s. The message tells why.
    #[track_caller]
    pub fn restart(&mut self) {
        self.kill();
        if let Err(error) = self.start() {
            panic!("{error}");
        }
    }

    /// As [`Self::restart`], and starts it once more after 3 s where it ended at once, as the
    /// service in RNS's manual does: `Restart=always`, `RestartSec=3`.
    ///
    /// # Panics
    /// If it is not up at the second attempt. The message tells why.
    #[track_caller]
    pub fn restart_as_service(&mut self) {
        self.kill();
        if self.start().is_err() {
            thread::sleep(RESTART_PAUSE);
            self.restart();
        }
    }

    pub(crate) fn start(&mut self) -> Result<(), String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peer_rnsd.py");
        let log = |name: &str| {
            let path = self.storage.join(name);
            let file = File::options().create(true).append(true).open(&path);
            file.map_err(|error| format!("{}: {error}", path.display()))
        };
        let (copy, stderr) = (log("log")?, log("stderr")?);
        let mut child = Command::new(&self.python)
            .arg(script)
            .arg("--config")
            .arg(&self.storage)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .map_err(|error| format!("{}: {error}", self.python.display()))?;
        let (sender, lines) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            thread::spawn(move || copy_lines(stdout, copy, &sender));
        }
        self.child = Some(child);

        let begun = Instant::now();
        loop {
            let line = match lines.recv_timeout(watchdog::left(begun, START_TIMEOUT)) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout)
                    if !watchdog::left(begun, START_TIMEOUT).is_zero() =>
                {
                    continue;
                }
                Err(_) => {
                    self.kill();
                    return Err(self.failure("it does not start"));
                }
            };
            if TAKEN.iter().any(|taken| line.contains(taken)) {
                self.kill();
                return Err(self.failure(TAKEN_INSTANCE));
            }
            if line.contains(STARTED) {
                return Ok(());
            }
        }
    }

    fn failure(&self, what: &str) -> String {
        let mut text = format!("rnsd {}: {what}", self.name);
        logs::append_ends(&mut text, &self.storage, &["log", "stderr"]);
        text
    }
}

impl Drop for Rnsd {
    fn drop(&mut self) {
        if let Some(child) = self.child.as_ref().filter(|_| thread::panicking()) {
            logs::tell_of_failed_test(child, |what| self.failure(what));
        }
        self.kill();
    }
}

/// Copies the output to the log and passes it on.
fn copy_lines(stdout: ChildStdout, mut copy: File, lines: &Sender<String>) {
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        let _ = writeln!(copy, "{line}");
        // Nobody listens once it has started.
        let _ = lines.send(line);
    }
}

/// The failure of an rnsd whose shared instance belongs to another process.
pub(crate) const TAKEN_INSTANCE: &str = "its shared instance is taken";
/// RNS logs it when all interfaces, the shared instance and its control socket are up.
const STARTED: &str = "Started rnsd version";
/// RNS goes on as a client, or alone, if the address of its shared instance is taken.
const TAKEN: [&str; 2] =
    ["connected to another shared local instance", "but it could not be connected"];
const RESTART_PAUSE: Duration = Duration::from_secs(3);
const START_TIMEOUT: Duration = Duration::from_secs(30);
