//! Audio of the app that a call sends.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use event_listener::{Event, EventListener};
use lxst_core::Instant;
use rtrb::{Consumer, Producer, RingBuffer};

use super::backlog::Backlog;
use super::format::{AudioFormat, CONVERTED, Clock, PHONE_HZ, PIECE, RateConverter, Sample};
use super::{AudioError, BLOCK, RING};

/// Takes what the app's microphone hears, and sends it while a call does.
///
/// There is one source: the latest that was attached is heard. Dropping it detaches it; the call
/// goes on without.
#[derive(Debug)]
pub struct AudioSource {
    format: AudioFormat,
    rate: RateConverter,
    /// Room for what a piece becomes.
    converted: Vec<f32>,
    /// Of a live source: the way to the phone, without a lock.
    ring: Option<Producer<f32>>,
    /// Samples that the ring was given.
    pushed: u64,
    shared: Arc<Shared>,
}

/// The phone's side.
#[derive(Debug)]
pub(crate) struct SourcePort {
    live: Option<Live>,
    shared: Arc<Shared>,
    /// Samples that the engine was given, and that of them which was the last of the app's.
    given: u64,
    last: u64,
}

/// What comes from a live source.
#[derive(Debug)]
struct Live {
    ring: Consumer<f32>,
    /// Samples that left the ring.
    popped: u64,
    backlog: Backlog,
}

#[derive(Debug, Default)]
struct Shared {
    written: Mutex<Written>,
    /// The phone took something that was written, or ended.
    taken: Event,
    /// The app dropped its side.
    gone: Event,
    /// Samples that the ring was given, up to the end of a block: the phone takes no part of one, of
    /// whose age it knows nothing.
    complete: AtomicU64,
    /// The app hands over a block of a live source: what it holds was heard before that began.
    is_writing: AtomicBool,
    /// A call sends.
    is_wanted: AtomicBool,
    is_closed: AtomicBool,
    is_dropped: AtomicBool,
    dropped: AtomicU64,
}

/// What a source at the phone's pace wrote.
#[derive(Debug, Default)]
struct Written {
    /// What the phone has not taken.
    samples: VecDeque<f32>,
    /// Some that the phone took was not sent.
    is_unsent: bool,
    /// A call ended before all was sent.
    is_cut: bool,
}

impl AudioSource {
    pub(crate) fn new(format: AudioFormat, clock: Clock) -> Result<(Self, SourcePort), AudioError> {
        let format = format.check()?;
        let rate = RateConverter::new(format.rate_hz, PHONE_HZ)?;
        let shared = Arc::<Shared>::default();
        let (ring, live) = match clock {
            Clock::Phone => (None, None),
            Clock::Device => {
                let (producer, ring) = RingBuffer::new(RING);
                (Some(producer), Some(Live { ring, popped: 0, backlog: Backlog::new() }))
            }
        };
        let port = SourcePort { live, shared: shared.clone(), given: 0, last: 0 };
        Ok((
            Self {
                format,
                rate,
                converted: Vec::with_capacity(CONVERTED),
                ring,
                pushed: 0,
                shared,
            },
            port,
        ))
    }

    /// Sends a block of any length.
    ///
    /// With [`Clock::Phone`] it waits while 240 ms wait, and then takes all of the block; see
    /// [`drain`](Self::drain) for when it is sent. With [`Clock::Device`] it never waits, and does what
    /// [`try_write`](Self::try_write) does.
    ///
    /// # Errors
    /// [`AudioError::Detached`]; [`AudioError::Partial`], and nothing was taken.
    ///
    /// # Cancel safety
    /// Cancel safe: a write that is cancelled has taken nothing of its block, and can be done again.
    pub async fn write<S: Sample>(&mut self, block: &[S]) -> Result<(), AudioError> {
        self.format.moments(block.len())?;
        if self.ring.is_none() {
            let shared = self.shared.clone();
            loop {
                // First listened, then looked: nothing falls between.
                let taken = shared.taken.listen();
                if shared.is_closed() || shared.lock().samples.len() < AHEAD {
                    break;
                }
                taken.await;
            }
        }
        self.try_write(block).map(|_| ())
    }

