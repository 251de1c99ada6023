//! The phone's side of a sink.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use event_listener::{Event, EventListener};
use lxst_core::{Direction, Instant};
use lxst_engine::Allowance;
use rtrb::{Consumer, Producer, RingBuffer};

use crate::audio::port::{Attachment, Port};
use crate::audio::{BLOCK, RING};

/// The phone's side of a sink.
#[derive(Debug)]
pub(crate) struct SinkPort {
    ring: Producer<f32>,
    /// Samples that were put into the ring.
    given: u64,
    /// `Some` for a device, whose demand is the clock. A reader is given samples at the phone's
    /// pace.
    device: Option<Device>,
    shared: Arc<Shared>,
}

/// The demand of a device, and the rate at which it is served.
#[derive(Debug)]
struct Device {
    demand: Demand,
    allowance: Allowance,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) attachment: Attachment,
    /// Samples from the start that are discarded: those put into the ring up to this count.
    pub(super) forgotten: AtomicU64,
    /// The largest demand of a callback since the phone last read it, in samples at 48 kHz.
    pub(super) demand: AtomicUsize,
    /// The most samples that wait for a reader.
    pub(super) most_waiting: AtomicUsize,
    /// Notified when the phone has given samples or has ended.
    pub(super) given: Event,
}

/// The largest demand of a callback in the last one to two windows of [`DEMAND_WINDOW`]: a device
/// may ask for more when it starts.
#[derive(Clone, Copy, Debug)]
struct Demand {
    this: usize,
    before: usize,
    since: Instant,
}

impl SinkPort {
    /// Creates the port of a reader.
    pub(super) fn paced() -> (Consumer<f32>, Arc<Shared>, Self) {
        Self::new(None)
    }

    /// Creates the port of a device.
    pub(super) fn of_device() -> (Consumer<f32>, Arc<Shared>, Self) {
        let demand = Demand { this: 0, before: 0, since: Instant::ORIGIN };
        let allowance = Allowance::new(PACE_PER_MILLE, BURST);
        Self::new(Some(Device { demand, allowance }))
    }

    fn new(device: Option<Device>) -> (Consumer<f32>, Arc<Shared>, Self) {
        let shared = Arc::new(Shared::new());
        let (producer, ring) = RingBuffer::new(RING);
        let port = Self { ring: producer, given: 0, device, shared: shared.clone() };
        (ring, shared, port)
    }

    pub(crate) const fn is_device(&self) -> bool {
        self.device.is_some()
    }

    /// Returns how many samples a device must get now for its next callback; 0 for a reader. A long
    /// period is filled gradually, so that playout sees an even demand.
    pub(crate) fn wants(&mut self, now: Instant) -> usize {
        let waiting = self.waiting();
        let Some(device) = &mut self.device else { return 0 };
        let demand = device.demand.learn(self.shared.demand.swap(0, Ordering::Relaxed), now);
        let missing = (demand + DEVICE_LEAD).saturating_sub(waiting);
        missing.min(device.allowance.left(now))
    }

    /// Puts samples into the ring.
    ///
    /// *Bounds*: for a reader that has fallen [`MAX_WAITING`] behind, or [`MAX_LIVE_WAITING`], all but the latest [`KEPT`]
    /// samples are dropped and counted. A full ring is emptied, and that is counted too.
    pub(crate) fn give(&mut self, pcm: &[f32]) {
        let most = self.shared.most_waiting.load(Ordering::Relaxed);
        if !self.is_device() && self.waiting() + pcm.len() > most {
            let missed = self.waiting().saturating_sub(KEPT);
            self.shared.attachment.count_dropped(missed as u64);
            self.forget_but(KEPT);
        }
        let (given, rest) = self.ring.push_partial_slice(pcm);
        self.given += given.len() as u64;
        if let Some(device) = &mut self.device {
            device.allowance.spend(pcm.len());
        }
        if !rest.is_empty() {
            // After so long a pause, the app resumes with current audio.
            let missed = self.waiting() + rest.len();
            self.shared.attachment.count_dropped(missed as u64);
            self.forget_but(0);
        }
        self.shared.given.notify(usize::MAX);
    }

    /// Discards all samples that the app has not taken.
    pub(crate) fn flush(&mut self) {
        self.forget_but(0);
    }

