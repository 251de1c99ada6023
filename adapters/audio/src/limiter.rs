//! A look-ahead limiter.

use lxst_core::Samples;

use crate::block::Block;
use crate::decibel::amplitude;
use crate::filter::sanitised;
use crate::node::Effect;

/// Turns down what would be louder than a ceiling, before it comes, and lets go in 80 ms: no sample
/// is above the ceiling, and no voice is bent.
///
/// Delays the sound by [`Self::DELAY`]. Both channels get one gain.
#[derive(Clone, Debug)]
pub struct Limiter {
    ceiling: f32,
    place: usize,
    delayed: [[f32; 2]; LENGTH],
    /// The gain that each of the last moments may have at most.
    wanted: [f32; LENGTH],
    /// After the release, and each the lowest of a window.
    held: [f32; LENGTH],
    release: f32,
}

impl Limiter {
    /// How much later the sound comes out: 1.5 ms.
    pub const DELAY: Samples = Samples(LENGTH as u64 - 1);

    /// Makes a limiter with a ceiling in dBFS; one above 0 counts as 0.
    #[must_use]
    pub fn new(ceiling_dbfs: f32) -> Self {
        Self {
            ceiling: amplitude(ceiling_dbfs.min(0.0)),
            place: 0,
            delayed: [[0.0; 2]; LENGTH],
            wanted: [1.0; LENGTH],
            held: [1.0; LENGTH],
            release: 1.0,
        }
    }

    /// Takes a moment, and gives the one of [`Self::DELAY`] ago in its place.
    fn step(&mut self, moment: &mut [f32]) {
        let mut arrived = [0.0; 2];
        arrived.iter_mut().zip(&*moment).for_each(|(kept, sample)| *kept = sanitised(*sample));
        let peak = arrived.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        let wanted = if peak > self.ceiling { self.ceiling / peak } else { 1.0 };
        // In bounds: `place` is below LENGTH.
        self.delayed[self.place] = arrived;
        self.wanted[self.place] = wanted;
        let lowest = self.wanted.iter().copied().fold(1.0, f32::min);
        self.release = lowest.min(self.release + (1.0 - self.release) * RELEASE);
        self.held[self.place] = self.release;
        self.place = (self.place + 1) % LENGTH;
        // Every one of them is at most what the oldest moment may have.
        let gain = self.held.iter().sum::<f32>() / LENGTH as f32;
        for (sample, kept) in moment.iter_mut().zip(self.delayed[self.place]) {
            *sample = (kept * gain).clamp(-self.ceiling, self.ceiling);
        }
    }
}

impl Effect for Limiter {
    fn apply(&mut self, block: &mut Block<'_>) {
        let width = block.width();
        block.samples_mut().chunks_exact_mut(width).for_each(|moment| self.step(moment));
    }
}

const LENGTH: usize = 73;
/// Of what is missing in each moment: a time constant of 80 ms.
const RELEASE: f32 = 1.0 / (0.08 * 48_000.0);
