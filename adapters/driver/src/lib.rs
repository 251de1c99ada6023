//! A phone without a runtime: core, Reticulum endpoint and codecs as one machine.
//!
//! [`Driver`] is sans-IO like the machines it composes. Its owner feeds it the bytes of interfaces,
//! the app's wishes, PCM and time, and drains it: bytes for interfaces, tasks for a [`Coder`],
//! events for the app. PCM lives here, in two queues; the core only counts it.
//!
//! `lxst-tokio` is such an owner. An app with an event loop of its own can be another.

#![forbid(unsafe_code)]

mod access;
mod adaptation;
mod allowance;
mod audio;
mod coder;
mod driver;
mod interfaces;
mod network;
mod people;
#[cfg(feature = "processing")]
mod processing;
#[cfg(feature = "system")]
pub mod system;
mod tap;
#[cfg(feature = "trace")]
pub mod trace;

pub use access::Access;
pub use adaptation::Adaptation;
pub use allowance::Allowance;
pub use audio::{CAPTURE_QUEUE, sanitised};
pub use coder::{Coder, Done, Task};
pub use driver::{Config, DialError, Driver, Event};
pub use interfaces::{ANNOUNCE_AGAIN, ANNOUNCE_PACE, ANNOUNCE_PACE_LEAST, InterfaceOrigin, LINGER};
pub use lxst_codecs as codecs;
pub use lxst_core as core;
pub use lxst_reticulum as reticulum;
pub use network::{LinkCommand, Network, PEER_LINKS};
pub use people::PeopleError;
#[cfg(feature = "processing")]
pub use processing::Processing;
pub use tap::{Door, Tap};
