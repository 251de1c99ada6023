//! The terminal of the user, also if standard input is another file.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Read};

/// The terminal whose keys are read.
#[derive(Debug)]
pub(crate) struct Terminal(File);

impl Terminal {
    /// Opens standard input if that is a terminal. Otherwise opens the terminal of this process, if
    /// a person is to use it: standard input is the microphone, or the status line is shown. `None`
    /// in the background.
    pub(crate) fn open(stdin_is_audio: bool) -> Option<Self> {
        let file = if !stdin_is_audio && io::stdin().is_terminal() {
            system::standard_input()
        } else if stdin_is_audio || io::stderr().is_terminal() {
            system::controlling_terminal()
        } else {
            return None;
        };
        let file = file.ok()?;
        system::single_keys(&file).then_some(Self(file))
    }

    /// Waits for a key.
    pub(crate) fn read(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        system::await_turn(&self.0)?;
        match self.0.read(&mut byte)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(byte[0]),
        }
    }
}

pub(crate) use system::{restore, stdin_is_file};

#[cfg(unix)]
mod system {
    use std::fs::File;
    use std::io;
    use std::os::fd::AsFd;
    use std::sync::Mutex;
    use std::thread::sleep;
    use std::time::Duration;

    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::process::getpgrp;
    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};

    pub(super) fn standard_input() -> io::Result<File> {
        io::stdin().as_fd().try_clone_to_owned().map(File::from)
    }

    pub(super) fn controlling_terminal() -> io::Result<File> {
        File::open("/dev/tty")
    }

    /// Makes each key readable as it is pressed. Returns whether keys can be read at all.
    pub(super) fn single_keys(terminal: &File) -> bool {
        let Ok(usual) = tcgetattr(terminal) else { return false };
        if !is_foreground(terminal) {
            return false;
        }
        let mut single = usual.clone();
        single.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        let is_set = tcsetattr(terminal, OptionalActions::Now, &single).is_ok();
        if is_set && let Ok(terminal) = terminal.try_clone() {
            remember(Some((terminal, usual)));
        }
        is_set
    }

    /// Waits until a key can be read. A process that reads in the background is stopped.
    pub(super) fn await_turn(terminal: &File) -> io::Result<()> {
        loop {
            poll(&mut [PollFd::new(terminal, PollFlags::IN)], None)?;
            if is_foreground(terminal) {
                return Ok(());
            }
            sleep(Duration::from_millis(200));
        }
    }

    /// Restores the terminal.
    pub(crate) fn restore() {
        if let Some((terminal, usual)) = remember(None)
            && is_foreground(&terminal)
        {
            // A terminal that is gone needs nothing.
            let _ = tcsetattr(&terminal, OptionalActions::Now, &usual);
        }
    }

    /// Returns whether standard input is a file, which can wait.
    pub(crate) fn stdin_is_file() -> bool {
        standard_input().and_then(|stdin| stdin.metadata()).is_ok_and(|data| data.is_file())
    }

    /// A terminal that is not this process's own has no background.
    fn is_foreground(terminal: &File) -> bool {
        tcgetpgrp(terminal).map_or(true, |group| group == getpgrp())
    }

    fn remember(usual: Option<(File, Termios)>) -> Option<(File, Termios)> {
        static USUAL: Mutex<Option<(File, Termios)>> = Mutex::new(None);
        USUAL.lock().map_or(None, |mut remembered| std::mem::replace(&mut *remembered, usual))
    }
}

#[cfg(windows)]
mod system {
    use std::fs::File;
    use std::io;

    pub(super) fn standard_input() -> io::Result<File> {
        controlling_terminal()
    }

    /// The console delivers keys after Enter.
    pub(super) fn controlling_terminal() -> io::Result<File> {
        File::options().read(true).write(true).open("CONIN$")
    }

    pub(super) const fn single_keys(_: &File) -> bool {
        true
    }

    pub(super) const fn await_turn(_: &File) -> io::Result<()> {
        Ok(())
    }

    pub(crate) const fn restore() {}

    pub(crate) const fn stdin_is_file() -> bool {
        false
    }
}
