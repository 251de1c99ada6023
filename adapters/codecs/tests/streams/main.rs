//! Whole streams through the codecs and the resampler.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]
#![cfg_attr(not(feature = "opus"), allow(dead_code, reason = "signals of the tests of Opus"))]

#[cfg(feature = "opus")]
mod air;
#[cfg(feature = "opus")]
mod calls;
mod codec2;
#[cfg(feature = "opus")]
mod comfort;
#[cfg(feature = "opus")]
mod conceal;
#[cfg(feature = "opus")]
mod golden;
#[cfg(feature = "neural")]
mod neural;
#[cfg(feature = "opus")]
mod opus;
#[cfg(feature = "opus")]
mod pauses;
mod provider;
#[cfg(feature = "opus")]
mod receive;
mod resample;
mod signal;
mod tempo;
