//! Phones with a user at a terminal of their own.

use std::fs::{self, File};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

/// A phone with a user at a terminal. It ends with the test.
pub(crate) struct Person {
    child: Child,
    keyboard: Arc<OwnedFd>,
    terminal: File,
    shown: Arc<(Mutex<Shown>, Condvar)>,
}

struct Shown {
    screen: vt100::Parser,
    bytes: Vec<u8>,
}

/// What a terminal is.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) columns: u16,
}

/// An ordinary one.
pub(crate) const USUAL: Kind = Kind { name: "xterm-256color", columns: 80 };

impl Person {
    /// Starts a phone in a folder.
    pub(crate) fn at(kind: Kind, folder: &Path, options: &[&str]) -> Self {
        let (keyboard, terminal) = open(kind.columns);
        let keyboard = Arc::new(keyboard);
        // Tests without a terminal may ignore the signal, and programs inherit it.
        let mut session = Command::new("setsid");
        session.args(["--ctty", "env", "--default-signal=HUP"]).arg(PROGRAM);
        session.arg("--no-devices").arg("--config").arg(folder).args(options);
        session.env("TERM", kind.name).env_remove("NO_COLOR").env_remove("COLUMNS");
        let [stdin, stdout, stderr] = [(); 3].map(|()| terminal.try_clone().expect("it is open"));
        let child = session.stdin(stdin).stdout(stdout).stderr(stderr).spawn().expect("it runs");
        let screen = vt100::Parser::new(cells(ROWS), cells(kind.columns), 1_000);
        let shown = Arc::new((Mutex::new(Shown { screen, bytes: Vec::new() }), Condvar::new()));
        read(keyboard.clone(), shown.clone());
        Self { child, keyboard, terminal, shown }
    }

    /// Starts a phone that listens. Returns it with its identity and its address.
    pub(crate) fn listening(kind: Kind, folder: &Path) -> (Self, String, String) {
        let phone = Self::at(kind, folder, &["--listen", "127.0.0.1:0"]);
        // The line is whole when the cursor has left it.
        let screen = phone.wait_for("listening", |screen| {
            let (row, _) = screen.cursor_position();
            rows(screen).iter().take(row.into()).any(|row| row.starts_with("listening "))
        });
        let word = |name: &str| {
            let line = screen.lines().find(|line| line.starts_with(name)).expect("it tells");
            line.split_whitespace().nth(1).expect("a value").to_owned()
        };
        let (identity, address) = (word("identity"), word("listening"));
        (phone, identity, address)
    }

    /// Starts a phone that is connected to another.
    pub(crate) fn connected(kind: Kind, folder: &Path, address: &str) -> Self {
        let phone = Self::at(kind, folder, &["--connect", address]);
        phone.until("online: ");
        phone
    }

    /// Types keys.
    pub(crate) fn keys(&self, keys: &str) {
        rustix::io::write(&*self.keyboard, keys.as_bytes()).expect("the terminal is open");
    }

    /// Types a line.
    pub(crate) fn line(&self, line: &str) {
        self.keys(line);
        self.keys("\r");
    }

    /// Waits until a text is on the screen. Returns the screen.
    pub(crate) fn until(&self, wanted: &str) -> String {
        self.wait_for(wanted, |screen| screen.contents().contains(wanted))
    }

    /// Waits until a text is on the screen no more.
    pub(crate) fn until_gone(&self, unwanted: &str) {
        self.wait_for(unwanted, |screen| !screen.contents().contains(unwanted));
    }

    /// Waits until a row of the screen is this text. Returns the screen.
    pub(crate) fn until_row(&self, wanted: &str) -> String {
        self.wait_for(wanted, |screen| rows(screen).iter().any(|row| row == wanted))
    }

    /// Waits until these rows stand below each other.
    pub(crate) fn until_rows(&self, wanted: &[&str]) {
        self.wait_for(&wanted.join("\n"), |screen| {
            rows(screen).windows(wanted.len()).any(|rows| rows == wanted)
        });
    }

