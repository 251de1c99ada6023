//! The line: one call at most, and the links that wait for it. All signalling is decided here.
//!
//! - `table`: where a call can go from where it is.
//! - `caller`, `callee`: what a caller and a callee do on the way.
//! - `glare`: what they do when both dial each other.
//! - `pending`: links that carry no call.
//! - `in_call`: switches and silence while a call stands.
//! - `repeat`: what is said again, since it may be lost.
//! - `limiter`: who calls too often.
//!
//! This file holds the line itself, and leads each input to its place.

mod callee;
mod caller;
mod glare;
mod in_call;
mod limiter;
mod pending;
mod repeat;
mod table;

pub use table::{Action, Next, TRANSITIONS, Transition, Trigger};

pub(crate) use limiter::Limiter;

use core::time::Duration;

use heapless::Vec;

use crate::audio::Direction;
use crate::config::{AnnouncePolicy, Config, InsteadOfVoice};
use crate::counters::Counters;
use crate::error::InputError;
use crate::id::{CallId, IdentityHash, LinkId, StreamId};
use crate::input::{Command, Mute, PortChange, Talk};
use crate::limits::{MAX_ROUND_TRIP, PENDING_LINKS};
use crate::link::{Destination, LinkClosed, LinkEvent, LinkFailed, LinkRequest};
use crate::outbox::{Outbox, Queued};
use crate::output::{DropReason, EndReason};
use crate::profile::{Mode, Profile};
use crate::state::{CallState, CallStatus, Role};
use crate::stream::{self, Gate, Session};
use crate::time::Instant;
use crate::timers::{CallTimer, CallTimers, Deadline, Timer};
use crate::wire::{self, Signal};
use pending::PendingLink;
use repeat::{Heard, Repeats};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Line {
    identity: IdentityHash,
    config: Config,
    call: Option<Call>,
    pending: Vec<PendingLink, PENDING_LINKS>,
    timers: CallTimers,
    /// When the next announce is due.
    announce: Option<Instant>,
    is_available: bool,
    ended: Option<(CallId, EndReason)>,
}

/// The call of the line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Call {
    id: CallId,
    link: LinkId,
    role: Role,
    peer: IdentityHash,
    state: CallState,
    rtt: Duration,
    mdu: usize,
    profile: Profile,
    mode: Mode,
    talk: Talk,
    send: Mute,
    receive: Mute,
    microphone: PortChange,
    speaker: PortChange,
    /// Whether the peer said which profile or mode it prefers.
    preferences_heard: bool,
    /// How often the peer was told what we send in place of a profile that we cannot send.
    profiles_told: u8,
    /// Whether our app chose the mode, by dialling or switching.
    mode_chosen: bool,
    /// Until when a refused call waits for a link of the callee's own.
    glare_until: Instant,
    /// When it began to ring here.
    rings_since: Instant,
    /// Our own link, where the peer's call takes its place.
    superseded: Option<LinkId>,
    repeats: Repeats,
    heard: Heard,
    presence: in_call::Presence,
}

/// What an input brings along, and where its effects go.
pub(crate) struct Context<'a> {
    pub(crate) now: Instant,
    pub(crate) limiter: &'a mut Limiter,
    pub(crate) counters: &'a mut Counters,
    pub(crate) out: &'a mut Outbox,
}

impl Context<'_> {
    /// The part of it that streams need.
    pub(crate) const fn of_stream(&mut self) -> stream::Context<'_> {
        stream::Context { now: self.now, counters: self.counters, out: self.out }
    }
}

impl Line {
    pub(crate) fn new(identity: IdentityHash, mut config: Config, now: Instant) -> Self {
        config.profile = config.profiles.nearest(config.profile).unwrap_or(config.profile);
        let at_start = config.announce.at_start.then_some(now);
        let later = announce_interval(&config).map(|interval| now + interval);
        Self {
            identity,
            config,
            call: None,
            pending: Vec::new(),
            timers: CallTimers::default(),
            announce: at_start.or(later),
            is_available: true,
            ended: None,
        }
    }

