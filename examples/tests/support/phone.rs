//! The phone program beside a test.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::Value;

use super::program;

/// A phone that runs beside the test, with its events. It ends with the test.
pub(crate) struct Phone {
    pub(crate) child: Child,
    events: BufReader<ChildStderr>,
    pub(crate) ready: Value,
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
        let mut phone = Self { child, events, ready: Value::Null };
        phone.ready = phone.until("ready");
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
        self.ready["listening"][0].as_str().expect("an address").to_owned()
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

/// A phone whose events are text. It ends with the test.
pub(crate) struct Watched(Child);

/// What such a phone prints of itself.
pub(crate) struct PhoneInfo {
    pub(crate) identity: String,
    pub(crate) address: String,
}

impl Watched {
    /// Starts a phone that listens.
    pub(crate) fn start(mut command: Command) -> (Self, PhoneInfo) {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the phone runs");
        let said = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut lines = said.lines().map(|line| line.expect("text"));
        let watched = Self(child);
        let mut told = |name: &str| {
            let line = lines.find(|line| line.starts_with(name)).expect("it tells of itself");
            line.split_whitespace().nth(1).expect("a value").to_owned()
        };
        let (identity, address) = (told("identity"), told("listening"));
        (watched, PhoneInfo { identity, address })
    }

    /// Starts a phone that prints to its terminal only.
    pub(crate) fn silent(mut command: Command) -> Self {
        Self(command.stdout(Stdio::null()).spawn().expect("the phone runs"))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn wait(&mut self) -> Option<i32> {
        self.0.wait().expect("it ends").code()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns a phone with a user at a terminal, in a session of its own. It gets the default SIGHUP,
/// because tests without a terminal may ignore that signal, and programs inherit it.
pub(crate) fn attended(options: &[&str], terminal: File) -> Command {
    let phone = command(options);
    let mut session = Command::new("setsid");
    session.args(["--ctty", "env", "--default-signal=HUP"]);
    session.arg(phone.get_program()).args(phone.get_args());
    session.stderr(terminal.try_clone().expect("it is open")).stdin(terminal);
    session
}

/// The screen of a terminal.
pub(crate) struct Screen(Arc<(Mutex<String>, Condvar)>);

impl Screen {
    /// Reads everything that is shown from here on.
    pub(crate) fn of(pty: OwnedFd) -> Self {
        let shown = Arc::new((Mutex::new(String::new()), Condvar::new()));
        let screen = Self(shown.clone());
        thread::spawn(move || {
            let mut bytes = [0; 4_096];
            // It fails when the terminal's programs have ended.
            while let Ok(count @ 1..) = rustix::io::read(&pty, &mut bytes) {
                shown
                    .0
                    .lock()
                    .expect("no panic")
                    .push_str(&String::from_utf8_lossy(&bytes[..count]));
                shown.1.notify_all();
            }
        });
        screen
    }

    pub(crate) fn text(&self) -> String {
        self.0.0.lock().expect("no panic").clone()
    }

    /// Waits until the last line contains a text. Returns the line.
    pub(crate) fn until(&self, wanted: &str) -> String {
        let (text, changed) = &*self.0;
        let last = |text: &str| text.rsplit(['\r', '\n']).next().map(str::to_owned);
        let is_missing = |text: &mut String| !last(text).is_some_and(|line| line.contains(wanted));
        let text = text.lock().expect("no panic");
        let waited = changed.wait_timeout_while(text, PATIENCE, is_missing).expect("no panic");
        assert!(!waited.1.timed_out(), "no {wanted:?} after {:?}", *waited.0);
        last(&waited.0).unwrap_or_default()
    }
}

/// Opens a terminal: the user's side, and the side of programs.
pub(crate) fn terminal() -> (OwnedFd, File) {
    let pty = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&pty).and_then(|()| unlockpt(&pty)).expect("a terminal to use");
    let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&pty, size).expect("a size");
    let name = ptsname(&pty, Vec::new()).expect("a name").into_string().expect("in UTF-8");
    let options = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let terminal = rustix::fs::open(name, options, Mode::empty()).expect("it opens");
    (pty, terminal.into())
}

pub(crate) fn run(options: &[&str]) -> Output {
    command(options).stdin(Stdio::null()).output().expect("the phone runs")
}

pub(crate) fn command(options: &[&str]) -> Command {
    let mut command = Command::new(program("phone"));
    command.args(options);
    command
}

pub(crate) fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("phone").join(test);
    // Left by an earlier run.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

pub(crate) fn path(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Time limit of a screen.
const PATIENCE: Duration = Duration::from_secs(60);
