//! LXST telephony as a deterministic state machine.
//!
//! [`Telephone`] takes what happens as [`Input`]s, each with its moment, and hands out what to do
//! as [`Output`]s: packets to send, requests about links, codec jobs, events for the app. It reads
//! no clock, opens no socket, draws no random number, spawns nothing and allocates nothing, so the
//! log of its inputs is the call.
//!
//! - [`wire`]: the bytes of signals and frames.
//! - `line`: signalling; one call at most, and the links that wait for it.
//! - `media`: frames, codec jobs, and when to play what.
//! - [`limits`]: every bound, and what happens beyond it.
//!
//! The wire format and the flows are those of Python LXST 0.5.4.

#![no_std]
#![forbid(unsafe_code)]
#![warn(clippy::std_instead_of_core, clippy::wildcard_enum_match_arm)]

#[cfg(test)]
extern crate std;

pub mod limits;
pub mod wire;

mod audio;
mod boundary;
mod call;
mod config;
mod counters;
mod error;
mod id;
mod input;
mod link;
mod outbox;
mod output;
mod profile;
mod quality;
mod stack;
mod state;
mod stream;
mod telephone;
mod time;
mod timers;

pub use audio::{Direction, Samples};
pub use boundary::Boundary;
pub use call::{Action, Next, TRANSITIONS, Transition, Trigger};
pub use config::{
    Admission, AnnouncePolicy, AnswerMode, CallerLimits, CallerPolicy, Config, InsteadOfVoice,
    RawDepth, ThinPath, TransmitCodec,
};
pub use counters::Counters;
pub use error::InputError;
pub use id::{CallId, IdentityHash, JobId, LinkId, ParseIdentityHashError};
pub use input::{Command, Input, Mute, Outcome, PortChange, Talk};
pub use link::{Class, LinkClosed, LinkEvent, LinkFailed, LinkRequest};
pub use output::{
    DropReason, EndReason, Event, Limit, Output, PacketBuf, SendFormat, Side, Source, StreamChange,
    Tempo, Work,
};
pub use profile::{Mode, Profile, ProfileSet, UnknownProfile, VoiceCodec};
pub use quality::{Mos, Quality};
pub use stack::{Stack, StackEvent};
pub use state::{CallState, CallStatus, Role};
pub use telephone::Telephone;
pub use time::Instant;
pub use timers::{CallTimer, Deadline, LinkTimer, StreamTimer, Timer};