    /// Sends a block of any length without waiting, and tells how many samples of it were taken: all of
    /// them, or those before its rest was dropped and counted in [`dropped`](Self::dropped), because
    /// the phone's task stood still for 3 s. With [`Clock::Phone`], a block is dropped as a whole while
    /// 240 ms wait.
    ///
    /// With [`Clock::Device`], this may be called in an audio callback: it neither allocates nor takes
    /// a lock, and never wakes another thread. While no call sends, a block counts as taken, and is
    /// forgotten.
    ///
    /// # Errors
    /// [`AudioError::Detached`]; [`AudioError::Partial`], and nothing was taken.
    pub fn try_write<S: Sample>(&mut self, block: &[S]) -> Result<usize, AudioError> {
        let (channels, moments) = self.format.moments(block.len())?;
        if self.shared.is_closed() {
            return Err(AudioError::Detached);
        }
        let is_taken = match &self.ring {
            Some(ring) => {
                if !self.shared.is_wanted.load(Ordering::Acquire) {
                    return Ok(block.len());
                }
                self.shared.is_writing.store(true, Ordering::SeqCst);
                // What fits is told before it is converted, so that a moment is whole or dropped.
                let ratio = f64::from(PHONE_HZ) / f64::from(self.format.rate_hz);
                (ring.slots() as f64 / ratio) as usize
            }
            None if self.shared.lock().samples.len() < AHEAD => moments,
            None => 0,
        };
        let taken = is_taken.min(moments) * channels;
        let (taken_block, rest) = block.split_at(taken);
        self.convert(taken_block, channels);
        self.shared.is_writing.store(false, Ordering::SeqCst);
        if !rest.is_empty() {
            let lost = (moments - taken / channels) as u64 * u64::from(PHONE_HZ);
            self.shared.count_dropped(lost / u64::from(self.format.rate_hz));
        }
        Ok(taken)
    }

    /// Waits until all that was written was sent: encoded, in its frames, and given to the network. The
    /// last frame is filled up with silence. A live source ([`Clock::Device`]) keeps nothing, and waits
    /// for nothing.
    ///
    /// # Errors
    /// [`AudioError::CallEnded`]: since the last drain, a call ended before all was sent, and what was
    /// left is forgotten. [`AudioError::Detached`].
    ///
    /// # Cancel safety
    /// Cancel safe: it takes nothing.
    pub async fn drain(&mut self) -> Result<(), AudioError> {
        let shared = self.shared.clone();
        loop {
            let taken = shared.taken.listen();
            {
                let mut written = shared.lock();
                if std::mem::take(&mut written.is_cut) {
                    return Err(AudioError::CallEnded);
                }
                if shared.is_closed() {
                    return Err(AudioError::Detached);
                }
                if written.samples.is_empty() && !written.is_unsent {
                    return Ok(());
                }
            }
            taken.await;
        }
    }

    /// How much was dropped of what came too fast, here and by the phone.
    #[must_use]
    pub fn dropped(&self) -> Duration {
        Duration::from_secs(self.shared.dropped.load(Ordering::Relaxed)) / PHONE_HZ
    }

    /// Mixes and converts whole moments, piece by piece.
    fn convert<S: Sample>(&mut self, block: &[S], channels: usize) {
        let mut mono = [0.0; PIECE];
        for piece in block.chunks(PIECE * channels) {
            let moments = piece.chunks_exact(channels);
            // A piece has PIECE moments at most.
            let mono = &mut mono[..moments.len()];
            for (sample, moment) in mono.iter_mut().zip(moments) {
                let sum: f32 = moment.iter().map(|sample| sample.to_float()).sum();
                *sample = sum / channels as f32;
            }
            self.converted.clear();
            self.rate.convert(mono, &mut self.converted);
            match &mut self.ring {
                Some(ring) => {
                    let (pushed, rest) = ring.push_partial_slice(&self.converted);
                    self.pushed += pushed.len() as u64;
                    self.shared.count_dropped(rest.len() as u64);
                }
                None => self.shared.lock().samples.extend(&self.converted),
            }
        }
        self.shared.complete.store(self.pushed, Ordering::Release);
    }
}

impl Drop for AudioSource {
    fn drop(&mut self) {
        self.shared.is_dropped.store(true, Ordering::Release);
        self.shared.gone.notify(usize::MAX);
    }
}

impl SourcePort {
    pub(crate) const fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// Waits until the app has dropped its side.
    pub(crate) fn gone(&self) -> EventListener {
        self.shared.gone.listen()
    }

