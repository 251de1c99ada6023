//! Writes traces to files without making the phone wait.
//!
//! The tap formats lines and queues them in a bounded channel; a thread writes them. When the
//! channel is full, recording ends: the thread writes the queued lines and a last line that gives
//! the reason.

use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use lxst_core::{Boundary, Instant};
use lxst_engine::Tap;
use lxst_trace::{Ending, LINE_BYTES, Payloads, Recorder};

use super::private_file::create_private_file;

/// Creates a tap that writes a trace into a new file, which only its owner may read. Dropping the
/// tap, as the engine does at its end, waits until all is written, or until the file has accepted
/// nothing for 3 s.
///
/// *Bounds*: at most [`BACKLOG`] lines wait, some seconds of a call. Beyond that the trace ends
/// with [`Ending::Overflow`]. After a failed write, because of a full disk for example, the trace
/// ends without a last line. `on_end` is called once, with the first such failure, on the thread of
/// the writer or of the tap; it must not block. The call goes on.
///
/// # Errors
/// The file exists: a recording never overwrites a file. Or the operating system refuses the file
/// or a thread.
pub fn record(
    path: &Path,
    payloads: Payloads,
    on_end: impl FnOnce(RecordError) + Send + 'static,
) -> io::Result<Tap> {
    record_to(io::BufWriter::new(create_private_file(path)?), payloads, on_end)
}

/// Why a recording ended before the phone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A write to the file failed.
    #[error(transparent)]
    Io(io::Error),
    /// The file was slower than the phone.
    #[error("the file could not keep up with the phone")]
    Overflow,
    /// The file accepted nothing for 3 s after the phone had ended; the lines that waited are lost.
    #[error("the file took nothing for {:?} when the phone had ended", PATIENCE)]
    Stalled,
}

/// Records as [`record`] does into any sink, which is flushed whenever no line waits.
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
        // Closed when the thread ends, for whatever cause.
        let _writing: SyncSender<()> = writing;
        if let Err(error) = write_all(sink, &given, &pen) {
            told.tell(RecordError::Io(error));
        }
    };
    let writer = thread::Builder::new().name("lxst-trace".into()).spawn(write)?;
    let mut recording = Recording {
        recorder: Recorder::new(payloads),
        lines: Some(lines),
        progress,
        on_end,
        done,
        writer: Some(writer),
    };
    Ok(Tap::new(move |now, boundary| recording.see(now, boundary)))
}

struct Recording {
    recorder: Recorder,
    /// `None` once recording has ended.
    lines: Option<SyncSender<String>>,
    progress: Arc<Progress>,
    on_end: OnEnd,
    /// Closed when the thread has ended.
    done: Receiver<()>,
    writer: Option<JoinHandle<()>>,
}

/// The progress of the writer.
#[derive(Default)]
struct Progress {
    /// Whether the channel was full.
    is_cut: AtomicBool,
    /// Lines that were written.
    lines: AtomicU64,
}

/// The callback for the early end of a recording, which is called once.
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
    fn see(&mut self, now: Instant, boundary: Boundary<'_>) {
        let Some(lines) = &self.lines else { return };
        let line = self.recorder.line(now, boundary);
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
    sink.write_all(ending.line().as_bytes())?;
    sink.flush()
}

/// How long the end of a recording waits for a file that accepts nothing.
const PATIENCE: Duration = Duration::from_secs(3);

