//! Plays a file.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use lxst_core::Samples;
use rtrb::{Consumer, Producer, RingBuffer};

use crate::block::Block;
use crate::file::{FileError, SoundReader};
use crate::node::Source;

/// How a file is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PlayerConfig {
    /// How often the file is played; `None` is for ever.
    pub rounds: Option<u32>,
    /// Where it begins.
    pub from: Samples,
    /// The most that is played, all rounds together; `None` is all.
    pub most: Option<Samples>,
    /// How long it rises at the beginning.
    pub fade_in: Samples,
    /// How long it falls before the end, where the end is known.
    pub fade_out: Samples,
}

impl Default for PlayerConfig {
    /// Once, from the beginning, without fades.
    fn default() -> Self {
        Self {
            rounds: Some(1),
            from: Samples::ZERO,
            most: None,
            fade_in: Samples::ZERO,
            fade_out: Samples::ZERO,
        }
    }
}

/// Controls a file that plays: the reference's `FilePlayer`. Dropping it lets the file play on.
///
/// *Source*: LXST/Players.py, FilePlayer, LXST/Sources.py, OpusFileSource, whose gain grows from
/// round to round: here a [`Gain`](crate::Gain) behind the source has it, and does not.
#[derive(Debug)]
pub struct Player {
    commands: SyncSender<Command>,
}

#[derive(Clone, Copy, Debug)]
enum Command {
    Seek(Samples),
    Stop(Samples),
}

impl Player {
    /// Starts to read a file, on a thread of its own, 500 ms ahead of what is played. The source
    /// gives its sound to a graph, without waiting or allocating; before the first is read,
    /// silence.
    ///
    /// `ended` is told once, on the thread that reads, when the last moment was given or the source
    /// is gone, or with what kept the file from being read on.
    ///
    /// # Errors
    /// [`FileError::Io`] where the system has no thread left.
    pub fn start(
        reader: impl SoundReader + 'static,
        config: PlayerConfig,
        ended: impl FnOnce(Result<(), FileError>) + Send + 'static,
    ) -> Result<(Self, PlayerSource), FileError> {
        let (sound, queue) = RingBuffer::new(2 * AHEAD);
        let (commands, orders) = sync_channel(16);
        let shared = Arc::new(Shared::default());
        let source =
            PlayerSource { queue, shared: Arc::clone(&shared), given: 0, has_ended: false };
        let feeder = Feeder {
            reader,
            config,
            sound,
            shared,
            orders,
            left: config.rounds,
            played: 0,
            written: 0,
            end: None,
            stopped: None,
        };
        thread::Builder::new().name("lxst-player".into()).spawn(move || feeder.run(ended))?;
        Ok((Self { commands }, source))
    }

    /// Plays on from this moment of the file, as soon as it is read. What was read ahead is
    /// dropped. The time that [`PlayerConfig::most`] gives goes on.
    ///
    /// Returns whether the file still plays and the thread takes the order.
    pub fn seek(&self, to: Samples) -> bool {
        self.order(Command::Seek(to))
    }

    /// Ends the file behind a fall of this length, which begins behind what was read ahead, up to
    /// 500 ms. To end at once, drop the source.
    ///
    /// Returns as of [`Self::seek`].
    pub fn stop(&self, fade_out: Samples) -> bool {
        self.order(Command::Stop(fade_out))
    }

    fn order(&self, command: Command) -> bool {
        !matches!(
            self.commands.try_send(command),
            Err(TrySendError::Disconnected(_) | TrySendError::Full(_))
        )
    }
}

/// What the two threads tell each other.
#[derive(Debug, Default)]
struct Shared {
    /// Moments up to which the source drops: a seek.
    dropped_until: AtomicU64,
    has_ended: AtomicBool,
    /// The source was asked for more than there was.
    starved: AtomicU64,
}

/// Gives the sound of a file, see [`Player::start`].
#[derive(Debug)]
pub struct PlayerSource {
    queue: Consumer<f32>,
    shared: Arc<Shared>,
    /// Moments that were taken from the queue.
    given: u64,
    has_ended: bool,
}

impl PlayerSource {
    /// Tells whether the last moment was given.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Returns how much silence was given because the file was not read in time, its beginning
    /// included.
    #[must_use]
    pub fn missing(&self) -> Samples {
        Samples(self.shared.starved.load(Ordering::Relaxed))
    }
}

/// Gives silence where the file was not read in time.
impl Source for PlayerSource {
    fn pull(&mut self, block: &mut Block<'_>) -> usize {
        if self.has_ended {
            block.silence_from(0);
            return 0;
        }
        // Asked first: what was written before it ended can then be seen.
        let is_last = self.queue.is_abandoned() || self.shared.has_ended.load(Ordering::Acquire);
        let stale = self.shared.dropped_until.load(Ordering::Acquire).saturating_sub(self.given);
        let waiting = self.queue.slots() / 2;
        let skipped = waiting.min(usize::try_from(stale).unwrap_or(usize::MAX));
        if let Ok(chunk) = self.queue.read_chunk(2 * skipped) {
            chunk.commit_all();
        }
        let wanted = block.moments();
        let given = (waiting - skipped).min(wanted);
        self.given += (skipped + given) as u64;
        if let Ok(chunk) = self.queue.read_chunk(2 * given) {
            let (first, second) = chunk.as_slices();
            // Both are of whole moments: the queue's length is even.
            let at = block.write_stereo(first);
            block.part(at, second.len() / 2).write_stereo(second);
            chunk.commit_all();
        }
        block.silence_from(given);
        if given == wanted {
            return wanted;
        }
        if is_last {
            self.has_ended = true;
            return given;
        }
        self.shared.starved.fetch_add((wanted - given) as u64, Ordering::Relaxed);
        wanted
    }
}