    /// Tells whether the app has dropped its side, and all was taken.
    pub(crate) fn is_over(&self) -> bool {
        let is_wanted = self.shared.is_wanted.load(Ordering::Relaxed);
        let live = self.live.as_ref().filter(|_| is_wanted);
        self.shared.is_dropped.load(Ordering::Acquire)
            && self.shared.lock().samples.is_empty()
            && live.is_none_or(|live| live.ring.is_empty() && live.backlog.is_empty())
    }

    /// How much was dropped of what came too fast, in samples.
    pub(crate) fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// A call sends from here on. What a live source holds was heard before.
    pub(crate) fn open(&mut self, now: Instant) {
        if let Some(live) = &mut self.live {
            live.empty();
            live.backlog.open(now);
            self.shared.is_wanted.store(true, Ordering::Release);
        }
    }

    /// No call sends any more: forgets what was written for it.
    pub(crate) fn close(&mut self) {
        self.shared.is_wanted.store(false, Ordering::Release);
        if let Some(live) = &mut self.live {
            live.empty();
        }
        let mut written = self.shared.lock();
        written.is_cut |= written.is_unsent || !written.samples.is_empty();
        written.is_unsent = false;
        written.samples.clear();
        drop(written);
        self.shared.taken.notify(usize::MAX);
    }

    /// What a live source brought, as far as it is due; nothing where the source is not live.
    pub(crate) fn take_live(&mut self, now: Instant) -> Vec<f32> {
        let Some(live) = &mut self.live else { return Vec::new() };
        let mut piece = [0.0; BLOCK];
        // A block that is handed over later than this look began after it, unless one is on its way.
        let is_writing = self.shared.is_writing.load(Ordering::SeqCst);
        let complete = self.shared.complete.load(Ordering::Acquire);
        while let Some(left @ 1..) = complete.checked_sub(live.popped) {
            let length = usize::try_from(left).map_or(BLOCK, |left| left.min(BLOCK));
            let (taken, _) = live.ring.pop_partial_slice(&mut piece[..length]);
            live.popped += taken.len() as u64;
            live.backlog.push(taken);
        }
        let overflown = live.backlog.settle();
        if !is_writing {
            live.backlog.looked(now);
        }
        let (pcm, stale) = live.backlog.take(now);
        self.shared.count_dropped((overflown + stale) as u64);
        pcm
    }

    /// The block that is due of a source at the phone's pace, silence where the app is late.
    pub(crate) fn take_block(&mut self) -> Vec<f32> {
        let mut written = self.shared.lock();
        let held = written.samples.len().min(BLOCK);
        let mut block: Vec<f32> = written.samples.drain(..held).collect();
        written.is_unsent |= held > 0;
        drop(written);
        self.given += BLOCK as u64;
        if held > 0 {
            self.last = self.given;
            self.shared.taken.notify(usize::MAX);
        }
        block.resize(BLOCK, 0.0);
        block
    }

    /// Takes note that of what the engine was given all but so many samples was sent.
    pub(crate) fn sent_but(&self, waiting: u64) {
        if self.given.saturating_sub(waiting) >= self.last {
            let was_unsent = std::mem::take(&mut self.shared.lock().is_unsent);
            if was_unsent {
                self.shared.taken.notify(usize::MAX);
            }
        }
    }
}

impl Drop for SourcePort {
    fn drop(&mut self) {
        self.shared.is_closed.store(true, Ordering::Release);
        self.shared.taken.notify(usize::MAX);
    }
}

impl Live {
    /// Forgets what waits.
    fn empty(&mut self) {
        let waiting = self.ring.slots();
        if let Ok(chunk) = self.ring.read_chunk(waiting) {
            chunk.commit_all();
            self.popped += waiting as u64;
        }
        self.backlog = Backlog::new();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    fn count_dropped(&self, samples: u64) {
        self.dropped.fetch_add(samples, Ordering::Relaxed);
    }
}

/// What a source at the phone's pace may be ahead: 240 ms.
const AHEAD: usize = 12 * BLOCK;

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use futures_lite::future::block_on;

    use super::*;

    #[test]
    fn stereo_of_whole_numbers_becomes_the_phones_mono() {
        let format = AudioFormat { rate_hz: 48_000, channels: 2 };
        let (mut source, mut port) = AudioSource::new(format, Clock::Phone).unwrap();
        source.try_write(&[16_384_i16, 0, -16_384, -16_384]).unwrap();
        let error = AudioError::Partial { length: 3, channels: 2 };
        assert_eq!(source.try_write(&[0_i16; 3]), Err(error));
        drop(source);
        assert!(!port.is_over());
        let block = port.take_block();
        assert_eq!((&block[..3], block.len()), (&[0.25, -0.5, 0.0][..], BLOCK));
        assert!(port.is_over());
    }

