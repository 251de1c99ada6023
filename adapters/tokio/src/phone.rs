//! The app's handles.

use std::net::SocketAddr;
use std::sync::Arc;

use lxst_driver::Access;
use lxst_driver::core::{
    Availability, CallId, CallStatus, CallerPolicy, Command, Direction, IdentityHash, InputError,
    Mode, Mute, Profile, Talk, Verdict,
};
use tokio::sync::mpsc::Sender;
use tokio::sync::oneshot;

use crate::audio::{Microphone, Speaker};
use crate::request::{Figures, Request};

/// A handle to a phone. The phone shuts down when the last handle is dropped.
#[derive(Clone, Debug)]
pub struct Phone {
    requests: Sender<Request>,
    identity: IdentityHash,
    listening: Arc<[SocketAddr]>,
}

/// A handle to exactly one call.
#[derive(Clone, Debug)]
pub struct Call {
    phone: Phone,
    id: CallId,
}

/// Why a request was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The telephone refused it, and nothing changed.
    #[error(transparent)]
    Refused(#[from] InputError),
    /// The phone has shut down.
    #[error("the phone has shut down")]
    ShutDown,
}

impl Phone {
    pub(crate) fn new(
        requests: Sender<Request>,
        identity: IdentityHash,
        listening: Vec<SocketAddr>,
    ) -> Self {
        Self { requests, identity, listening: listening.into() }
    }

    /// Who this phone is: the hash that others dial.
    #[must_use]
    pub const fn identity(&self) -> IdentityHash {
        self.identity
    }

    /// The addresses that the phone listens on, in the order of the builder.
    #[must_use]
    pub fn listening(&self) -> &[SocketAddr] {
        &self.listening
    }

    /// Calls somebody in full duplex, and returns at once; events tell how it goes.
    ///
    /// # Errors
    /// [`CallError`]: the line is taken, or the profile cannot be sent.
    pub async fn dial(&self, to: IdentityHash, profile: Profile) -> Result<Call, CallError> {
        self.dial_in_mode(to, profile, Mode::FullDuplex).await
    }

    /// Calls somebody as [`dial`](Self::dial) does, and proposes a mode.
    ///
    /// # Errors
    /// As [`dial`](Self::dial).
    pub async fn dial_in_mode(
        &self,
        to: IdentityHash,
        profile: Profile,
        mode: Mode,
    ) -> Result<Call, CallError> {
        let id = self.ask(|reply| Request::Dial { to, profile, mode, reply }).await??;
        Ok(self.call(id))
    }

    /// Makes a handle to the call that an event names.
    #[must_use]
    pub fn call(&self, id: CallId) -> Call {
        Call { phone: self.clone(), id }
    }

    /// Changes what holds for callers who are on no list, from the next caller on.
    ///
    /// # Errors
    /// [`CallError::ShutDown`].
    pub async fn set_callers(&self, callers: CallerPolicy) -> Result<(), CallError> {
        self.send(Request::Callers(callers)).await
    }

    /// Changes the lists of callers, from the next caller on.
    ///
    /// # Errors
    /// [`CallError::ShutDown`].
    pub async fn set_access(&self, access: Access) -> Result<(), CallError> {
        self.send(Request::Access(access)).await
    }

    /// Takes or frees the line for incoming calls.
    ///
    /// # Errors
    /// [`CallError::ShutDown`].
    pub async fn set_busy(&self, availability: Availability) -> Result<(), CallError> {
        self.command(Command::SetBusy(availability)).await
    }

    /// Announces this phone.
    ///
    /// # Errors
    /// [`CallError::ShutDown`].
    pub async fn announce(&self) -> Result<(), CallError> {
        self.command(Command::Announce).await
    }

    /// Attaches a microphone, in the place of an earlier one.
    ///
    /// # Errors
    /// [`CallError::ShutDown`].
    pub async fn microphone(&self) -> Result<Microphone, CallError> {
        let (microphone, pcm) = Microphone::new();
        self.send(Request::Microphone(pcm)).await?;
        Ok(microphone)
    }

