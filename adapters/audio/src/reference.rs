//! The filter chain of the reference.

use core::f64::consts::TAU;

use lxst_codecs::SAMPLE_RATE_HZ;

use crate::agc::{Agc, AgcConfig};
use crate::block::Block;
use crate::filter::sanitised;
use crate::limiter::Limiter;
use crate::node::Effect;

/// What a telephone of the reference does to its microphone, but for the echo suppressor: a gentle
/// band-pass filter from 250 to 8500 Hz, gain control to -30 dBFS, and peaks below 0.75.
///
/// For phones that are to sound like it.
///
/// *Source*: LXST/Filters.py: BandPass, AGC and its limit of a frame's peak, which is a [`Limiter`]
/// here: the reference steps at the edges of frames.
#[derive(Clone, Debug)]
pub struct ReferenceChain {
    band: ReferenceBandPass,
    agc: Agc,
    limiter: Limiter,
}

impl ReferenceChain {
    /// Makes the chain of a telephone.
    #[must_use]
    pub fn new() -> Self {
        Self {
            band: ReferenceBandPass::new(250.0, 8_500.0),
            agc: Agc::new(AgcConfig::REFERENCE),
            limiter: Limiter::new(PEAK_DBFS),
        }
    }
}

impl Default for ReferenceChain {
    fn default() -> Self {
        Self::new()
    }
}

impl Effect for ReferenceChain {
    fn apply(&mut self, block: &mut Block<'_>) {
        self.band.apply(block);
        self.agc.apply(block);
        self.limiter.apply(block);
    }
}

/// A high-pass and a low-pass filter of first order each, by the reference's formulae. Near half of
/// the sample rate these cut lower than their name: the 8500 Hz of its telephone are 5.8 kHz at -3
/// dB.
///
/// *Source*: LXST/Filters.py: HighPass, LowPass, BandPass.
#[derive(Clone, Copy, Debug)]
pub struct ReferenceBandPass {
    high_pass: f64,
    low_pass: f64,
    /// Of each channel.
    state: [State; 2],
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    input: f64,
    risen: f64,
    smoothed: f64,
}

impl ReferenceBandPass {
    /// Makes the filter by the frequencies that the reference gives it: 250 and 8500 Hz in a
    /// telephone, 25 and 24000 Hz in its recorder.
    #[must_use]
    pub fn new(low_hz: f64, high_hz: f64) -> Self {
        let step = 1.0 / f64::from(SAMPLE_RATE_HZ);
        let [slow, fast] = [low_hz, high_hz].map(|hz| 1.0 / (TAU * hz.max(f64::MIN_POSITIVE)));
        Self {
            high_pass: slow / (slow + step),
            low_pass: step / (fast + step),
            state: [State::default(); 2],
        }
    }
}

impl Effect for ReferenceBandPass {
    fn apply(&mut self, block: &mut Block<'_>) {
        let width = block.width();
        for moment in block.samples_mut().chunks_exact_mut(width) {
            for (sample, state) in moment.iter_mut().zip(&mut self.state) {
                let input = f64::from(sanitised(*sample));
                state.risen = self.high_pass * (state.risen + input - state.input);
                state.input = input;
                state.smoothed += self.low_pass * (state.risen - state.smoothed);
                *sample = state.smoothed as f32;
            }
        }
    }
}

/// 0.75 of full scale.
const PEAK_DBFS: f32 = -2.498_775;
