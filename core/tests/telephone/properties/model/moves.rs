//! What the line does about it: callers who are let in or not, and how calls come and go.

use core::time::Duration;
use std::collections::BTreeMap;

use lxst_core::wire::Signal;
use lxst_core::{
    Admission, AnswerMode, CallId, CallState, CallStatus, CallTimer, EndReason, Event, Instant,
    LinkId, LinkRequest, LinkTimer, Mode, Role, limits,
};

use super::trip::Trip;
use super::{Call, Caller, Model, Stage, Timer};
use crate::support::OwnedOutput;

impl Model {
    /// Decides on a caller who said who it is.
    pub(super) fn judge(&mut self, link: LinkId) {
        let us = self.us;
        let caller = self.caller(link).expect("it is pending");
        let (who, since) = (caller.who.expect("it identified"), caller.since);
        let held_until = since + GLARE_HOLD + caller.trip.time() * limits::SET_UP_TRIPS;
        match self.status() {
            Some(call) if self.is_dialling() && call.peer == who => {
                if call.state == CallState::GlareWait {
                    self.cross(link);
                } else if who < us {
                    self.close(self.link());
                    self.cross(link);
                } else {
                    let earlier = self.callers.iter().find(|it| it.stage == Stage::Held);
                    if let Some(earlier) = earlier.map(|it| it.link) {
                        self.dismiss(earlier, &[Signal::Busy]);
                    }
                    self.wait(link, Stage::Held, Timer::Link(LinkTimer::Identify), held_until);
                }
            }
            Some(_) => self.turn_away(link),
            None if self.is_busy => self.turn_away(link),
            None => match self.config.callers {
                Some(admission) => self.decide(link, admission),
                None => {
                    let time = self.config.screening_time.get();
                    let (call, from, until) = (link.into(), who, self.now + time);
                    self.wait(link, Stage::Screened, Timer::Link(LinkTimer::Screening), until);
                    self.tell(Event::Screening { call, from, until, limit: None });
                }
            },
        }
    }

    /// Follows an admission on a screened caller.
    pub(super) fn decide(&mut self, link: LinkId, admission: Admission) {
        match admission {
            Admission::Ring if self.call.is_none() && !self.is_busy => self.ring(link),
            Admission::Ring => self.turn_away(link),
            Admission::Busy => self.dismiss(link, BUSY),
            Admission::Reject => self.dismiss(link, &[Signal::Rejected]),
            Admission::Drop => {
                self.callers.retain(|caller| caller.link != link);
                self.close(link);
            }
        }
    }

    fn ring(&mut self, link: LinkId) {
        let caller = self.remove(link);
        let (call, peer) = (CallId::from(link), caller.who.expect("it identified"));
        let (role, state) = (Role::Callee, CallState::Ringing);
        let (profile, mode) = (self.config.profile, self.config.mode);
        let status = CallStatus { call, role, peer, state, profile, mode };
        self.begin(
            status,
            link,
            caller.trip,
            (Timer::Call(CallTimer::Ring), self.config.ring_time),
        );
        self.send(link, Signal::Ringing);
        self.ask_if_unknown();
        self.begin_repeats();
        self.tell(Event::Incoming { call, from: peer });
        if self.config.answer == AnswerMode::Automatic {
            self.connect();
        }
    }

    /// Goes on with our call over the link of the peer, who called too.
    fn cross(&mut self, link: LinkId) {
        let caller = self.remove(link);
        let call = self.call.as_mut().expect("we dialled");
        call.status.role = Role::Callee;
        (call.link, call.trip, call.refused) = (link, caller.trip, None);
        call.rang = self.now;
        self.send(link, Signal::Ringing);
        self.ask_if_unknown();
        self.connect();
        self.begin_repeats();
    }

    /// RINGING is sent: a caller who did not identify at AVAILABLE answers it with its preferences.
    fn ask_if_unknown(&mut self) {
        let now = self.now;
        let trip = self.trip();
        if !trip.is_known() {
            trip.ask(now);
        }
    }

    /// The call is answered.
    pub(super) fn connect(&mut self) {
        let now = self.now;
        let call = self.call.as_mut().expect("it is answered");
        call.status.state = CallState::Connecting;
        let trips = call.trip.time() * limits::SET_UP_TRIPS;
        if call.status.role == Role::Caller {
            call.timers = BTreeMap::from([(
                Timer::Call(CallTimer::Establish),
                now + limits::ESTABLISH + trips,
            )]);
        } else {
            call.timers.retain(|timer, _| *timer == Timer::Call(CallTimer::Repeat));
            let from_ringing = call.rang + limits::PREFERENCES_FROM_RINGING + trips;
            let until = from_ringing.max(now + limits::PREFERENCES + call.trip.time());
            call.timers.insert(Timer::Call(CallTimer::Preferences), until);
        }
        let (role, call) = (call.status.role, call.status.call);
        self.tell(Event::Connecting { call });
        if role == Role::Caller {
            self.begin_repeats();
        }
    }

