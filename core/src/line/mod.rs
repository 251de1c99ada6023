//! The line: one call at most, and the links that wait for it. All signalling is decided here.
//!
//! `incoming` and `outgoing` hold what a callee and a caller do; this file holds what both share.

mod incoming;
mod outgoing;

use core::time::Duration;

use heapless::Vec;

use crate::limits::PENDING_LINKS;
use crate::outbox::{Outbox, Queued};
use crate::timers::Timers;
use crate::wire::{self, Signal};
use crate::{
    Availability, CallId, CallState, CallStatus, Command, Config, Deadline, Direction, DropReason,
    EndReason, Event, IdentityHash, InputError, Instant, LinkEnd, LinkEvent, LinkId, LinkRequest,
    Mode, Mute, Profile, Role, Side, Stats, Talk, Timer,
};
use incoming::PendingLink;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Line {
    config: Config,
    call: Option<Call>,
    pending: Vec<PendingLink, PENDING_LINKS>,
    timers: Timers,
    availability: Availability,
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
    /// Whether the peer said which profile or mode it prefers.
    preferences_heard: bool,
    /// Whether our app chose the mode, by dialling or switching.
    mode_chosen: bool,
}

/// What the media half needs to know of an established call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Session {
    pub(crate) call: CallId,
    pub(crate) link: LinkId,
    pub(crate) mdu: usize,
    pub(crate) profile: Profile,
    pub(crate) gate: Gate,
    pub(crate) receive: Mute,
}

/// What leaves the microphone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Gate {
    Voice,
    Silence,
    Shut,
}

/// What becomes of a call's link when the call ends.
enum Farewell {
    Gone,
    Close,
    Say(Signal),
}

impl Line {
    pub(crate) fn new(config: Config, now: Instant) -> Self {
        let mut timers = Timers::default();
        if config.announce.at_start {
            timers.start(Timer::Announce, now);
        } else if let Some(interval) = announce_interval(&config) {
            timers.start(Timer::Announce, now + interval);
        }
        Self {
            config,
            call: None,
            pending: Vec::new(),
            timers,
            availability: Availability::Available,
            ended: None,
        }
    }

    /// Takes the earliest deadline that is due, and tells whether there was one.
    pub(crate) fn on_timeout(&mut self, now: Instant, out: &mut Outbox) -> bool {
        let Some(due) = self.deadline().filter(|due| due.at <= now) else {
            return false;
        };
        match due.timer {
            Timer::Announce => {
                self.timers.stop(Timer::Announce);
                out.push(Queued::Announce);
                if let Some(interval) = announce_interval(&self.config) {
                    self.timers.start(Timer::Announce, now + interval);
                }
            }
            Timer::Wait => self.end(now, EndReason::NoAnswer, Farewell::Close, out),
            Timer::Connect | Timer::Establish => {
                self.end(now, EndReason::ProtocolTimeout, Farewell::Close, out);
            }
            Timer::Ring => self.end(now, EndReason::RingTimeout, Farewell::Close, out),
            Timer::Preferences => self.accept_call(out),
            Timer::Settle
            | Timer::Available
            | Timer::Identify
            | Timer::Screening
            | Timer::Goodbye => self.on_pending_timeout(now, out),
        }
        true
    }

    pub(crate) fn on_link(
        &mut self,
        now: Instant,
        link: LinkId,
        event: LinkEvent,
        stats: &mut Stats,
        out: &mut Outbox,
    ) -> Result<(), InputError> {
        if let LinkEvent::Incoming { rtt, mdu } = event {
            self.on_incoming_link(now, link, rtt, mdu, stats, out);
            return Ok(());
        }
        if let Some(call) = self.call.as_ref().filter(|call| call.link == link) {
            match (event, call.role) {
                (LinkEvent::Closed(end), _) => self.on_call_link_closed(now, end, out),
                (LinkEvent::Up { rtt, mdu }, Role::Caller) => self.on_link_up(now, rtt, mdu),
                (LinkEvent::Failed(failure), Role::Caller) => {
                    self.on_link_failed(now, failure, out);
                }
                _ => {}
            }
            return Ok(());
        }
        if self.pending_index(link).is_some() {
            self.on_pending_link(now, link, event, out);
            return Ok(());
        }
        if matches!(event, LinkEvent::Up { .. }) {
            // Its call was cancelled while the link came up.
            out.link(link, LinkRequest::Close);
            return Ok(());
        }
        Err(InputError::UnknownLink(link))
    }

