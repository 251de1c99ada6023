//! Simulations in virtual time: what the tests of all crates share.
//!
//! Nothing here reads a clock or draws a number of its own: the same seed gives the same run.
//!
//! - [`agenda`]: what is to happen, in the order of time.
//! - [`allocations`]: what a thread takes from the heap.
//! - [`calls`]: telephones: one with a script, and a pair on a network.
//! - [`envelope`]: whether speech came through a call.
//! - [`invariants`]: what holds for any input, as the fuzz targets check it.
//! - [`random`]: the generator.
//! - [`receive`]: what becomes of received audio on good and bad networks, beside the reference.
//! - [`tone`]: a tone, and how loud it is in what was heard.
//! - [`voice`]: something like a voice.
//! - [`wire`]: a wire with loss, jitter, stalls, reordering and duplication.

#![deny(unsafe_code)]
#![allow(
    missing_docs,
    missing_debug_implementations,
    clippy::new_without_default,
    reason = "what tests share is named for what it does"
)]

pub mod agenda;
pub mod allocations;
pub mod calls;
pub mod envelope;
pub mod invariants;
pub mod random;
pub mod receive;
pub mod tone;
pub mod voice;
pub mod wire;
