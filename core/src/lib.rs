#![doc = include_str!("../README.md")]
//!
//! # Driving a Telephone
//!
//! A [`Telephone`] is a value behind two doors. [`handle_input`](Telephone::handle_input) takes
//! what happens: packets, link events, commands of the app, amounts of audio, finished codec jobs,
//! time. [`poll_output`](Telephone::poll_output) hands out what to do: packets, link requests,
//! codec jobs, events. A *driver* is the code around it: it owns the network, the clock, the codecs
//! and the PCM. `lxst-engine` is a driver; firmware or a test writes its own.
//!
//! The loop:
//!
//! 1. Give one input with its moment.
//! 2. Drain the outputs until `poll_output` returns `None`.
//! 3. Sleep until [`poll_timeout`](Telephone::poll_timeout) is due, or until something happens.
//!
//! The duties of a driver:
//!
//! 1. **Pass the time.** Each input carries an [`Instant`] of one monotonic clock with any origin.
//!    [`Input::Timeout`] is due at the deadline; an early one does nothing, a late one handles
//!    every due deadline in order.
//! 2. **Drain before anything else.** Do the outputs in their order. An input that returns
//!    [`InputError::OutputFull`] changed nothing: drain, then give it again. A deadline counts only
//!    when the outputs are drained.
//! 3. **Number links and calls from one counter, and reuse no number.** A link that a peer opens
//!    gets a [`LinkId`] before [`LinkEvent::Incoming`]. If it becomes a call, the call has the same
//!    number. [`Command::Dial`] brings both ids.
//! 4. **Do link requests, report link events.** [`LinkRequest::Open`] ends in [`LinkEvent::Up`] or
//!    [`LinkEvent::Failed`]. After `Failed`, [`LinkEvent::Closed`] or [`LinkRequest::Close`],
//!    report nothing more of the link; [`InputError::UnknownLink`] says so where it happens. A link
//!    to another [`Destination`] than the telephone's own is another app's.
//! 5. **Send without waiting.** [`Output::Transmit`] is a Reticulum packet of context NONE without
//!    a receipt. A [`Class::Signal`] has reserved room; a [`Class::Media`] packet that is older
//!    than 200 ms is dropped and counted.
//! 6. **Run the jobs of a direction of a stream in order, and report each once** with
//!    [`Input::JobDone`], at any later moment. [`StreamChange::Opened`] means fresh codec state and
//!    an empty queue.
//!    [`StreamChange::Closed`] means to drop the queue; jobs that are still out are void, and
//!    reporting them does no harm. A job that a codec refuses is [`Outcome::Failed`].
//! 7. **Keep the PCM, tell the amounts.** The capture queue grows by [`Input::Captured`] and
//!    shrinks by `Encode` and `Discard` jobs. The playout queue grows by `Decode` and `Conceal`
//!    jobs and shrinks by [`Input::Consumed`], which is the playout clock. These inputs and jobs
//!    name their [`StreamId`]; the streams of a call have the number of the call. A call begins
//!    with both ports detached: [`Input::Port`] attaches them, from `Dial` or [`Event::Incoming`]
//!    on. A port that loses audio says so with [`Input::Overrun`].
//! 8. **Tell the app.** [`Event`]s go to it in order. [`Event::Ended`] comes exactly once for each
//!    call that was dialled or told by [`Event::Incoming`], and is the last word on it.
//!
//! A whole call between two telephones, with a network and a codec of a few lines:
//!
//! ```
//! use std::{collections::VecDeque, error::Error, time::Duration};
//!
//! use lxst_core::wire::Frame;
//! use lxst_core::*;
//!
//! /// What a driver tells the driver at the other end of the link.
//! enum Message {
//!     Open(Destination),
//!     Accepted,
//!     Identity(IdentityHash),
//!     Packet(Vec<u8>),
//!     Close,
//! }
//!
//! struct Driver {
//!     phone: Telephone,
//!     identity: IdentityHash,
//!     link: LinkId,
//!     outgoing: VecDeque<Message>,
//!     events: Vec<Event>,
//! }
//!
//! impl Driver {
//!     fn new(identity: IdentityHash, link: LinkId, config: Config) -> Self {
//!         let phone = Telephone::new(identity, config, Instant::ORIGIN);
//!         Self { phone, identity, link, outgoing: VecDeque::new(), events: Vec::new() }
//!     }
//!
//!     fn give(&mut self, now: Instant, input: Input<'_>) -> Result<(), InputError> {
//!         self.phone.handle_input(now, input)?;
//!         let mut buf = PacketBuf::new();
//!         while let Some(output) = self.phone.poll_output(&mut buf) {
//!             match output {
//!                 Output::Link { request, .. } => self.outgoing.push_back(match request {
//!                     LinkRequest::Open(on) => Message::Open(on),
//!                     LinkRequest::Identify => Message::Identity(self.identity),
//!                     LinkRequest::Close => Message::Close,
//!                 }),
//!                 Output::Transmit { data, .. } => {
//!                     self.outgoing.push_back(Message::Packet(data.to_vec()));
//!                 }
//!                 Output::Job { job, work, .. } => {
//!                     let outcome = match work {
//!                         Work::Encode { format, .. } => {
//!                             let codec = format.codec();
//!                             Outcome::Encoded(Frame { codec, payload: b"frame" })
//!                         }
//!                         Work::Discard { .. } => Outcome::Discarded,
//!                         Work::Decode { .. } => {
//!                             Outcome::Played { samples: Samples::from_millis(60), level: 30 }
//!                         }
//!                         Work::Conceal { samples } => Outcome::Played { samples, level: 127 },
//!                     };
//!                     self.phone.handle_input(now, Input::JobDone { job, outcome })?;
//!                 }
//!                 Output::Event(event) => self.events.push(event),
//!                 Output::Stream { .. } | Output::Announce => {}
//!             }
//!         }
//!         Ok(())
//!     }
//!
//!     /// Takes what the other driver sent, and answers as a network does.
//!     fn receive(&mut self, now: Instant, message: Message) -> Result<(), InputError> {
//!         let (link, rtt, mdu) = (self.link, Some(Duration::from_millis(40)), Some(431));
//!         let event = match message {
//!             Message::Packet(data) => return self.give(now, Input::Packet { link, data: &data }),
//!             Message::Open(on) => {
//!                 self.outgoing.push_back(Message::Accepted);
//!                 LinkEvent::Incoming { on, rtt, mdu }
//!             }
//!             Message::Accepted => LinkEvent::Up { rtt, mdu },
//!             Message::Identity(identity) => LinkEvent::Identified(identity),
//!             Message::Close => LinkEvent::Closed(LinkClosed::Peer),
//!         };
//!         self.give(now, Input::Link { link, event })
//!     }
//! }
//!
//! /// Delivers messages and passes time, from deadline to deadline, until `end`.
//! fn run(a: &mut Driver, b: &mut Driver, mut now: Instant, end: Instant) -> Result<(), InputError> {
//!     while now <= end {
//!         while !a.outgoing.is_empty() || !b.outgoing.is_empty() {
//!             if let Some(message) = a.outgoing.pop_front() {
//!                 b.receive(now, message)?;
//!             }
//!             if let Some(message) = b.outgoing.pop_front() {
//!                 a.receive(now, message)?;
//!             }
//!         }
//!         let due = [a.phone.poll_timeout(), b.phone.poll_timeout()];
//!         let Some(next) = due.into_iter().flatten().map(|deadline| deadline.at).min() else { break };
//!         now = next.max(now);
//!         if now <= end {
//!             a.give(now, Input::Timeout)?;
//!             b.give(now, Input::Timeout)?;
//!         }
//!     }
//!     Ok(())
//! }
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let (alice, bob) = (IdentityHash([1; 16]), IdentityHash([7; 16]));
//!     let answers = Config { answer: AnswerMode::Automatic, ..Config::default() };
//!     let mut a = Driver::new(alice, LinkId(2), Config::default());
//!     let mut b = Driver::new(bob, LinkId(1), answers);
//!     let at = Instant::from_millis;
//!
//!     let call = CallId(1);
//!     let (profile, mode) = (Profile::MediumQuality, Mode::FullDuplex);
//!     let dial = Command::Dial { call, link: LinkId(2), to: bob, profile, mode };
//!     a.give(at(0), Input::Command(dial))?;
//!     run(&mut a, &mut b, at(0), at(1_000))?;
//!     assert!(a.events.contains(&Event::Established { call, profile, mode }));
//!
//!     // Alice speaks for one frame; Bob's speaker takes what it is given.
//!     let [ours, theirs] = [call, b.link.into()].map(StreamId::from);
//!     let change = PortChange::Attached;
//!     a.give(at(1_000), Input::Port { stream: ours, direction: Direction::Send, change })?;
//!     b.give(at(1_000), Input::Port { stream: theirs, direction: Direction::Receive, change })?;
//!     a.give(at(1_060), Input::Captured { stream: ours, samples: Samples::from_millis(60) })?;
//!     run(&mut a, &mut b, at(1_060), at(1_100))?;
//!     b.give(at(1_100), Input::Consumed { stream: theirs, samples: Samples::from_millis(20) })?;
//!     assert_eq!(b.phone.counters().frames_received, 1);
//!
//!     a.give(at(1_200), Input::Command(Command::HangUp(call)))?;
//!     run(&mut a, &mut b, at(1_200), at(2_000))?;
//!     let Some(Event::Ended { reason, .. }) = b.events.last() else { panic!("the call is over") };
//!     assert_eq!(*reason, EndReason::RemoteHangup);
//!     Ok(())
//! }
//! ```
//!
//! # Where things are
//!
//! - [`wire`]: the bytes of signals and frames.
//! - `call`: signalling; the lines, one call at most on each, glare, and the links of callers who
//!   wait. [`TRANSITIONS`] lists the states of a call and the transitions between them.
//! - [`talk`]: voice without a call: a sender and a few talkers.
//! - `stream`: frames, codec jobs, jitter buffer, packet loss concealment (PLC), DTX, quality
//!   (MOS). It knows no call.
//! - [`limits`]: sizes and times, each with what happens beyond it; protocol times with their
//!   source.