    /// Attaches a speaker, in the place of an earlier one.
    ///
    /// # Errors
    /// [`CallError::ShutDown`].
    pub async fn speaker(&self) -> Result<Speaker, CallError> {
        let (speaker, pcm) = Speaker::new();
        self.send(Request::Speaker(pcm)).await?;
        Ok(speaker)
    }

    /// Tells of the call, `None` when the line is idle.
    ///
    /// # Errors
    /// [`CallError::ShutDown`].
    pub async fn status(&self) -> Result<Option<CallStatus>, CallError> {
        self.ask(Request::Status).await
    }

    /// Tells what was counted.
    ///
    /// # Errors
    /// [`CallError::ShutDown`].
    pub async fn figures(&self) -> Result<Figures, CallError> {
        self.ask(Request::Figures).await
    }

    /// Ends the call and the phone, and waits until the peers were told, a second at most.
    /// Harmless when the phone has shut down.
    pub async fn shutdown(&self) {
        // Already shut down is what was asked for.
        let _ = self.ask(Request::ShutDown).await;
    }

    async fn command(&self, command: Command) -> Result<(), CallError> {
        Ok(self.ask(|reply| Request::Command { command, reply }).await??)
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<T>) -> Request,
    ) -> Result<T, CallError> {
        let (reply, answer) = oneshot::channel();
        self.send(request(reply)).await?;
        answer.await.map_err(|_| CallError::ShutDown)
    }

    async fn send(&self, request: Request) -> Result<(), CallError> {
        self.requests.send(request).await.map_err(|_| CallError::ShutDown)
    }
}

impl Call {
    /// The id that events name.
    #[must_use]
    pub const fn id(&self) -> CallId {
        self.id
    }

    /// Answers the call. Harmless when it is answered.
    ///
    /// # Errors
    /// [`CallError`]: the call is over, or is one that we dialled.
    pub async fn answer(&self) -> Result<(), CallError> {
        self.phone.command(Command::Answer(self.id)).await
    }

    /// Decides on a caller after a `Screening` event, or shuts out one whose call rings here.
    ///
    /// # Errors
    /// [`CallError`]: the caller has gone, or the call is answered.
    pub async fn screen(&self, verdict: Verdict) -> Result<(), CallError> {
        self.phone.command(Command::Screen(self.id, verdict)).await
    }

    /// Ends the call: cancels one that we dialled, rejects one that rings here.
    ///
    /// # Errors
    /// [`CallError`]: the call is over.
    pub async fn hang_up(&self) -> Result<(), CallError> {
        self.phone.command(Command::HangUp(self.id)).await
    }

    /// Switches the profile, here and at the peer.
    ///
    /// # Errors
    /// [`CallError`]: the call is over or being set up, or the profile cannot be sent.
    pub async fn set_profile(&self, profile: Profile) -> Result<(), CallError> {
        self.phone.command(Command::SetProfile(self.id, profile)).await
    }

    /// Switches the mode, here and at the peer.
    ///
    /// # Errors
    /// [`CallError`]: the call is over or being set up.
    pub async fn set_mode(&self, mode: Mode) -> Result<(), CallError> {
        self.phone.command(Command::SetMode(self.id, mode)).await
    }

    /// Presses or releases the talk button, which counts in half duplex.
    ///
    /// # Errors
    /// [`CallError`]: the call is over.
    pub async fn talk(&self, talk: Talk) -> Result<(), CallError> {
        self.phone.command(Command::Talk(self.id, talk)).await
    }

    /// Mutes or unmutes a direction.
    ///
    /// # Errors
    /// [`CallError`]: the call is over.
    pub async fn mute(&self, direction: Direction, mute: Mute) -> Result<(), CallError> {
        self.phone.command(Command::Mute(self.id, direction, mute)).await
    }
}
