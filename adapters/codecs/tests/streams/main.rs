//! Whole streams through the codecs and the resampler.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod codec2;
mod conceal;
mod golden;
mod opus;
mod pauses;
mod receive;
mod resample;
mod signal;
mod tempo;