    #[test]
    fn blocks_of_any_length_come_out_in_the_phones_length() {
        let (mut source, mut port) = AudioSource::new(AudioFormat::PHONE, Clock::Phone).unwrap();
        for length in [1_000_u16, 1, 919] {
            block_on(source.write(&vec![length; length.into()])).unwrap();
        }
        let first = port.take_block();
        let second = port.take_block();
        assert!(first.iter().chain(&second[..40]).all(|sample| *sample == first[0]));
        assert_eq!(second.iter().skip(40).filter(|sample| **sample != first[0]).count(), 920);
    }

    #[test]
    fn a_write_that_is_cancelled_has_taken_nothing() {
        let (mut source, mut port) = AudioSource::new(AudioFormat::PHONE, Clock::Phone).unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        let (mut cancelled, mut taken) = (0, Vec::new());
        for number in 1..=580_i16 {
            let block = [number; BLOCK];
            while pin!(source.write(&block)).poll(&mut cx).is_pending() {
                cancelled += 1;
                taken.push(port.take_block()[0]);
            }
        }
        taken.extend((0..12).map(|_| port.take_block()[0]));
        assert!(cancelled > 500, "{cancelled}");
        let wanted: Vec<f32> =
            (1..=580).map(|number| f32::from(number as i16) / 32_768.0).collect();
        assert_eq!(taken, wanted);
    }

    #[test]
    fn drained_is_what_was_sent_and_not_what_was_taken() {
        let (mut source, mut port) = AudioSource::new(AudioFormat::PHONE, Clock::Phone).unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        let mut is_drained =
            |source: &mut AudioSource| pin!(source.drain()).poll(&mut cx).is_ready();
        assert!(is_drained(&mut source));
        source.try_write(&[0.5_f32; 1_000]).unwrap();
        assert!(!is_drained(&mut source));
        port.take_block();
        port.take_block();
        assert!(!is_drained(&mut source));
        // A frame of 60 ms is not complete.
        port.sent_but(1_920);
        assert!(!is_drained(&mut source));
        port.take_block();
        port.sent_but(0);
        assert!(is_drained(&mut source));
    }

    #[test]
    fn a_call_that_ends_before_all_was_sent_is_told_once() {
        let (mut source, mut port) = AudioSource::new(AudioFormat::PHONE, Clock::Phone).unwrap();
        source.try_write(&[0.5_f32; BLOCK]).unwrap();
        port.take_block();
        port.close();
        assert_eq!(block_on(source.drain()), Err(AudioError::CallEnded));
        assert_eq!(block_on(source.drain()), Ok(()));
        drop(port);
        assert_eq!(block_on(source.drain()), Err(AudioError::Detached));
    }

    #[test]
    fn what_a_callback_brings_while_the_phone_stands_still_is_told_and_counted() {
        let format = AudioFormat { rate_hz: 48_000, channels: 2 };
        let (mut source, mut port) = AudioSource::new(format, Clock::Device).unwrap();
        let block = [0.1_f32; 960];
        let at = Instant::from_millis;
        for _ in 0..1_000 {
            assert_eq!(source.try_write(&block), Ok(960), "nobody sends");
        }
        assert_eq!(source.dropped(), Duration::ZERO);
        port.open(at(0));
        assert!(port.take_live(at(3_000)).is_empty(), "what was heard before is not sent");
        for _ in 0..300 {
            assert_eq!(source.try_write(&block), Ok(960));
        }
        assert_eq!(source.try_write(&block), Ok(0));
        assert_eq!(source.dropped(), Duration::from_millis(10));
        assert!(!port.take_live(at(3_010)).is_empty());
        assert_eq!(source.try_write(&block), Ok(960));
        // 2.06 s are kept.
        assert_eq!(source.dropped(), Duration::from_millis(10 + 940));
    }

    #[test]
    fn a_format_that_cannot_be_is_refused() {
        let format = |rate_hz, channels| AudioFormat { rate_hz, channels };
        let error = AudioSource::new(format(48_000, 0), Clock::Phone).unwrap_err();
        assert_eq!(error, AudioError::NoChannel);
        let error = AudioSource::new(format(1, 1), Clock::Phone).unwrap_err();
        assert!(matches!(error, AudioError::Rate { rate_hz: 1, .. }), "{error}");
    }
}
