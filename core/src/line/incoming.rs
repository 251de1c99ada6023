//! The callee's side of a call.
//!
//! 1. A caller was let through: say RINGING (`Ringing`, timer `Ring`); the caller sends its
//!    preferences.
//! 2. The app answers: wait for the preferences if they are not here (`Connecting`, timer
//!    `Preferences`).
//! 3. A caller who prefers a profile that we cannot send is told ours at once, and again with
//!    CONNECTING; or hears REJECTED.
//! 4. Say CONNECTING and ESTABLISHED: audio flows (`Established`). The caller's echo is not needed.

use super::pending::PendingLink;
use super::table::{self, Cause, Target};
use super::{Call, Context, Line};
use crate::limits::PREFERENCES;
use crate::wire::Signal;
use crate::{AnswerMode, CallId, CallState, Event, IdentityHash, InputError, Role, Timer, Verdict};

impl Line {
    pub(super) fn ring(&mut self, caller: &PendingLink, from: IdentityHash, cx: &mut Context<'_>) {
        let call = CallId::from(caller.link);
        let state = CallState::Ringing;
        debug_assert_eq!(
            table::target(Role::Callee, CallState::Idle, Cause::CallerAccepted),
            Some(Target::State(Role::Callee, state))
        );
        let preferences = (self.config.profile, self.config.mode);
        let mut ringing = Call::new((call, caller.link), Role::Callee, from, preferences);
        (ringing.state, ringing.rtt, ringing.mdu) = (state, caller.rtt, caller.mdu);
        self.call = Some(ringing);
        cx.out.signal(caller.link, &[Signal::Ringing]);
        cx.out.event(Event::Incoming { call, from });
        match self.config.answer {
            AnswerMode::App => self.timers.start(Timer::Ring, cx.now + self.config.ring_time),
            AnswerMode::Automatic => self.step(Cause::Answer, cx),
        }
    }

    pub(super) fn answer(&mut self, id: CallId, cx: &mut Context<'_>) -> Result<(), InputError> {
        let call = self.call_mut(id)?;
        if call.role == Role::Caller {
            return Err(InputError::NotAllowed { state: call.state });
        }
        self.step(Cause::Answer, cx);
        Ok(())
    }

    /// Takes a verdict on a caller that comes after the call began to ring.
    pub(super) fn screen_ringing(
        &mut self,
        verdict: Verdict,
        cx: &mut Context<'_>,
    ) -> Result<(), InputError> {
        let is_ringing =
            |call: &Call| call.role == Role::Callee && call.state == CallState::Ringing;
        if !self.call.as_ref().is_some_and(is_ringing) {
            return Err(InputError::NotAllowed { state: self.state() });
        }
        match verdict {
            Verdict::Ring => {}
            Verdict::Busy => self.step(Cause::ScreenedBusy, cx),
            Verdict::Reject => self.step(Cause::HangUp, cx),
            Verdict::Drop => self.step(Cause::ScreenedOut, cx),
        }
        Ok(())
    }

    pub(super) fn on_answered(&mut self, cx: &mut Context<'_>) {
        let Some(call) = &self.call else { return };
        cx.out.event(Event::Connecting { call: call.id });
        self.timers.stop_call();
        self.timers.start(Timer::Preferences, cx.now + PREFERENCES);
        self.on_preferences_complete(cx);
    }

    /// Goes on with an answer that waited for the caller's preferences.
    pub(super) fn on_preferences_complete(&mut self, cx: &mut Context<'_>) {
        if self.call.as_ref().is_some_and(|call| call.preferences_heard) {
            self.step(Cause::Preferences, cx);
        }
    }

    pub(super) fn on_accepted(&mut self, cx: &mut Context<'_>) {
        let Some(call) = &self.call else { return };
        if call.profiles_told == 0 {
            cx.out.signal(call.link, &[Signal::Connecting]);
        } else {
            // In one packet: a Python caller that heard it between CONNECTING and ESTABLISHED would
            // follow by half.
            let profile = Signal::PreferredProfile(call.profile.id().into());
            cx.out.signal(call.link, &[profile, Signal::Connecting]);
        }
        cx.out.signal(call.link, &[Signal::Established]);
        self.on_open(cx);
    }
}
