//! Rooms against recordings of Partyline, and in virtual time.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod capture;
mod server_replay;
mod wire;
