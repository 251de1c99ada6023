//! The handle to a call.

use lxst_engine::core::{Admission, CallId, Command, Direction, Mode, Mute, Profile, Talk};

use crate::error::CallError;
use crate::request::Requester;

/// A handle to exactly one call. When that is over, everything asked of it is refused, and no other
/// call is touched. It may be over before the app has read of it: a last report of quality comes
/// before `Ended`.
#[derive(Clone, Debug)]
pub struct Call {
    requests: Requester,
    id: CallId,
}

impl Call {
    pub(crate) const fn new(requests: Requester, id: CallId) -> Self {
        Self { requests, id }
    }

    /// The id that events name.
    #[must_use]
    pub const fn id(&self) -> CallId {
        self.id
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
