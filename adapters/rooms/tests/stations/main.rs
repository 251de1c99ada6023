//! Stations, relays and listeners, in virtual time.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod net;
mod places;
mod relays;
mod voice;