/// Reads ahead.
struct Feeder<R> {
    reader: R,
    config: PlayerConfig,
    sound: Producer<f32>,
    shared: Arc<Shared>,
    orders: Receiver<Command>,
    /// Rounds that have still to end.
    left: Option<u32>,
    /// Moments that were read, of all rounds.
    played: u64,
    /// Moments that were put in the queue.
    written: u64,
    /// Behind the last moment, in moments that are read, where that is known.
    end: Option<u64>,
    /// How long the fall of a stop is.
    stopped: Option<u64>,
}

impl<R: SoundReader> Feeder<R> {
    fn run(mut self, ended: impl FnOnce(Result<(), FileError>)) {
        let result = self.feed();
        self.shared.has_ended.store(true, Ordering::Release);
        while result.is_ok() && !self.sound.is_abandoned() && self.sound.slots() < 2 * AHEAD {
            thread::sleep(PAUSE);
        }
        ended(result);
    }

    fn feed(&mut self) -> Result<(), FileError> {
        if self.left == Some(0) {
            return Ok(());
        }
        self.seek(self.config.from)?;
        let mut piece = [0.0; 2 * PIECE];
        // A file without a moment has no rounds.
        let mut is_empty = true;
        while !self.sound.is_abandoned() {
            let pause = if self.sound.slots() < 2 * PIECE { PAUSE } else { Duration::ZERO };
            self.take_orders(pause)?;
            if self.sound.slots() < 2 * PIECE {
                continue;
            }
            let left = self.end.map_or(PIECE as u64, |end| end.saturating_sub(self.played));
            let wanted = PIECE.min(left as usize);
            if wanted == 0 {
                return Ok(());
            }
            let read = self.read(&mut piece, wanted)?;
            is_empty &= read == 0;
            self.fade(&mut piece[..2 * read]);
            self.write(&piece[..2 * read]);
            if read < wanted && (is_empty || !self.next_round()?) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Reads stereo, whatever the file has.
    fn read(&mut self, piece: &mut [f32; 2 * PIECE], wanted: usize) -> Result<usize, FileError> {
        if self.reader.channels() == lxst_codecs::Channels::Stereo {
            return self.reader.read(&mut piece[..2 * wanted]);
        }
        let read = self.reader.read(&mut piece[..wanted])?;
        for moment in (0..read).rev() {
            // In bounds: the piece has two samples for each.
            (piece[2 * moment], piece[2 * moment + 1]) = (piece[moment], piece[moment]);
        }
        Ok(read)
    }

    fn write(&mut self, sound: &[f32]) {
        if let Ok(room) = self.sound.write_chunk_uninit(sound.len()) {
            room.fill_from_iter(sound.iter().copied());
        }
        self.written += (sound.len() / 2) as u64;
    }

    fn fade(&mut self, sound: &mut [f32]) {
        let (rise, fall) = (self.config.fade_in.0, self.config.fade_out.0);
        for moment in sound.chunks_exact_mut(2) {
            let mut gain = part(self.played, rise);
            if let Some(end) = self.end {
                let fall = self.stopped.unwrap_or(fall);
                gain *= part(end.saturating_sub(self.played + 1), fall);
            }
            moment.iter_mut().for_each(|sample| *sample *= gain);
            self.played += 1;
        }
    }

    fn next_round(&mut self) -> Result<bool, FileError> {
        if let Some(left) = &mut self.left {
            *left -= 1;
            if *left == 0 {
                return Ok(false);
            }
        }
        self.reader.seek(Samples::ZERO)?;
        Ok(true)
    }

    fn seek(&mut self, to: Samples) -> Result<(), FileError> {
        self.reader.seek(to)?;
        let length = self.reader.length().0;
        let rest = length.saturating_sub(to.0);
        // The first of them is the rest of this one.
        let rounds = self.left.map(|left| {
            rest.saturating_add(length.saturating_mul(left.saturating_sub(1).into()))
                .saturating_add(self.played)
        });
        let most = self.config.most.map(|most| most.0);
        self.end =
            [rounds, most, self.end.filter(|_| self.stopped.is_some())].into_iter().flatten().min();
        Ok(())
    }

    fn take_orders(&mut self, pause: Duration) -> Result<(), FileError> {
        let mut order = match self.orders.recv_timeout(pause) {
            Ok(order) => Some(order),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                thread::sleep(pause);
                None
            }
        };
        while let Some(now) = order {
            match now {
                Command::Seek(to) => {
                    self.seek(to)?;
                    self.shared.dropped_until.store(self.written, Ordering::Release);
                }
                Command::Stop(fall) => {
                    let end = self.played.saturating_add(fall.0);
                    self.stopped = Some(fall.0);
                    self.end = Some(self.end.map_or(end, |known| known.min(end)));
                }
            }
            order = self.orders.try_recv().ok();
        }
        Ok(())
    }
}

/// How far a ramp of this length has risen.
fn part(at: u64, length: u64) -> f32 {
    if at >= length { 1.0 } else { (at + 1) as f32 / (length + 1) as f32 }
}

/// Moments that are read ahead: 500 ms.
const AHEAD: usize = 24_000;
/// Moments that are read at a time: 10 ms.
const PIECE: usize = 480;
/// How often a full queue is looked at.
const PAUSE: Duration = Duration::from_millis(20);
