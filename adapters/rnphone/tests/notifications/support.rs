//! Services at a D-Bus.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use lxst_interop::environment::short_name;

/// A phone. It ends with the test.
pub(crate) struct Phone {
    pub(crate) identity: String,
    pub(crate) address: String,
    folder: PathBuf,
    child: Child,
}

impl Phone {
    pub(crate) fn start(name: &str, settings: &str, bus: &str, options: &[&str]) -> Self {
        let folder = folder(name);
        fs::write(folder.join("config"), settings).expect("it is written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_rnphone-rs"));
        command.args(["--service", "--no-devices", "-v", "--config"]).arg(&folder).args(options);
        command.env("DBUS_SESSION_BUS_ADDRESS", bus).stdin(Stdio::null());
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let listens = options.contains(&"--listen");
        let mut word = || {
            let line = lines.next().expect("it tells of itself").expect("text");
            line.split_whitespace().nth(1).expect("a value").to_owned()
        };
        let identity = word();
        let address = if listens { word() } else { String::new() };
        let phone = Self { identity, address, folder, child };
        if !listens {
            until(|| phone.ctl(&["status"]).contains("1 connection"));
        }
        phone
    }

    /// Has a command done, and returns what it printed.
    pub(crate) fn ctl(&self, words: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rnphone-rs"));
        command.arg("--config").arg(&self.folder).arg("ctl").args(words);
        let output = command.output().expect("it runs");
        let [told, failed] = [output.stdout, output.stderr].map(String::from_utf8);
        assert!(output.status.success(), "{words:?}: {failed:?}");
        told.expect("text").trim_end().to_owned()
    }

    pub(crate) fn write_settings(&self, settings: &str) {
        fs::write(self.folder.join("config"), settings).expect("it is written");
    }

    /// Ends it as a user does.
    pub(crate) fn stop(mut self) -> Option<i32> {
        self.ctl(&["stop"]);
        self.child.wait().expect("it ends").code()
    }

    /// Returns the log of a phone that ends.
    pub(crate) fn log(&mut self) -> String {
        let mut log = String::new();
        let mut stderr = self.child.stderr.take().expect("it is piped");
        stderr.read_to_string(&mut log).expect("text");
        assert_eq!(self.child.wait().expect("it ends").code(), Some(0));
        log
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something holds.
pub(crate) fn until(holds: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < limit, "it never holds");
        thread::sleep(Duration::from_millis(50));
    }
}

pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("desktop").join(short_name(name));
    // Left by an earlier run.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}
