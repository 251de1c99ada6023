//! Decibels, of amplitude: 20 of them are a factor of ten.
//!
//! The reference computes `10^(dB / 10)` and multiplies samples by it: a gain of 3 in its files is
//! one of 6 dB here.

/// Returns the factor that a gain multiplies samples by: 6.02 dB double them.
#[must_use]
pub fn amplitude(decibels: f32) -> f32 {
    10_f32.powf(decibels / 20.0)
}

/// Returns an amplitude in dB below full scale, at least [`SILENCE_DBFS`].
#[must_use]
pub fn dbfs(amplitude: f32) -> f32 {
    (20.0 * amplitude.abs().log10()).max(SILENCE_DBFS)
}

/// What silence reads: less than a bit of 24.
pub const SILENCE_DBFS: f32 = -144.0;