    /// Takes the signals of a packet on the call's link, and tells why one was left out.
    pub(crate) fn on_signals(
        &mut self,
        now: Instant,
        packet: &wire::Packet<'_>,
        stats: &mut Stats,
        out: &mut Outbox,
    ) -> Option<DropReason> {
        let not_integers = packet.signals_dropped();
        stats.signals_unknown = stats.signals_unknown.saturating_add(not_integers);
        let mut dropped = (not_integers > 0).then_some(DropReason::UnknownSignal);
        for signal in packet.signals() {
            let Some(call) = self.call.as_ref() else {
                break;
            };
            match (signal, call.role) {
                (Signal::PreferredProfile(id), _) => {
                    let profile = Profile::from_id(id.into());
                    match profile.filter(|profile| self.config.profiles.contains(*profile)) {
                        Some(profile) => self.on_preferred_profile(profile, out),
                        None => dropped = Some(stats.drop_for(DropReason::UnsupportedPreference)),
                    }
                }
                (Signal::PreferredMode(id), _) => match Mode::from_id(id) {
                    Some(mode) => self.on_preferred_mode(mode, out),
                    None => dropped = Some(stats.drop_for(DropReason::UnsupportedPreference)),
                },
                (Signal::Unknown(_), _) => {
                    dropped = Some(stats.drop_for(DropReason::UnknownSignal));
                }
                (status, Role::Caller) => self.on_caller_status(now, status, out),
                (status, Role::Callee) => self.on_callee_status(now, status, out),
            }
        }
        self.on_preferences_complete(out);
        dropped
    }

    /// Takes note that media of the peer's arrived on the call's link: it has set up its streams.
    pub(crate) fn on_media(&mut self, out: &mut Outbox) {
        let is_setting_up = |call: &Call| call.state == CallState::Connecting;
        if self
            .call
            .as_ref()
            .is_some_and(|call| call.role == Role::Caller && is_setting_up(call))
        {
            self.establish(out);
        }
    }

    pub(crate) fn on_interface_up(&self, out: &mut Outbox) {
        if self.config.announce.on_interface_up {
            out.push(Queued::Announce);
        }
    }

