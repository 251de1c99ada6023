//! Standard output and standard error, whose readers may close or stall at any time.
//!
//! `println!` and `eprintln!` panic if nobody reads (`phone | head`, a closed terminal) and if the
//! disk is full. Output must not end a call: [`outln!`](crate::outln) and [`errln!`](crate::errln)
//! drop what cannot be written.
//!
//! A reader that stalls (Ctrl-S, a full pipe) would block the writer. A program that runs a phone
//! [detaches](detach) its output, which then passes through a bounded queue. A program with a prompt
//! has it [printed above](print_above) the line that is typed.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once, PoisonError};
use std::thread;
use std::time::Duration;

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

/// Writes to standard output. The first failure other than a closed pipe is reported on standard
/// error.
pub fn write_out(text: Arguments<'_>) {
    OUT.say(text);
}

/// Writes to standard error.
pub fn write_err(text: Arguments<'_>) {
    ERR.say(text);
}

/// Shows a status line below all others on standard error, in place of the one before, if that is a
/// terminal and [detached](detach). An empty one shows nothing.
pub fn show_status(line: String) {
    ERR.show(line);
}

/// Has what is written to a terminal printed by `printer` from here on, in whole lines, such as above
/// a line that a user edits. It is called on the threads that write, and may block. A stream that is
/// no terminal is written as before.
pub fn print_above(printer: impl Fn(&str) + Send + Sync + 'static) {
    *ABOVE.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(printer));
}

