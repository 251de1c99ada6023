//! The streams by which programs hear microphones.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use lxst_interop::SoundServer;

/// Returns how many there are.
pub(crate) fn listeners(server: &SoundServer) -> usize {
    let told = server.control().args(["list", "short", "source-outputs"]).output();
    let told = String::from_utf8_lossy(&told.expect("pactl runs").stdout).into_owned();
    // Those of the server's own modules have no client.
    let client = |line: &str| line.split('\t').nth(2).is_some_and(|client| client != "-");
    told.lines().filter(|line| client(line)).count()
}

#[track_caller]
pub(crate) fn until_listeners(server: &SoundServer, count: usize) {
    let began = Instant::now();
    while listeners(server) != count {
        assert!(began.elapsed() < PATIENCE, "{} listen", listeners(server));
        thread::sleep(Duration::from_millis(20));
    }
}

/// Counts those that are opened.
pub(crate) struct OpenedListeners {
    child: Child,
    lines: mpsc::Receiver<String>,
}

impl OpenedListeners {
    /// Counts from now on.
    pub(crate) fn of(server: &SoundServer) -> Self {
        let child = server.control().arg("subscribe").stdout(Stdio::piped()).spawn();
        let mut child = child.expect("pactl runs");
        let told = BufReader::new(child.stdout.take().expect("it is piped"));
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            // Nobody counts any more.
            told.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let opened = Self { child, lines };
        // Each question is a client, which is told of.
        let began = Instant::now();
        while opened.lines.recv_timeout(Duration::from_millis(50)).is_err() {
            assert!(began.elapsed() < PATIENCE, "the server tells of nothing");
            listeners(server);
        }
        opened
    }

    /// Returns how many were opened until one was closed.
    pub(crate) fn until_closed(&self) -> usize {
        let mut count = 0;
        loop {
            let line = self.lines.recv_timeout(PATIENCE).expect("a stream is closed");
            count += usize::from(line.starts_with("Event 'new' on source-output"));
            if line.starts_with("Event 'remove' on source-output") {
                return count;
            }
        }
    }
}

impl Drop for OpenedListeners {
    fn drop(&mut self) {
        // Both fail only when the process has ended and been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
