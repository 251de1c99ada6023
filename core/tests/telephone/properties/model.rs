//! What a phone should do, told a second time and as plainly as can be, from the protocol and the
//! documentation of the public API.
//!
//! Left out: media, jobs and streams, announces, the limit on callers, room for pending links,
//! statistics, and packets that are not well formed.

mod commands;
mod moves;
mod signals;
mod trip;

use core::time::Duration;
use std::collections::BTreeMap;

use lxst_core::wire::Signal;
use lxst_core::{
    CallState, CallStatus, CallTimer, Command, Config, EndReason, Event, IdentityHash, Instant,
    LinkClosed, LinkEvent, LinkFailed, LinkId, LinkTimer, Mode, Role, limits,
};

use crate::support::OwnedOutput;
use moves::first_media;
use trip::Trip;

pub(super) struct Model {
    us: IdentityHash,
    config: Config,
    now: Instant,
    is_busy: bool,
    /// Since when it knows that what is heard on a link is reported.
    reports_since: Option<Instant>,
    call: Option<Call>,
    callers: Vec<Caller>,
    outputs: Vec<OwnedOutput>,
}

struct Call {
    status: CallStatus,
    link: LinkId,
    trip: Trip,
    has_preferences: bool,
    profiles_told: u8,
    /// Whether our app chose the mode, by dialling or switching.
    is_mode_chosen: bool,
    timers: BTreeMap<Timer, Instant>,
    /// When it began to ring here.
    rang: Instant,
    /// How long it takes until something is said again, and how often it was.
    pace: Duration,
    repeats: u32,
    /// How often the caller said that it heard our answer, and whether its media show it.
    echoes: u32,
    is_heard: bool,
    /// When it was refused, and when nobody's link is waited for any more.
    refused: Option<(Instant, Instant)>,
    heard: Instant,
    media: Instant,
    is_silent: bool,
}

/// A timer of the call, or of a caller's link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Call(CallTimer),
    Link(LinkTimer),
}

/// A link without a call of its own.
struct Caller {
    link: LinkId,
    since: Instant,
    trip: Trip,
    pace: Duration,
    offers: u32,
    who: Option<IdentityHash>,
    stage: Stage,
    timers: BTreeMap<Timer, Instant>,
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Unknown,
    Screened,
    Held,
    Leaving,
}

impl Model {
    pub(super) fn new(us: IdentityHash, config: Config) -> Self {
        let (call, callers, outputs) = (None, Vec::new(), Vec::new());
        let (now, is_busy, reports_since) = (Instant::ORIGIN, false, None);
        Self { us, config, now, is_busy, reports_since, call, callers, outputs }
    }

    pub(super) fn status(&self) -> Option<CallStatus> {
        self.call.as_ref().map(|call| call.status)
    }

    pub(super) fn pending(&self) -> usize {
        self.callers.len()
    }

    pub(super) fn knows(&self, link: LinkId) -> bool {
        self.is_call_link(link) || self.callers.iter().any(|caller| caller.link == link)
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.deadline().map(|(at, ..)| at)
    }

    /// What it would have said since the last look.
    pub(super) fn take(&mut self) -> Vec<OwnedOutput> {
        core::mem::take(&mut self.outputs)
    }

    pub(super) fn on_timeout(&mut self, now: Instant) {
        self.now = now;
        while let Some((at, link, timer)) = self.deadline().filter(|(at, ..)| *at <= now) {
            assert_eq!(at, now, "{timer:?} of the model is never late");
            match link {
                Some(link) => self.on_caller_timer(link, timer),
                None => self.on_call_timer(timer),
            }
            self.settle();
        }
    }

    /// Takes a command, or tells that it is refused.
    pub(super) fn on_command(&mut self, now: Instant, command: Command) -> bool {
        self.now = now;
        let taken = self.command(command);
        self.settle();
        taken
    }

