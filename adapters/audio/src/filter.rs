//! Second-order filters.

use core::f64::consts::{FRAC_1_SQRT_2, TAU};

use lxst_codecs::SAMPLE_RATE_HZ;

use crate::block::Block;
use crate::node::Effect;

/// A filter of second order: 12 dB an octave, -3 dB at its cut-off frequency.
///
/// *Source*: R. Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter
/// coefficients", with the quality of Butterworth, 0.7071.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    feed_forward: [f64; 3],
    feedback: [f64; 2],
    /// Of each channel.
    state: [[f64; 2]; 2],
}

impl Filter {
    /// Makes a filter that lets pass what is above this frequency.
    ///
    /// # Errors
    /// [`FilterError::Frequency`] for one that is not between 1 Hz and 23 kHz.
    pub fn high_pass(cut_off_hz: f64) -> Result<Self, FilterError> {
        let cosine = angle(cut_off_hz)?.cos();
        let outer = (1.0 + cosine) / 2.0;
        Self::new(cut_off_hz, [outer, -2.0 * outer, outer])
    }

    /// Makes a filter that lets pass what is below this frequency.
    ///
    /// # Errors
    /// As [`Self::high_pass`].
    pub fn low_pass(cut_off_hz: f64) -> Result<Self, FilterError> {
        let cosine = angle(cut_off_hz)?.cos();
        let outer = (1.0 - cosine) / 2.0;
        Self::new(cut_off_hz, [outer, 2.0 * outer, outer])
    }

    /// Forgets the sound so far.
    pub const fn reset(&mut self) {
        self.state = [[0.0; 2]; 2];
    }

    fn new(cut_off_hz: f64, feed_forward: [f64; 3]) -> Result<Self, FilterError> {
        let angle = angle(cut_off_hz)?;
        let alpha = angle.sin() / (2.0 * FRAC_1_SQRT_2);
        let scale = 1.0 + alpha;
        Ok(Self {
            feed_forward: feed_forward.map(|value| value / scale),
            feedback: [-2.0 * angle.cos() / scale, (1.0 - alpha) / scale],
            state: [[0.0; 2]; 2],
        })
    }
}

impl Effect for Filter {
    fn apply(&mut self, block: &mut Block<'_>) {
        let width = block.width();
        let ([b0, b1, b2], [a1, a2]) = (self.feed_forward, self.feedback);
        for moment in block.samples_mut().chunks_exact_mut(width) {
            for (sample, [first, second]) in moment.iter_mut().zip(&mut self.state) {
                let input = f64::from(sanitised(*sample));
                let output = b0 * input + *first;
                *first = b1 * input - a1 * output + *second;
                *second = b2 * input - a2 * output;
                *sample = output as f32;
            }
        }
    }
}

/// A high-pass and a low-pass filter, each of second order.
#[derive(Clone, Copy, Debug)]
pub struct BandPass(Filter, Filter);

impl BandPass {
    /// Makes a filter that lets pass what is between two frequencies.
    ///
    /// # Errors
    /// [`FilterError::Frequency`] as of [`Filter::high_pass`], [`FilterError::Band`] where the
    /// lower frequency is not below the higher.
    pub fn new(low_hz: f64, high_hz: f64) -> Result<Self, FilterError> {
        let (high_pass, low_pass) = (Filter::high_pass(low_hz)?, Filter::low_pass(high_hz)?);
        if low_hz >= high_hz {
            return Err(FilterError::Band { low_hz, high_hz });
        }
        Ok(Self(high_pass, low_pass))
    }

    /// Forgets the sound so far.
    pub const fn reset(&mut self) {
        self.0.reset();
        self.1.reset();
    }
}

impl Effect for BandPass {
    fn apply(&mut self, block: &mut Block<'_>) {
        self.0.apply(block);
        self.1.apply(block);
    }
}

/// Of a frequency, in each sample.
fn angle(frequency_hz: f64) -> Result<f64, FilterError> {
    if !(MIN_CUT_OFF_HZ..=MAX_CUT_OFF_HZ).contains(&frequency_hz) {
        return Err(FilterError::Frequency { frequency_hz });
    }
    Ok(TAU * frequency_hz / f64::from(SAMPLE_RATE_HZ))
}

/// One value that is not finite would be in a filter for ever.
pub(crate) fn sanitised(sample: f32) -> f32 {
    if sample.is_finite() { sample } else { 0.0 }
}

/// The lowest cut-off frequency of a filter.
pub const MIN_CUT_OFF_HZ: f64 = 1.0;
/// The highest cut-off frequency of a filter.
pub const MAX_CUT_OFF_HZ: f64 = 23_000.0;

/// A filter that cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// A cut-off frequency outside of what the sample rate allows.
    #[error(
        "cut-off frequency of {frequency_hz} Hz is outside of {MIN_CUT_OFF_HZ} to \
         {MAX_CUT_OFF_HZ} Hz"
    )]
    Frequency {
        /// The frequency that was asked for.
        frequency_hz: f64,
    },
    /// A band without width.
    #[error("band from {low_hz} to {high_hz} Hz is empty: the first must be the lower")]
    Band {
        /// The lower frequency that was asked for.
        low_hz: f64,
        /// The higher one.
        high_hz: f64,
    },
}
