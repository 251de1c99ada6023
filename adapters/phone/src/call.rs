//! The handle to a call.

use lxst_core::{
    Admission, CallId, CallState, CallStatus, Command, Direction, EndReason, InputError, Mode,
    Mute, Profile, Talk,
};

use crate::error::CallError;
use crate::request::Requester;
use crate::state::{Latest, Watch};

/// A handle to one call, cheap to clone.
///
/// When the call is over, each request is refused; a handle never acts on another call. A call may
/// be over before the app has read its [`Ended`](crate::Event::Ended) event.
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

    /// Returns the id of the call, which its events carry.
    #[must_use]
    pub const fn id(&self) -> CallId {
        self.id
    }

    /// Returns the status of the call, without waiting; `None` when it is over, and while its
    /// caller is being screened.
    #[must_use]
    pub fn status(&self) -> Option<CallStatus> {
        self.watch.look(|latest| latest.status(self.id))
    }

    /// Waits until the call is established, and returns its status.
    ///
    /// # Errors
    /// [`CallError::Ended`], with the reason: the call is over, whether or not it was established.
    /// Else as [`ended`](Self::ended).
    ///
    /// # Cancel safety
    /// Cancel safe: it only waits. The call goes on.
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

    /// Waits until the call is over, and returns the reason.
    ///
    /// *Bounds*: the phone remembers how the latest 64 calls ended, for handles that ask late.
    ///
    /// # Errors
    /// [`CallError::Refused`] with [`InputError::UnknownCall`], at once: 64 calls have ended since,
    /// or the caller is being screened. [`CallError::ShutDown`]: the runtime ended before the call
    /// did.
    ///
    /// # Cancel safety
    /// Cancel safe: it only waits. The call goes on.
    pub async fn ended(&self) -> Result<EndReason, CallError> {
        self.watch.until(|latest| self.end(latest)).await
    }

    /// Returns the result of [`ended`](Self::ended); `None` while the call lasts.
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

    /// Answers the call; does nothing if it is answered.
    ///
    /// # Errors
    /// [`CallError`]: the call is over, or is outgoing.
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn answer(&self) -> Result<(), CallError> {
        self.requests.command(Command::Answer(self.id)).await
    }

    /// Decides about a caller after a [`Screening`](crate::Event::Screening) event, or turns away
    /// one whose call rings.
    ///
    /// # Errors
    /// [`CallError`]: the caller has gone, or the call is answered.
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn screen(&self, admission: Admission) -> Result<(), CallError> {
        self.requests.command(Command::Screen(self.id, admission)).await
    }

    /// Rejects a caller whose call rings, or who is being screened.
    ///
    /// # Errors
    /// [`CallError`]: the call is answered, over or outgoing.
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn reject(&self) -> Result<(), CallError> {
        self.screen(Admission::Reject).await
    }

    /// Ends the call: cancels an outgoing one, rejects one that rings here.
    ///
    /// # Errors
    /// [`CallError`]: the call is over.
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn hang_up(&self) -> Result<(), CallError> {
        self.requests.command(Command::HangUp(self.id)).await
    }

    /// Switches the profile, here and at the peer.
    ///
    /// # Errors
    /// [`CallError`]: the call is over or connecting, or the profile cannot be sent.
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn set_profile(&self, profile: Profile) -> Result<(), CallError> {
        self.requests.command(Command::SetProfile(self.id, profile)).await
    }

    /// Switches the mode, here and at the peer.
    ///
    /// # Errors
    /// [`CallError`]: the call is over or connecting.
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn set_mode(&self, mode: Mode) -> Result<(), CallError> {
        self.requests.command(Command::SetMode(self.id, mode)).await
    }

    /// Opens the microphone in half duplex, until [`release`](Self::release).
    ///
    /// # Errors
    /// [`CallError`]: the call is over.
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn press_to_talk(&self) -> Result<(), CallError> {
        self.requests.command(Command::Talk(self.id, Talk::Pressed)).await
    }

    /// Closes the microphone in half duplex.
    ///
    /// # Errors
    /// [`CallError`]: the call is over.
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn release(&self) -> Result<(), CallError> {
        self.requests.command(Command::Talk(self.id, Talk::Released)).await
    }

    /// Mutes a direction. Muting [`Direction::Receive`] discards the audio that waits for the
    /// speaker.
    ///
    /// # Errors
    /// [`CallError`]: the call is over.
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn mute(&self, direction: Direction) -> Result<(), CallError> {
        self.requests.command(Command::Mute(self.id, direction, Mute::Muted)).await
    }

    /// Unmutes a direction.
    ///
    /// # Errors
    /// [`CallError`]: the call is over.
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn unmute(&self, direction: Direction) -> Result<(), CallError> {
        self.requests.command(Command::Mute(self.id, direction, Mute::Unmuted)).await
    }
}
