//! What the task does in quiet hours.
//!
//! 1. The task looks at the clock when something happens, and with each minute of the clock.
//! 2. Quiet hours begin: the phone is told to ask about callers who are no exceptions.
//! 3. It asks. A caller who would get the voicemail while the user is away gets it at once. Any other
//!    hears that the line is busy, and the call is told as missed.
//! 4. Quiet hours end: the phone decides by itself again.

use lxst_tokio::{Admission, CallError, CallId, Event as PhoneEvent, IdentityHash};

use super::Task;
use crate::control::Event;
use crate::voicemail::{Pickup, Presence};

impl Task {
    /// Looks whether quiet hours have begun or ended.
    pub(super) async fn look_at_clock(&mut self) {
        if !self.quiet.look(&self.people.settings().quiet_hours) {
            return;
        }
        // A phone that has shut down has no callers.
        let _ = self.set_callers().await;
        let until = self.quiet.until().map(|end| end.to_string());
        self.tell(Event::QuietHours { until });
    }

    /// Tells the phone who may call, and its devices what rings by now.
    pub(super) async fn set_callers(&mut self) -> Result<(), CallError> {
        self.sound.set_ringtones(&self.quiet.ringtones(self.people.settings()));
        self.phone.set_callers(self.quiet.callers(self.people.settings())).await
    }

    /// Decides on a caller about whom the phone asks. Returns the event that tells of it, if one does.
    pub(super) async fn screen(&mut self, id: CallId, from: IdentityHash) -> Option<PhoneEvent> {
        let settings = self.people.settings();
        let is_quiet = self.quiet.until().is_some() && !settings.rings_while_quiet(from);
        let call = self.phone.call(id);
        // A caller may hang up before the decision.
        if !settings.may_call(from) {
            let _ = call.screen(Admission::Busy).await;
            None
        } else if !is_quiet {
            let _ = call.screen(Admission::Ring).await;
            None
        } else if settings.voicemail.pickup(from, &settings.blocked, Presence::Away)
            != Pickup::Never
        {
            if call.screen(Admission::Ring).await.is_ok() {
                self.take_message(id);
            }
            None
        } else {
            let _ = call.screen(Admission::Busy).await;
            Some(PhoneEvent::CallerTurnedAway { from })
        }
    }
}