    /// Takes a link event, or tells that it is refused.
    pub(super) fn on_link(&mut self, now: Instant, link: LinkId, event: LinkEvent) -> bool {
        self.now = now;
        let is_known = self.knows(link);
        match event {
            LinkEvent::Incoming { rtt, .. } => {
                self.on_incoming(link, rtt);
                return true;
            }
            LinkEvent::Up { .. } if !is_known => {
                self.close(link);
                return true;
            }
            _ if !is_known => return false,
            LinkEvent::Up { rtt, .. } => {
                let call = self.call.as_mut().expect("the link is the call's");
                call.trip = call.trip.opened(now, rtt);
                call.status.state = CallState::Linked;
                let trips = call.trip.time() * limits::SET_UP_TRIPS;
                call.timers.insert(Timer::Call(CallTimer::Connect), now + limits::CONNECT + trips);
                let wait = call
                    .timers
                    .get_mut(&Timer::Call(CallTimer::Wait))
                    .expect("it runs since dialling");
                *wait = *wait + trips;
            }
            LinkEvent::Failed(LinkFailed::NoPath) => self.fail(EndReason::NoPath, true),
            LinkEvent::Failed(LinkFailed::NoNetwork) => self.fail(EndReason::NoNetwork, true),
            LinkEvent::Failed(_) => self.fail(EndReason::LinkFailed, true),
            LinkEvent::Identified(who) => {
                let caller = self.caller(link);
                if let Some(caller) = caller.filter(|caller| caller.stage == Stage::Unknown)
                    && caller.who.replace(who).is_none()
                {
                    caller.trip.answer(now);
                    self.judge(link);
                }
            }
            LinkEvent::Heard => {
                self.reports_since.get_or_insert(now);
                if let Some(call) = self.call.as_mut().filter(|call| call.link == link) {
                    call.heard = now;
                }
            }
            LinkEvent::Closed(end) if self.is_call_link(link) => self.on_call_link_closed(end),
            LinkEvent::Closed(_) => {
                if self.caller(link).is_some_and(|caller| caller.stage == Stage::Screened) {
                    self.tell(Event::CallerGone { call: link.into() });
                }
                self.callers.retain(|caller| caller.link != link);
            }
        }
        self.settle();
        true
    }

    fn on_incoming(&mut self, link: LinkId, rtt: Option<Duration>) {
        let trip = Trip::incoming(rtt);
        let accepts = (Timer::Link(LinkTimer::AcceptDelay), self.now + limits::ACCEPT_DELAY);
        self.callers.push(Caller {
            link,
            since: self.now,
            trip,
            pace: limits::AVAILABLE_AGAIN.max(trip.time() * 3),
            offers: 0,
            who: None,
            stage: Stage::Unknown,
            timers: BTreeMap::from([accepts]),
        });
    }

    /// Takes a packet of signals, or of one frame when there are none.
    pub(super) fn on_packet(&mut self, now: Instant, link: LinkId, signals: &[Signal]) -> bool {
        self.now = now;
        if !self.is_call_link(link) {
            return self.knows(link);
        }
        self.call.as_mut().expect("the link is its").heard = now;
        if signals.is_empty() {
            self.on_frame();
        }
        let is_refusal = signals.contains(&Signal::Busy) || signals.contains(&Signal::Rejected);
        for signal in signals.iter().filter(|signal| !is_refusal || **signal != Signal::Ringing) {
            // One that ended the call, or moved it to another link, is the last.
            if self.is_call_link(link) {
                self.on_signal(*signal);
            }
        }
        let call = self.call.as_ref().map(|call| (call.status, call.has_preferences));
        if let Some((status, true)) = call
            && status.role == Role::Callee
            && status.state < CallState::Established
        {
            self.stop(Timer::Call(CallTimer::Repeat));
            self.trip().answer(now);
            if status.state == CallState::Connecting {
                self.answer();
            }
        }
        self.settle();
        true
    }

    fn on_call_link_closed(&mut self, end: LinkClosed) {
        let status = self.status().expect("the link is the call's");
        let is_lost = matches!(end, LinkClosed::Timeout | LinkClosed::Interface);
        let reason = match (status.role, status.state) {
            (_, CallState::GlareWait) => return,
            _ if is_lost => EndReason::LinkLost,
            (Role::Callee, CallState::Ringing) => EndReason::Cancelled,
            (_, CallState::Calling) => EndReason::LinkFailed,
            (_, state) if state >= CallState::Connecting => EndReason::RemoteHangup,
            _ => EndReason::NoAnswer,
        };
        self.fail(reason, true);
    }