    /// Takes the earliest deadline of the call, which is due.
    pub(crate) fn on_call_timeout(&mut self, timer: CallTimer, cx: &mut Context<'_>) {
        self.timers.stop(timer);
        match timer {
            CallTimer::Wait => self.step(Trigger::WaitExpired, cx),
            CallTimer::Connect => self.step(Trigger::ConnectExpired, cx),
            CallTimer::Establish => self.step(Trigger::EstablishExpired, cx),
            CallTimer::Ring => self.step(Trigger::RingExpired, cx),
            CallTimer::Preferences => self.step(Trigger::Preferences, cx),
            CallTimer::Repeat => self.step(Trigger::RepeatExpired, cx),
            CallTimer::Glare => self.on_glare_timeout(cx),
            CallTimer::Silence => self.on_silence(cx),
            CallTimer::Media => self.on_media_timeout(cx),
        }
    }

    pub(crate) fn on_announce_timeout(&mut self, cx: &mut Context<'_>) {
        cx.out.push(Queued::Announce);
        self.announce = announce_interval(&self.config).map(|interval| cx.now + interval);
    }

    pub(crate) fn on_link(
        &mut self,
        link: LinkId,
        event: LinkEvent,
        cx: &mut Context<'_>,
    ) -> Result<(), InputError> {
        if let LinkEvent::Incoming { on, rtt, mdu } = event {
            if on != Destination::telephony(self.identity) {
                return Err(InputError::OtherDestination(link));
            }
            self.on_incoming_link(link, rtt.min(MAX_ROUND_TRIP), mdu, cx);
        } else if self.is_call_link(link) {
            self.on_call_link(event, cx);
        } else if self.pending_index(link).is_some() {
            self.on_pending_link(link, event, cx);
        } else if matches!(event, LinkEvent::Up { .. }) {
            // Its call was cancelled while the link came up.
            cx.out.link(link, LinkRequest::Close);
        } else {
            return Err(InputError::UnknownLink(link));
        }
        Ok(())
    }

    /// Takes the signals of a packet on the call's link, and tells why one was left out.
    pub(crate) fn on_signals(
        &mut self,
        link: LinkId,
        packet: &wire::Packet<'_>,
        cx: &mut Context<'_>,
    ) -> Option<DropReason> {
        let not_integers = packet.signals_dropped();
        cx.counters.signals_unknown = cx.counters.signals_unknown.saturating_add(not_integers);
        let mut dropped = (not_integers > 0).then_some(DropReason::UnknownSignal);
        let is_refusal =
            packet.signals().any(|signal| matches!(signal, Signal::Busy | Signal::Rejected));
        for signal in packet.signals() {
            if !self.is_call_link(link) {
                // A signal before this one ended the call, or moved it to the peer's link.
                break;
            }
            match signal {
                Signal::PreferredProfile(id) => {
                    dropped = self.on_preferred_profile(id, cx).or(dropped)
                }
                Signal::PreferredMode(id) => dropped = self.on_preferred_mode(id, cx).or(dropped),
                Signal::Unknown(_) => {
                    dropped = Some(cx.counters.drop_for(DropReason::UnknownSignal));
                }
                Signal::Busy => self.step(Trigger::Busy, cx),
                Signal::Rejected => self.step(Trigger::Rejected, cx),
                Signal::Available => self.step(Trigger::Available, cx),
                // Said for the sake of callers who would not take BUSY for what it is; see `pending`.
                Signal::Ringing if is_refusal => {}
                Signal::Ringing => self.step(Trigger::Ringing, cx),
                Signal::Connecting => self.step(Trigger::Connecting, cx),
                Signal::Established => self.step(Trigger::Established, cx),
                // A local state of the reference, never sent.
                Signal::Calling => {}
            }
        }
        self.on_preferences_complete(cx);
        dropped
    }

    pub(crate) fn on_interface_up(&self, out: &mut Outbox) {
        if self.config.announce.on_interface_up {
            out.push(Queued::Announce);
        }
    }

