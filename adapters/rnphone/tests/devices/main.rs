//! A phone with virtual devices, on a PulseAudio of its own: what rings, what plays and what is
//! recorded besides calls.

#![cfg(all(target_os = "linux", feature = "devices"))]
#![allow(clippy::print_stdout, reason = "a test tells what it measured")]

mod echo;
mod messages;
mod pages;
mod place;
mod ringtones;
#[allow(dead_code, reason = "the tests of lxst-device use more of it")]
#[path = "../../../device/tests/devices/server.rs"]
mod server;
#[allow(dead_code, reason = "the tests of lxst-device use more of it")]
#[path = "../../../device/tests/devices/sound.rs"]
mod sound;
mod stations;
#[allow(dead_code, reason = "the tests of the service use more of it")]
#[path = "../service/support.rs"]
mod support;
