//! The handle to a phone.

use std::net::SocketAddr;
use std::sync::Arc;

use lxst_core::{CallId, Command, DisplayName, IdentityHash, Mode, Profile};
use lxst_engine::Callers;

use crate::audio::{
    AudioError, AudioFormat, AudioSink, AudioSource, DeviceSink, DeviceSource, SourcePort,
};
use crate::call::Call;
use crate::error::CallError;
use crate::events::Events;
use crate::request::{Counters, Request, Requester};
use crate::state::{State, Watch};

/// A handle to a phone, cheap to clone.
///
/// The phone shuts down when the last handle, to it or to one of its calls, is dropped: in the
/// background, for which it needs the runtime for up to a second and a quarter. The end of the call
/// is written then, and nothing more is promised: a program that ends before the peer has read it
/// may leave the peer with a lost link. At the end of a program, await
/// [`shutdown`](Self::shutdown). A task that follows the events and
/// holds a handle keeps the phone for as long as it runs.
#[derive(Clone, Debug)]
pub struct Phone {
    requests: Requester,
    watch: Watch,
    identity: IdentityHash,
    listening: Arc<[SocketAddr]>,
}

impl Phone {
    pub(crate) fn new(
        requests: Requester,
        watch: Watch,
        identity: IdentityHash,
        listening: Vec<SocketAddr>,
    ) -> Self {
        Self { requests, watch, identity, listening: listening.into() }
    }

    /// Who this phone is: the hash that others dial.
    #[must_use]
    pub const fn identity(&self) -> IdentityHash {
        self.identity
    }

    /// The local addresses of TCP servers and UDP sockets, in the order of the builder.
    #[must_use]
    pub fn listening(&self) -> &[SocketAddr] {
        &self.listening
    }

    /// Calls somebody in full duplex, and returns at once: await [`Call::established`], or read the
    /// events. The endpoint searches a path for 55 s, if its settings say nothing else. A call to
    /// oneself ends as [`LinkFailed`](crate::EndReason::LinkFailed).
    ///
    /// # Errors
    /// [`CallError`]: the line is taken, the profile cannot be sent, or the hash is that of a
    /// telephony destination, of which the phone knows whose it is.
    ///
    /// # Cancel safety
    /// A dial that is cancelled was not made, or goes on: [`state`](Self::state) and the events name its
    /// call.
    pub async fn dial(&self, to: IdentityHash, profile: Profile) -> Result<Call, CallError> {
        self.dial_in_mode(to, profile, Mode::FullDuplex).await
    }

    /// Calls somebody as [`dial`](Self::dial) does, and proposes a mode.
    ///
    /// # Errors
    /// As [`dial`](Self::dial).
    ///
    /// # Cancel safety
    /// As [`dial`](Self::dial).
    pub async fn dial_in_mode(
        &self,
        to: IdentityHash,
        profile: Profile,
        mode: Mode,
    ) -> Result<Call, CallError> {
        let id = self.requests.ask(|reply| Request::Dial { to, profile, mode, reply }).await??;
        Ok(self.call(id))
    }

    /// Makes a handle to the call that an event names. A call that is over can be asked for its end
    /// for as long as [`Call::ended`] says.
    #[must_use]
    pub fn call(&self, id: CallId) -> Call {
        Call::new(self.requests.clone(), self.watch.clone(), id)
    }

    /// Changes who may call, from the next caller on.
    ///
    /// # Errors
    /// [`CallError::ShutDown`].
    ///
    /// # Cancel safety
    /// Cancel safe: a request that is cancelled was not made, or is done all the same.
    pub async fn set_callers(&self, callers: Callers) -> Result<(), CallError> {
        self.requests.send(Request::Callers(callers)).await
    }

    /// Changes the name that announces tell, or tells none, from the next announce on. Nothing is sent:
    /// [`announce`](Self::announce) tells it at once. Until then path responses carry the earlier name.
    ///
    /// # Errors
    /// [`CallError::ShutDown`].
    ///
    /// # Cancel safety
    /// Cancel safe: a cancelled request is done whole or not at all.
    pub async fn set_display_name(&self, name: Option<DisplayName>) -> Result<(), CallError> {
        self.requests.send(Request::DisplayName(name)).await
    }