    fn on_caller_timer(&mut self, link: LinkId, timer: Timer) {
        let now = self.now;
        let default = self.config.screening_default;
        let Some(caller) = self.caller(link) else { return };
        caller.timers.remove(&timer);
        match timer {
            Timer::Link(LinkTimer::AcceptDelay) => {
                caller.trip.ask(now);
                caller.timers.insert(Timer::Link(LinkTimer::Available), now + caller.pace);
                let until = now + limits::IDENTIFY + caller.trip.time() * limits::SET_UP_TRIPS;
                caller.timers.insert(Timer::Link(LinkTimer::Identify), until);
                self.send(link, Signal::Available);
            }
            Timer::Link(LinkTimer::Available) => {
                caller.offers += 1;
                if caller.offers < u32::from(limits::REPEATS) {
                    caller.pace = caller.pace * 3 / 2;
                    caller.timers.insert(Timer::Link(LinkTimer::Available), now + caller.pace);
                }
                self.send(link, Signal::Available);
            }
            Timer::Link(LinkTimer::Screening) => self.decide(link, default),
            _ => {
                self.callers.retain(|caller| caller.link != link);
                self.close(link);
            }
        }
    }

    fn on_call_timer(&mut self, timer: Timer) {
        let link = self.link();
        self.stop(timer);
        let ends = |model: &mut Self, reason| {
            model.close(link);
            model.end(reason);
        };
        match timer {
            Timer::Call(CallTimer::Wait) => self.fail(EndReason::NoAnswer, false),
            Timer::Call(CallTimer::Connect) => self.fail(EndReason::ProtocolTimeout, false),
            Timer::Call(CallTimer::Establish) => ends(self, EndReason::ProtocolTimeout),
            Timer::Call(CallTimer::Ring) => ends(self, EndReason::RingTimeout),
            Timer::Call(CallTimer::Media) => ends(self, EndReason::MediaTimeout),
            Timer::Call(CallTimer::Preferences) => self.answer(),
            Timer::Call(CallTimer::Repeat) => self.repeat(),
            Timer::Call(CallTimer::Silence) => {
                let call = self.call.as_mut().expect("its timer ran");
                call.is_silent = true;
                let call = call.status.call;
                self.tell(Event::PeerSilent { call });
            }
            _ => {}
        }
    }

    fn is_dialling(&self) -> bool {
        self.status()
            .is_some_and(|call| call.role == Role::Caller && call.state < CallState::Ringing)
    }

    fn is_established(&self) -> bool {
        self.status().is_some_and(|call| call.state == CallState::Established)
    }

    fn is_call_link(&self, link: LinkId) -> bool {
        self.call.as_ref().is_some_and(|call| call.link == link)
    }

    fn deadline(&self) -> Option<(Instant, Option<LinkId>, Timer)> {
        let callers = self.callers.iter().flat_map(|caller| {
            caller.timers.iter().map(|(timer, at)| (*at, Some(caller.link), *timer))
        });
        let call = self.call.iter().flat_map(|call| &call.timers);
        callers.chain(call.map(|(timer, at)| (*at, None, *timer))).min_by_key(|(at, ..)| *at)
    }

    /// The link of the call that there is.
    pub(super) fn link(&self) -> LinkId {
        self.call.as_ref().expect("there is a call").link
    }

    fn trip(&mut self) -> &mut Trip {
        &mut self.call.as_mut().expect("there is a call").trip
    }

    fn status_mut(&mut self) -> &mut CallStatus {
        &mut self.call.as_mut().expect("there is a call").status
    }

    fn caller(&mut self, link: LinkId) -> Option<&mut Caller> {
        self.callers.iter_mut().find(|caller| caller.link == link)
    }

    fn remove(&mut self, link: LinkId) -> Caller {
        let index = self.callers.iter().position(|caller| caller.link == link);
        self.callers.remove(index.expect("it is pending"))
    }

    fn preferences_came(&mut self) {
        self.call.as_mut().expect("they are the call's").has_preferences = true;
    }

    fn set_mode(&mut self, mode: Mode) {
        let now = self.now;
        let call = self.call.as_mut().expect("the mode is its");
        call.status.mode = mode;
        (call.heard, call.media, call.is_silent) =
            (now, now + first_media(call.trip.time()), false);
    }

    fn stop(&mut self, timer: Timer) {
        self.call.as_mut().expect("the timer is its").timers.remove(&timer);
    }
}
