//! Gain, with ramps.

use lxst_core::Samples;

use crate::block::Block;
use crate::decibel::amplitude;
use crate::node::Effect;

/// Multiplies sound by a factor that changes in a straight line, so that nothing clicks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain {
    now: f32,
    target: f32,
    /// Moments until the target is reached.
    left: u64,
}

impl Gain {
    /// Makes a gain of this many dB.
    #[must_use]
    pub fn new(decibels: f32) -> Self {
        let now = amplitude(decibels);
        Self { now, target: now, left: 0 }
    }

    /// Makes a gain that mutes.
    #[must_use]
    pub const fn silent() -> Self {
        Self { now: 0.0, target: 0.0, left: 0 }
    }

    /// Changes the gain to this many dB in a ramp of this length.
    pub fn set(&mut self, decibels: f32, ramp: Samples) {
        self.ramp_to(amplitude(decibels), ramp);
    }

    /// Fades to silence in this time.
    pub const fn fade_out(&mut self, ramp: Samples) {
        self.ramp_to(0.0, ramp);
    }

    /// Tells whether all is muted, and will be.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.now == 0.0 && self.target == 0.0
    }

    pub(crate) const fn ramp_to(&mut self, target: f32, ramp: Samples) {
        (self.target, self.left) = (target, ramp.0);
        if ramp.is_zero() {
            self.now = target;
        }
    }

    fn next(&mut self) -> f32 {
        if self.left > 0 {
            self.now += (self.target - self.now) / self.left as f32;
            self.left -= 1;
            if self.left == 0 {
                self.now = self.target;
            }
        }
        self.now
    }
}

impl Default for Gain {
    fn default() -> Self {
        Self::new(0.0)
    }
}

impl Effect for Gain {
    fn apply(&mut self, block: &mut Block<'_>) {
        let width = block.width();
        for moment in block.samples_mut().chunks_exact_mut(width) {
            let gain = self.next();
            moment.iter_mut().for_each(|sample| *sample *= gain);
        }
    }
}