    /// Waits for an answer to what was just said.
    pub(super) fn begin_repeats(&mut self) {
        let now = self.now;
        let call = self.call.as_mut().expect("something was said");
        (call.pace, call.repeats) = (limits::AGAIN.max(call.trip.time() * 3), 0);
        call.timers.insert(Timer::Call(CallTimer::Repeat), now + call.pace);
    }

    /// Says again what was not answered.
    pub(super) fn repeat(&mut self) {
        let link = self.link();
        let call = self.call.as_mut().expect("its timer ran");
        call.repeats += 1;
        let (status, repeats) = (call.status, call.repeats);
        match (status.role, status.state) {
            (Role::Caller, CallState::Identified) => {
                self.outputs.push(OwnedOutput::Link(link, LinkRequest::Identify));
                if repeats >= 2 {
                    self.prefer();
                }
            }
            (Role::Caller, _) => self.send(link, Signal::Established),
            (Role::Callee, CallState::Established) => return self.answer_again(),
            (Role::Callee, _) => self.send(link, Signal::Ringing),
        }
        let now = self.now;
        let call = self.call.as_mut().expect("its timer ran");
        if call.repeats < u32::from(limits::REPEATS) {
            call.pace = call.pace * 3 / 2;
            call.timers.insert(Timer::Call(CallTimer::Repeat), now + call.pace);
        }
    }

    fn answer_again(&mut self) {
        let (link, call) = (self.link(), self.call.as_ref().expect("it was answered"));
        let is_full = call.status.mode == Mode::FullDuplex;
        match call.echoes {
            0 => self.say_answer(),
            _ if is_full => self.send(link, Signal::Established),
            _ => {}
        }
    }

    /// The caller says that it heard our answer.
    pub(super) fn on_echo(&mut self) {
        let link = self.link();
        let call = self.call.as_mut().expect("the echo is its");
        if call.is_heard {
            return;
        }
        call.echoes += 1;
        match call.echoes {
            1 if call.status.mode == Mode::HalfDuplex => self.stop(Timer::Call(CallTimer::Repeat)),
            1 => {}
            count if count <= 1 + u32::from(limits::REPEATS) => {
                self.send(link, Signal::Established);
            }
            _ => {}
        }
    }

    pub(super) fn prefer(&mut self) {
        let (link, status) = (self.link(), self.status().expect("a call prefers"));
        let (profile, mode) = (status.profile.id().into(), status.mode.id());
        let both = vec![Signal::PreferredProfile(profile), Signal::PreferredMode(mode)];
        self.outputs.push(OwnedOutput::Tx(link, both));
    }

    fn say_answer(&mut self) {
        let link = self.link();
        let call = self.call.as_ref().expect("it is answered");
        if call.profiles_told > 0 {
            let profile = Signal::PreferredProfile(call.status.profile.id().into());
            self.outputs.push(OwnedOutput::Tx(link, vec![profile, Signal::Connecting]));
        } else {
            self.send(link, Signal::Connecting);
        }
        self.send(link, Signal::Established);
    }

    /// Says that our side answered.
    pub(super) fn answer(&mut self) {
        self.say_answer();
        self.establish();
        let now = self.now;
        let call = self.call.as_mut().expect("it is answered");
        (call.echoes, call.is_heard) = (0, false);
        let frames = call.status.profile.frame().duration() * 2;
        let again = limits::ANSWER_AGAIN.max(call.trip.time() * 4 + frames);
        call.timers.insert(Timer::Call(CallTimer::Repeat), now + again);
    }

    pub(super) fn establish(&mut self) {
        let now = self.now;
        let call = self.call.as_mut().expect("it was connecting");
        call.status.state = CallState::Established;
        call.timers.clear();
        (call.heard, call.media) = (now, now + first_media(call.trip.time()));
        let CallStatus { call, profile, mode, .. } = call.status;
        self.tell(Event::Established { call, profile, mode });
    }

    /// The callee is busy, and may be calling us.
    pub(super) fn refuse(&mut self) {
        self.close(self.link());
        let now = self.now;
        self.trip().answer(now);
        let call = self.call.as_mut().expect("it is refused");
        let least = limits::GLARE_LINK.max(call.trip.time() * 3);
        call.status.state = CallState::GlareWait;
        call.timers = BTreeMap::from([(Timer::Call(CallTimer::Glare), now + least)]);
        call.refused = Some((now + least, now + limits::GLARE + call.trip.time() * 6));
        self.cross_held();
    }

    /// Our call came to nothing: over, unless it goes on over the link of a peer who is held.
    pub(super) fn fail(&mut self, reason: EndReason, is_link_gone: bool) {
        if !is_link_gone {
            self.close(self.link());
        }
        if !self.cross_held() {
            self.end(reason);
        }
    }

    fn cross_held(&mut self) -> bool {
        let held = self.callers.iter().find(|caller| caller.stage == Stage::Held);
        let link = held.map(|caller| caller.link);
        link.inspect(|link| self.cross(*link)).is_some()
    }

