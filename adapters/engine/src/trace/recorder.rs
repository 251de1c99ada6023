//! Writes a trace, without ever making the phone wait.
//!
//! The tap turns what it sees into lines and offers them to a bounded channel; a thread writes them.
//! When the channel is full, recording is over: the thread writes what is in it, and the end that
//! says so.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use lxst_core::Instant;

use super::input::write_input;
use super::line::Line;
use super::output::write_output;
use super::reader::write_end;
use super::strip::Stripper;
use super::{Ending, Header, LINE_BYTES, Payloads};
use crate::system::create_private_file;
use crate::{Boundary, Tap};

/// Makes a tap that writes a trace into a new file, readable by its owner only. Dropping it, as a
/// engine does at its end, waits until all is written, or until the file has taken nothing for 3 s.
///
/// *Bounds*: [`BACKLOG`] lines wait for the file, some seconds of a call. Beyond it recording ends,
/// and with it the trace, by [`Ending::Overflow`]. A file that cannot be written to, because the disk
/// is full for example, ends without a last line. `on_end` is told of the first of these at once, on
/// the thread that writes or on that of the tap, which it must not hold up. The call goes on.
///
/// # Errors
/// A file of that name is there already: a recording is never written over, nor given the access
/// rights of another file. Or the operating system refuses the file, or a thread.
pub fn record(
    path: &Path,
    payloads: Payloads,
    on_end: impl FnOnce(RecordError) + Send + 'static,
) -> io::Result<Tap> {
    record_to(io::BufWriter::new(create_private_file(path)?), payloads, on_end)
}

/// Why a recording ended before its phone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The file cannot be written to.
    #[error(transparent)]
    Io(io::Error),
    /// The file could not keep up with the phone.
    #[error("the file could not keep up with the phone")]
    Overflow,
    /// The file took nothing more when the phone had ended; what waited for it is lost.
    #[error("the file took nothing for {:?} when the phone had ended", PATIENCE)]
    Stalled,
}

/// Does as [`record`] into any sink, which is flushed whenever nothing waits.
///
/// # Errors
/// The operating system refuses a thread.
pub fn record_to(
    sink: impl Write + Send + 'static,
    payloads: Payloads,
    on_end: impl FnOnce(RecordError) + Send + 'static,
) -> io::Result<Tap> {
    let (lines, given) = sync_channel(BACKLOG);
    let (writing, done) = sync_channel(0);
    let progress = Arc::new(Progress::default());
    let on_end = OnEnd(Arc::new(Mutex::new(Some(Box::new(on_end)))));
    let (pen, told) = (Arc::clone(&progress), on_end.clone());
    let write = move || {
        // Closed when this is over, one way or the other.
        let _writing: SyncSender<()> = writing;
        if let Err(error) = write_all(sink, &given, &pen) {
            told.tell(RecordError::Io(error));
        }
    };
    let writer = thread::Builder::new().name("lxst-trace".into()).spawn(write)?;
    let mut recording = Recording {
        payloads,
        stripper: Stripper::default(),
        lines: Some(lines),
        progress,
        on_end,
        done,
        writer: Some(writer),
    };
    Ok(Tap::new(move |now, door| recording.see(now, door)))
}

struct Recording {
    payloads: Payloads,
    stripper: Stripper,
    /// `None` when recording is over.
    lines: Option<SyncSender<String>>,
    progress: Arc<Progress>,
    on_end: OnEnd,
    /// Closed when the thread has written all, or as much as it could.
    done: Receiver<()>,
    writer: Option<JoinHandle<()>>,
}

/// How far the trace is.
#[derive(Default)]
struct Progress {
    /// Whether a line found no room.
    is_cut: AtomicBool,
    /// Lines that the file took.
    lines: AtomicU64,
}

/// Who is told why a recording ended early: once.
#[derive(Clone)]
struct OnEnd(Arc<Mutex<Option<Tell>>>);

type Tell = Box<dyn FnOnce(RecordError) + Send>;

impl OnEnd {
    fn tell(&self, why: RecordError) {
        let on_end = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(on_end) = on_end {
            on_end(why);
        }
    }
}

impl Recording {
    fn see(&mut self, now: Instant, door: Boundary<'_>) {
        let Some(lines) = &self.lines else { return };
        let line = match (self.payloads, door) {
            (payloads, Boundary::Start { identity, config }) => {
                let by = env!("CARGO_PKG_VERSION").into();
                Header { by, payloads, at: now, identity, config: *config }.write()
            }
            (Payloads::Kept, Boundary::In(input)) => input_line(now, &input),
            (Payloads::Kept, Boundary::Out(output)) => output_line(now, &output),
            (Payloads::Stripped, Boundary::In(input)) => {
                input_line(now, &self.stripper.input(input))
            }
            (Payloads::Stripped, Boundary::Out(output)) => {
                output_line(now, &self.stripper.output(output))
            }
        };
        if line.len() > LINE_BYTES || lines.try_send(line).is_err() {
            self.progress.is_cut.store(true, Ordering::Release);
            self.lines = None;
            self.on_end.tell(RecordError::Overflow);
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.lines = None;
        let mut before = self.progress.lines.load(Ordering::Acquire);
        while let Err(RecvTimeoutError::Timeout) = self.done.recv_timeout(PATIENCE) {
            let written = self.progress.lines.load(Ordering::Acquire);
            if written == before {
                return self.on_end.tell(RecordError::Stalled);
            }
            before = written;
        }
        if let Some(writer) = self.writer.take() {
            let ended = writer.join();
            debug_assert!(ended.is_ok(), "the trace's thread panicked");
        }
    }
}

pub(super) fn input_line(now: Instant, input: &lxst_core::Input<'_>) -> String {
    let mut line = Line::at(now);
    write_input(&mut line, input);
    line.end()
}

pub(super) fn output_line(now: Instant, output: &lxst_core::Output<'_>) -> String {
    let mut line = Line::at(now);
    write_output(&mut line, output);
    line.end()
}

fn write_all(
    mut sink: impl Write,
    lines: &Receiver<String>,
    progress: &Progress,
) -> io::Result<()> {
    loop {
        let line = match lines.try_recv() {
            Ok(line) => line,
            Err(TryRecvError::Empty) => {
                sink.flush()?;
                match lines.recv() {
                    Ok(line) => line,
                    Err(_) => break,
                }
            }
            Err(TryRecvError::Disconnected) => break,
        };
        sink.write_all(line.as_bytes())?;
        progress.lines.fetch_add(1, Ordering::Release);
    }
    let is_cut = progress.is_cut.load(Ordering::Acquire);
    let ending = if is_cut { Ending::Overflow } else { Ending::Closed };
    sink.write_all(write_end(ending).as_bytes())?;
    sink.flush()
}

/// How long a file may take nothing while somebody waits for its end.
const PATIENCE: Duration = Duration::from_secs(3);

/// Lines that wait for the file.
pub const BACKLOG: usize = 4_096;