    /// Returns how many samples wait in the ring, without discarded ones.
    fn waiting(&self) -> usize {
        let unread = self.ring.buffer().capacity() - self.ring.slots();
        let forgotten = self.shared.forgotten.load(Ordering::Relaxed);
        unread.min(usize::try_from(self.given - forgotten).unwrap_or(usize::MAX))
    }

    /// Discards all waiting samples but the latest.
    fn forget_but(&self, latest: usize) {
        let until = self.given - latest.min(self.waiting()) as u64;
        self.shared.forgotten.fetch_max(until, Ordering::Release);
    }
}

impl Shared {
    fn new() -> Self {
        Self {
            attachment: Attachment::default(),
            forgotten: AtomicU64::new(0),
            demand: AtomicUsize::new(0),
            most_waiting: AtomicUsize::new(MAX_WAITING),
            given: Event::new(),
        }
    }
}

impl Port for SinkPort {
    const DIRECTION: Direction = Direction::Receive;

    fn gone(&self) -> EventListener {
        self.shared.attachment.gone()
    }

    fn is_over(&self) -> bool {
        self.shared.attachment.is_gone()
    }

    fn dropped(&self) -> u64 {
        self.shared.attachment.dropped()
    }
}

impl Drop for SinkPort {
    fn drop(&mut self) {
        self.shared.attachment.detach();
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

/// Headroom of a device beyond its largest demand, in samples: 10 ms.
const DEVICE_LEAD: usize = 480;
/// Upper bound for the demand of one callback, in samples: 2 s. A larger block ends in silence.
pub(super) const MAX_DEMAND: usize = 96_000;
/// How long a demand counts at least: twice the longest period.
const DEMAND_WINDOW: Duration = Duration::from_secs(4);
/// Samples that a device gets at once. Beyond these it is served at [`PACE_PER_MILLE`] of real
/// time.
const BURST: usize = 4 * BLOCK;
const PACE_PER_MILLE: u64 = 1_100;
/// The most samples that wait for a reader: 640 ms.
const MAX_WAITING: usize = 32 * BLOCK;
/// The most samples that wait for a reader that plays: 100 ms.
pub(super) const MAX_LIVE_WAITING: usize = 5 * BLOCK;
/// Samples that are kept when a reader is late: 60 ms.
const KEPT: usize = 3 * BLOCK;

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use futures_lite::future::block_on;

    use super::*;
    use crate::audio::{AudioError, AudioFormat, AudioSink, DeviceSink};

    const fn waker() -> Context<'static> {
        Context::from_waker(Waker::noop())
    }

    #[test]
    fn a_late_reader_goes_on_with_the_newest_sound() {
        let (mut sink, mut port) = AudioSink::new(AudioFormat::PHONE).unwrap();
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
    fn a_live_reader_that_lags_hears_what_is_said_now() {
        let (sink, mut port) = AudioSink::new(AudioFormat::PHONE).unwrap();
        let mut sink = sink.live();
        let mut block = [0.0_f32; BLOCK];
        for number in 0..500_u16 {
            port.give(&[f32::from(number); BLOCK]);
            if number % 10 == 0 {
                block_on(sink.read(&mut block)).unwrap();
                let behind = number - block[0] as u16;
                assert!(behind <= 5, "{} ms behind", 20 * behind);
            }
        }
        assert!(port.dropped() > 400 * BLOCK as u64);
    }

    #[test]
    fn a_reader_who_was_away_hears_what_is_played_then() {
        let (mut sink, mut port) = AudioSink::new(AudioFormat::PHONE).unwrap();
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
        let (mut sink, mut port) = DeviceSink::new(format).unwrap();
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
        assert!(port.is_over());
    }

    #[test]
    fn a_device_of_any_period_finds_what_it_asks_for_and_playout_an_even_demand() {
        for period in [3_u64, 10, 20, 46, 200, 500, 1_000, 2_000] {
            let (mut sink, mut port) = DeviceSink::new(AudioFormat::PHONE).unwrap();
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
        let (mut sink, mut port) = DeviceSink::new(AudioFormat::PHONE).unwrap();
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
        let (mut sink, mut port) = AudioSink::new(AudioFormat::PHONE).unwrap();
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
