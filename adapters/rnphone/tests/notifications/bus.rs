//! A D-Bus of the test's own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A message bus. It ends with the test.
pub(crate) struct Bus {
    child: Child,
    pub(crate) address: String,
}

impl Bus {
    pub(crate) fn start(folder: &Path) -> Self {
        let socket = format!("--address=unix:path={}", folder.join("bus").display());
        let mut child = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nosyslog", "--print-address=1", &socket])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // It wants more files than a test may have open, and says so.
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon runs: interop/setup installs it");
        let mut address = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut address).expect("an address");
        Self { child, address: address.trim().to_owned() }
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
