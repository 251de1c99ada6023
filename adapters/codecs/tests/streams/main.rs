//! Whole streams through the codecs and the resampler.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod golden;
mod opus;
mod receive;
mod resample;
mod signal;
