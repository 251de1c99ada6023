//! The log, which goes to the screen while that is shown.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rnphone_rs::errln;
use tokio::sync::mpsc;

/// Takes lines of the log: standard error, and the screen while that is shown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        line(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Adds a line to the log.
pub(super) fn line(text: &str) {
    match &*lock() {
        // What comes faster than it is shown is left out: the screen has room for few lines.
        Some(lines) => drop(lines.try_send(text.trim().to_owned())),
        None => errln!("{}", text.trim_end()),
    }
}

/// Takes the lines of the log until [`release`].
pub(super) fn take() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(MAX_WAITING);
    *lock() = Some(sender);
    lines
}

/// Lets lines go to standard error again.
pub(super) fn release() {
    *lock() = None;
}

fn lock() -> MutexGuard<'static, Option<mpsc::Sender<String>>> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner)
}

static LINES: Mutex<Option<mpsc::Sender<String>>> = Mutex::new(None);
const MAX_WAITING: usize = 32;