    pub(super) fn begin(
        &mut self,
        status: CallStatus,
        link: LinkId,
        trip: Trip,
        timer: (Timer, Duration),
    ) {
        let now = self.now;
        self.call = Some(Call {
            status,
            link,
            trip,
            has_preferences: false,
            profiles_told: 0,
            rang: now,
            pace: Duration::ZERO,
            repeats: 0,
            echoes: 0,
            is_heard: false,
            is_mode_chosen: status.role == Role::Caller,
            timers: BTreeMap::from([(timer.0, now + timer.1)]),
            refused: None,
            heard: now,
            media: now,
            is_silent: false,
        });
    }

    pub(super) fn end(&mut self, reason: EndReason) {
        let call = self.call.take().expect("it ends once").status.call;
        self.tell(Event::Ended { call, reason });
    }

    /// What follows when an input or a timer has been taken.
    pub(super) fn settle(&mut self) {
        let someone = self.callers.iter().any(|caller| caller.stage == Stage::Unknown);
        let refused = self.call.as_ref().and_then(|call| call.refused);
        if let Some((_, last)) = refused.filter(|(least, _)| *least <= self.now) {
            if someone && self.now < last {
                self.call
                    .as_mut()
                    .map(|call| call.timers.insert(Timer::Call(CallTimer::Glare), last));
            } else {
                self.end(EndReason::Busy);
            }
        }
        if !self.is_dialling() {
            let held = self.callers.iter().filter(|caller| caller.stage == Stage::Held);
            for link in held.map(|caller| caller.link).collect::<Vec<_>>() {
                if self.call.is_some() {
                    self.dismiss(link, &[Signal::Busy]);
                } else {
                    self.judge(link);
                }
            }
        }
        if let Some(call) = &mut self.call {
            call.timers.remove(&Timer::Call(CallTimer::Silence));
            call.timers.remove(&Timer::Call(CallTimer::Media));
            if (call.status.state, call.status.mode) == (CallState::Established, Mode::FullDuplex) {
                if !call.is_silent {
                    call.timers
                        .insert(Timer::Call(CallTimer::Silence), call.media + limits::SILENCE);
                }
                if let Some(since) = self.reports_since {
                    call.timers.insert(
                        Timer::Call(CallTimer::Media),
                        call.heard.max(call.media).max(since) + limits::MEDIA_TIMEOUT,
                    );
                }
            }
        }
    }

    /// Lets a caller wait for a decision.
    fn wait(&mut self, link: LinkId, stage: Stage, timer: Timer, at: Instant) {
        let caller = self.caller(link).expect("it is pending");
        (caller.stage, caller.timers) = (stage, BTreeMap::from([(timer, at)]));
    }

    /// Turns away a caller who came while the line was taken.
    fn turn_away(&mut self, link: LinkId) {
        let from = self.caller(link).and_then(|caller| caller.who).expect("it identified");
        self.tell(Event::CallerTurnedAway { from });
        self.dismiss(link, BUSY);
    }

    /// Tells a caller why not.
    fn dismiss(&mut self, link: LinkId, last: &[Signal]) {
        self.remove(link);
        self.goodbye(link, last);
    }

    /// Says a last word and leaves it time to travel.
    pub(super) fn goodbye(&mut self, link: LinkId, last: &[Signal]) {
        self.outputs.push(OwnedOutput::Tx(link, last.to_vec()));
        let time = if last == BUSY { limits::BUSY_GOODBYE } else { limits::GOODBYE };
        let timers = BTreeMap::from([(Timer::Link(LinkTimer::Goodbye), self.now + time)]);
        let (since, trip, who, stage) = (self.now, Trip::default(), None, Stage::Leaving);
        let (pace, offers) = (Duration::ZERO, 0);
        self.callers.push(Caller { link, since, trip, pace, offers, who, stage, timers });
    }

    pub(super) fn propose(&mut self, signal: Signal) {
        let status = self.status().expect("a call proposes");
        if matches!(status.state, CallState::Ringing | CallState::Established) {
            self.send(self.link(), signal);
        }
    }

    pub(super) fn send(&mut self, link: LinkId, signal: Signal) {
        self.outputs.push(OwnedOutput::Tx(link, vec![signal]));
    }

    pub(super) fn close(&mut self, link: LinkId) {
        self.outputs.push(OwnedOutput::Link(link, LinkRequest::Close));
    }

    pub(super) fn tell(&mut self, event: Event) {
        self.outputs.push(OwnedOutput::Event(event));
    }
}

/// What whoever is turned away hears.
const BUSY: &[Signal] = &[Signal::Ringing, Signal::Busy];

/// What the peer's first media take beyond the usual.
pub(super) fn first_media(rtt: Duration) -> Duration {
    (rtt * limits::FIRST_MEDIA_TRIPS).saturating_sub(limits::FIRST_MEDIA)
}

/// How long a caller is held at most, from the arrival of its link.
const GLARE_HOLD: Duration = Duration::from_secs(60);
