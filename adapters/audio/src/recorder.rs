//! Records to a file.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use lxst_codecs::Channels;
use lxst_core::Samples;
use rtrb::{Consumer, Producer, RingBuffer};

use crate::block::{Block, count};
use crate::file::{FileError, SoundWriter};
use crate::node::Sink;

/// What a recording came to, see [`Recorder::start`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Recorded {
    /// What the file holds.
    pub length: Samples,
    /// Of that, silence for sound that the disk was too slow for.
    pub dropped: Samples,
    /// Why it ended: `Ok` where it was stopped, an error where the file could not be written on, as
    /// on a full disk.
    pub result: Result<(), FileError>,
}

/// Stops a recording: the reference's `FileRecorder`. Dropping it stops it too.
///
/// *Source*: LXST/Recorders.py, FileRecorder. The reference's files end with 200 ms of silence that
/// nobody recorded.
#[derive(Debug)]
pub struct Recorder {
    shared: Arc<Shared>,
}

impl Recorder {
    /// Starts to write a file, on a thread of its own. The sink takes sound from a graph: it never
    /// waits and never allocates. Two seconds wait for a slow disk; what then has no room is
    /// silence in the file, and counted, so that what follows keeps its time.
    ///
    /// `ended` is told once, on the thread that writes: when the recording was stopped, the sink is
    /// gone, or the file cannot be written on.
    ///
    /// # Errors
    /// [`FileError::Io`] where the system has no thread left.
    pub fn start(
        writer: impl SoundWriter + 'static,
        ended: impl FnOnce(Recorded) + Send + 'static,
    ) -> Result<(Self, RecorderSink), FileError> {
        let channels = writer.channels();
        let shared = Arc::new(Shared::default());
        let (track, sink) = Track::new(channels, &shared, None);
        let recorder = Self::spawn(writer, vec![track], shared, Instant::now(), ended)?;
        Ok((recorder, sink))
    }

    /// Starts to write a call to a stereo file, our side to the left and theirs to the right, as of
    /// [`Self::start`]. Returns the sink of what we say and the one of what we hear.
    ///
    /// Both are fed in real time, from any threads. A side's sound lies where it came, by the
    /// clock: a gap of more than 60 ms is silence, and what comes more than 200 ms late is lost.
    ///
    /// `Call::record` of lxst-phone records a call by it.
    ///
    /// # Errors
    /// [`FileError::Unsupported`] for a file that is not stereo, else as of [`Self::start`].
    pub fn start_call(
        writer: impl SoundWriter + 'static,
        ended: impl FnOnce(Recorded) + Send + 'static,
    ) -> Result<(Self, RecorderSink, RecorderSink), FileError> {
        if writer.channels() != Channels::Stereo {
            return Err(FileError::Unsupported { what: "a recording of a call in mono" });
        }
        let shared = Arc::new(Shared::default());
        let began = Instant::now();
        let (left, ours) = Track::new(Channels::Mono, &shared, Some(began));
        let (right, theirs) = Track::new(Channels::Mono, &shared, Some(began));
        let recorder = Self::spawn(writer, vec![left, right], shared, began, ended)?;
        Ok((recorder, ours, theirs))
    }

    fn spawn(
        writer: impl SoundWriter + 'static,
        tracks: Vec<Track>,
        shared: Arc<Shared>,
        began: Instant,
        ended: impl FnOnce(Recorded) + Send + 'static,
    ) -> Result<Self, FileError> {
        let job = Job { writer, tracks, shared: Arc::clone(&shared), began, length: 0 };
        thread::Builder::new().name("lxst-recorder".into()).spawn(move || job.run(ended))?;
        Ok(Self { shared })
    }

    /// Ends the recording behind what was taken so far. The file is whole when `ended` is told.
    pub fn stop(self) {
        // By its drop.
    }

    /// Tells whether nothing is written any more.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.shared.has_ended.load(Ordering::Acquire)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.shared.is_stopped.store(true, Ordering::Release);
    }
}

#[derive(Debug, Default)]
struct Shared {
    is_stopped: AtomicBool,
    has_ended: AtomicBool,
    dropped: AtomicU64,
}

/// Takes what is recorded, see [`Recorder::start`].
#[derive(Debug)]
pub struct RecorderSink {
    queue: Producer<f32>,
    shared: Arc<Shared>,
    channels: Channels,
    /// Moments of silence for what was dropped or did not come, before what comes next.
    owed: usize,
    /// When the recording began, of a side of a call.
    began: Option<Instant>,
    /// Moments that were taken, dropped or silent.
    position: u64,
}

impl RecorderSink {
    /// Tells whether it takes nothing any more: the recording was stopped, or has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.shared.is_stopped.load(Ordering::Acquire)
            || self.shared.has_ended.load(Ordering::Acquire)
    }

    /// Makes silence of what did not come. Tells whether the block is to be taken: not that of a
    /// clock that has run far ahead.
    fn align(&mut self, moments: u64) -> bool {
        let Some(began) = self.began else { return true };
        let begin = at(began).saturating_sub(moments);
        let slack = if self.position == 0 { 0 } else { SLACK };
        if begin > self.position + slack {
            let gap = begin - self.position;
            self.owed = self.owed.saturating_add(usize::try_from(gap).unwrap_or(usize::MAX));
            self.position = begin;
        }
        self.position <= begin + QUEUE as u64 / 4
    }

    fn put(&mut self, sound: impl Iterator<Item = f32>, moments: usize) -> usize {
        let width = count(self.channels);
        let fitting = moments.min(self.queue.slots() / width);
        if let Ok(room) = self.queue.write_chunk_uninit(fitting * width) {
            room.fill_from_iter(sound);
        }
        fitting
    }
}

