//! A phone without a runtime: core, Reticulum endpoint and codecs as one machine.
//!
//! [`Engine`] is sans-IO like the machines it composes. Its owner feeds it the bytes of interfaces,
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
mod engine;
mod ids;
mod interfaces;
mod link_queue;
mod links;
mod people;
mod tap;
#[cfg(feature = "voice-processing")]
mod voice_processing;

pub use access::Access;
pub use allowance::Allowance;
pub use audio::{CAPTURE_QUEUE, sanitised};
pub use coder::{Coder, Done, Task};
pub use engine::{Config, DialError, Engine, Event};
pub use ids::Ids;
pub use interfaces::{ANNOUNCE_AGAIN, ANNOUNCE_PACE, InterfaceOrigin, LINGER, MIN_ANNOUNCE_PACE};
pub use link_queue::{LinkCommand, LinkQueue};
pub use lxst_codecs as codecs;
pub use lxst_core as core;
pub use people::PeopleError;
pub use tap::Tap;
#[cfg(feature = "voice-processing")]
pub use voice_processing::VoiceProcessing;
