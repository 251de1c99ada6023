//! A phone without a runtime: the core, codec jobs and PCM on any Reticulum stack.
//!
//! [`Engine`] is sans-IO like the machines it composes. Its owner feeds it the app's commands, PCM and
//! time, and its [`Stack`](lxst_core::Stack) with what that needs. It drains tasks for a [`Coder`] and
//! events for the app. The engine speaks links only: bytes and interfaces are the stack's. PCM lives
//! here, in two queues; the core only counts it.
//!
//! `lxst-tokio` is such an owner. An app with an event loop of its own can be another.

#![forbid(unsafe_code)]

mod access;
mod adaptation;
mod allowance;
mod announce;
mod audio;
mod coder;
mod engine;
mod ids;
mod link_queue;
mod links;
mod people;
mod tap;
#[cfg(feature = "voice-processing")]
mod voice_processing;

pub use access::Access;
pub use allowance::Allowance;
pub use announce::{ANNOUNCE_AGAIN, ANNOUNCE_PACE, InterfaceOrigin, LINGER, MIN_ANNOUNCE_PACE};
pub use audio::{CAPTURE_QUEUE, sanitised};
pub use coder::{Coder, Done, Task};
pub use engine::{Config, DialError, Engine, Event};
pub use ids::Ids;
pub use link_queue::{LinkCommand, LinkQueue};
pub use lxst_codecs as codecs;
pub use lxst_core as core;
pub use people::PeopleError;
pub use tap::Tap;
#[cfg(feature = "voice-processing")]
pub use voice_processing::VoiceProcessing;
