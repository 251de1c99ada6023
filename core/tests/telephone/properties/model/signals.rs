//! What the peer says: signals, and media that speak for themselves.

use std::collections::BTreeMap;

use lxst_core::wire::Signal;
use lxst_core::{
    CallState, CallTimer, EndReason, Event, LinkRequest, Mode, Profile, Role, Side, ThinPath,
    limits,
};

use super::{Model, Timer};
use crate::support::OwnedOutput;

impl Model {
    pub(super) fn on_signal(&mut self, signal: Signal) {
        use CallState::{Connecting, Established, GlareWait, Identified, Linked, Ringing};
        let status = self.status().expect("the signal is the call's");
        let (link, call) = (self.link(), status.call);
        match (status.role, status.state, signal) {
            (_, GlareWait, _)
            | (_, Linked | Identified, Signal::PreferredProfile(_) | Signal::PreferredMode(_)) => {}
            (_, _, Signal::PreferredProfile(id)) => self.on_profile(id),
            (_, _, Signal::PreferredMode(id)) => self.on_mode(id),
            (Role::Callee, Ringing, _) => {}
            (_, state, Signal::Busy | Signal::Rejected)
                if state == Established || status.role == Role::Callee =>
            {
                self.close(link);
                self.end(EndReason::RemoteHangup);
            }
            (Role::Callee, Established, Signal::Established) => self.on_echo(),
            (Role::Callee, ..) => {}
            (_, Linked | Identified, Signal::Busy) => self.refuse(),
            (_, Linked | Identified, Signal::Rejected) => self.fail(EndReason::Rejected, false),
            (_, _, Signal::Busy) => {
                self.close(link);
                self.end(EndReason::Busy);
            }
            (_, _, Signal::Rejected) => {
                self.close(link);
                self.end(EndReason::Rejected);
            }
            (_, Linked, Signal::Available) => {
                self.status_mut().state = Identified;
                let now = self.now;
                self.trip().answer(now);
                self.trip().ask(now);
                self.outputs.push(OwnedOutput::Link(link, LinkRequest::Identify));
                self.stop(Timer::Call(CallTimer::Connect));
                self.begin_repeats();
            }
            (_, Identified, Signal::Ringing) => {
                self.status_mut().state = Ringing;
                let now = self.now;
                self.trip().answer(now);
                let wait = (Timer::Call(CallTimer::Wait), self.now + self.config.wait_time);
                self.call.as_mut().expect("it rings").timers = BTreeMap::from([wait]);
                self.prefer();
                self.tell(Event::Ringing { call });
            }
            (_, Ringing, Signal::Ringing) => self.prefer(),
            (_, Identified | Ringing, Signal::Connecting | Signal::Established) => {
                self.connect();
                self.send(link, Signal::Established);
                if signal == Signal::Established {
                    self.establish();
                }
            }
            (_, Connecting, Signal::Established) => self.establish(),
            _ => {}
        }
    }

    fn on_profile(&mut self, id: u16) {
        let Some(profile) = Profile::from_id(id.into()) else { return };
        if !self.config.profiles.contains(profile) {
            return self.on_unavailable(profile);
        }
        let status = self.status_mut();
        let (call, is_new) = (status.call, status.profile != profile);
        status.profile = profile;
        self.preferences_came();
        if is_new && self.is_established() {
            self.tell(Event::ProfileChanged { call, profile, by: Side::Remote });
        }
    }

    /// The sets that are modelled lack the first three profiles, and have Medium Quality.
    fn on_unavailable(&mut self, asked: Profile) {
        let used = Profile::MediumQuality;
        let link = self.link();
        self.preferences_came();
        let told = &mut self.call.as_mut().expect("there is a call").profiles_told;
        if *told == limits::PROFILES_TOLD {
            return;
        }
        *told += 1;
        let status = *self.status_mut();
        let call = status.call;
        self.tell(Event::ProfileUnavailable { call, asked, used });
        let is_thin = asked != Profile::LowBandwidth;
        let is_theirs = call.0 == link.0 && status.state != CallState::Established;
        if is_thin && is_theirs && self.config.thin_path == ThinPath::Refuse {
            self.goodbye(link, &[Signal::Rejected]);
            return self.end(EndReason::ProfileUnavailable);
        }
        self.status_mut().profile = used;
        self.propose(Signal::PreferredProfile(used.id().into()));
        if status.profile != used && self.is_established() {
            self.tell(Event::ProfileChanged { call, profile: used, by: Side::Remote });
        }
    }

    fn on_mode(&mut self, id: u8) {
        let Some(mode) = Mode::from_id(id) else { return };
        let is_settled =
            self.is_established() || self.call.as_ref().is_some_and(|call| call.is_mode_chosen);
        let may_open = !is_settled || self.config.peer_may_open_microphone;
        let status = self.status_mut();
        let (call, is_new) = (status.call, status.mode != mode);
        self.preferences_came();
        if is_new && (mode == Mode::HalfDuplex || may_open) {
            self.set_mode(mode);
            if self.is_established() {
                self.tell(Event::ModeChanged { call, mode, by: Side::Remote });
            }
        }
    }

    pub(super) fn on_frame(&mut self) {
        let now = self.now;
        let Some(call) = &mut self.call else { return };
        let (role, state, id) = (call.status.role, call.status.state, call.status.call);
        if (role, state) == (Role::Caller, CallState::Connecting) {
            self.establish();
        } else if role == Role::Caller
            && (CallState::Identified..CallState::Connecting).contains(&state)
            && state != CallState::GlareWait
        {
            self.connect();
            self.send(self.link(), Signal::Established);
            self.establish();
        } else if state == CallState::Established {
            call.media = call.media.max(now);
            call.is_heard = true;
            call.timers.remove(&Timer::Call(CallTimer::Repeat));
            if core::mem::take(&mut call.is_silent) {
                self.tell(Event::PeerAudible { call: id });
            }
        }
    }
}
