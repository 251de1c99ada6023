//! Writes a trace, without ever making the phone wait.
//!
//! The tap turns what it sees into lines and offers them to a bounded channel; a thread writes them.
//! When the channel is full, recording is over: the thread writes what is in it, and the end that
//! says so.

use core::sync::atomic::{AtomicBool, Ordering};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};

use lxst_core::Instant;

use super::input::write_input;
use super::line::Line;
use super::output::write_output;
use super::reader::write_end;
use super::strip::Stripper;
use super::{Ending, Header, LINE_BYTES, Payloads};
use crate::system::create_private_file;
use crate::{Door, Tap};

/// Makes a tap that writes a trace into a new file, readable by its owner only. Dropping it, as a
/// driver does at its end, waits until all is written.
///
/// *Bounds*: [`BACKLOG`] lines wait for the file, some seconds of a call. Beyond it recording ends,
/// and with it the trace, by [`Ending::Overflow`]. A file that cannot be written to, because the disk
/// is full for example, ends without a last line. `on_end` is told of either at once, on the thread
/// that writes. The call goes on.
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
    let overflow = Arc::new(AtomicBool::new(false));
    let is_cut = Arc::clone(&overflow);
    let write = move || match write_all(sink, &given, &is_cut) {
        Ok(Ending::Closed) => {}
        Ok(Ending::Overflow) => on_end(RecordError::Overflow),
        Err(error) => on_end(RecordError::Io(error)),
    };
    let writer = thread::Builder::new().name("lxst-trace".into()).spawn(write)?;
    let mut recording = Recording {
        payloads,
        stripper: Stripper::default(),
        lines: Some(lines),
        overflow,
        writer: Some(writer),
    };
    Ok(Tap::new(move |now, door| recording.see(now, door)))
}

struct Recording {
    payloads: Payloads,
    stripper: Stripper,
    /// `None` when recording is over.
    lines: Option<SyncSender<String>>,
    overflow: Arc<AtomicBool>,
    writer: Option<JoinHandle<()>>,
}

impl Recording {
    fn see(&mut self, now: Instant, door: Door<'_>) {
        let Some(lines) = &self.lines else { return };
        let line = match (self.payloads, door) {
            (payloads, Door::Start { identity, config }) => {
                let by = env!("CARGO_PKG_VERSION").into();
                Header { by, payloads, at: now, identity, config: *config }.write()
            }
            (Payloads::Kept, Door::In(input)) => input_line(now, &input),
            (Payloads::Kept, Door::Out(output)) => output_line(now, &output),
            (Payloads::Stripped, Door::In(input)) => input_line(now, &self.stripper.input(input)),
            (Payloads::Stripped, Door::Out(output)) => {
                output_line(now, &self.stripper.output(output))
            }
        };
        if line.len() > LINE_BYTES || lines.try_send(line).is_err() {
            self.overflow.store(true, Ordering::Release);
            self.lines = None;
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.lines = None;
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
    is_cut: &AtomicBool,
) -> io::Result<Ending> {
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
    }
    let is_cut = is_cut.load(Ordering::Acquire);
    let ending = if is_cut { Ending::Overflow } else { Ending::Closed };
    sink.write_all(write_end(ending).as_bytes())?;
    sink.flush()?;
    Ok(ending)
}

/// Lines that wait for the file.
pub const BACKLOG: usize = 4_096;
