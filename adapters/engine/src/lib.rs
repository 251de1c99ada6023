//! A phone without a runtime: the core, codec jobs and PCM on any Reticulum stack.
//!
//! [`Engine`] is sans-IO like the machines it composes. Its owner gives it the app's commands, PCM
//! and time, and gives its [`Stack`](lxst_core::Stack) that stack's own inputs. The owner drains
//! tasks for a [`Coder`] and events for the app. The engine knows links only: bytes and interfaces
//! are the stack's. PCM is in the engine's queues; the core only counts it.
//!
//! [`RadioEngine`] is the same for voice without a call.
//!
//! `lxst-phone` is such an owner. An app with an event loop of its own can be another:
//!
//! ```
//! use lxst_core::{
//!     Event as CallEvent, IdentityHash, Instant, LinkEvent, LinkFailed, LinkRequest, Mode, Profile,
//!     StackEvent,
//! };
//! use lxst_engine::{Coder, Config, Engine, Event, LinkCommand, LinkQueue};
//!
//! let mut engine = Engine::new(Config::default(), LinkQueue::new(IdentityHash([1; 16])));
//! let mut coder = Coder::default();
//! let now = Instant::from_millis(5); // of a monotonic clock
//! engine.dial(now, IdentityHash([7; 16]), Profile::MediumQuality, Mode::FullDuplex)?;
//!
//! // The owner of the links takes commands and reports events: here, that there is no path.
//! while let Some(command) = engine.stack_mut().poll_command() {
//!     if let LinkCommand::Link { link, request: LinkRequest::Open(_) } = command {
//!         let event = LinkEvent::Failed(LinkFailed::NoPath);
//!         engine.with_stack(now, |stack| stack.push(now, StackEvent::Link { link, event }));
//!     }
//! }
//! // Codec tasks, here or on a thread; then events; then sleep until `poll_timeout`.
//! while let Some(task) = engine.poll_task() {
//!     if let Some(done) = coder.run(task) {
//!         engine.handle_done(now, done);
//!     }
//! }
//! let mut reason = None;
//! while let Some(event) = engine.poll_event() {
//!     if let Event::Call(CallEvent::Ended { reason: why, .. }) = event {
//!         reason = Some(why.to_string());
//!     }
//! }
//! assert_eq!(reason.as_deref(), Some("no path"));
//! # Ok::<(), lxst_engine::DialError>(())
//! ```

#![forbid(unsafe_code)]

mod adaptation;
mod allowance;
mod announce;
mod audio;
mod callers;
mod coder;
mod config;
mod engine;
mod event;
mod ids;
mod lateness;
mod link_commands;
mod link_names;
mod link_order;
mod link_queue;
mod links;
mod path_profile;
mod people;
mod radio;
mod streams;
mod tap;

pub use allowance::Allowance;
pub use announce::{ANNOUNCE_AGAIN, ANNOUNCE_PACE, InterfaceOrigin, MIN_ANNOUNCE_PACE};
pub use audio::{CAPTURE_QUEUE, sanitised};
pub use callers::Callers;
pub use coder::{Coder, Done, Task};
pub use config::Config;
pub use engine::Engine;
pub use event::{DialError, Event};
pub use ids::Ids;
pub use lateness::Lateness;
pub use link_commands::{LinkCommand, LinkCommands};
pub use link_names::LinkNames;
pub use link_queue::{LinkCounters, LinkQueue};
#[cfg(feature = "voice-processing")]
pub use lxst_audio::VoiceProcessing;
pub use lxst_codecs as codecs;
pub use path_profile::ProfileChoice;
pub use people::PeopleError;
pub use radio::{RadioEngine, RadioEvent, RadioPacket};
pub use tap::Tap;