    /// Waits until the time of a call is shown. Returns it with what stands before it.
    pub(crate) fn until_clock(&self) -> String {
        let clock = |screen: &str| {
            let (_, clock) = screen.rsplit_once("  00:")?;
            let seconds = clock.get(..2).filter(|seconds| seconds.trim().len() == 2)?;
            Some(format!("  00:{seconds}"))
        };
        let screen = self.wait_for("  00:", |screen| clock(&screen.contents()).is_some());
        clock(&screen).expect("it is there")
    }

    /// Waits until the line that is edited is this text, with the cursor behind it.
    pub(crate) fn until_typed(&self, wanted: &str) {
        self.wait_for(wanted, |screen| {
            let (row, column) = screen.cursor_position();
            let line = rows(screen).get(usize::from(row)).cloned().unwrap_or_default();
            line.trim_end() == wanted && usize::from(column) >= wanted.len()
        });
    }

    /// Everything that was shown, with its escape codes.
    pub(crate) fn bytes(&self) -> String {
        let shown = self.shown.0.lock().expect("no panic");
        String::from_utf8_lossy(&shown.bytes).into_owned()
    }

    pub(crate) fn resize(&self, columns: u16) {
        self.shown
            .0
            .lock()
            .expect("no panic")
            .screen
            .screen_mut()
            .set_size(cells(ROWS), cells(columns));
        tcsetwinsize(&*self.keyboard, size(columns)).expect("a size");
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("an id");
        kill_process(id, signal).expect("it runs");
    }

    /// Waits for the end. Returns the exit code, and whether the terminal is as programs expect it.
    pub(crate) fn wait(&mut self) -> (Option<i32>, bool) {
        let begin = Instant::now();
        let code = loop {
            match self.child.try_wait().expect("it is a child") {
                Some(status) => break status.code(),
                None => assert!(begin.elapsed() < PATIENCE, "it does not end"),
            }
            thread::sleep(Duration::from_millis(10));
        };
        let modes = tcgetattr(&self.terminal).expect("a terminal").local_modes;
        (code, modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG))
    }

    fn wait_for(&self, wanted: &str, is_there: impl Fn(&vt100::Screen) -> bool) -> String {
        let (shown, changed) = &*self.shown;
        let is_missing = |shown: &mut Shown| !is_there(shown.screen.screen());
        let shown = shown.lock().expect("no panic");
        let (shown, timeout) =
            changed.wait_timeout_while(shown, PATIENCE, is_missing).expect("no panic");
        let text = rows(shown.screen.screen()).join("\n");
        assert!(!timeout.timed_out(), "no {wanted:?} on\n{text}");
        text
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A phone without a terminal.
pub(crate) fn program(folder: &Path, options: &[&str]) -> Command {
    let mut program = Command::new(PROGRAM);
    program.arg("--no-devices").arg("--config").arg(folder).args(options).stdin(Stdio::null());
    program
}

pub(crate) fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prompt").join(test);
    // Left by an earlier run.
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn rows(screen: &vt100::Screen) -> Vec<String> {
    let (_, columns) = screen.size();
    screen.rows(0, columns.get()).map(|row| row.trim_end().to_owned()).collect()
}

fn open(columns: u16) -> (OwnedFd, File) {
    let pty = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&pty).and_then(|()| unlockpt(&pty)).expect("a terminal to use");
    tcsetwinsize(&pty, size(columns)).expect("a size");
    let name = ptsname(&pty, Vec::new()).expect("a name").into_string().expect("in UTF-8");
    let options = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let terminal = rustix::fs::open(name, options, Mode::empty()).expect("it opens");
    (pty, terminal.into())
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).expect("a terminal has cells")
}

fn size(columns: u16) -> Winsize {
    Winsize { ws_row: ROWS, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

fn read(pty: Arc<OwnedFd>, shown: Arc<(Mutex<Shown>, Condvar)>) {
    thread::spawn(move || {
        let mut bytes = [0; 4_096];
        // It fails when the terminal's programs have ended.
        while let Ok(count @ 1..) = rustix::io::read(&*pty, &mut bytes) {
            let mut now = shown.0.lock().expect("no panic");
            now.screen.process(&bytes[..count]);
            now.bytes.extend_from_slice(&bytes[..count]);
            shown.1.notify_all();
        }
    });
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_rnphone-rs");
const ROWS: u16 = 50;
/// Time limit of a screen.
const PATIENCE: Duration = Duration::from_secs(60);
