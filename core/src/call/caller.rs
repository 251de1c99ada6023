//! The caller's side of a call.
//!
//! 1. `Dial`: ask for the link, path search included (`Calling`, timer `Wait`).
//! 2. The link is up: wait for AVAILABLE (`Linked`, timer `Connect`).
//! 3. AVAILABLE: identify (`Identified`).
//! 4. RINGING: send the preferred profile and mode in one packet, at once and at each RINGING
//!    (`Ringing`). The timer `Wait` starts again, because the time so far says nothing about the
//!    callee.
//! 5. CONNECTING: echo ESTABLISHED (`Connecting`, timer `Establish`).
//! 6. ESTABLISHED, or the first media frame: audio flows (`Established`).
//!
//! The next signal, or a repeat (`repeat`), makes up for a lost one. A signal that comes again
//! changes nothing.

use super::table::Trigger;
use super::{Call, Context, Line};
use crate::error::InputError;
use crate::id::{CallId, IdentityHash, LinkId};
use crate::limits::{CONNECT, ESTABLISH, SET_UP_TRIPS};
use crate::link::{Destination, LinkRequest};
use crate::output::Event;
use crate::profile::{Mode, Profile};
use crate::state::Role;
use crate::timers::CallTimer;
use crate::wire::Signal;

impl Line {
    pub(super) fn dial(
        &mut self,
        (call, link): (CallId, LinkId),
        to: IdentityHash,
        (profile, mode): (Profile, Mode),
        cx: &mut Context<'_>,
    ) -> Result<(), InputError> {
        if !cx.exchange.config.profiles.contains(profile) {
            return Err(InputError::UnsupportedProfile(profile));
        }
        let mut dialled = Call::new((call, link), Role::Caller, to, (profile, mode));
        dialled.mode_chosen = true;
        self.call = Some(dialled);
        self.step(Trigger::Dial, cx);
        Ok(())
    }

    pub(super) fn open_link(&mut self, cx: &mut Context<'_>) {
        let Some(call) = &mut self.call else { return };
        call.rtt.ask(cx.now);
        cx.limiter.know(cx.now, call.peer);
        self.timers.start(CallTimer::Wait, cx.now + cx.exchange.config.wait_time);
        cx.out.link(call.link, LinkRequest::Open(Destination::telephony(call.peer)));
    }

    pub(super) fn await_available(&mut self, cx: &mut Context<'_>) {
        let Some(call) = &self.call else { return };
        let trips = call.rtt.times(SET_UP_TRIPS);
        self.timers.start(CallTimer::Connect, cx.now + CONNECT + trips);
        self.timers.put_off(CallTimer::Wait, trips);
    }

    pub(super) fn identify(&mut self, cx: &mut Context<'_>) {
        let Some(call) = &mut self.call else { return };
        call.rtt.on_answer(cx.now);
        call.rtt.ask(cx.now);
        cx.out.link(call.link, LinkRequest::Identify);
        self.timers.stop(CallTimer::Connect);
        self.start_repeats(cx);
    }

    pub(super) fn on_ringing(&mut self, cx: &mut Context<'_>) {
        let Some(call) = &mut self.call else { return };
        call.rtt.on_answer(cx.now);
        call.prefer(cx);
        cx.out.event(Event::Ringing { call: call.id });
        self.timers.stop(CallTimer::Repeat);
        self.timers.start(CallTimer::Wait, cx.now + cx.exchange.config.wait_time);
    }

    pub(super) fn echo(&mut self, cx: &mut Context<'_>) {
        let Some(call) = &self.call else { return };
        cx.signal_with_mark(call.link, &[Signal::Established]);
        cx.out.event(Event::Connecting { call: call.id });
        let establish = cx.now + ESTABLISH + call.rtt.times(SET_UP_TRIPS);
        self.timers.stop_all();
        self.timers.start(CallTimer::Establish, establish);
        self.start_repeats(cx);
    }
}

impl Call {
    /// Sends the profile and mode that we prefer.
    pub(super) fn prefer(&self, cx: &mut Context<'_>) {
        let profile = Signal::PreferredProfile(self.profile.id().into());
        cx.signal_with_mark(self.link, &[profile, Signal::PreferredMode(self.mode.id())]);
    }
}