    pub(crate) fn on_command(
        &mut self,
        command: Command,
        cx: &mut Context<'_>,
    ) -> Result<(), InputError> {
        match command {
            Command::Dial { call, link, to, profile, mode } => {
                return self.dial((call, link), to, (profile, mode), cx);
            }
            Command::Answer(id) => return self.answer(id, cx),
            Command::HangUp(id) => {
                self.call_mut(id)?;
                self.step(Trigger::HangUp, cx);
            }
            Command::Screen(id, admission) => return self.screen(id, admission, cx),
            Command::SetProfile(id, profile) => return self.set_profile(id, profile, cx.out),
            Command::SetMode(id, mode) => return self.set_mode(id, mode, cx),
            Command::Talk(id, talk) => self.call_mut(id)?.talk = talk,
            Command::Mute(id, Direction::Send, mute) => self.call_mut(id)?.send = mute,
            Command::Mute(id, Direction::Receive, mute) => self.call_mut(id)?.receive = mute,
            Command::SetAvailable(is_available) => self.is_available = is_available,
            Command::Know(identity) => cx.limiter.know(cx.now, identity),
            Command::Announce => cx.out.push(Queued::Announce),
        }
        Ok(())
    }

    pub(crate) fn knows(&self, link: LinkId) -> bool {
        self.is_call_link(link) || self.pending_index(link).is_some()
    }

    pub(crate) fn is_call_link(&self, link: LinkId) -> bool {
        self.call.as_ref().is_some_and(|call| call.link == link)
    }

    pub(crate) fn session(&self) -> Option<Session> {
        let call = self.call.as_ref().filter(|call| call.state == CallState::Established)?;
        let gate = match (call.mode, call.talk, call.send) {
            (Mode::FullDuplex, _, Mute::Unmuted) => Gate::Voice,
            (Mode::FullDuplex, _, Mute::Muted) => match self.config.when_muted {
                InsteadOfVoice::Silence => Gate::Silence,
                InsteadOfVoice::Nothing => Gate::Presence,
            },
            (Mode::HalfDuplex, Talk::Pressed, Mute::Unmuted) => Gate::Voice,
            (Mode::HalfDuplex, _, _) => Gate::Shut,
        };
        Some(Session {
            call: call.id,
            link: call.link,
            mdu: call.mdu,
            profile: call.profile,
            gate,
            microphone: call.microphone,
            receive: call.receive,
            speaker: call.speaker,
            rtt: call.rtt,
        })
    }

    /// The state of the call that a stream is of.
    pub(crate) fn stream_state(&self, stream: StreamId) -> Result<CallState, InputError> {
        let call = self.call.as_ref().filter(|call| StreamId::from(call.id) == stream);
        call.map(|call| call.state).ok_or(InputError::UnknownStream(stream))
    }

    pub(crate) fn on_port(
        &mut self,
        stream: StreamId,
        direction: Direction,
        change: PortChange,
    ) -> Result<(), InputError> {
        let call = self.call.as_mut().filter(|call| StreamId::from(call.id) == stream);
        let call = call.ok_or(InputError::UnknownStream(stream))?;
        match direction {
            Direction::Send => call.microphone = change,
            Direction::Receive => call.speaker = change,
        }
        Ok(())
    }

    /// Takes the call that this input ended.
    pub(crate) fn take_ended(&mut self) -> Option<(CallId, EndReason)> {
        self.ended.take()
    }

    pub(crate) fn deadline(&self) -> Option<Deadline> {
        let pending = self.pending.iter().map(PendingLink::deadline);
        let announce = self.announce.map(|at| Deadline { at, timer: Timer::Announce });
        pending.chain(self.timers.iter()).chain(announce).min_by_key(|deadline| deadline.at)
    }

    pub(crate) fn state(&self) -> CallState {
        self.call.as_ref().map_or(CallState::Idle, |call| call.state)
    }

    pub(crate) fn status(&self) -> Option<CallStatus> {
        self.call.as_ref().map(|call| CallStatus {
            call: call.id,
            role: call.role,
            peer: call.peer,
            state: call.state,
            profile: call.profile,
            mode: call.mode,
        })
    }

    /// Moves the call as the table says, and does what its row says.
    fn step(&mut self, trigger: Trigger, cx: &mut Context<'_>) {
        let Some(call) = &mut self.call else { return };
        let Some(row) = table::transition(call.role, call.state, trigger) else { return };
        match row.to {
            Next::State(role, state) => {
                (call.role, call.state) = (role, state);
                self.act(row.does, cx);
            }
            Next::End(reason) => {
                let is_link_gone = row.does == Action::Nothing;
                if trigger == Trigger::HangUp || !self.yield_to_held(is_link_gone, cx) {
                    self.act(row.does, cx);
                    self.end(reason, cx);
                }
            }
        }
    }

