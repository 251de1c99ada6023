//! The phone of a script beside a test.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

/// A phone that runs beside the test, with its events. It ends with the test.
pub(crate) struct Phone {
    pub(crate) child: Child,
    pub(crate) events: BufReader<ChildStderr>,
    pub(crate) hello: Value,
}

impl Phone {
    pub(crate) fn start(options: &[&str]) -> Self {
        let mut command = command(options);
        command.stdin(Stdio::null());
        Self::spawn(command)
    }

    pub(crate) fn spawn(mut command: Command) -> Self {
        command.arg("--json").stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the phone runs");
        let events = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut phone = Self { child, events, hello: Value::Null };
        phone.hello = phone.until("hello");
        phone
    }

    /// Reads events up to the first one of this name.
    pub(crate) fn until(&mut self, name: &str) -> Value {
        let mut seen = String::new();
        loop {
            let start = seen.len();
            let read = self.events.read_line(&mut seen).expect("events are text");
            assert!(read > 0, "the phone ended without {name} after:\n{seen}");
            let event: Value = serde_json::from_str(&seen[start..]).unwrap_or_default();
            if event["event"] == name {
                return event;
            }
        }
    }

    pub(crate) fn address(&self) -> String {
        self.hello["listening"][0].as_str().expect("an address").to_owned()
    }

    pub(crate) fn identity(&self) -> String {
        self.hello["identity"].as_str().expect("an identity").to_owned()
    }

    pub(crate) fn wait(&mut self) -> Option<i32> {
        let mut rest = String::new();
        self.events.read_to_string(&mut rest).expect("events are text");
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn run(options: &[&str]) -> Output {
    command(options).stdin(Stdio::null()).output().expect("the phone runs")
}

/// Returns a phone without devices. It is somebody new, unless the options say who it is.
pub(crate) fn command(options: &[&str]) -> Command {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let mut command = Command::new(PROGRAM);
    // The folders of phones that were killed stay here.
    command.args(options).arg("--no-devices").env("TMPDIR", env!("CARGO_TARGET_TMPDIR"));
    if !options.iter().any(|option| ["--identity", "--config", "--folder"].contains(option)) {
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let file = format!("{}-{number}", std::process::id());
        command.arg("--identity").arg(folder("identities").join(file));
    }
    command
}

/// Returns a folder that is empty, but for that of identities.
pub(crate) fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("script").join(test);
    if test != "identities" {
        // Left by an earlier run.
        let _ = fs::remove_dir_all(&folder);
    }
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

pub(crate) fn path(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_rnphone-rs");