    /// Takes or frees the line for incoming calls.
    ///
    /// # Errors
    /// [`CallError::ShutDown`].
    ///
    /// # Cancel safety
    /// Cancel safe: a request that is cancelled was not made, or is done all the same.
    pub async fn set_available(&self, available: bool) -> Result<(), CallError> {
        self.requests.command(Command::SetAvailable(available)).await
    }

    /// Announces this phone.
    ///
    /// # Errors
    /// [`CallError::ShutDown`].
    ///
    /// # Cancel safety
    /// Cancel safe: a request that is cancelled was not made, or is done all the same.
    pub async fn announce(&self) -> Result<(), CallError> {
        self.requests.command(Command::Announce).await
    }

    /// Attaches a microphone, in the place of an earlier source, at any time.
    ///
    /// # Errors
    /// [`AudioError`]: the format cannot be, or the phone has shut down.
    ///
    /// # Cancel safety
    /// Cancel safe: a request that is cancelled attaches nothing, and an earlier port stays.
    pub async fn device_source(&self, format: AudioFormat) -> Result<DeviceSource, AudioError> {
        let (source, port) = DeviceSource::new(format)?;
        self.attach(Request::Source(SourcePort::Device(port))).await?;
        Ok(source)
    }

    /// Attaches a source that the app writes, in the place of an earlier one, at any time: a file, or
    /// generated speech.
    ///
    /// # Errors
    /// As [`device_source`](Self::device_source).
    ///
    /// # Cancel safety
    /// As [`device_source`](Self::device_source).
    pub async fn audio_source(&self, format: AudioFormat) -> Result<AudioSource, AudioError> {
        let (source, port) = AudioSource::new(format)?;
        self.attach(Request::Source(SourcePort::Written(port))).await?;
        Ok(source)
    }

    /// Attaches a speaker, in the place of an earlier sink, at any time.
    ///
    /// # Errors
    /// As [`device_source`](Self::device_source).
    ///
    /// # Cancel safety
    /// As [`device_source`](Self::device_source).
    pub async fn device_sink(&self, format: AudioFormat) -> Result<DeviceSink, AudioError> {
        let (sink, port) = DeviceSink::new(format)?;
        self.attach(Request::Sink(port)).await?;
        Ok(sink)
    }

    /// Attaches a sink that the app reads, in the place of an earlier one, at any time: a file, or a
    /// recorder.
    ///
    /// # Errors
    /// As [`device_source`](Self::device_source).
    ///
    /// # Cancel safety
    /// As [`device_source`](Self::device_source).
    pub async fn audio_sink(&self, format: AudioFormat) -> Result<AudioSink, AudioError> {
        let (sink, port) = AudioSink::new(format)?;
        self.attach(Request::Sink(port)).await?;
        Ok(sink)
    }

    async fn attach(&self, port: Request) -> Result<(), AudioError> {
        self.requests.send(port).await.map_err(|_| AudioError::Detached)
    }

    /// How the phone stands, without waiting.
    #[must_use]
    pub fn state(&self) -> State {
        self.watch.state()
    }

    /// A view of the phone's state that tells when it changed.
    #[must_use]
    pub fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// Events from here on, for one more listener.
    ///
    /// # Errors
    /// [`CallError::ShutDown`].
    ///
    /// # Cancel safety
    /// Cancel safe: a request that is cancelled subscribes nobody.
    pub async fn subscribe(&self) -> Result<Events, CallError> {
        let (events, queue) = Events::new(self.state().number);
        self.requests.send(Request::Subscribe(queue)).await?;
        Ok(events)
    }

    /// Tells what was counted.
    ///
    /// # Errors
    /// [`CallError::ShutDown`].
    ///
    /// # Cancel safety
    /// Cancel safe: it changes nothing.
    pub async fn counters(&self) -> Result<Counters, CallError> {
        self.requests.ask(Request::Counters).await
    }

    /// Ends the call and the phone, and waits until the peers were told: a second at most to write
    /// it, and 0.25 s after the last bytes for the other end to read it. Nothing of the phone is left then: no task, thread, socket or file. Harmless when the
    /// phone has shut down.
    ///
    /// # Cancel safety
    /// Cancel safe: a shutdown that has begun goes on, and can be awaited again.
    pub async fn shutdown(&self) {
        // Whoever comes later than others is not asked any more, and waits for the same end.
        let _ = self.requests.ask(Request::ShutDown).await;
        let mut watch = self.watch();
        while watch.changed().await.is_some() {}
    }
}
