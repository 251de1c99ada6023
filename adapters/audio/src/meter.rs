//! Levels of sound.

use crate::block::Block;
use crate::decibel::dbfs;
use crate::node::{Effect, Sink};

/// Measures how loud sound is, the loudest channel counting. An [`Effect`] that changes nothing,
/// and a [`Sink`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Meter {
    peak: f32,
    energy: [f64; 2],
    moments: u64,
}

/// How loud a stretch of sound was.
///
/// *Units*: dB relative to full scale, from [`SILENCE_DBFS`](crate::SILENCE_DBFS); a full-scale
/// sine has a peak of 0 and an RMS of -3.01.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    /// The loudest sample.
    pub peak_dbfs: f32,
    /// The root mean square.
    pub rms_dbfs: f32,
}

impl Meter {
    /// Makes a meter that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Measures what was heard since the last call, and begins anew.
    pub fn read(&mut self) -> Levels {
        let Self { peak, energy, moments } = core::mem::take(self);
        let energy = energy.iter().copied().fold(0.0, f64::max);
        let rms = (energy / moments.max(1) as f64).sqrt();
        Levels { peak_dbfs: dbfs(peak), rms_dbfs: dbfs(rms as f32) }
    }
}

impl Sink for Meter {
    fn take(&mut self, block: &Block<'_>) {
        for moment in block.samples().chunks_exact(block.width()) {
            for (sample, energy) in moment.iter().zip(&mut self.energy) {
                self.peak = self.peak.max(sample.abs());
                *energy += f64::from(*sample).powi(2);
            }
        }
        self.moments += block.moments() as u64;
    }
}

impl Effect for Meter {
    fn apply(&mut self, block: &mut Block<'_>) {
        self.take(block);
    }
}