/// The most lines that wait for the file.
pub const BACKLOG: usize = 4_096;

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::channel;

    use lxst_core::{Config, IdentityHash, Input};
    use lxst_trace::{Problem, Reader};

    use super::*;

    #[test]
    fn a_file_that_cannot_keep_up_ends_by_overflow_and_keeps_what_came_before() {
        let (let_through, gate) = channel();
        let (sink, bytes) = shared();
        let stalled = Stalled { gate: Some(gate), sink };
        let (tell, told) = channel();
        let on_end = move |why: RecordError| tell.send(why.to_string()).unwrap();
        let mut tap = record_to(stalled, Payloads::Kept, on_end).unwrap();
        start(&mut tap);
        let given = BACKLOG as u64 + 10;
        for micros in 0..given {
            tap.see(Instant::from_micros(micros), Boundary::In(Input::InterfaceUp));
        }
        let_through.send(()).unwrap();
        drop(tap);

        let trace = bytes.lock().unwrap().clone();
        let mut reader = Reader::new(&trace[..]).unwrap();
        let mut held = 0;
        while let Some(record) = reader.next_record().unwrap() {
            assert_eq!(record.at.as_micros(), held);
            held += 1;
        }
        assert_eq!(reader.ending(), Some(Ending::Overflow));
        assert!((BACKLOG as u64 - 1..given).contains(&held), "{held}");
        assert!(told.iter().eq(["the file could not keep up with the phone"]));
    }

    #[test]
    fn a_pipe_that_nobody_reads_holds_up_neither_the_phone_nor_its_end() {
        let record_to_pipe = || {
            let (unread, pipe) = io::pipe().unwrap();
            let (tell, told) = channel();
            let on_end = move |why: RecordError| tell.send(why.to_string()).unwrap();
            let mut tap = record_to(pipe, Payloads::Kept, on_end).unwrap();
            start(&mut tap);
            (unread, tap, told)
        };
        let (_unread, mut tap, told) = record_to_pipe();
        let why = loop {
            tap.see(NOW, Boundary::In(Input::InterfaceUp));
            if let Ok(why) = told.try_recv() {
                break why;
            }
        };
        assert_eq!(why, "the file could not keep up with the phone");
        drop(tap);
        assert!(told.recv().is_err());

        // More than a pipe holds, and less than overflows.
        let (_unread, mut tap, told) = record_to_pipe();
        for _ in 0..BACKLOG - 10 {
            tap.see(NOW, Boundary::In(Input::InterfaceUp));
        }
        drop(tap);
        assert_eq!(told.recv().unwrap(), "the file took nothing for 3s when the phone had ended");
    }

    #[test]
    fn a_full_disk_ends_the_trace_without_an_end_and_is_told_once_at_once() {
        let (mut sink, bytes) = shared();
        sink.room = 2_000;
        let (tell, told) = channel();
        let on_end = move |why: RecordError| tell.send(why.to_string()).unwrap();
        let mut tap = record_to(sink, Payloads::Kept, on_end).unwrap();
        start(&mut tap);
        for _ in 0..100 {
            tap.see(NOW, Boundary::In(Input::InterfaceUp));
        }
        // The call goes on meanwhile.
        let why = told.recv().unwrap();
        assert!(!why.is_empty());
        tap.see(NOW, Boundary::In(Input::InterfaceUp));
        drop(tap);
        assert!(told.recv().is_err());
        let trace = bytes.lock().unwrap().clone();
        let mut reader = Reader::new(&trace[..]).unwrap();
        let error = loop {
            match reader.next_record() {
                Ok(record) => assert!(record.is_some(), "the trace ends"),
                Err(error) => break error,
            }
        };
        assert!(matches!(error.problem, Problem::Cut), "{error}");
    }

    #[test]
    fn a_trace_is_private_and_never_replaces_a_file() {
        let path = std::env::temp_dir().join(format!("lxst-trace-{}", std::process::id()));
        let mut tap = record(&path, Payloads::Kept, |_| {}).unwrap();
        start(&mut tap);
        drop(tap);
        let written = std::fs::read(&path).unwrap();
        assert!(written.ends_with(b"{\"end\":\"closed\"}\n"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let error = record(&path, Payloads::Kept, |_| {}).unwrap_err();
        assert_eq!(std::fs::read(&path).unwrap(), written);
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        std::fs::remove_file(&path).unwrap();
    }

    fn start(tap: &mut Tap) {
        tap.see(
            Instant::ORIGIN,
            Boundary::Start { identity: ALICE, config: &Config::default(), lines: 1 },
        );
    }

    fn shared() -> (Sink, Arc<Mutex<Vec<u8>>>) {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        (Sink { bytes: Arc::clone(&bytes), room: usize::MAX }, bytes)
    }

    /// A disk.
    struct Sink {
        bytes: Arc<Mutex<Vec<u8>>>,
        room: usize,
    }

    impl Write for Sink {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            let mut bytes = self.bytes.lock().unwrap();
            let fits = buf.len().min(self.room - bytes.len());
            if fits == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            bytes.extend(&buf[..fits]);
            Ok(fits)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A disk that does nothing until it is told to.
    struct Stalled {
        gate: Option<Receiver<()>>,
        sink: Sink,
    }

    impl Write for Stalled {
        fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
            if let Some(gate) = self.gate.take() {
                gate.recv().map_err(io::Error::other)?;
            }
            self.sink.write(buf)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const NOW: Instant = Instant::from_micros(12_345);
    const ALICE: IdentityHash = IdentityHash([0xa1; 16]);
}