    fn act(&mut self, action: Action, cx: &mut Context<'_>) {
        let Some(call) = &self.call else { return };
        let link = call.link;
        match action {
            Action::OpenLink => self.open_link(cx),
            Action::AwaitAvailable => self.await_available(cx),
            Action::Identify => self.identify(cx),
            Action::IdentifyAgain => self.identify_again(cx),
            Action::SendPreferences => self.on_ringing(cx),
            Action::SendPreferencesAgain => call.prefer(cx.out),
            Action::Echo => self.echo(cx),
            Action::EchoAndOpen => {
                self.echo(cx);
                self.open_streams(cx);
            }
            Action::EchoAgain => self.say_again(Signal::Established, cx),
            Action::Open => self.open_streams(cx),
            Action::AwaitPeerCall => self.await_peer_call(cx),
            Action::TakePeerCall => self.take_peer_call(cx),
            Action::Ring => self.ring(cx),
            Action::RingAgain => self.say_again(Signal::Ringing, cx),
            Action::AwaitPreferences => self.on_answered(cx),
            Action::Accept => self.accept(cx),
            Action::AcceptAgain => self.accept_again(cx),
            Action::NoteEcho => self.note_echo(cx),
            Action::Reject => self.say_goodbye(link, &[Signal::Rejected], cx),
            Action::SayBusy => self.say_goodbye(link, &[Signal::Busy], cx),
            Action::CloseLink => cx.out.link(link, LinkRequest::Close),
            Action::Nothing => {}
        }
    }

    fn end(&mut self, reason: EndReason, cx: &mut Context<'_>) {
        self.timers.stop_all();
        cx.limiter.keep();
        debug_assert!(self.ended.is_none(), "one input ended two calls");
        self.ended = self.call.take().map(|call| (call.id, reason));
    }

    fn on_call_link(&mut self, event: LinkEvent, cx: &mut Context<'_>) {
        match event {
            LinkEvent::Up { rtt, mdu } => {
                if let Some(call) = &mut self.call
                    && call.state == CallState::Calling
                {
                    (call.rtt, call.mdu) = (rtt.min(MAX_ROUND_TRIP), mdu);
                }
                self.step(Trigger::LinkUp, cx);
            }
            LinkEvent::Failed(LinkFailed::NoPath) => self.step(Trigger::NoPath, cx),
            LinkEvent::Failed(LinkFailed::NoNetwork) => self.step(Trigger::NoNetwork, cx),
            LinkEvent::Failed(LinkFailed::Timeout | LinkFailed::Refused) => {
                self.step(Trigger::LinkFailed, cx)
            }
            LinkEvent::Closed(LinkClosed::Timeout | LinkClosed::Interface) => {
                self.step(Trigger::LinkLost, cx);
            }
            LinkEvent::Closed(LinkClosed::Peer | LinkClosed::Unknown) => {
                self.step(Trigger::LinkClosed, cx);
            }
            LinkEvent::Heard => self.on_link_heard(cx.now),
            LinkEvent::Incoming { .. } | LinkEvent::Identified(_) => {}
        }
    }

    fn call_mut(&mut self, id: CallId) -> Result<&mut Call, InputError> {
        self.call.as_mut().filter(|call| call.id == id).ok_or(InputError::UnknownCall)
    }
}

impl Call {
    fn new(
        (id, link): (CallId, LinkId),
        role: Role,
        peer: IdentityHash,
        (profile, mode): (Profile, Mode),
    ) -> Self {
        Self {
            id,
            link,
            role,
            peer,
            state: CallState::Idle,
            rtt: Duration::ZERO,
            mdu: 0,
            profile,
            mode,
            talk: Talk::Released,
            send: Mute::Unmuted,
            receive: Mute::Unmuted,
            microphone: PortChange::Detached,
            speaker: PortChange::Detached,
            preferences_heard: false,
            profiles_told: 0,
            mode_chosen: false,
            glare_until: Instant::ORIGIN,
            rings_since: Instant::ORIGIN,
            superseded: None,
            repeats: Repeats::default(),
            heard: Heard::default(),
            presence: in_call::Presence::default(),
        }
    }
}

fn announce_interval(config: &Config) -> Option<Duration> {
    let interval = config.announce.interval?;
    Some(interval.max(AnnouncePolicy::MIN_INTERVAL))
}
