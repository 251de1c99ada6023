//! The callee's side of a call.
//!
//! 1. A caller is admitted: send RINGING (`Ringing`, timer `Ring`), and repeat it until the caller
//!    sends its preferences.
//! 2. The app answers: wait for the preferences if they have not arrived (`Connecting`, timer
//!    `Preferences`), and go on repeating RINGING.
//! 3. A caller who prefers a profile that we cannot send is told ours at once, and again with
//!    CONNECTING; or gets REJECTED.
//! 4. Send CONNECTING and ESTABLISHED: audio flows (`Established`). The caller's echo is not
//!    required.

use super::pending::PendingLink;
use super::table::Trigger;
use super::{Call, Context, Line};
use crate::config::{Admission, AnswerMode, Config};
use crate::error::InputError;
use crate::id::{CallId, IdentityHash};
use crate::limits::{PREFERENCES, PREFERENCES_FROM_RINGING, SET_UP_TRIPS};
use crate::output::Event;
use crate::state::{CallState, Role};
use crate::timers::CallTimer;
use crate::wire::Signal;

impl Line {
    /// Starts a call that rings here.
    pub(super) fn take_caller(
        &mut self,
        caller: &PendingLink,
        from: IdentityHash,
        is_counted: bool,
        cx: &mut Context<'_>,
    ) {
        let preferences = (cx.exchange.config.profile, cx.exchange.config.mode);
        let ids = (CallId::from(caller.link), caller.link);
        let mut call = Call::new(ids, Role::Callee, from, preferences);
        (call.rtt, call.mdu, call.is_counted) = (caller.rtt, caller.mdu, is_counted);
        self.call = Some(call);
        self.step(Trigger::CallerAccepted, cx);
    }

    pub(super) fn ring(&mut self, cx: &mut Context<'_>) {
        self.say_ringing(cx);
        let Some(call) = &self.call else { return };
        cx.out.event(Event::Incoming { call: call.id, from: call.peer });
        let Config { answer, ring_time, .. } = cx.exchange.config;
        match answer {
            AnswerMode::App => self.timers.start(CallTimer::Ring, cx.now + ring_time),
            AnswerMode::Automatic => self.step(Trigger::Answer, cx),
        }
    }

    pub(super) fn answer(&mut self, cx: &mut Context<'_>) -> Result<(), InputError> {
        let call = self.call_mut()?;
        if call.role == Role::Caller {
            return Err(InputError::NotAllowed { state: call.state });
        }
        self.step(Trigger::Answer, cx);
        Ok(())
    }

    /// Handles an admission that comes while the call rings.
    pub(super) fn screen_ringing(
        &mut self,
        admission: Admission,
        cx: &mut Context<'_>,
    ) -> Result<(), InputError> {
        let is_ringing =
            |call: &Call| call.role == Role::Callee && call.state == CallState::Ringing;
        if !self.call.as_ref().is_some_and(is_ringing) {
            return Err(InputError::NotAllowed { state: self.state() });
        }
        match admission {
            Admission::Ring => {}
            Admission::Busy => self.step(Trigger::ScreenedBusy, cx),
            Admission::Reject => self.step(Trigger::HangUp, cx),
            Admission::Drop => self.step(Trigger::ScreenedOut, cx),
        }
        Ok(())
    }

    pub(super) fn on_answered(&mut self, cx: &mut Context<'_>) {
        let Some(call) = &self.call else { return };
        cx.out.event(Event::Connecting { call: call.id });
        self.timers.stop(CallTimer::Ring);
        self.await_preferences(cx);
        self.on_preferences_complete(cx);
    }

    /// Sends RINGING, and repeats it until the caller's preferences arrive.
    pub(super) fn say_ringing(&mut self, cx: &mut Context<'_>) {
        let Some(call) = &mut self.call else { return };
        call.rings_since = cx.now;
        call.rtt.ask_if_unknown(cx.now);
        cx.signal_with_mark(call.link, &[Signal::Ringing]);
        self.start_repeats(cx);
    }

    pub(super) fn await_preferences(&mut self, cx: &Context<'_>) {
        let Some(call) = &self.call else { return };
        let from_ringing = PREFERENCES_FROM_RINGING + call.rtt.times(SET_UP_TRIPS);
        let until = (cx.now + PREFERENCES + call.rtt.get()).max(call.rings_since + from_ringing);
        self.timers.start(CallTimer::Preferences, until);
    }

    /// Continues an answer that waited for the caller's preferences.
    pub(super) fn on_preferences_complete(&mut self, cx: &mut Context<'_>) {
        let Some(call) = self.call.as_mut().filter(|call| call.preferences_heard) else { return };
        if call.role == Role::Callee && call.state < CallState::Established {
            call.rtt.on_answer(cx.now);
            self.timers.stop(CallTimer::Repeat);
        }
        self.step(Trigger::Preferences, cx);
    }

    pub(super) fn accept(&mut self, cx: &mut Context<'_>) {
        self.say_answer(cx);
        self.open_streams(cx);
        self.watch_answer(cx);
    }

    pub(super) fn say_answer(&self, cx: &mut Context<'_>) {
        let Some(call) = &self.call else { return };
        if call.profiles_told == 0 {
            cx.signal_with_mark(call.link, &[Signal::Connecting]);
        } else {
            // In one packet: a Python caller that gets the profile between CONNECTING and
            // ESTABLISHED applies it partly.
            let profile = Signal::PreferredProfile(call.profile.id().into());
            cx.signal_with_mark(call.link, &[profile, Signal::Connecting]);
        }
        cx.out.signal(call.link, &[Signal::Established]);
    }
}
