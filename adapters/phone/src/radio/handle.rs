//! The handle to a radio.

use std::sync::Arc;
#[cfg(feature = "endpoint")]
use std::sync::Weak;

use async_channel::Sender;
#[cfg(feature = "endpoint")]
use async_executor::Executor;
use lxst_core::talk::{Command, Format};
use lxst_core::wire::Signal;
use lxst_core::{Counters, LinkId, Mute, StreamId, Talk};

use super::lanes::{Lanes, RadioPort};
use super::request::{RadioError, Request};
use crate::audio::{
    AudioError, AudioFormat, AudioSink, AudioSource, DeviceSink, DeviceSource, SourcePort,
};
use crate::request::Reply;

/// A handle to a radio, which sends talk spurts and plays those of up to four others, mixed. Cheap
/// to clone.
///
/// The radio is on any number of links and broadcast channels: what it sends is encoded once, and
/// goes to each. It ends when the last handle is dropped, and closes its links. It is one task of
/// the runtime and one thread, which runs the codecs.
///
/// *Wire*: the frames of the reference's `Packetizer` and `LinkSource`, with the optional keys of
/// [`lxst_core::wire`].
///
/// Two phones of one process, of which one talks on a link to the other:
///
#[cfg_attr(all(feature = "endpoint", feature = "opus"), doc = "```")]
#[cfg_attr(not(all(feature = "endpoint", feature = "opus")), doc = "```ignore")]
/// use lxst_phone::reticulum::{DestinationConfig, name_hash};
/// use lxst_phone::{AudioFormat, Identity, Interface, OsRng, PhoneBuilder, RadioBuilder};
/// use lxst_smol::Smol;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// smol::block_on(async {
///     let [left, right] = Interface::pair("a line");
///     let phone = || PhoneBuilder::<Smol>::new(Identity::generate(&mut OsRng));
///     let (here, there) = (phone().interface(left), phone().interface(right));
///     let (ours, theirs) = (here.destinations(), there.destinations());
///     let (alice, bob) = (here.start().await?, there.start().await?);
///     let talk = DestinationConfig::new(name_hash("example.talk"));
///     let served = theirs.serve(talk).await?;
///
///     let (walkie, _) = RadioBuilder::<Smol>::new().start()?;
///     walkie.on_link(ours.open(served.destination()).await?);
///     let (talkie, _events) = RadioBuilder::<Smol>::new().start()?;
///     talkie.on_link(served.next().await.ok_or("the phone has shut down")?);
///
///     let mut speaker = talkie.audio_sink(AudioFormat::PHONE).await?;
///     let mut microphone = walkie.audio_source(AudioFormat::PHONE).await?;
///     walkie.press_to_talk().await?;
///     microphone.write(&[0.1_f32; 9_600]).await?;
///     let mut pcm = [0_i16; 960];
///     speaker.read(&mut pcm).await?; // 20 ms, at real-time pace, while somebody talks
///     walkie.release().await?;
///     # for radio in [walkie, talkie] { radio.shutdown().await; }
///     # for (phone, _) in [alice, bob] { phone.shutdown().await; }
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Radio {
    pub(super) requests: Sender<Request>,
    pub(super) lanes: Arc<Lanes>,
    /// Runs the tasks that carry packets, for as long as the radio runs.
    #[cfg(feature = "endpoint")]
    pub(super) carriers: Weak<Executor<'static>>,
}

impl Radio {
    /// Adds a way for packets, such as a link of the app's own stack: packets of at most `mdu`
    /// bytes go out through the port, and those that arrive are given to it. Dropping the port
    /// ends the talks of its talkers.
    ///
    /// The radio's packets are no longer than the smallest `mdu` of its ports.
    #[must_use]
    pub fn port(&self, mdu: usize) -> RadioPort {
        self.lanes.open(mdu)
    }

    /// Presses the talk button: what the source brings is sent.
    ///
    /// # Errors
    /// [`RadioError::ShutDown`].
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn press_to_talk(&self) -> Result<(), RadioError> {
        self.command(Command::Talk(Talk::Pressed)).await
    }

    /// Releases the talk button. The frame that was begun is completed and sent.
    ///
    /// # Errors
    /// [`RadioError::ShutDown`].
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn release(&self) -> Result<(), RadioError> {
        self.command(Command::Talk(Talk::Released)).await
    }

    /// Sends another format, from the next frame on.
    ///
    /// # Errors
    /// [`RadioError::Codec`]: nothing changed. [`RadioError::ShutDown`].
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn set_format(&self, format: impl Into<Format>) -> Result<(), RadioError> {
        let format = format.into();
        self.ask(|reply| Request::Format(format, reply)).await?
    }

