//! Programs whose user sits at a terminal.

mod shown;

use core::time::Duration;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use vt100::Screen;

use crate::watchdog;
use shown::{Shown, rows};

/// A program in a terminal of its own. Dropping it closes the terminal and ends the program.
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

impl Terminal {
    /// Starts a program at an xterm of 80 columns, so high that nothing leaves it. What the command
    /// has in its environment stays.
    #[track_caller]
    #[must_use]
    pub fn start(command: &Command) -> Self {
        Self::start_at(command, ROWS, COLUMNS)
    }

    /// The same, of another size.
    #[track_caller]
    #[must_use]
    pub fn start_at(command: &Command, rows: u16, columns: u16) -> Self {
        let (keyboard, terminal) = open(rows, columns);
        // Tests without a terminal may ignore the signal, and programs inherit it.
        let mut session = Command::new("setsid");
        session.args(["--ctty", "env", "--default-signal=HUP"]).arg(command.get_program());
        session.args(command.get_args());
        session.env("TERM", "xterm-256color").env_remove("NO_COLOR").env_remove("COLUMNS");
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => session.env(name, value),
                None => session.env_remove(name),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            session.current_dir(folder);
        }
        let [stdin, stdout, stderr] = [(); 3].map(|()| terminal.try_clone().expect("it is open"));
        let child = session.stdin(stdin).stdout(stdout).stderr(stderr).spawn();
        let child = child.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let keyboard = Arc::new(keyboard);
        let shown = Shown::read(keyboard.clone(), rows, columns);
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

    /// Gives the terminal another size.
    #[track_caller]
    pub fn resize(&self, rows: u16, columns: u16) {
        self.shown.resize(rows, columns);
        tcsetwinsize(&*self.keyboard, size(rows, columns)).expect("a size");
    }

    /// Sends a signal to the program.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    /// Waits until a text is on the screen. Returns the screen.
    #[track_caller]
    pub fn until(&self, wanted: &str) -> String {
        self.until_screen(&format!("{wanted:?}"), |screen| {
            Some(screen.contents()).filter(|text| text.contains(wanted))
        })
    }

    /// Waits until a text is on the screen behind the one that this returned last. Returns the line
    /// that it ends in.
    #[track_caller]
    pub fn then(&mut self, wanted: &str) -> String {
        let from = self.seen;
        let (screen, end) = self.until_screen(&format!("{wanted:?} behind {from}"), |screen| {
            let screen = screen.contents();
            let at = screen.get(from..)?.find(wanted)?;
            Some((screen, from + at + wanted.len()))
        });
        self.seen = end;
        let line = screen[..end].rfind('\n').map_or(0, |before| before + 1);
        screen[line..].lines().next().unwrap_or_default().trim_end().to_owned()
    }

    /// Waits until a text is on the screen no more.
    #[track_caller]
    pub fn until_gone(&self, unwanted: &str) {
        self.until_screen(&format!("end of {unwanted:?}"), |screen| {
            (!screen.contents().contains(unwanted)).then_some(())
        });
    }

    /// Waits until these rows stand below each other, without the blanks that end them. Returns the
    /// screen.
    #[track_caller]
    pub fn until_rows(&self, wanted: &[&str]) -> String {
        self.until_screen(&format!("{wanted:?}"), |screen| {
            let is_there = rows(screen).windows(wanted.len()).any(|rows| rows == wanted);
            is_there.then(|| screen.contents())
        })
    }

    /// Waits until the row of the cursor is this text, with the cursor behind it.
    #[track_caller]
    pub fn until_typed(&self, wanted: &str) {
        self.until_screen(&format!("line {wanted:?}"), |screen| {
            let (row, column) = screen.cursor_position();
            let is_row = rows(screen).get(usize::from(row)).is_some_and(|row| row == wanted);
            (is_row && usize::from(column) >= wanted.len()).then_some(())
        });
    }

    /// Waits until something is found on the screen: the whole state that is `wanted`.
    #[track_caller]
    pub fn until_screen<T>(&self, wanted: &str, find: impl Fn(&Screen) -> Option<T>) -> T {
        self.shown.find(&wanted, self.patience, find)
    }

    /// Waits until the programs at the terminal have ended. Returns all that they wrote, with its
    /// escape codes.
    #[track_caller]
    #[must_use]
    pub fn written(&self) -> String {
        String::from_utf8_lossy(&self.shown.bytes(self.patience)).into_owned()
    }

    /// Returns whether the terminal takes lines, shows what is typed, and turns keys into signals,
    /// as programs expect it.
    #[track_caller]
    #[must_use]
    pub fn takes_lines(&self) -> bool {
        let modes = tcgetattr(&*self.keyboard).expect("a terminal").local_modes;
        modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
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
            assert!(!is_late, "it does not end:\n{:?}", self.shown);
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

fn open(rows: u16, columns: u16) -> (OwnedFd, File) {
    let pty = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&pty).and_then(|()| unlockpt(&pty)).expect("a terminal to use");
    tcsetwinsize(&pty, size(rows, columns)).expect("a size");
    let name = ptsname(&pty, Vec::new()).expect("a name").into_string().expect("in UTF-8");
    let options = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let terminal = rustix::fs::open(name, options, Mode::empty()).expect("it opens");
    (pty, terminal.into())
}

const fn size(rows: u16, columns: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

const ROWS: u16 = 1_000;
const COLUMNS: u16 = 80;
const PATIENCE: Duration = Duration::from_secs(60);
/// Time that a program has to leave when its terminal closes.
const LEAVE: Duration = Duration::from_secs(5);
