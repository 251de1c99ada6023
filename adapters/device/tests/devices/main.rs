//! Microphones and speakers on a PulseAudio of our own, with virtual devices: alone, and as those
//! of phones in calls.
//!
//! Each test runs its body in a process of its own, whose environment names the server.

#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, reason = "a test tells what it measured")]

#[cfg(feature = "phone")]
mod app_calls;
#[cfg(feature = "phone")]
mod app_sounds;
#[cfg(feature = "phone")]
mod calls;
mod lines;
#[cfg(feature = "phone")]
mod listeners;
#[cfg(feature = "phone")]
mod python;
#[cfg(feature = "phone")]
mod ringer;
#[cfg_attr(not(feature = "phone"), allow(dead_code, reason = "the tests of phones use more of it"))]
mod server;
#[cfg(feature = "phone")]
mod side;
#[cfg(feature = "phone")]
mod sound;
