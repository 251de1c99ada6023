//! Phones of the built program, and the terminal of one.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::num::NonZeroU16;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use serde_json::Value;

/// A phone without a screen. It ends with the test.
pub(crate) struct Phone {
    name: &'static str,
    child: Child,
}

impl Phone {
    pub(crate) fn start(name: &'static str) -> Self {
        let options = ["--service", "--no-devices", "--listen", "127.0.0.1:0"];
        let mut command = rnphone(&options, &folder(name));
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

/// A phone with its full screen, in a terminal of 24 rows and 80 columns. It ends with the test.
pub(crate) struct FullScreen {
    pub(crate) child: Child,
    pub(crate) pty: OwnedFd,
    terminal: File,
    shown: Arc<(Mutex<vt100::Parser>, Condvar)>,
}

impl FullScreen {
    pub(crate) fn start(name: &str, options: &[&str]) -> Self {
        let (pty, terminal) = terminal();
        let shown = Arc::new((Mutex::new(vt100::Parser::new(ROWS, COLUMNS, 0)), Condvar::new()));
        let (screen, from) = (shown.clone(), pty.try_clone().expect("it is open"));
        thread::spawn(move || {
            let mut bytes = [0; 4_096];
            // It fails when the terminal's programs have ended.
            while let Ok(count @ 1..) = rustix::io::read(&from, &mut bytes) {
                screen.0.lock().expect("no panic").process(&bytes[..count]);
                screen.1.notify_all();
            }
        });
        let clone = || terminal.try_clone().expect("it is open");
        let child = rnphone(&["--tui", "--no-devices"], &folder(name))
            .args(options)
            .stdin(clone())
            .stdout(clone())
            .stderr(clone())
            .spawn()
            .expect("it runs");
        Self { child, pty, terminal, shown }
    }

    /// Waits until the screen shows a text.
    pub(crate) fn until(&self, wanted: &str) {
        let (parser, changed) = &*self.shown;
        let is_missing = |parser: &mut vt100::Parser| !parser.screen().contents().contains(wanted);
        let parser = parser.lock().expect("no panic");
        let waited = changed.wait_timeout_while(parser, PATIENCE, is_missing).expect("no panic");
        assert!(!waited.1.timed_out(), "no {wanted:?} in\n{}", waited.0.screen().contents());
    }

    pub(crate) fn type_keys(&self, keys: &str) {
        rustix::io::write(&self.pty, keys.as_bytes()).expect("the terminal is open");
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&self, rows: NonZeroU16, columns: NonZeroU16) {
        self.shown.0.lock().expect("no panic").screen_mut().set_size(rows, columns);
        tcsetwinsize(&self.pty, size(rows, columns)).expect("a size");
        // The program's terminal is not its controlling one, whose size the kernel would tell.
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::WINCH).expect("it runs");
    }

    pub(crate) fn wait(&mut self) -> Option<i32> {
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().expect("it was started") {
                return status.code();
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("it does not end");
    }

    /// Checks that the terminal shows what it showed before, and takes lines again.
    pub(crate) fn assert_restored(&self) {
        let (parser, changed) = &*self.shown;
        let is_other = |parser: &mut vt100::Parser| {
            let screen = parser.screen();
            let is_changed = screen.hide_cursor() || screen.bracketed_paste();
            screen.alternate_screen() || is_changed || !screen.contents().is_empty()
        };
        let parser = parser.lock().expect("no panic");
        let waited = changed.wait_timeout_while(parser, PATIENCE, is_other).expect("no panic");
        assert!(!waited.1.timed_out(), "{}", waited.0.screen().contents());
        let modes = tcgetattr(&self.terminal).expect("a terminal").local_modes;
        assert!(modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG));
    }
}

impl Drop for FullScreen {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Opens a terminal: the user's side, and the side of programs.
pub(crate) fn terminal() -> (OwnedFd, File) {
    let pty = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&pty).and_then(|()| unlockpt(&pty)).expect("a terminal to use");
    tcsetwinsize(&pty, size(ROWS, COLUMNS)).expect("a size");
    let name = ptsname(&pty, Vec::new()).expect("a name").into_string().expect("in UTF-8");
    let options = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let terminal = rustix::fs::open(name, options, Mode::empty()).expect("it opens");
    (pty, terminal.into())
}

const fn size(rows: NonZeroU16, columns: NonZeroU16) -> Winsize {
    Winsize { ws_row: rows.get(), ws_col: columns.get(), ws_xpixel: 0, ws_ypixel: 0 }
}

/// Returns the program, for the phone of a folder.
pub(crate) fn rnphone(options: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rnphone-rs"));
    command.arg("--config").arg(folder).args(options);
    command.env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8").env_remove("COLUMNS");
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

const ROWS: NonZeroU16 = NonZeroU16::new(24).unwrap();
const COLUMNS: NonZeroU16 = NonZeroU16::new(80).unwrap();
/// Time limit of everything that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
