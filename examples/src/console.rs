//! Standard output and standard error, whose readers may go away at any time.
//!
//! `println!` and `eprintln!` panic where nobody reads any more (`phone | head`, a terminal that was
//! closed) and where the disk below is full. What a program has to say is never worth the call:
//! [`outln!`](crate::outln) and [`errln!`](crate::errln) leave out what cannot be written.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// Writes a line on standard output, as `println!` does.
#[macro_export]
macro_rules! outln {
    ($($line:tt)*) => { $crate::console::write_out(format_args!("{}\n", format_args!($($line)*))) };
}

/// Writes a line on standard error, as `eprintln!` does.
#[macro_export]
macro_rules! errln {
    ($($line:tt)*) => { $crate::console::write_err(format_args!("{}\n", format_args!($($line)*))) };
}

/// Writes on standard output. The first failure that is no closed pipe is told on standard error.
pub fn write_out(text: Arguments<'_>) {
    static TOLD: Once = Once::new();
    if let Err(error) = OUT.write(io::stdout().lock(), text) {
        TOLD.call_once(|| {
            errln!("standard output: {error}; what cannot be written is left out");
        });
    }
}

/// Writes on standard error.
pub fn write_err(text: Arguments<'_>) {
    // There is nowhere left to tell of a failure.
    let _ = ERR.write(io::stderr().lock(), text);
}

/// Standard error for a log. Writing to it never fails.
#[derive(Clone, Copy, Debug, Default)]
pub struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // There is nowhere left to tell of a failure.
        let _ = ERR.write(io::stderr().lock(), format_args!("{}", String::from_utf8_lossy(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One of the two streams. A closed pipe is its end; another failure costs what was to be written.
struct Stream {
    is_closed: AtomicBool,
}

impl Stream {
    fn write(&self, mut stream: impl Write, text: Arguments<'_>) -> io::Result<()> {
        if self.is_closed.load(Ordering::Relaxed) {
            return Ok(());
        }
        match stream.write_fmt(text).and_then(|()| stream.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.is_closed.store(true, Ordering::Relaxed);
                Ok(())
            }
            written => written,
        }
    }
}

static OUT: Stream = Stream { is_closed: AtomicBool::new(false) };
static ERR: Stream = Stream { is_closed: AtomicBool::new(false) };
