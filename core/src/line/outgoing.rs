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

use super::table::{self, Cause, Target};
use super::{Call, Context, Line};
use crate::limits::{CONNECT, ESTABLISH};
use crate::outbox::Outbox;
use crate::wire::Signal;
use crate::{
    CallId, CallState, Event, IdentityHash, InputError, LinkId, LinkRequest, Mode, Profile, Role,
    Timer,
};

impl Line {
    pub(super) fn dial(
        &mut self,
        (call, link): (CallId, LinkId),
        to: IdentityHash,
        (profile, mode): (Profile, Mode),
        cx: &mut Context<'_>,
    ) -> Result<(), InputError> {
        if self.call.is_some() || self.knows(link) {
            return Err(InputError::NotAllowed { state: self.state() });
        }
        if !self.config.profiles.contains(profile) {
            return Err(InputError::UnsupportedProfile(profile));
        }
        let state = CallState::Calling;
        debug_assert_eq!(
            table::target(Role::Caller, CallState::Idle, Cause::Dial),
            Some(Target::State(Role::Caller, state))
        );
        let mut dialled = Call::new((call, link), Role::Caller, to, (profile, mode));
        (dialled.state, dialled.mode_chosen) = (state, true);
        self.call = Some(dialled);
        cx.limiter.know(cx.now, to);
        self.timers.start(Timer::Wait, cx.now + self.config.wait_time);
        cx.out.link(link, LinkRequest::Open(to));
        Ok(())
    }

    pub(super) fn on_linked(&mut self, cx: &mut Context<'_>) {
        let Some(call) = &self.call else { return };
        let connect = cx.now + CONNECT + call.rtt.saturating_mul(6);
        self.timers.start(Timer::Connect, connect);
    }

    pub(super) fn on_ringing(&mut self, out: &mut Outbox) {
        let Some(call) = &self.call else { return };
        let profile = Signal::PreferredProfile(call.profile.id().into());
        out.signal(call.link, &[profile, Signal::PreferredMode(call.mode.id())]);
        out.event(Event::Ringing { call: call.id });
        self.timers.stop(Timer::Connect);
    }

    pub(super) fn on_connecting(&mut self, cx: &mut Context<'_>) {
        let Some(call) = &self.call else { return };
        cx.out.signal(call.link, &[Signal::Established]);
        cx.out.event(Event::Connecting { call: call.id });
        let establish = cx.now + ESTABLISH + call.rtt.saturating_mul(6);
        self.timers.stop_call();
        self.timers.start(Timer::Establish, establish);
    }

    /// Goes on with ESTABLISHED, which may have come without CONNECTING.
    pub(super) fn on_established(&mut self, cx: &mut Context<'_>) {
        if !self.timers.runs(Timer::Establish) {
            self.on_connecting(cx);
        }
        self.on_open(cx);
    }
}
