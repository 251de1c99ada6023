//! The handle to a call.

use std::ops::ControlFlow;

use lxst_core::{
    Admission, CallId, CallState, CallStatus, Command, Direction, EndReason, InputError, Mode,
    Mute, Profile, Quality, Talk,
};

use crate::audio::{
    AudioError, AudioFormat, AudioSink, AudioSource, AudioTap, DeviceSink, DeviceSource, SinkPort,
    SourcePort,
};
use crate::error::CallError;
use crate::request::{Request, Requester};
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

    /// The latest report of the call's quality, without waiting; `None` before the first, a second
    /// after the call is established, and when the call is over.
    #[must_use]
    pub fn quality(&self) -> Option<Quality> {
        self.watch.look(|latest| latest.state.quality_of(self.id))
    }

    /// Attaches a microphone for this call alone, which then hears nothing of the phone's own
    /// source. It takes the place of an earlier source of the call's own, and is detached when the
    /// call ends.
    ///
    /// # Errors
    /// [`AudioError`]: the format cannot be, the call is over or does not ring yet, or the phone has shut
    /// down.
    ///
    /// # Cancel safety
    /// Cancel safe: a port of a request that is cancelled is detached.
    pub async fn device_source(&self, format: AudioFormat) -> Result<DeviceSource, AudioError> {
        let (source, port) = DeviceSource::new(format)?;
        self.attach_source(SourcePort::Device(port)).await?;
        Ok(source)
    }

    /// Attaches a source that the app writes for this call alone, as
    /// [`device_source`](Self::device_source) does a microphone.
    ///
    /// # Errors
    /// As [`device_source`](Self::device_source).
    ///
    /// # Cancel safety
    /// As [`device_source`](Self::device_source).
    pub async fn audio_source(&self, format: AudioFormat) -> Result<AudioSource, AudioError> {
        let (source, port) = AudioSource::new(format)?;
        self.attach_source(SourcePort::Written(port)).await?;
        Ok(source)
    }

    /// Attaches a speaker for this call alone, which the phone's own sink then plays nothing of. It
    /// takes the place of an earlier sink of the call's own, and is detached when the call ends.
    ///
    /// # Errors
    /// As [`device_source`](Self::device_source).
    ///
    /// # Cancel safety
    /// As [`device_source`](Self::device_source).
    pub async fn device_sink(&self, format: AudioFormat) -> Result<DeviceSink, AudioError> {
        let (sink, port) = DeviceSink::new(format)?;
        self.attach_sink(port).await?;
        Ok(sink)
    }

    /// Attaches a sink that the app reads for this call alone, as
    /// [`device_sink`](Self::device_sink) does a speaker. When the call has ended, what is left can
    /// be read.
    ///
    /// # Errors
    /// As [`device_source`](Self::device_source).
    ///
    /// # Cancel safety
    /// As [`device_source`](Self::device_source).
    pub async fn audio_sink(&self, format: AudioFormat) -> Result<AudioSink, AudioError> {
        let (sink, port) = AudioSink::new(format)?;
        self.attach_sink(port).await?;
        Ok(sink)
    }

    /// Shows a closure the audio of the call, until it breaks or the call ends: what is sent, and
    /// what is played, each as it passes. A direction that is muted, or that does not talk in half
    /// duplex, is silence. A call may have several.
    ///
    /// *Shape*: blocks of up to 2 s, mostly of 5 to 20 ms, in the phone's own format. What no sink
    /// plays is not shown.
    ///
    /// The closure runs on the phone's task: it must not block.
    ///
    /// # Errors
    /// [`AudioError`]: the call is over, its caller is being screened, or the phone has shut down.
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn tap_audio(
        &self,
        tap: impl FnMut(Direction, &[f32]) -> ControlFlow<()> + Send + 'static,
    ) -> Result<(), AudioError> {
        let (of, tap) = (self.id, AudioTap::new(tap));
        attached(self.requests.ask(|reply| Request::Tap { of, tap, reply }).await)
    }

    async fn attach_source(&self, port: SourcePort) -> Result<(), AudioError> {
        let of = Some(self.id);
        let attach = |reply| Request::Source { of, port, reply: Some(reply) };
        attached(self.requests.ask(attach).await)
    }

    async fn attach_sink(&self, port: SinkPort) -> Result<(), AudioError> {
        let of = Some(self.id);
        let attach = |reply| Request::Sink { of, port, reply: Some(reply) };
        attached(self.requests.ask(attach).await)
    }
}

fn attached(answer: Result<Result<(), InputError>, CallError>) -> Result<(), AudioError> {
    match answer {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(AudioError::NoCall),
        Err(_) => Err(AudioError::Detached),
    }
}
