//! Audio that a call received, for the app.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use event_listener::{Event, EventListener};
use lxst_core::Instant;
use lxst_engine::Allowance;
use rtrb::{Consumer, Producer, RingBuffer};

use super::format::{AudioFormat, CONVERTED, Clock, PHONE_HZ, PIECE, RateConverter, Sample};
use super::{AudioError, BLOCK, RING};

/// Gives the app what the peer says, while a call receives.
///
/// There is one sink: the latest that was attached plays. Dropping it detaches it; the call goes on
/// without.
#[derive(Debug)]
pub struct AudioSink {
    format: AudioFormat,
    rate: RateConverter,
    ring: Consumer<f32>,
    /// Samples that left the ring, to be given or forgotten.
    taken: u64,
    /// Room for what a piece becomes.
    piece: Vec<f32>,
    /// Mono at the app's rate that was converted and not given.
    converted: VecDeque<f32>,
    shared: Arc<Shared>,
}

/// The phone's side.
#[derive(Debug)]
pub(crate) struct SinkPort {
    clock: Clock,
    ring: Producer<f32>,
    /// Samples that the ring was given.
    given: u64,
    demand: Demand,
    allowance: Allowance,
    dropped: u64,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// What was given up to here is not to be heard any more.
    forgotten: AtomicU64,
    /// The most that the app asked for at once, since the phone looked.
    demand: AtomicUsize,
    /// The phone gave something, or ended.
    given: Event,
    /// The app dropped its side.
    gone: Event,
    is_closed: AtomicBool,
    is_dropped: AtomicBool,
}

/// The most that a device asked for at once of late: some ask for more at their start.
#[derive(Clone, Copy, Debug)]
struct Demand {
    this: usize,
    before: usize,
    since: Instant,
}

impl AudioSink {
    pub(crate) fn new(format: AudioFormat, clock: Clock) -> Result<(Self, SinkPort), AudioError> {
        let format = format.check()?;
        let rate = RateConverter::new(PHONE_HZ, format.rate_hz)?;
        let shared = Arc::<Shared>::default();
        let (producer, ring) = RingBuffer::new(RING);
        let port = SinkPort {
            clock,
            ring: producer,
            given: 0,
            demand: Demand { this: 0, before: 0, since: Instant::ORIGIN },
            allowance: Allowance::new(PACE_PER_MILLE, BURST),
            dropped: 0,
            shared: shared.clone(),
        };
        let sink = Self {
            format,
            rate,
            ring,
            taken: 0,
            piece: Vec::with_capacity(CONVERTED),
            converted: VecDeque::with_capacity(2 * CONVERTED),
            shared,
        };
        Ok((sink, port))
    }

    /// Waits until a block of any length is full. With [`Clock::Phone`] that is the pace of time;
    /// a reader that falls 640 ms behind goes on with the latest 60 ms, so that no delay stays. What it
    /// misses is counted in [`Counters`](crate::Counters).
    ///
    /// # Errors
    /// [`AudioError::Detached`]; [`AudioError::Partial`].
    ///
    /// # Cancel safety
    /// Cancel safe: a read that is cancelled has given nothing, and the next one gives what it took.
    pub async fn read<S: Sample>(&mut self, block: &mut [S]) -> Result<(), AudioError> {
        let (channels, moments) = self.format.moments(block.len())?;
        let shared = self.shared.clone();
        self.ask_for(moments);
        loop {
            // First listened, then looked: nothing falls between.
            let given = shared.given.listen();
            let is_closed = shared.is_closed.load(Ordering::Acquire);
            self.take(moments);
            if self.converted.len() >= moments {
                break;
            }
            if is_closed {
                return Err(AudioError::Detached);
            }
            given.await;
        }
        self.give(block, channels);
        Ok(())
    }

    /// Fills a block of any length without waiting, and tells how many samples of it are sound; silence
    /// follows these. It may be called in an audio callback: it neither allocates nor takes a lock, and
    /// never wakes another thread.
    ///
    /// # Errors
    /// [`AudioError::Detached`]; [`AudioError::Partial`]. The block is silence then.
    pub fn fill<S: Sample>(&mut self, block: &mut [S]) -> Result<usize, AudioError> {
        let (channels, moments) = match self.format.moments(block.len()) {
            Ok(shape) => shape,
            Err(partial) => {
                block.fill(S::from_float(0.0));
                return Err(partial);
            }
        };
        self.ask_for(moments);
        let is_closed = self.shared.is_closed.load(Ordering::Acquire);
        let mut sound = 0;
        for piece in block.chunks_mut(PIECE * channels) {
            self.take(piece.len() / channels);
            sound += self.give(piece, channels);
        }
        if sound == 0 && is_closed { Err(AudioError::Detached) } else { Ok(sound) }
    }

    /// Lets the phone know how much is asked for at once.
    fn ask_for(&self, moments: usize) {
        let needed = self.phones(moments).min(MAX_DEMAND);
        self.shared.demand.fetch_max(needed, Ordering::Relaxed);
    }

