//! The handle to a call.

use lxst_core::{
    Admission, CallId, CallState, CallStatus, Command, Direction, EndReason, InputError, Mode,
    Mute, Profile, Talk,
};

use crate::error::CallError;
use crate::request::Requester;
use crate::state::{Latest, Watch};

/// A handle to exactly one call. When that is over, everything asked of it is refused, and no other
/// call is touched. It may be over before the app has read of it: a last report of quality comes
/// before `Ended`.
#[derive(Clone, Debug)]
pub struct Call {
    requests: Requester,
    watch: Watch,
    id: CallId,
}

impl Call {
    pub(crate) const fn new(requests: Requester, watch: Watch, id: CallId) -> Self {
        Self { requests, watch, id }
    }

    /// The id that events name.
    #[must_use]
    pub const fn id(&self) -> CallId {
        self.id
    }

    /// How the call stands, without waiting; `None` when it is over. A caller about whom a `Screening`
    /// event asks has no call before it rings.
    #[must_use]
    pub fn status(&self) -> Option<CallStatus> {
        self.watch.look(|latest| latest.status(self.id))
    }

    /// Waits until the call stands, and tells how.
    ///
    /// # Errors
    /// [`CallError::Ended`], with the reason: the call is over, whether or not it stood. As
    /// [`ended`](Self::ended) otherwise.
    ///
    /// # Cancel safety
    /// Cancel safe: it changes nothing. The call goes on without anybody who waits.
    pub async fn established(&self) -> Result<CallStatus, CallError> {
        let found = self.watch.until(|latest| match self.end(latest) {
            Some(end) => Some(end.and_then(|reason| Err(CallError::Ended(reason)))),
            None => latest
                .status(self.id)
                .filter(|status| status.state == CallState::Established)
                .map(Ok),
        });
        found.await
    }

    /// Waits until the call is over, and tells why.
    ///
    /// *Bounds*: the ends of the latest 64 calls are known, so that a handle that is made or asked late
    /// has its answer too.
    ///
    /// # Errors
    /// [`CallError::Refused`] with [`InputError::UnknownCall`], at once: 64 calls have ended since, or it
    /// is no call yet, but a caller about whom a `Screening` event asks. [`CallError::ShutDown`]: the
    /// phone has ended without an end of the call, since its runtime did.
    ///
    /// # Cancel safety
    /// Cancel safe: it changes nothing. The call goes on without anybody who waits.
    pub async fn ended(&self) -> Result<EndReason, CallError> {
        self.watch.until(|latest| self.end(latest)).await
    }

    /// How the wait for the end of the call ends; `None` while the call stands.
    fn end(&self, latest: &Latest) -> Option<Result<EndReason, CallError>> {
        if let Some(reason) = latest.end_of(self.id) {
            return Some(Ok(reason));
        }
        if latest.status(self.id).is_some() {
            return None;
        }
        Some(Err(match latest.state.is_shut_down {
            true => CallError::ShutDown,
            false => CallError::Refused(InputError::UnknownCall),
        }))
    }

    /// Answers the call. Harmless when it is answered.
    ///
    /// # Errors
    /// [`CallError`]: the call is over, or is one that we dialled.
    ///
    /// # Cancel safety
    /// Cancel safe: a request that is cancelled was not made, or is done all the same.
    pub async fn answer(&self) -> Result<(), CallError> {
        self.requests.command(Command::Answer(self.id)).await
    }

    /// Decides on a caller after a `Screening` event, or shuts out one whose call rings here.
    ///
    /// # Errors
    /// [`CallError`]: the caller has gone, or the call is answered.
    ///
    /// # Cancel safety
    /// Cancel safe: a request that is cancelled was not made, or is done all the same.
    pub async fn screen(&self, admission: Admission) -> Result<(), CallError> {
        self.requests.command(Command::Screen(self.id, admission)).await
    }

    /// Rejects a caller, whose call rings here or about whom a `Screening` event asks.
    ///
    /// # Errors
    /// [`CallError`]: the call is answered or over, or is one that we dialled.
    ///
    /// # Cancel safety
    /// Cancel safe: a request that is cancelled was not made, or is done all the same.
    pub async fn reject(&self) -> Result<(), CallError> {
        self.screen(Admission::Reject).await
    }

    /// Ends the call: cancels one that we dialled, rejects one that rings here.
    ///
    /// # Errors
    /// [`CallError`]: the call is over.
    ///
    /// # Cancel safety
    /// Cancel safe: a request that is cancelled was not made, or is done all the same.
    pub async fn hang_up(&self) -> Result<(), CallError> {
        self.requests.command(Command::HangUp(self.id)).await
    }

    /// Switches the profile, here and at the peer.
    ///
    /// # Errors
    /// [`CallError`]: the call is over or connecting, or the profile cannot be sent.
    ///
    /// # Cancel safety
    /// Cancel safe: a request that is cancelled was not made, or is done all the same.
    pub async fn set_profile(&self, profile: Profile) -> Result<(), CallError> {
        self.requests.command(Command::SetProfile(self.id, profile)).await
    }

    /// Switches the mode, here and at the peer.
    ///
    /// # Errors
    /// [`CallError`]: the call is over or connecting.
    ///
    /// # Cancel safety
    /// Cancel safe: a request that is cancelled was not made, or is done all the same.
    pub async fn set_mode(&self, mode: Mode) -> Result<(), CallError> {
        self.requests.command(Command::SetMode(self.id, mode)).await
    }

    /// Opens the microphone in half duplex, until [`release`](Self::release).
    ///
    /// # Errors
    /// [`CallError`]: the call is over.
    ///
    /// # Cancel safety
    /// Cancel safe: a request that is cancelled was not made, or is done all the same.
    pub async fn press_to_talk(&self) -> Result<(), CallError> {
        self.requests.command(Command::Talk(self.id, Talk::Pressed)).await
    }

    /// Closes the microphone in half duplex.
    ///
    /// # Errors
    /// [`CallError`]: the call is over.
    ///
    /// # Cancel safety
    /// Cancel safe: a request that is cancelled was not made, or is done all the same.
    pub async fn release(&self) -> Result<(), CallError> {
        self.requests.command(Command::Talk(self.id, Talk::Released)).await
    }

    /// Mutes a direction. What waits to be heard is forgotten.
    ///
    /// # Errors
    /// [`CallError`]: the call is over.
    ///
    /// # Cancel safety
    /// Cancel safe: a request that is cancelled was not made, or is done all the same.
    pub async fn mute(&self, direction: Direction) -> Result<(), CallError> {
        self.requests.command(Command::Mute(self.id, direction, Mute::Muted)).await
    }

    /// Unmutes a direction.
    ///
    /// # Errors
    /// [`CallError`]: the call is over.
    ///
    /// # Cancel safety
    /// Cancel safe: a request that is cancelled was not made, or is done all the same.
    pub async fn unmute(&self, direction: Direction) -> Result<(), CallError> {
        self.requests.command(Command::Mute(self.id, direction, Mute::Unmuted)).await
    }
}
