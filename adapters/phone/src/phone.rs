//! The handle to a phone.

use std::net::SocketAddr;
use std::sync::Arc;

use lxst_core::{CallId, Command, DisplayName, IdentityHash, Mode};
use lxst_engine::{Callers, ProfileChoice};

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
/// The phone shuts down when the last handle to it and its calls is dropped. That happens in the
/// background and needs the runtime for up to 1.25 s: a program that ends earlier may leave the
/// peer with a lost link. So await [`shutdown`](Self::shutdown) at the end of a program. A task
/// that holds a handle keeps the phone running.
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

    /// Returns the identity hash of this phone, which others dial.
    #[must_use]
    pub const fn identity(&self) -> IdentityHash {
        self.identity
    }

    /// Returns the local addresses of the TCP servers and UDP sockets, in the order of the builder.
    #[must_use]
    pub fn listening(&self) -> &[SocketAddr] {
        &self.listening
    }

    /// Dials an identity, in full duplex. It returns at once: await [`Call::established`], or read
    /// the events.
    ///
    /// A [`Profile`](crate::Profile) is used exactly. [`ProfileChoice::Auto`] chooses the one that
    /// fits the path, as [`Event::ProfileChosen`](crate::Event::ProfileChosen) tells.
    ///
    /// *Bounds*: the endpoint searches a path for 55 s, unless its settings say otherwise. A call
    /// to our own identity ends with [`LinkFailed`](crate::EndReason::LinkFailed).
    ///
    /// # Errors
    /// [`CallError`]: the line is taken, the profile cannot be sent, or the hash is that of a known
    /// telephony destination.
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or the call goes on: [`state`](Self::state) and the
    /// events carry its id.
    pub async fn dial(
        &self,
        to: IdentityHash,
        profile: impl Into<ProfileChoice>,
    ) -> Result<Call, CallError> {
        self.dial_in_mode(to, profile, Mode::FullDuplex).await
    }

    /// Dials as [`dial`](Self::dial) does, and proposes a mode.
    ///
    /// # Errors
    /// As [`dial`](Self::dial).
    ///
    /// # Cancel safety
    /// As [`dial`](Self::dial).
    pub async fn dial_in_mode(
        &self,
        to: IdentityHash,
        profile: impl Into<ProfileChoice>,
        mode: Mode,
    ) -> Result<Call, CallError> {
        let profile = profile.into();
        let id = self.requests.ask(|reply| Request::Dial { to, profile, mode, reply }).await??;
        Ok(self.call(id))
    }

    /// Returns a handle to the call with the id of an event. A call that is over still answers
    /// [`Call::ended`].
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
    /// A cancelled request was either not made, or is carried out.
    pub async fn set_callers(&self, callers: Callers) -> Result<(), CallError> {
        self.requests.send(Request::Callers(callers)).await
    }

    /// Changes the name that announces tell, or tells none, from the next announce on. Nothing is
    /// sent: [`announce`](Self::announce) tells it at once. Until then path responses carry the
    /// earlier name.
    ///
    /// # Errors
    /// [`CallError::ShutDown`].
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn set_display_name(&self, name: Option<DisplayName>) -> Result<(), CallError> {
        self.requests.send(Request::DisplayName(name)).await
    }

    /// Sets whether the phone takes calls. If not, callers are told that the line is busy.
    ///
    /// # Errors
    /// [`CallError::ShutDown`].
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn set_available(&self, available: bool) -> Result<(), CallError> {
        self.requests.command(Command::SetAvailable(available)).await
    }

    /// Announces this phone.
    ///
    /// # Errors
    /// [`CallError::ShutDown`].
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn announce(&self) -> Result<(), CallError> {
        self.requests.command(Command::Announce).await
    }

    /// Closes the [backup interfaces](crate::Interface::as_backup) for 5 s, so that another program
    /// of this machine can take their ports. A Reticulum that ends where a port is taken can start
    /// beside a phone that learns of it early. While there is a call nothing is closed.
    ///
    /// # Errors
    /// [`CallError::ShutDown`].
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    #[cfg(feature = "endpoint")]
    pub async fn make_room(&self) -> Result<(), CallError> {
        self.requests.send(Request::MakeRoom).await
    }

    /// Lets calls hear each other, in place of those bridged before; an empty
    /// [`Bridge`](crate::Bridge) ends it. A call that ends leaves the bridge, and the others stay.
    ///
    /// # Errors
    /// [`CallError::ShutDown`]. Calls that are over are left out.
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    #[cfg(feature = "conference")]
    pub async fn set_bridge(&self, bridge: crate::Bridge) -> Result<(), CallError> {
        self.requests.send(Request::Bridge(bridge)).await
    }

    /// Attaches a microphone at any time, in place of an earlier source.
    ///
    /// # Errors
    /// [`AudioError`]: the format is not usable, or the phone has shut down.
    ///
    /// # Cancel safety
    /// Cancel safe: a cancelled request attaches nothing, and an earlier port stays.
    pub async fn device_source(&self, format: AudioFormat) -> Result<DeviceSource, AudioError> {
        let (source, port) = DeviceSource::new(format)?;
        let port = SourcePort::Device(port);
        self.attach(Request::Source { of: None, port, reply: None }).await?;
        Ok(source)
    }

    /// Attaches a source that an async task writes, such as a file or generated speech, at any time
    /// and in place of an earlier source.
    ///
    /// # Errors
    /// As [`device_source`](Self::device_source).
    ///
    /// # Cancel safety
    /// As [`device_source`](Self::device_source).
    pub async fn audio_source(&self, format: AudioFormat) -> Result<AudioSource, AudioError> {
        let (source, port) = AudioSource::new(format)?;
        let port = SourcePort::Written(port);
        self.attach(Request::Source { of: None, port, reply: None }).await?;
        Ok(source)
    }

    /// Attaches a speaker at any time, in place of an earlier sink.
    ///
    /// # Errors
    /// As [`device_source`](Self::device_source).
    ///
    /// # Cancel safety
    /// As [`device_source`](Self::device_source).
    pub async fn device_sink(&self, format: AudioFormat) -> Result<DeviceSink, AudioError> {
        let (sink, port) = DeviceSink::new(format)?;
        self.attach(Request::Sink { of: None, port, reply: None }).await?;
        Ok(sink)
    }

    /// Attaches a sink that an async task reads, such as a recorder, at any time and in place of an
    /// earlier sink.
    ///
    /// # Errors
    /// As [`device_source`](Self::device_source).
    ///
    /// # Cancel safety
    /// As [`device_source`](Self::device_source).
    pub async fn audio_sink(&self, format: AudioFormat) -> Result<AudioSink, AudioError> {
        let (sink, port) = AudioSink::new(format)?;
        self.attach(Request::Sink { of: None, port, reply: None }).await?;
        Ok(sink)
    }

    #[cfg(feature = "conference")]
    pub(crate) async fn command(&self, command: Command) -> Result<(), CallError> {
        self.requests.command(command).await
    }

    async fn attach(&self, port: Request) -> Result<(), AudioError> {
        self.requests.send(port).await.map_err(|_| AudioError::Detached)
    }

    /// Returns the state of the phone, without waiting.
    #[must_use]
    pub fn state(&self) -> State {
        self.watch.state()
    }

    /// Returns a view of the state that reports changes.
    #[must_use]
    pub fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// Subscribes to the events from here on, beside other subscribers.
    ///
    /// # Errors
    /// [`CallError::ShutDown`].
    ///
    /// # Cancel safety
    /// Cancel safe: a cancelled request subscribes nobody.
    pub async fn subscribe(&self) -> Result<Events, CallError> {
        let (events, queue) = Events::new(self.state().number);
        self.requests.send(Request::Subscribe(queue)).await?;
        Ok(events)
    }

    /// Returns the counters of the phone.
    ///
    /// # Errors
    /// [`CallError::ShutDown`].
    ///
    /// # Cancel safety
    /// Cancel safe: it changes nothing.
    pub async fn counters(&self) -> Result<Counters, CallError> {
        self.requests.ask(Request::Counters).await
    }

    /// Ends the call and the phone, and waits until the peers are told. When it returns, the phone
    /// has no task, thread, socket or open file left. It does nothing when the phone has shut down.
    ///
    /// *Bounds*: 1 s to write the last packets, and 0.25 s after them for the other end to read
    /// them.
    ///
    /// # Cancel safety
    /// Cancel safe: a shutdown that has begun goes on, and can be awaited again.
    pub async fn shutdown(&self) {
        // A phone that is shutting down takes no request; its end is waited for.
        let _ = self.requests.ask(Request::ShutDown).await;
        let mut watch = self.watch();
        while watch.changed().await.is_some() {}
    }
}
