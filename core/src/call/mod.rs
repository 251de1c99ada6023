//! Signalling: the lines, one call at most on each, and the links of callers who wait.
//!
//! - `lines`: finds the line of an input.
//! - `exchange`: the state that all lines share.
//! - `table`: the states of a call and the transitions between them.
//! - `caller`, `callee`: the set-up of a call in each role.
//! - `glare`: both sides dial each other.
//! - `pending`: links that carry no call.
//! - `in_call`: switches of profile and mode, and the peer's silence, in an established call.
//! - `round_trip`: the round trip time of a link, told by the stack or measured.
//! - `repeat`: messages that are repeated because they may be lost.
//! - `limiter`: limits on the attempts of each caller and of all strangers.
//!
//! This file holds a line and dispatches the triggers of its transitions.

mod callee;
mod caller;
mod exchange;
mod glare;
mod in_call;
mod limiter;
mod lines;
mod pending;
mod repeat;
mod round_trip;
mod table;

use core::time::Duration;

pub use table::{Action, Next, TRANSITIONS, Transition, Trigger};

pub(crate) use exchange::Exchange;
pub(crate) use limiter::Limiter;
pub(crate) use lines::Lines;

use crate::config::{Config, InsteadOfVoice};
use crate::counters::Counters;
use crate::error::InputError;
use crate::id::{CallId, IdentityHash, JobId, LinkId};
use crate::input::{Mute, PortChange, Talk};
use crate::limits::DEFAULT_MDU;
use crate::link::{LinkClosed, LinkEvent, LinkFailed, LinkRequest};
use crate::outbox::Outbox;
use crate::output::{DropReason, EndReason};
use crate::profile::{Mode, Profile};
use crate::state::{CallState, CallStatus, Role};
use crate::stream::{self, Gate, Session};
use crate::time::Instant;
use crate::timers::{CallTimer, CallTimers, Deadline, Timer};
use crate::wire::{self, Signal};
use repeat::{Acknowledged, Repeats};
use round_trip::RoundTrip;

/// A line: one call at most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Line {
    call: Option<Call>,
    timers: CallTimers,
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
    rtt: RoundTrip,
    mdu: usize,
    profile: Profile,
    mode: Mode,
    talk: Talk,
    send: Mute,
    receive: Mute,
    microphone: PortChange,
    speaker: PortChange,
    /// Whether the peer sent the mark of a phone that knows loss reports and copies of frames.
    knows_copies: bool,
    /// Whether the peer sent a preferred profile or mode.
    preferences_heard: bool,
    /// How often the peer was told what we send in place of a profile that we cannot send.
    profiles_told: u8,
    /// Whether our app chose the mode, by dialling or switching.
    mode_chosen: bool,
    /// Until when a call that got BUSY waits for a link of the callee's own.
    glare_until: Instant,
    /// When it began to ring here.
    rings_since: Instant,
    /// Our own link, while the peer's call replaces ours.
    superseded: Option<LinkId>,
    repeats: Repeats,
    acknowledged: Acknowledged,
    presence: in_call::Presence,
    /// Whether the limiter counted the caller's attempt. An answer takes it back.
    is_counted: bool,
}

/// The context of one input: its moment, the settings, and where its effects go.
pub(crate) struct Context<'a> {
    pub(crate) now: Instant,
    pub(crate) exchange: &'a mut Exchange,
    pub(crate) limiter: &'a mut Limiter,
    pub(crate) counters: &'a mut Counters,
    pub(crate) next_job: &'a mut JobId,
    pub(crate) out: &'a mut Outbox,
}

impl Context<'_> {
    /// Sends signals, and in their packet the mark of a phone that knows loss reports and copies of
    /// frames.
    fn signal_with_mark(&mut self, link: LinkId, signals: &[Signal]) {
        let has_mark = self.exchange.config.has_mark();
        self.out.signal_and_mark(link, signals, has_mark);
    }

    /// Returns the part of it that the streams of a line use.
    pub(crate) const fn of_stream<'a>(
        &'a mut self,
        line: usize,
        counters: &'a mut Counters,
    ) -> stream::Context<'a> {
        let Self { now, next_job, out, .. } = self;
        stream::Context { now: *now, line, counters, next_job, out }
    }
}

impl Line {
    /// Handles the earliest deadline of the call, which is due.
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