#![no_std]
#![forbid(unsafe_code)]
#![warn(clippy::std_instead_of_core, clippy::wildcard_enum_match_arm)]

#[cfg(test)]
extern crate std;

pub mod limits;
pub mod talk;
pub mod wire;

mod audio;
mod boundary;
mod call;
mod codec_profile;
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
pub use codec_profile::CodecProfile;
pub use config::{
    Admission, AirBudget, AnnounceInterval, AnnouncePolicy, AnswerMode, CallerLimits, Config,
    FramesPerPacket, InsteadOfVoice, RawDepth, ScreeningTime, SettingError, ThinPath,
    TransmitCodec,
};
pub use counters::Counters;
pub use error::InputError;
pub use id::{CallId, IdentityHash, JobId, LinkId, ParseIdentityHashError, StreamId};
pub use input::{Command, Input, Mute, Outcome, PortChange, Talk};
pub use link::{Class, Destination, LinkClosed, LinkEvent, LinkFailed, LinkRequest, NameHash};
pub use output::{
    DropReason, EndReason, Event, Limit, Output, PacketBuf, SendFormat, Side, Source, StreamChange,
    Tempo, Work,
};
pub use profile::{Mode, Profile, ProfileSet, UnknownProfile, VoiceCodec};
pub use quality::{Mos, Quality};
pub use stack::{Stack, StackEvent};
pub use state::{CallState, CallStatus, Role};
pub use stream::frame_length;
pub use telephone::Telephone;
pub use time::Instant;
pub use timers::{CallTimer, Deadline, LinkTimer, StreamTimer, Timer};
pub use wire::{DisplayName, DisplayNameError};
