//! Programs whose user sits at a terminal.

use core::fmt;
use core::num::NonZero;
use core::time::Duration;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::watchdog;

/// A program in a terminal of its own, 80 columns wide, and so high that nothing
/// leaves it. Dropping it closes the terminal and ends the program.
///
/// # Panics
/// Methods that wait panic if what they wait for is not shown in time, with what is: this
/// type is for tests.
#[derive(Debug)]
pub struct Terminal {
    child: Child,
    keyboard: Arc<OwnedFd>,
    shown: Arc<Shown>,
    /// Where on the screen the text that was found last ends.
    seen: usize,
    patience: Duration,
}

struct Shown {
    text: Mutex<Text>,
    changed: Condvar,
}

struct Text {
    screen: vt100::Parser,
    is_over: bool,
}

impl Terminal {
    /// Starts a program.
    #[track_caller]
    #[must_use]
    pub fn start(command: &Command) -> Self {
        let (keyboard, terminal) = open();
        // Tests without a terminal may ignore the signal, and programs inherit it.
        let mut session = Command::new("setsid");
        session.args(["--ctty", "env", "--default-signal=HUP"]).arg(command.get_program());
        session.args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => session.env(name, value),
                None => session.env_remove(name),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            session.current_dir(folder);
        }
        session.env("TERM", "xterm-256color").env_remove("NO_COLOR").env_remove("COLUMNS");
        let [stdin, stdout, stderr] = [(); 3].map(|()| terminal.try_clone().expect("it is open"));
        let child = session.stdin(stdin).stdout(stdout).stderr(stderr).spawn();
        let child = child.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let screen = vt100::Parser::new(cells(ROWS), cells(COLUMNS), 0);
        let text = Mutex::new(Text { screen, is_over: false });
        let shown = Arc::new(Shown { text, changed: Condvar::new() });
        let keyboard = Arc::new(keyboard);
        read(keyboard.clone(), shown.clone());
        Self { child, keyboard, shown, seen: 0, patience: PATIENCE }
    }

    /// Sets how long methods wait. *Default*: a minute.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Types keys.
    #[track_caller]
    pub fn keys(&self, keys: &str) {
        rustix::io::write(&*self.keyboard, keys.as_bytes()).expect("the terminal is open");
    }

    /// Types a line.
    #[track_caller]
    pub fn line(&self, line: &str) {
        self.keys(&format!("{line}\r"));
    }

    /// Waits until a text is on the screen. Returns the screen.
    #[track_caller]
    pub fn until(&self, wanted: &str) -> String {
        self.wait_for(0, wanted).0
    }

    /// Waits until a text is on the screen behind the one that this returned last. Returns the line
    /// that it ends in.
    #[track_caller]
    pub fn then(&mut self, wanted: &str) -> String {
        let (screen, end) = self.wait_for(self.seen, wanted);
        self.seen = end;
        let line = screen[..end].rfind('\n').map_or(0, |before| before + 1);
        screen[line..].lines().next().unwrap_or_default().trim_end().to_owned()
    }

    #[track_caller]
    fn wait_for(&self, from: usize, wanted: &str) -> (String, usize) {
        let began = Instant::now();
        let mut text = self.shown.lock();
        loop {
            let screen = text.screen.screen().contents();
            let rest = screen.get(from..).unwrap_or_default();
            if let Some(at) = rest.find(wanted) {
                return (screen, from + at + wanted.len());
            }
            let left = watchdog::left(began, self.patience);
            let goes_on = !text.is_over && !left.is_zero();
            assert!(goes_on, "no {wanted:?} behind {from} of\n{screen}");
            let changed = self.shown.changed.wait_timeout(text, left);
            text = changed.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits for the end of the program.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is a child") {
                return status;
            }
            let is_late = watchdog::left(began, self.patience).is_zero();
            assert!(!is_late, "it does not end:\n{}", self.shown.lock().screen.screen().contents());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A shell passes it on to what runs in its background.
        let _ = kill_process(Pid::from_child(&self.child), Signal::HUP);
        let began = Instant::now();
        while began.elapsed() < LEAVE && matches!(self.child.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(20));
        }
        // Both fail only when the process has ended and been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Shown {
    fn lock(&self) -> MutexGuard<'_, Text> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lock().screen.screen().contents())
    }
}

fn read(keyboard: Arc<OwnedFd>, shown: Arc<Shown>) {
    thread::spawn(move || {
        let mut bytes = [0; 4_096];
        // It fails when the terminal's programs have ended.
        while let Ok(count @ 1..) = rustix::io::read(&*keyboard, &mut bytes) {
            shown.lock().screen.process(&bytes[..count]);
            shown.changed.notify_all();
        }
        shown.lock().is_over = true;
        shown.changed.notify_all();
    });
}

fn open() -> (OwnedFd, File) {
    let pty = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&pty).and_then(|()| unlockpt(&pty)).expect("a terminal to use");
    let size = Winsize { ws_row: ROWS, ws_col: COLUMNS, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&pty, size).expect("a size");
    let name = ptsname(&pty, Vec::new()).expect("a name").into_string().expect("in UTF-8");
    let options = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let terminal = rustix::fs::open(name, options, Mode::empty()).expect("it opens");
    (pty, terminal.into())
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).expect("a terminal has cells")
}

const ROWS: u16 = 1_000;
const COLUMNS: u16 = 80;
const PATIENCE: Duration = Duration::from_secs(60);
/// Time that a program has to leave when its terminal closes.
const LEAVE: Duration = Duration::from_secs(5);