/// Drops and counts what has no room; takes nothing once the recording has ended.
impl Sink for RecorderSink {
    fn take(&mut self, block: &Block<'_>) {
        if self.is_over() {
            return;
        }
        let moments = block.moments();
        if !self.align(moments as u64) {
            self.shared.dropped.fetch_add(moments as u64, Ordering::Relaxed);
            return;
        }
        self.position += moments as u64;
        self.owed -= self.put(std::iter::repeat(0.0), self.owed);
        let put = match self.channels {
            _ if self.owed > 0 => 0,
            Channels::Mono => self.put(block.mono_samples(), moments),
            Channels::Stereo => {
                let both = block.samples().chunks_exact(block.width()).flat_map(|moment| {
                    let first = moment.first().copied().unwrap_or_default();
                    [first, moment.get(1).copied().unwrap_or(first)]
                });
                self.put(both, moments)
            }
        };
        self.owed += moments - put;
        self.shared.dropped.fetch_add((moments - put) as u64, Ordering::Relaxed);
    }
}

/// What was taken and not yet written of one sink.
struct Track {
    queue: Consumer<f32>,
    width: usize,
    /// Moments that were written as silence because nothing was there in time, and may still come.
    silent: usize,
}

impl Track {
    fn new(
        channels: Channels,
        shared: &Arc<Shared>,
        began: Option<Instant>,
    ) -> (Self, RecorderSink) {
        let width = count(channels);
        let (sound, queue) = RingBuffer::new(QUEUE * width);
        let shared = Arc::clone(shared);
        let sink = RecorderSink { queue: sound, shared, channels, owed: 0, began, position: 0 };
        (Self { queue, width, silent: 0 }, sink)
    }

    fn waiting(&self) -> usize {
        (self.queue.slots() / self.width).saturating_sub(self.silent)
    }

    /// Takes moments, and silence where there are not as many.
    fn take(&mut self, into: &mut [f32], moments: usize) {
        let late = self.silent.min(self.queue.slots() / self.width);
        if let Ok(chunk) = self.queue.read_chunk(late * self.width) {
            chunk.commit_all();
            self.silent -= late;
        }
        let there = self.waiting().min(moments) * self.width;
        let Ok(chunk) = self.queue.read_chunk(there) else { return };
        let (first, second) = chunk.as_slices();
        into[..first.len()].copy_from_slice(first);
        into[first.len()..there].copy_from_slice(second);
        into[there..moments * self.width].fill(0.0);
        self.silent += moments - there / self.width;
        chunk.commit_all();
    }
}

/// Writes one track as it comes, or two side by side by the clock.
struct Job<W> {
    writer: W,
    tracks: Vec<Track>,
    shared: Arc<Shared>,
    began: Instant,
    /// Moments that were written.
    length: u64,
}

impl<W: SoundWriter> Job<W> {
    fn run(mut self, ended: impl FnOnce(Recorded)) {
        let result = self.write_all();
        self.shared.has_ended.store(true, Ordering::Release);
        let dropped = Samples(self.shared.dropped.load(Ordering::Relaxed));
        ended(Recorded { length: Samples(self.length), dropped, result });
    }

    fn write_all(&mut self) -> Result<(), FileError> {
        loop {
            // Asked first: what was taken before it can then be seen.
            let is_last = self.shared.is_stopped.load(Ordering::Acquire)
                || self.tracks.iter().all(|track| track.queue.is_abandoned());
            self.write_waiting(at(self.began), is_last)?;
            if is_last {
                return self.writer.finish();
            }
            thread::sleep(PAUSE);
        }
    }

    /// Writes what all tracks have; of a call, also what one side alone has had for [`LATE`].
    fn write_waiting(&mut self, now: u64, is_last: bool) -> Result<(), FileError> {
        let mut sound = [0.0; 2 * PIECE];
        let mut apart = [0.0; PIECE];
        loop {
            let waiting = self.tracks.iter().map(Track::waiting);
            let (least, most) = (waiting.clone().min(), waiting.max());
            let due = match self.tracks.len() {
                1 => most,
                _ if is_last => most,
                // The file may not lag behind the clock for longer.
                _ => least.max(usize::try_from(now.saturating_sub(self.length + LATE)).ok()),
            };
            let moments = due.unwrap_or_default().min(PIECE);
            if moments == 0 {
                return Ok(());
            }
            match self.tracks.as_mut_slice() {
                [left, right] => {
                    left.take(&mut apart, moments);
                    for (moment, sample) in sound.chunks_exact_mut(2).zip(apart) {
                        moment[0] = sample;
                    }
                    right.take(&mut apart, moments);
                    for (moment, sample) in sound.chunks_exact_mut(2).zip(apart) {
                        moment[1] = sample;
                    }
                }
                tracks => tracks.iter_mut().for_each(|track| track.take(&mut sound, moments)),
            }
            self.writer.write(&sound[..moments * count(self.writer.channels())])?;
            self.length += moments as u64;
        }
    }
}

/// Moments since a recording began.
fn at(began: Instant) -> u64 {
    began.elapsed().as_micros() as u64 * 48 / 1_000
}

/// How much later than the one before it a block may come without a gap: 60 ms.
const SLACK: u64 = 2_880;
/// Moments that wait for a slow disk: 2 s.
const QUEUE: usize = 96_000;
/// Moments that are written at a time.
const PIECE: usize = 2_048;
/// How long a side of a call may give nothing before it counts as silent: 200 ms.
const LATE: u64 = 9_600;
/// How often is looked for sound.
const PAUSE: Duration = Duration::from_millis(20);
