//! Phones of the built program, and the terminal of one.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use lxst_interop::Terminal;
use serde_json::Value;

/// A phone without a screen. It ends with the test.
pub(crate) struct Phone {
    name: &'static str,
    child: Child,
}

impl Phone {
    pub(crate) fn start(name: &'static str) -> Self {
        Self::with(name, &["--listen", "127.0.0.1:0"])
    }

    pub(crate) fn with(name: &'static str, options: &[&str]) -> Self {
        let mut command = rnphone(&["--service", "--no-devices"], &folder(name));
        command.args(options);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it runs");
        let mut line = String::new();
        let out = child.stdout.as_mut().expect("it is piped");
        BufReader::new(out).read_line(&mut line).expect("it tells of itself");
        assert!(line.starts_with("identity"), "{line}");
        Self { name, child }
    }

    pub(crate) fn address(&self) -> String {
        Events::of(self.name).hello["listening"][0].as_str().expect("an address").to_owned()
    }

    pub(crate) fn events(&self) -> Events {
        Events::of(self.name)
    }

    pub(crate) fn ctl(&self, words: &[&str]) {
        let words: Vec<&str> = ["ctl"].iter().chain(words).copied().collect();
        let output = rnphone(&words, &path(self.name)).output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// What `ctl events` prints of a phone.
pub(crate) struct Events {
    child: Child,
    lines: BufReader<ChildStdout>,
    hello: Value,
}

impl Events {
    /// Listens to the phone of a folder.
    pub(crate) fn of(name: &str) -> Self {
        let mut command = rnphone(&["ctl", "events"], &path(name));
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it runs");
        let lines = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut events = Self { child, lines, hello: Value::Null };
        events.hello = events.until("hello");
        events
    }

    pub(crate) fn identity(&self) -> String {
        self.hello["identity"].as_str().expect("a hash").to_owned()
    }

    /// Reads events up to the first one of this name.
    pub(crate) fn until(&mut self, name: &str) -> Value {
        let mut seen = String::new();
        loop {
            let start = seen.len();
            let read = self.lines.read_line(&mut seen).expect("events are text");
            assert!(read > 0, "the phone ended without {name} after:\n{seen}");
            let event: Value = serde_json::from_str(&seen[start..]).unwrap_or_default();
            if event["event"] == name {
                return event;
            }
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Starts a phone with its full screen, at a terminal of 24 rows and 80 columns.
pub(crate) fn full_screen(name: &str, options: &[&str]) -> Terminal {
    let mut command = rnphone(&["--tui", "--no-devices"], &folder(name));
    Terminal::start_at(command.args(options), 24, 80)
}

/// Starts the full screen of a phone that runs.
pub(crate) fn attached(phone: &Phone) -> Terminal {
    Terminal::start_at(&rnphone(&["--tui"], &path(phone.name)), 24, 80)
}

/// Checks that a terminal shows what it showed before, and takes lines again.
#[track_caller]
pub(crate) fn assert_restored(terminal: &Terminal) {
    terminal.until_screen("empty screen", |screen| {
        let is_changed = screen.hide_cursor() || screen.bracketed_paste();
        let is_other = screen.alternate_screen() || is_changed || !screen.contents().is_empty();
        (!is_other).then_some(())
    });
    assert!(terminal.takes_lines());
}

/// Returns the program, for the phone of a folder.
pub(crate) fn rnphone(options: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rnphone-rs"));
    command.arg("--config").arg(folder).args(options);
    command.env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8").env_remove("COLUMNS");
    command.env("DBUS_SESSION_BUS_ADDRESS", "");
    command
}

/// Makes the folder of a phone.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = path(name);
    // Left by an earlier run.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("tui").join(name)
}

fn end(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}