/// Writes to the terminal itself again.
pub fn print_below() {
    *ABOVE.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

/// Waits until everything is written, or until a reader has read nothing for a second.
pub fn flush() {
    OUT.finish();
    ERR.finish();
}

/// Standard error for a log. Writing to it never fails.
#[derive(Clone, Copy, Debug, Default)]
pub struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        ERR.say(format_args!("{}", String::from_utf8_lossy(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes from threads from here on, so that no reader blocks the program.
///
/// *Bounds*: [`QUEUE_BYTES`] wait for each stream. Beyond it, lines are dropped, counted, and
/// reported by `left_out` when the reader continues. Dropping the returned value waits until
/// everything is written, or until a reader has read nothing for a second.
#[must_use = "what waits when the program ends is lost"]
pub fn detach(left_out: fn(lines: u64) -> String) -> Detached {
    OUT.detach(left_out);
    ERR.detach(left_out);
    Detached(())
}

/// Output that threads write: see [`detach`].
#[derive(Debug)]
pub struct Detached(());

impl Drop for Detached {
    fn drop(&mut self) {
        flush();
    }
}

/// Returns the report of dropped lines.
#[must_use]
pub fn left_out(lines: u64) -> String {
    format!("{lines} lines are left out: nobody read them in time")
}

struct Stream {
    sink: Sink,
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

enum Sink {
    Out,
    Err,
    #[cfg(test)]
    Pipe(io::PipeWriter),
}

/// The text that waits.
struct Waiting {
    /// Whether the stream has ended by a closed pipe.
    is_closed: bool,
    /// How dropped lines are reported, if a thread writes.
    left_out_as: Option<fn(u64) -> String>,
    text: String,
    /// Lines dropped after the text that waits.
    left_out: u64,
    status: String,
    is_status_new: bool,
    /// Whether everything is written.
    is_idle: bool,
    /// How many pieces were written.
    pieces: u64,
}

impl Stream {
    const fn new(sink: Sink) -> Self {
        let waiting = Waiting {
            is_closed: false,
            left_out_as: None,
            text: String::new(),
            left_out: 0,
            status: String::new(),
            is_status_new: false,
            is_idle: true,
            pieces: 0,
        };
        Self { sink, waiting: Mutex::new(waiting), changed: Condvar::new() }
    }

    fn detach(&'static self, left_out: fn(u64) -> String) {
        let mut waiting = self.lock();
        if waiting.left_out_as.is_none() {
            let spawned = thread::Builder::new().name("console".into()).spawn(|| self.run());
            // Without a thread, the caller writes.
            waiting.left_out_as = spawned.is_ok().then_some(left_out);
        }
    }

    fn say(&self, text: Arguments<'_>) {
        let mut waiting = self.lock();
        if waiting.is_closed {
            return;
        }
        let text = text.to_string();
        if waiting.left_out_as.is_none() {
            waiting.is_closed = !self.write(text.as_bytes());
        } else if waiting.left_out > 0 || waiting.text.len() + text.len() > QUEUE_BYTES {
            waiting.left_out += text.lines().count() as u64;
        } else {
            waiting.text.push_str(&text);
            self.wake(waiting);
        }
    }

    fn show(&self, line: String) {
        let mut waiting = self.lock();
        if waiting.left_out_as.is_some() && waiting.status != line {
            waiting.status = line;
            waiting.is_status_new = true;
            self.wake(waiting);
        }
    }

    fn wake(&self, mut waiting: MutexGuard<'_, Waiting>) {
        waiting.is_idle = false;
        self.changed.notify_all();
    }

    /// Writes what is queued, without end.
    fn run(&self) {
        let has_status = matches!(self.sink, Sink::Err) && io::stderr().is_terminal();
        let mut is_shown = false;
        let mut waiting = self.lock();
        loop {
            if waiting.is_idle {
                waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let mut text = mem::take(&mut waiting.text);
            if let (lines @ 1.., Some(tell)) =
                (mem::take(&mut waiting.left_out), waiting.left_out_as)
            {
                text.push_str(&tell(lines));
                text.push('\n');
            }
            let is_new = mem::take(&mut waiting.is_status_new);
            if has_status && (is_new || !text.is_empty()) {
                if is_shown {
                    text.insert_str(0, CLEAR);
                }
                text.push_str(&waiting.status);
                is_shown = !waiting.status.is_empty();
            }
            let piece = if self.above().is_some() { text.len().max(1) } else { PIECE };
            for piece in text.as_bytes().chunks(piece) {
                if waiting.is_closed {
                    break;
                }
                drop(waiting);
                let is_open = self.write(piece);
                waiting = self.lock();
                waiting.is_closed = !is_open;
                waiting.pieces += 1;
                self.changed.notify_all();
            }
            waiting.is_idle =
                waiting.text.is_empty() && waiting.left_out == 0 && !waiting.is_status_new;
            self.changed.notify_all();
        }
    }

    /// Waits until everything is written, while there is progress.
    fn finish(&self) {
        self.show(String::new());
        let mut waiting = self.lock();
        while !waiting.is_idle {
            let before = waiting.pieces;
            let is_stalled = |waiting: &mut Waiting| !waiting.is_idle && waiting.pieces == before;
            let waited = self.changed.wait_timeout_while(waiting, PATIENCE, is_stalled);
            let (guard, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            if timeout.timed_out() {
                return;
            }
            waiting = guard;
        }
    }

    /// Writes. Returns whether the stream is open. Any failure but a closed pipe drops the bytes.
    fn write(&self, bytes: &[u8]) -> bool {
        static TOLD: Once = Once::new();
        if let Some(above) = self.above() {
            above(&String::from_utf8_lossy(bytes));
            return true;
        }
        let write = |stream: &mut dyn Write| stream.write_all(bytes).and_then(|()| stream.flush());
        let written = match &self.sink {
            Sink::Out => write(&mut io::stdout().lock()),
            Sink::Err => write(&mut io::stderr().lock()),
            #[cfg(test)]
            Sink::Pipe(pipe) => write(&mut &*pipe),
        };
        match written {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::BrokenPipe => false,
            Err(error) => {
                // A failure of standard error cannot be reported anywhere.
                if matches!(self.sink, Sink::Out) {
                    TOLD.call_once(|| {
                        errln!("standard output: {error}; what cannot be written is left out");
                    });
                }
                true
            }
        }
    }

    /// Returns what prints in place of this stream.
    fn above(&self) -> Option<Printer> {
        let is_terminal = match self.sink {
            Sink::Out => io::stdout().is_terminal(),
            Sink::Err => io::stderr().is_terminal(),
            #[cfg(test)]
            Sink::Pipe(_) => false,
        };
        let printer = ABOVE.lock().unwrap_or_else(PoisonError::into_inner);
        printer.clone().filter(|_| is_terminal)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Printer = Arc<dyn Fn(&str) + Send + Sync>;

static ABOVE: Mutex<Option<Printer>> = Mutex::new(None);
static OUT: Stream = Stream::new(Sink::Out);
static ERR: Stream = Stream::new(Sink::Err);

/// Upper bound of the bytes that wait for a stream.
pub const QUEUE_BYTES: usize = 262_144;
/// Bytes that are written at once.
const PIECE: usize = 4_096;
/// Time limit of a reader for the last piece.
const PATIENCE: Duration = Duration::from_secs(1);
/// Clears the line of a terminal, and returns to its start.
const CLEAR: &str = "\r\x1b[2K";

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};

    use super::*;

    #[test]
    fn a_reader_that_stalls_holds_up_nobody_and_is_told_how_much_it_missed() {
        let (unread, pipe) = io::pipe().unwrap();
        let stream: &'static Stream = Box::leak(Box::new(Stream::new(Sink::Pipe(pipe))));
        stream.detach(left_out);
        let said = 100_000_usize;
        for number in 0..said {
            stream.say(format_args!("line {number}\n"));
        }
        stream.finish();

        let lines = &mut BufReader::new(unread).lines().map(Result::unwrap);
        let mut told = 0;
        let mut missed = 0;
        // The thread may take what waits more than once before the pipe is full.
        while told < said {
            let line = lines.next().unwrap();
            if line == format!("line {told}") {
                told += 1;
            } else {
                let count = line.split(' ').next().unwrap().parse().unwrap();
                assert_eq!(line, left_out(count));
                told += count as usize;
                missed += count;
            }
        }
        assert_eq!(told, said);
        assert!(missed > 0, "the reader is too quick");
        stream.say(format_args!("and on\n"));
        assert_eq!(lines.next().unwrap(), "and on");
    }
}
