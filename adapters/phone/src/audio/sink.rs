//! Audio that a call received, for the app.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::format::{AudioFormat, Clock, PHONE_HZ, RateConverter, Sample};
use super::{AudioError, BLOCK};

/// Gives the app what the peer says, while a call receives.
///
/// There is one sink: the latest that was attached plays. Dropping it detaches it; the call goes on
/// without.
#[derive(Debug)]
pub struct AudioSink {
    format: AudioFormat,
    clock: Clock,
    rate: RateConverter,
    shared: Arc<Shared>,
    /// Mono at the app's rate that was converted and not given.
    converted: VecDeque<f32>,
}

/// The phone's side.
#[derive(Debug)]
pub(crate) struct SinkPort {
    clock: Clock,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// The phone gave something, or ended.
    given: event_listener::Event,
    /// The app took something at its own pace, or dropped its side.
    taken: event_listener::Event,
}

#[derive(Debug, Default)]
struct Queue {
    samples: VecDeque<f32>,
    /// The most that the app asked for at once.
    demand: usize,
    is_closed: bool,
    is_dropped: bool,
}

impl AudioSink {
    pub(crate) fn new(format: AudioFormat, clock: Clock) -> Result<(Self, SinkPort), AudioError> {
        let format = format.check()?;
        let rate = RateConverter::new(PHONE_HZ, format.rate_hz)?;
        let shared = Arc::<Shared>::default();
        let port = SinkPort { clock, shared: shared.clone() };
        Ok((Self { format, clock, rate, shared, converted: VecDeque::new() }, port))
    }

    /// Waits until a block of any length is full. With [`Clock::Phone`] that is the pace of time;
    /// a reader that falls 640 ms behind goes on with what is played then, so that no delay stays.
    ///
    /// # Errors
    /// [`AudioError::Detached`]; [`AudioError::Partial`].
    pub async fn read<S: Sample>(&mut self, block: &mut [S]) -> Result<(), AudioError> {
        let (channels, moments) = self.format.moments(block.len())?;
        while self.converted.len() < moments {
            let shared = self.shared.clone();
            let given = shared.given.listen();
            if self.take(moments) == 0 {
                if shared.lock().is_closed {
                    return Err(AudioError::Detached);
                }
                given.await;
            }
        }
        self.give(block, channels);
        Ok(())
    }

    /// Fills a block of any length without waiting, as an audio callback must, and tells how many
    /// samples of it are sound; silence follows these.
    ///
    /// # Errors
    /// [`AudioError::Detached`]; [`AudioError::Partial`]. The block is silence then.
    pub fn fill<S: Sample>(&mut self, block: &mut [S]) -> Result<usize, AudioError> {
        let filled = self.format.moments(block.len()).and_then(|(channels, moments)| {
            if self.take(moments) == 0 && self.converted.is_empty() && self.shared.lock().is_closed
            {
                return Err(AudioError::Detached);
            }
            Ok(self.give(block, channels))
        });
        if filled.is_err() {
            block.fill(S::from_float(0.0));
        }
        filled
    }

    /// Takes what is needed for so many moments, and tells how much that was.
    fn take(&mut self, moments: usize) -> usize {
        let missing = moments.saturating_sub(self.converted.len());
        let ratio = f64::from(PHONE_HZ) / f64::from(self.format.rate_hz);
        let needed = (missing as f64 * ratio).ceil() as usize;
        let mut queue = self.shared.lock();
        queue.demand = queue.demand.max(needed).min(DEMAND_MOST);
        let taken = needed.min(queue.samples.len());
        let pcm: Vec<f32> = queue.samples.drain(..taken).collect();
        drop(queue);
        if self.clock == Clock::Device {
            self.shared.taken.notify(usize::MAX);
        }
        self.converted.extend(self.rate.convert(pcm));
        taken
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
        self.shared.lock().is_dropped = true;
        self.shared.taken.notify(usize::MAX);
    }
}

impl SinkPort {
    pub(crate) const fn clock(&self) -> Clock {
        self.clock
    }

    /// Waits until the app has taken something at its own pace, or dropped its side.
    pub(crate) fn taken(&self) -> event_listener::EventListener {
        self.shared.taken.listen()
    }

    pub(crate) fn is_dropped(&self) -> bool {
        self.shared.lock().is_dropped
    }

    /// How much a sink at the device's pace is to be given, so that the next callback finds what it
    /// asks for.
    pub(crate) fn wants(&self) -> usize {
        let queue = self.shared.lock();
        (queue.demand + DEVICE_LEAD).saturating_sub(queue.samples.len())
    }

    pub(crate) fn give(&self, pcm: &[f32]) {
        let mut queue = self.shared.lock();
        if queue.samples.len() + pcm.len() > QUEUE_MOST {
            queue.samples.clear();
        }
        queue.samples.extend(pcm);
        drop(queue);
        self.shared.given.notify(usize::MAX);
    }

    /// Forgets what was not taken.
    pub(crate) fn flush(&self) {
        self.shared.lock().samples.clear();
    }
}

impl Drop for SinkPort {
    fn drop(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.given.notify(usize::MAX);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a device finds beyond the most that it asked for: 10 ms.
const DEVICE_LEAD: usize = 480;
/// A device that asks for more at once than this, 200 ms, finds silence after it.
const DEMAND_MOST: usize = 9_600;
/// What waits for a reader: 640 ms.
const QUEUE_MOST: usize = 32 * BLOCK;

#[cfg(test)]
mod tests {
    use futures_lite::future::block_on;

    use super::*;

    #[test]
    fn a_late_reader_goes_on_with_the_newest_sound() {
        let (mut sink, port) = AudioSink::new(AudioFormat::PHONE, Clock::Phone).unwrap();
        for _ in 0..32 {
            port.give(&[0.0; BLOCK]);
        }
        port.give(&[1.0; BLOCK]);
        let mut block = [0.0_f32; BLOCK];
        block_on(sink.read(&mut block)).unwrap();
        assert_eq!(block, [1.0; BLOCK]);
        drop(port);
        assert_eq!(block_on(sink.read(&mut block)), Err(AudioError::Detached));
    }

    #[test]
    fn a_device_gets_its_own_rate_and_channels_and_silence_where_there_is_no_sound() {
        let format = AudioFormat { rate_hz: 16_000, channels: 2 };
        let (mut sink, port) = AudioSink::new(format, Clock::Device).unwrap();
        let mut block = [1_i16; 640];
        assert_eq!(sink.fill(&mut block), Ok(0));
        assert_eq!(block, [0; 640]);
        assert_eq!(port.wants(), BLOCK + DEVICE_LEAD);
        port.give(&[0.5; BLOCK]);
        let sound = sink.fill(&mut block).unwrap();
        assert!((500..=640).contains(&sound), "{sound} samples of a block less the filter's delay");
        assert!(block.chunks_exact(2).all(|moment| moment[0] == moment[1]));
        assert!((15_000..18_000).contains(&block[400]), "{}", block[400]);
        drop(sink);
        assert!(port.is_dropped());
    }
}
