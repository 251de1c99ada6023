//! The caller's side of a call.
//!
//! 1. `Dial`: the link is asked for, its path search included (`Calling`, timer `Wait`).
//! 2. The link is up: wait for AVAILABLE (`Linked`, timer `Connect`).
//! 3. AVAILABLE: say who we are (`Identified`).
//! 4. RINGING: send the preferred profile and mode in one packet, at once (`Ringing`).
//! 5. CONNECTING: echo ESTABLISHED (`Connecting`, timer `Establish`).
//! 6. ESTABLISHED, or the first media frame: audio flows (`Established`).
//!
//! A signal that got lost is made up for by the next one; one that comes again changes nothing.

use core::time::Duration;

use super::{Call, Farewell, Line};
use crate::limits::{CONNECT, ESTABLISH, ROUND_TRIP_MOST};
use crate::outbox::Outbox;
use crate::wire::Signal;
use crate::{
    CallId, CallState, EndReason, Event, IdentityHash, InputError, Instant, LinkFailure, LinkId,
    LinkRequest, Mode, Mute, Profile, Role, Talk, Timer,
};

impl Line {
    pub(super) fn dial(
        &mut self,
        now: Instant,
        call: CallId,
        link: LinkId,
        to: IdentityHash,
        (profile, mode): (Profile, Mode),
        out: &mut Outbox,
    ) -> Result<(), InputError> {
        if self.call.is_some() || self.knows(link) {
            return Err(InputError::NotAllowed {
                state: self.state(),
            });
        }
        if !self.config.profiles.contains(profile) {
            return Err(InputError::UnsupportedProfile(profile));
        }
        self.call = Some(Call {
            id: call,
            link,
            role: Role::Caller,
            peer: to,
            state: CallState::Calling,
            rtt: Duration::ZERO,
            mdu: 0,
            profile,
            mode,
            talk: Talk::Released,
            send: Mute::Unmuted,
            receive: Mute::Unmuted,
            preferences_heard: false,
            mode_chosen: true,
        });
        self.timers.start(Timer::Wait, now + self.config.wait_time);
        out.link(link, LinkRequest::Open(to));
        Ok(())
    }

    pub(super) fn on_link_up(&mut self, now: Instant, rtt: Duration, mdu: usize) {
        let Some(call) = self
            .call
            .as_mut()
            .filter(|call| call.state == CallState::Calling)
        else {
            return;
        };
        call.state = CallState::Linked;
        (call.rtt, call.mdu) = (rtt.min(ROUND_TRIP_MOST), mdu);
        let connect = now + CONNECT + call.rtt.saturating_mul(6);
        self.timers.start(Timer::Connect, connect);
    }

    pub(super) fn on_link_failed(&mut self, now: Instant, failure: LinkFailure, out: &mut Outbox) {
        let reason = match failure {
            LinkFailure::NoPath => EndReason::NoPath,
            LinkFailure::Timeout | LinkFailure::Refused => EndReason::LinkFailed,
        };
        self.end(now, reason, Farewell::Gone, out);
    }

    pub(super) fn on_caller_status(&mut self, now: Instant, status: Signal, out: &mut Outbox) {
        let Some(call) = self.call.as_ref() else {
            return;
        };
        match (status, call.state) {
            (Signal::Busy | Signal::Rejected, CallState::Established) => {
                self.end(now, EndReason::RemoteHangup, Farewell::Close, out);
            }
            (Signal::Busy, _) => self.end(now, EndReason::Busy, Farewell::Close, out),
            (Signal::Rejected, _) => self.end(now, EndReason::Rejected, Farewell::Close, out),
            (Signal::Available, CallState::Linked) => self.on_available(out),
            (Signal::Ringing, CallState::Identified) => self.on_ringing(out),
            (Signal::Connecting, CallState::Identified | CallState::Ringing) => {
                self.on_connecting(now, out);
            }
            (Signal::Established, CallState::Identified | CallState::Ringing) => {
                self.on_connecting(now, out);
                self.establish(out);
            }
            (Signal::Established, CallState::Connecting) => self.establish(out),
            _ => {}
        }
    }

    fn on_available(&mut self, out: &mut Outbox) {
        let Some(call) = self.call.as_mut() else {
            return;
        };
        call.state = CallState::Identified;
        out.link(call.link, LinkRequest::Identify);
    }

    fn on_ringing(&mut self, out: &mut Outbox) {
        let Some(call) = self.call.as_mut() else {
            return;
        };
        call.state = CallState::Ringing;
        let profile = Signal::PreferredProfile(call.profile.id().into());
        out.signal(call.link, &[profile, Signal::PreferredMode(call.mode.id())]);
        out.event(Event::Ringing { call: call.id });
        self.timers.stop(Timer::Connect);
    }

    fn on_connecting(&mut self, now: Instant, out: &mut Outbox) {
        let Some(call) = self.call.as_mut() else {
            return;
        };
        call.state = CallState::Connecting;
        out.signal(call.link, &[Signal::Established]);
        out.event(Event::Connecting { call: call.id });
        let establish = now + ESTABLISH + call.rtt.saturating_mul(6);
        self.timers.stop_call();
        self.timers.start(Timer::Establish, establish);
    }
}
