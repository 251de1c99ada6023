//! Rooms against recordings of Partyline, and in virtual time.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod capture;
mod client;
mod client_replay;
mod floods;
mod hall;
mod properties;
mod server_replay;
mod traps;
mod wire;