    /// What the phone must give for so many moments.
    fn phones(&self, moments: usize) -> usize {
        (moments as f64 * f64::from(PHONE_HZ) / f64::from(self.format.rate_hz)).ceil() as usize
    }

    /// Takes what is needed for so many moments, as far as it is there.
    fn take(&mut self, moments: usize) {
        self.forget();
        let mut pcm = [0.0; PIECE];
        while let Some(missing) = moments.checked_sub(self.converted.len()).filter(|left| *left > 0)
        {
            let needed = self.phones(missing).min(PIECE);
            let (taken, _) = self.ring.pop_partial_slice(&mut pcm[..needed]);
            if taken.is_empty() {
                return;
            }
            self.taken += taken.len() as u64;
            self.piece.clear();
            self.rate.convert(taken, &mut self.piece);
            self.converted.extend(&self.piece);
        }
    }

    /// Drops what is not to be heard any more.
    fn forget(&mut self) {
        let forgotten = self.shared.forgotten.load(Ordering::Acquire);
        if forgotten > self.taken {
            // What the phone forgot, it had given.
            let stale = usize::try_from(forgotten - self.taken).unwrap_or(usize::MAX);
            if let Ok(stale) = self.ring.read_chunk(stale.min(self.ring.slots())) {
                stale.commit_all();
            }
            self.taken = forgotten;
            self.converted.clear();
            self.rate.reset();
        }
    }

    fn give<S: Sample>(&mut self, block: &mut [S], channels: usize) -> usize {
        let mut sound = 0;
        for moment in block.chunks_exact_mut(channels) {
            let sample = self.converted.pop_front();
            sound += if sample.is_some() { channels } else { 0 };
            moment.fill(S::from_float(sample.unwrap_or(0.0)));
        }
        sound
    }
}

impl Drop for AudioSink {
    fn drop(&mut self) {
        self.shared.is_dropped.store(true, Ordering::Release);
        self.shared.gone.notify(usize::MAX);
    }
}

impl SinkPort {
    pub(crate) const fn clock(&self) -> Clock {
        self.clock
    }

    /// Waits until the app has dropped its side.
    pub(crate) fn gone(&self) -> EventListener {
        self.shared.gone.listen()
    }

    pub(crate) fn is_dropped(&self) -> bool {
        self.shared.is_dropped.load(Ordering::Acquire)
    }

    /// How much a sink at the device's pace is to be given now, so that the next callback finds what it
    /// asks for. A long period is filled over its time, so that playout sees an even demand.
    pub(crate) fn wants(&mut self, now: Instant) -> usize {
        let demand = self.demand.learn(self.shared.demand.swap(0, Ordering::Relaxed), now);
        let missing = (demand + DEVICE_LEAD).saturating_sub(self.waiting());
        missing.min(self.allowance.left(now))
    }

    /// Gives the sink more. A reader who is too late misses all but the latest.
    pub(crate) fn give(&mut self, pcm: &[f32]) {
        if self.clock == Clock::Phone && self.waiting() + pcm.len() > MAX_WAITING {
            let missed = self.waiting().saturating_sub(KEPT);
            self.dropped += missed as u64;
            self.forget_but(KEPT);
        }
        let (given, rest) = self.ring.push_partial_slice(pcm);
        self.given += given.len() as u64;
        self.allowance.spend(pcm.len());
        if !rest.is_empty() {
            // A reader who has not come for so long is to hear what is played when it does.
            self.dropped += (self.waiting() + rest.len()) as u64;
            self.forget_but(0);
        }
        self.shared.given.notify(usize::MAX);
    }

    /// Forgets what was not taken.
    pub(crate) fn flush(&mut self) {
        self.forget_but(0);
    }

    /// How much a reader missed who was late, in samples.
    pub(crate) const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// What waits to be heard.
    fn waiting(&self) -> usize {
        let unread = self.ring.buffer().capacity() - self.ring.slots();
        let forgotten = self.shared.forgotten.load(Ordering::Relaxed);
        unread.min(usize::try_from(self.given - forgotten).unwrap_or(usize::MAX))
    }

    fn forget_but(&self, latest: usize) {
        let until = self.given - latest.min(self.waiting()) as u64;
        self.shared.forgotten.fetch_max(until, Ordering::Release);
    }
}

impl Drop for SinkPort {
    fn drop(&mut self) {
        self.shared.is_closed.store(true, Ordering::Release);
        self.shared.given.notify(usize::MAX);
    }
}

impl Demand {
    fn learn(&mut self, asked: usize, now: Instant) -> usize {
        if now >= self.since + DEMAND_WINDOW {
            *self = Self { this: 0, before: self.this, since: now };
        }
        self.this = self.this.max(asked);
        self.this.max(self.before)
    }
}

