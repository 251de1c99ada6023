//! The app's end of a sink: how what the phone gave becomes the app's format.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rtrb::Consumer;

use super::port::Shared;
use crate::audio::AudioError;
use crate::audio::format::{AudioFormat, CONVERTED, PHONE_HZ, PIECE, RateConverter, Sample};

#[derive(Debug)]
pub(super) struct SinkEnd {
    format: AudioFormat,
    rate: RateConverter,
    ring: Consumer<f32>,
    /// Samples that left the ring, to be given or forgotten.
    taken: u64,
    /// Room for what a piece becomes.
    piece: Vec<f32>,
    /// Mono at the app's rate that was converted and not given.
    converted: VecDeque<f32>,
    pub(super) shared: Arc<Shared>,
}

impl SinkEnd {
    pub(super) fn new(
        format: AudioFormat,
        ring: Consumer<f32>,
        shared: Arc<Shared>,
    ) -> Result<Self, AudioError> {
        let format = format.check()?;
        let rate = RateConverter::new(PHONE_HZ, format.rate_hz)?;
        let piece = Vec::with_capacity(CONVERTED);
        let converted = VecDeque::with_capacity(2 * CONVERTED);
        Ok(Self { format, rate, ring, taken: 0, piece, converted, shared })
    }

    /// The channels, and the moments of a block.
    pub(super) const fn moments(&self, length: usize) -> Result<(usize, usize), AudioError> {
        self.format.moments(length)
    }

    /// How many moments are ready to be given.
    pub(super) fn ready(&self) -> usize {
        self.converted.len()
    }

    /// What the phone must give for so many moments.
    pub(super) fn phones(&self, moments: usize) -> usize {
        (moments as f64 * f64::from(PHONE_HZ) / f64::from(self.format.rate_hz)).ceil() as usize
    }

    /// Takes what is needed for so many moments, as far as it is there.
    pub(super) fn take(&mut self, moments: usize) {
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

    /// Fills a block with what is ready, and silence after it, and tells how many samples are sound.
    pub(super) fn give<S: Sample>(&mut self, block: &mut [S], channels: usize) -> usize {
        let mut sound = 0;
        for moment in block.chunks_exact_mut(channels) {
            let sample = self.converted.pop_front();
            sound += if sample.is_some() { channels } else { 0 };
            moment.fill(S::from_float(sample.unwrap_or(0.0)));
        }
        sound
    }
}

impl Drop for SinkEnd {
    fn drop(&mut self) {
        self.shared.attachment.leave();
    }
}