    /// Mutes a talker of [`Talking`](lxst_core::talk::Event::Talking), until its stream closes.
    ///
    /// # Errors
    /// [`RadioError::Refused`] or [`ShutDown`](RadioError::ShutDown).
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn mute(&self, talker: StreamId) -> Result<(), RadioError> {
        self.command(Command::Mute(talker, Mute::Muted)).await
    }

    /// Unmutes a talker.
    ///
    /// # Errors
    /// As [`mute`](Self::mute).
    ///
    /// # Cancel safety
    /// As [`mute`](Self::mute).
    pub async fn unmute(&self, talker: StreamId) -> Result<(), RadioError> {
        self.command(Command::Mute(talker, Mute::Unmuted)).await
    }

    /// Sends a signal in the band, to which a radio gives no meaning.
    ///
    /// # Errors
    /// [`RadioError::ShutDown`].
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn signal(&self, signal: Signal) -> Result<(), RadioError> {
        self.command(Command::Signal(signal)).await
    }

    /// Attaches a source that an async task writes, in place of an earlier source. It is read
    /// while the talk button is pressed.
    ///
    /// # Errors
    /// [`AudioError`]: the format is not usable, or the radio has shut down.
    ///
    /// # Cancel safety
    /// Cancel safe: a cancelled request attaches nothing, and an earlier port stays.
    pub async fn audio_source(&self, format: AudioFormat) -> Result<AudioSource, AudioError> {
        let (source, port) = AudioSource::new(format)?;
        self.attach(Request::Source(SourcePort::Written(port))).await?;
        Ok(source)
    }

    /// Attaches a microphone, in place of an earlier source.
    ///
    /// # Errors
    /// As [`audio_source`](Self::audio_source).
    ///
    /// # Cancel safety
    /// As [`audio_source`](Self::audio_source).
    pub async fn device_source(&self, format: AudioFormat) -> Result<DeviceSource, AudioError> {
        let (source, port) = DeviceSource::new(format)?;
        self.attach(Request::Source(SourcePort::Device(port))).await?;
        Ok(source)
    }

    /// Attaches a sink that an async task reads, in place of an earlier sink. It brings audio while
    /// a talker has a place.
    ///
    /// # Errors
    /// As [`audio_source`](Self::audio_source).
    ///
    /// # Cancel safety
    /// As [`audio_source`](Self::audio_source).
    pub async fn audio_sink(&self, format: AudioFormat) -> Result<AudioSink, AudioError> {
        let (sink, port) = AudioSink::new(format)?;
        self.attach(Request::Sink(port)).await?;
        Ok(sink)
    }

    /// Attaches a speaker, in place of an earlier sink.
    ///
    /// # Errors
    /// As [`audio_source`](Self::audio_source).
    ///
    /// # Cancel safety
    /// As [`audio_source`](Self::audio_source).
    pub async fn device_sink(&self, format: AudioFormat) -> Result<DeviceSink, AudioError> {
        let (sink, port) = DeviceSink::new(format)?;
        self.attach(Request::Sink(port)).await?;
        Ok(sink)
    }

    /// Returns the counters since the start.
    ///
    /// # Errors
    /// [`RadioError::ShutDown`].
    ///
    /// # Cancel safety
    /// Cancel safe: it changes nothing.
    pub async fn counters(&self) -> Result<Counters, RadioError> {
        self.ask(Request::Counters).await
    }

    /// Returns the links and channels that the radio is on.
    #[must_use]
    pub fn links(&self) -> Vec<LinkId> {
        self.lanes.ids()
    }

    /// Ends the talk spurt and the radio, and waits until its packets have left and its links are
    /// closed.
    ///
    /// *Bounds*: 1 s.
    ///
    /// # Cancel safety
    /// Cancel safe: a shutdown that has begun goes on, and can be awaited again.
    pub async fn shutdown(&self) {
        // A radio that is shutting down refuses requests at its end.
        let _ = self.ask(Request::ShutDown).await;
    }

    async fn command(&self, command: Command) -> Result<(), RadioError> {
        Ok(self.ask(|reply| Request::Command(command, reply)).await??)
    }

    async fn attach(&self, request: Request) -> Result<(), AudioError> {
        self.requests.send(request).await.map_err(|_| AudioError::Detached)
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, RadioError> {
        let (reply, answer) = Reply::channel();
        self.requests.send(request(reply)).await.map_err(|_| RadioError::ShutDown)?;
        answer.recv().await.map_err(|_| RadioError::ShutDown)
    }
}