/// What a device finds beyond the most that it asked for: 10 ms.
const DEVICE_LEAD: usize = 480;
/// A device that asks for more at once than this, 2 s, finds silence after it.
const MAX_DEMAND: usize = 96_000;
/// How long a demand is remembered at least: twice the longest period.
const DEMAND_WINDOW: Duration = Duration::from_secs(4);
/// What a device is given at once, and then at a little more than the pace of time.
const BURST: usize = 4 * BLOCK;
const PACE_PER_MILLE: u64 = 1_100;
/// What waits for a reader: 640 ms.
const MAX_WAITING: usize = 32 * BLOCK;
/// What of it is left when it is too much: 60 ms.
const KEPT: usize = 3 * BLOCK;

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use futures_lite::future::block_on;

    use super::*;

    const fn waker() -> Context<'static> {
        Context::from_waker(Waker::noop())
    }

    #[test]
    fn a_late_reader_goes_on_with_the_newest_sound() {
        let (mut sink, mut port) = AudioSink::new(AudioFormat::PHONE, Clock::Phone).unwrap();
        let mut block = [0.0_f32; BLOCK];
        for number in 0..33_u16 {
            port.give(&[f32::from(number) / 64.0; BLOCK]);
        }
        assert_eq!(port.dropped(), 29 * BLOCK as u64);
        for number in 29..33_u16 {
            block_on(sink.read(&mut block)).unwrap();
            assert_eq!(block, [f32::from(number) / 64.0; BLOCK]);
        }
    }

    #[test]
    fn a_reader_who_was_away_hears_what_is_played_then() {
        let (mut sink, mut port) = AudioSink::new(AudioFormat::PHONE, Clock::Phone).unwrap();
        let mut block = [0.0_f32; BLOCK];
        for _ in 0..3_000 {
            port.give(&[0.5; BLOCK]);
        }
        assert_eq!(port.dropped(), 3_000 * BLOCK as u64);
        assert!(pin!(sink.read(&mut block)).poll(&mut waker()).is_pending());
        port.give(&[1.0; BLOCK]);
        block_on(sink.read(&mut block)).unwrap();
        assert_eq!(block, [1.0; BLOCK]);
        drop(port);
        assert_eq!(block_on(sink.read(&mut block)), Err(AudioError::Detached));
    }

    #[test]
    fn a_device_gets_its_own_rate_and_channels_and_silence_where_there_is_no_sound() {
        let format = AudioFormat { rate_hz: 16_000, channels: 2 };
        let (mut sink, mut port) = AudioSink::new(format, Clock::Device).unwrap();
        let mut block = [1_i16; 640];
        assert_eq!(sink.fill(&mut block), Ok(0));
        assert_eq!(block, [0; 640]);
        assert_eq!(port.wants(Instant::ORIGIN), BLOCK + DEVICE_LEAD);
        port.give(&[0.5; BLOCK]);
        let sound = sink.fill(&mut block).unwrap();
        assert!((500..=640).contains(&sound), "{sound} samples of a block less the filter's delay");
        assert!(block.chunks_exact(2).all(|moment| moment[0] == moment[1]));
        assert!((15_000..18_000).contains(&block[400]), "{}", block[400]);
        drop(sink);
        assert!(port.is_dropped());
    }

    #[test]
    fn a_device_of_any_period_finds_what_it_asks_for_and_playout_an_even_demand() {
        for period in [3_u64, 10, 20, 46, 200, 500, 1_000, 2_000] {
            let (mut sink, mut port) = AudioSink::new(AudioFormat::PHONE, Clock::Device).unwrap();
            let mut block = vec![0.0_f32; period as usize * 48];
            let (mut short, mut most) = (0, 0);
            for millis in (0..20_000).step_by(1) {
                if millis % period == 0 {
                    let sound = sink.fill(&mut block).unwrap();
                    // It is not known at first how much is asked for.
                    short += if millis > 2 * period { block.len() - sound } else { 0 };
                }
                if millis % 5 == 4 {
                    let wants = port.wants(Instant::from_millis(millis));
                    most = most.max(wants);
                    port.give(&vec![0.5; wants]);
                }
            }
            assert_eq!(short, 0, "{period}");
            assert!(most <= BURST, "{period}: {most} at once");
        }
    }

    #[test]
    fn a_device_that_asked_for_much_at_its_start_waits_no_longer_for_it() {
        let (mut sink, mut port) = AudioSink::new(AudioFormat::PHONE, Clock::Device).unwrap();
        sink.fill(&mut [0.0_f32; 4 * BLOCK]).unwrap();
        assert_eq!(port.wants(Instant::from_millis(0)), 4 * BLOCK);
        let mut wants = 0;
        for millis in (10..10_000).step_by(10) {
            sink.fill(&mut [0.0_f32; 480]).unwrap();
            wants = port.wants(Instant::from_millis(millis));
        }
        assert_eq!(wants, 480 + DEVICE_LEAD);
    }

    #[test]
    fn a_read_that_is_cancelled_loses_nothing() {
        let (mut sink, mut port) = AudioSink::new(AudioFormat::PHONE, Clock::Phone).unwrap();
        let (mut block, mut heard) = ([0.0_f32; 700], Vec::new());
        for number in 0..20 {
            port.give(&[number as f32; 500]);
            while pin!(sink.read(&mut block)).poll(&mut waker()).is_ready() {
                heard.extend(block);
            }
        }
        assert_eq!(heard.len(), 20 * 500 / 700 * 700);
        assert!(heard.iter().enumerate().all(|(at, sample)| *sample == (at / 500) as f32));
    }
}
