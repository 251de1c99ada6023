//! Audio of the app that a call sends.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_channel::{Receiver, Sender, TrySendError};
use event_listener::EventListener;

use super::format::{AudioFormat, Clock, PHONE_HZ, RateConverter, Sample};
use super::{AudioError, BLOCK};

/// Takes what the app's microphone hears, and sends it while a call does.
///
/// There is one source: the latest that was attached is heard. Dropping it detaches it; the call
/// goes on without.
#[derive(Debug)]
pub struct AudioSource {
    format: AudioFormat,
    rate: RateConverter,
    blocks: Sender<Vec<f32>>,
    gone: Arc<event_listener::Event>,
    dropped: Arc<AtomicU64>,
}

/// The phone's side.
#[derive(Debug)]
pub(crate) struct SourcePort {
    clock: Clock,
    blocks: Receiver<Vec<f32>>,
    /// The app dropped its side.
    gone: Arc<event_listener::Event>,
    /// Of a source at the phone's pace: what was taken and is not due.
    pending: VecDeque<f32>,
}

impl AudioSource {
    pub(crate) fn new(format: AudioFormat, clock: Clock) -> Result<(Self, SourcePort), AudioError> {
        let format = format.check()?;
        let rate = RateConverter::new(format.rate_hz, PHONE_HZ)?;
        let (sender, blocks) = async_channel::bounded(BLOCKS);
        let gone = Arc::<event_listener::Event>::default();
        let port = SourcePort { clock, blocks, gone: gone.clone(), pending: VecDeque::new() };
        Ok((Self { format, rate, blocks: sender, gone, dropped: Arc::default() }, port))
    }

    /// Sends a block of any length. Waits while eight blocks wait.
    ///
    /// *Bounds*: of what [`Clock::Device`] brings too fast, half a second waits for the encoder;
    /// beyond it the oldest is dropped and counted in [`Figures`](crate::Figures).
    ///
    /// # Errors
    /// [`AudioError::Detached`]; [`AudioError::Partial`], and nothing was taken.
    pub async fn write<S: Sample>(&mut self, block: &[S]) -> Result<(), AudioError> {
        let pcm = self.convert(block)?;
        self.blocks.send(pcm).await.map_err(|_| AudioError::Detached)
    }

    /// Sends a block of any length without waiting, as an audio callback must: where eight blocks
    /// wait already, it is dropped and counted in [`dropped`](Self::dropped).
    ///
    /// # Errors
    /// [`AudioError::Detached`]; [`AudioError::Partial`], and nothing was taken.
    pub fn try_write<S: Sample>(&mut self, block: &[S]) -> Result<(), AudioError> {
        let pcm = self.convert(block)?;
        match self.blocks.try_send(pcm) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(pcm)) => {
                self.dropped.fetch_add(pcm.len() as u64, Ordering::Relaxed);
                Ok(())
            }
            Err(TrySendError::Closed(_)) => Err(AudioError::Detached),
        }
    }

    /// How much [`try_write`](Self::try_write) dropped.
    #[must_use]
    pub fn dropped(&self) -> Duration {
        Duration::from_secs(self.dropped.load(Ordering::Relaxed)) / PHONE_HZ
    }

    fn convert<S: Sample>(&mut self, block: &[S]) -> Result<Vec<f32>, AudioError> {
        let (channels, _) = self.format.moments(block.len())?;
        let mean = |moment: &[S]| {
            moment.iter().map(|sample| sample.to_float()).sum::<f32>() / channels as f32
        };
        Ok(self.rate.convert(block.chunks_exact(channels).map(mean).collect()))
    }
}

impl Drop for AudioSource {
    fn drop(&mut self) {
        self.blocks.close();
        self.gone.notify(usize::MAX);
    }
}

impl SourcePort {
    /// A block that the device's clock brought; never one of a source at the phone's pace.
    pub(crate) async fn brought(&self) -> Vec<f32> {
        if self.clock == Clock::Device
            && let Ok(pcm) = self.blocks.recv().await
        {
            return pcm;
        }
        std::future::pending().await
    }

    pub(crate) const fn clock(&self) -> Clock {
        self.clock
    }

    /// Waits until the app has dropped its side.
    pub(crate) fn gone(&self) -> EventListener {
        self.gone.listen()
    }

    /// Tells whether the app has dropped its side, and all was taken.
    pub(crate) fn is_over(&self) -> bool {
        self.blocks.is_closed() && self.blocks.is_empty() && self.pending.is_empty()
    }

    /// The block that is due, silence where the app is late.
    pub(crate) fn take_block(&mut self) -> Vec<f32> {
        while self.pending.len() < BLOCK
            && let Ok(pcm) = self.blocks.try_recv()
        {
            self.pending.extend(pcm);
        }
        let held = self.pending.len().min(BLOCK);
        let mut block: Vec<f32> = self.pending.drain(..held).collect();
        block.resize(BLOCK, 0.0);
        block
    }

    /// Forgets what was written for a call that is over.
    pub(crate) fn flush(&mut self) {
        self.pending.clear();
        while self.blocks.try_recv().is_ok() {}
    }
}

/// Blocks that wait for the phone's task.
const BLOCKS: usize = 8;

#[cfg(test)]
mod tests {
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
    fn what_a_callback_brings_while_nobody_takes_it_is_counted() {
        let (mut source, _port) = AudioSource::new(AudioFormat::PHONE, Clock::Device).unwrap();
        for _ in 0..BLOCKS + 2 {
            source.try_write(&[0.0_f32; 480]).unwrap();
        }
        assert_eq!(source.dropped(), Duration::from_millis(20));
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