    /// Handles the signals of a packet on the call's link. Returns why one was left out.
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
            if self.call.as_ref().is_none_or(|call| call.link != link) {
                // The signal before ended the call, or moved it to the peer's link.
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
                // Sent before BUSY for the sake of Python callers; see `pending`.
                Signal::Ringing if is_refusal => {}
                Signal::Ringing => self.step(Trigger::Ringing, cx),
                Signal::Connecting => self.step(Trigger::Connecting, cx),
                Signal::Established => self.step(Trigger::Established, cx),
                // A local state of the reference, which never sends it.
                Signal::Calling => {}
            }
        }
        self.on_preferences_complete(cx);
        dropped
    }

    pub(crate) fn session(&self, config: &Config) -> Option<Session> {
        let call = self.call.as_ref().filter(|call| call.state == CallState::Established)?;
        let gate = match (call.mode, call.talk, call.send) {
            (Mode::FullDuplex, _, Mute::Unmuted) => Gate::Voice,
            (Mode::FullDuplex, _, Mute::Muted) => match config.when_muted {
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
            knows_copies: call.knows_copies,
            gate,
            microphone: call.microphone,
            receive: call.receive,
            speaker: call.speaker,
            rtt: call.rtt.get(),
        })
    }

    /// Takes the call that this input ended.
    pub(crate) fn take_ended(&mut self) -> Option<(CallId, EndReason)> {
        self.ended.take()
    }

    pub(crate) fn deadlines(&self, exchange: &Exchange) -> impl Iterator<Item = Deadline> {
        let call = self.call.as_ref();
        let glare = call.and_then(|call| call.glare_over(exchange));
        let timers = self.timers.iter().chain(glare.map(|at| (CallTimer::Glare, at)));
        // A timer runs only during a call.
        timers
            .filter_map(move |(timer, at)| Some((call?.id, timer, at)))
            .map(|(id, timer, at)| Deadline { at, timer: Timer::Call(id, timer) })
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

    /// Returns the round trip time of the call's link, if it is this call and the time is known.
    pub(crate) fn round_trip(&self, id: CallId) -> Option<Duration> {
        let call = self.call.as_ref().filter(|call| call.id == id)?;
        call.rtt.known()
    }

    /// Moves the call as the table says, and runs the action of its row.
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
                    self.end(reason);
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
            Action::SendPreferencesAgain => call.prefer(cx),
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
            Action::Reject => cx.say_goodbye(link, &[Signal::Rejected]),
            Action::SayBusy => cx.say_goodbye(link, &[Signal::Busy]),
            Action::CloseLink => cx.out.link(link, LinkRequest::Close),
            Action::Nothing => {}
        }
    }

    fn end(&mut self, reason: EndReason) {
        self.timers.stop_all();
        debug_assert!(self.ended.is_none(), "one input ended two calls");
        self.ended = self.call.take().map(|call| (call.id, reason));
    }

    fn on_call_link(&mut self, event: LinkEvent, cx: &mut Context<'_>) {
        match event {
            LinkEvent::Up { rtt, mdu } => {
                if let Some(call) = &mut self.call
                    && call.state == CallState::Calling
                {
                    call.rtt.on_up(cx.now, rtt);
                    call.mdu = mdu.unwrap_or(DEFAULT_MDU);
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
            LinkEvent::Heard => self.on_link_heard(cx),
            LinkEvent::Incoming { .. } | LinkEvent::Identified(_) => {}
        }
    }

    fn call_mut(&mut self) -> Result<&mut Call, InputError> {
        self.call.as_mut().ok_or(InputError::UnknownCall)
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
            rtt: RoundTrip::default(),
            mdu: DEFAULT_MDU,
            profile,
            mode,
            talk: Talk::Released,
            send: Mute::Unmuted,
            receive: Mute::Unmuted,
            microphone: PortChange::Detached,
            speaker: PortChange::Detached,
            knows_copies: false,
            preferences_heard: false,
            profiles_told: 0,
            mode_chosen: false,
            glare_until: Instant::ORIGIN,
            rings_since: Instant::ORIGIN,
            superseded: None,
            repeats: Repeats::default(),
            acknowledged: Acknowledged::default(),
            presence: in_call::Presence::default(),
            is_counted: false,
        }
    }
}