    pub(crate) fn on_command(
        &mut self,
        now: Instant,
        command: Command,
        out: &mut Outbox,
    ) -> Result<(), InputError> {
        match command {
            Command::Dial {
                call,
                link,
                to,
                profile,
                mode,
            } => {
                return self.dial(now, call, link, to, (profile, mode), out);
            }
            Command::Answer(id) => return self.answer(now, id, out),
            Command::HangUp(id) => return self.hang_up(now, id, out),
            Command::Screen(id, verdict) => return self.screen(now, id, verdict, out),
            Command::SetProfile(id, profile) => return self.set_profile(id, profile, out),
            Command::SetMode(id, mode) => return self.set_mode(id, mode, out),
            Command::Talk(id, talk) => self.call_mut(id)?.talk = talk,
            Command::Mute(id, Direction::Send, mute) => self.call_mut(id)?.send = mute,
            Command::Mute(id, Direction::Receive, mute) => self.call_mut(id)?.receive = mute,
            Command::SetBusy(availability) => self.availability = availability,
            Command::Announce => out.push(Queued::Announce),
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
        let call = self
            .call
            .as_ref()
            .filter(|call| call.state == CallState::Established)?;
        let gate = match (call.mode, call.talk, call.send) {
            (Mode::FullDuplex, _, Mute::Unmuted) => Gate::Voice,
            (Mode::FullDuplex, _, Mute::Muted) => Gate::Silence,
            (Mode::HalfDuplex, Talk::Pressed, Mute::Unmuted) => Gate::Voice,
            (Mode::HalfDuplex, _, _) => Gate::Shut,
        };
        Some(Session {
            call: call.id,
            link: call.link,
            mdu: call.mdu,
            profile: call.profile,
            gate,
            receive: call.receive,
        })
    }

    /// Takes the call that this input ended.
    pub(crate) fn take_ended(&mut self) -> Option<(CallId, EndReason)> {
        self.ended.take()
    }

    pub(crate) fn deadline(&self) -> Option<Deadline> {
        let pending = self.pending.iter().map(PendingLink::deadline);
        pending
            .chain(self.timers.iter())
            .min_by_key(|deadline| deadline.at)
    }

    pub(crate) fn state(&self) -> CallState {
        self.call
            .as_ref()
            .map_or(CallState::Idle, |call| call.state)
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

    fn is_taken(&self) -> bool {
        self.call.is_some() || self.availability == Availability::Busy
    }

    fn call_mut(&mut self, id: CallId) -> Result<&mut Call, InputError> {
        self.call
            .as_mut()
            .filter(|call| call.id == id)
            .ok_or(InputError::UnknownCall)
    }

    fn hang_up(&mut self, now: Instant, id: CallId, out: &mut Outbox) -> Result<(), InputError> {
        let call = self.call_mut(id)?;
        let (reason, farewell) = match (call.role, call.state) {
            (Role::Callee, CallState::Ringing) => {
                (EndReason::Rejected, Farewell::Say(Signal::Rejected))
            }
            (_, state) if state >= CallState::Connecting => {
                (EndReason::LocalHangup, Farewell::Close)
            }
            _ => (EndReason::Cancelled, Farewell::Close),
        };
        self.end(now, reason, farewell, out);
        Ok(())
    }

    fn set_profile(
        &mut self,
        id: CallId,
        profile: Profile,
        out: &mut Outbox,
    ) -> Result<(), InputError> {
        let profiles = self.config.profiles;
        let call = self.call_mut(id)?;
        if !profiles.contains(profile) {
            return Err(InputError::UnsupportedProfile(profile));
        }
        call.may_switch()?;
        if call.profile == profile {
            return Ok(());
        }
        call.profile = profile;
        call.propose(Signal::PreferredProfile(profile.id().into()), out);
        out.event(Event::ProfileChanged {
            call: id,
            profile,
            by: Side::Local,
        });
        Ok(())
    }

    fn set_mode(&mut self, id: CallId, mode: Mode, out: &mut Outbox) -> Result<(), InputError> {
        let call = self.call_mut(id)?;
        call.may_switch()?;
        if call.mode == mode {
            call.mode_chosen = true;
            return Ok(());
        }
        (call.mode, call.mode_chosen) = (mode, true);
        call.propose(Signal::PreferredMode(mode.id()), out);
        out.event(Event::ModeChanged {
            call: id,
            mode,
            by: Side::Local,
        });
        Ok(())
    }

    fn on_preferred_profile(&mut self, profile: Profile, out: &mut Outbox) {
        let Some(call) = self
            .call
            .as_mut()
            .filter(|call| call.state >= CallState::Ringing)
        else {
            return;
        };
        call.preferences_heard = true;
        let is_new = core::mem::replace(&mut call.profile, profile) != profile;
        if is_new && call.state == CallState::Established {
            out.event(Event::ProfileChanged {
                call: call.id,
                profile,
                by: Side::Remote,
            });
        }
    }

    fn on_preferred_mode(&mut self, mode: Mode, out: &mut Outbox) {
        let Some(call) = self
            .call
            .as_mut()
            .filter(|call| call.state >= CallState::Ringing)
        else {
            return;
        };
        call.preferences_heard = true;
        let is_established = call.state == CallState::Established;
        let opens_microphone = mode == Mode::FullDuplex && (is_established || call.mode_chosen);
        if mode == call.mode || opens_microphone && !self.config.peer_may_open_microphone {
            return;
        }
        call.mode = mode;
        if is_established {
            out.event(Event::ModeChanged {
                call: call.id,
                mode,
                by: Side::Remote,
            });
        }
    }

    fn on_call_link_closed(&mut self, now: Instant, end: LinkEnd, out: &mut Outbox) {
        let Some(call) = self.call.as_ref() else {
            return;
        };
        let reason = match (end, call.role) {
            (LinkEnd::Timeout | LinkEnd::Interface, _) => EndReason::LinkLost,
            (LinkEnd::Peer | LinkEnd::Unknown, _) if call.state >= CallState::Connecting => {
                EndReason::RemoteHangup
            }
            (LinkEnd::Peer | LinkEnd::Unknown, Role::Caller) => EndReason::NoAnswer,
            (LinkEnd::Peer | LinkEnd::Unknown, Role::Callee) => EndReason::Cancelled,
        };
        self.end(now, reason, Farewell::Gone, out);
    }

    fn establish(&mut self, out: &mut Outbox) {
        let Some(call) = self.call.as_mut() else {
            return;
        };
        call.state = CallState::Established;
        let (id, profile, mode) = (call.id, call.profile, call.mode);
        self.timers.stop_call();
        out.event(Event::Established {
            call: id,
            profile,
            mode,
        });
    }

    fn end(&mut self, now: Instant, reason: EndReason, farewell: Farewell, out: &mut Outbox) {
        let Some(call) = self.call.take() else { return };
        self.timers.stop_call();
        match farewell {
            Farewell::Gone => {}
            Farewell::Close => out.link(call.link, LinkRequest::Close),
            Farewell::Say(signal) => self.say_goodbye(now, call.link, signal, out),
        }
        debug_assert!(self.ended.is_none(), "one input ended two calls");
        self.ended = Some((call.id, reason));
    }
}

impl Call {
    /// Refuses a switch that a Python callee would apply by half: between CONNECTING and
    /// ESTABLISHED.
    fn may_switch(&self) -> Result<(), InputError> {
        if self.state == CallState::Connecting {
            return Err(InputError::NotAllowed { state: self.state });
        }
        Ok(())
    }

    fn propose(&self, preference: Signal, out: &mut Outbox) {
        if self.state >= CallState::Ringing {
            out.signal(self.link, &[preference]);
        }
    }
}

fn announce_interval(config: &Config) -> Option<Duration> {
    let interval = config.announce.interval?;
    Some(interval.max(crate::AnnouncePolicy::LEAST_INTERVAL))
}
