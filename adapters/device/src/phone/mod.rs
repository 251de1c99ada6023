//! The devices of a phone: a microphone and a speaker for its calls, and a ringer.

mod event;
mod held;
mod microphone;
mod open;
mod plan;
mod ringtones;
mod settings;
mod shared;
mod speaker;
mod task;

use core::fmt;
use core::sync::atomic::Ordering::Relaxed;
use std::sync::Arc;

use async_channel::Sender;
use lxst_audio::{Sink, Source};
use lxst_core::Mute;
use lxst_phone::{AudioError, CallId, Phone, Runtime};

use crate::choice::Wish;
pub use event::{DeviceEvent, DeviceEvents, DeviceRole};
pub use ringtones::Ringtones;
pub use settings::{Aec, DeviceSettings};
use shared::Shared;
use task::{Command, Task};

/// The microphone, speaker and ringer of a [`Phone`], open while a call needs them.
///
/// The microphone and the speaker open when the user dials or answers, and close when the last call
/// ends: no peer opens a microphone. The ringer is open while a call rings here. Devices that come,
/// go and change cost a call nothing but their sound, and each change is a [`DeviceEvent`].
///
/// Without any microphone the phone sends what
/// [`Voice::when_no_microphone`](lxst_phone::Voice::when_no_microphone) says.
///
/// Dropping it closes the devices.
///
/// ```no_run
/// use lxst_device::{DeviceSettings, PhoneDevices, Wish};
/// use lxst_tokio::{Identity, Interface, OsRng, PhoneBuilder, Tokio};
///
/// # async fn phone() -> Result<(), Box<dyn std::error::Error>> {
/// let (phone, _events) = PhoneBuilder::new(Identity::generate(&mut OsRng))
///     .interface(Interface::shared_instance())
///     .start()
///     .await?;
/// let mut settings = DeviceSettings::default();
/// settings.microphone = Wish::named("headset");
/// let (devices, events) = PhoneDevices::attach(&Tokio, &phone, settings).await?;
/// while let Ok(event) = events.recv().await {
///     println!("{event}");
/// }
/// # drop(devices);
/// # Ok(())
/// # }
/// ```
pub struct PhoneDevices {
    commands: Sender<Command>,
    shared: Arc<Shared>,
}

impl PhoneDevices {
    /// Gives a phone the devices of this machine, in place of its source and sink.
    ///
    /// # Errors
    /// [`AudioError::Detached`]: the phone has shut down.
    ///
    /// # Cancel safety
    /// Cancelled, it may leave the phone without a sink.
    pub async fn attach<R: Runtime>(
        runtime: &R,
        phone: &Phone,
        settings: DeviceSettings,
    ) -> Result<(Self, DeviceEvents), AudioError> {
        let shared = Arc::<Shared>::default();
        let (commands, told) = async_channel::unbounded();
        let (task, events) = Task::new(phone, settings, shared.clone()).await?;
        runtime.spawn(task.run(runtime.clone(), told));
        Ok((Self { commands, shared }, events))
    }

    /// Wishes for another microphone, in a call too.
    pub fn set_microphone(&self, wish: Wish) {
        self.tell(Command::Wish(DeviceRole::Microphone, wish));
    }

    /// Wishes for another speaker, in a call too.
    pub fn set_speaker(&self, wish: Wish) {
        self.tell(Command::Wish(DeviceRole::Speaker, wish));
    }

    /// Wishes for another ringer.
    pub fn set_ringer(&self, wish: Wish) {
        self.tell(Command::Wish(DeviceRole::Ringer, wish));
    }

    /// Leaves a call to the app, which answers it itself: voicemail, an echo line. From then on
    /// the call opens no microphone and no speaker, and no tone tells of it. It rings until it is
    /// answered. There is no way back.
    ///
    /// Leave the call before it is answered, and give it a source and a sink of its own, by
    /// [`Call::audio_source`](lxst_phone::Call::audio_source) and
    /// [`Call::audio_sink`](lxst_phone::Call::audio_sink): one that lacks them shares the devices
    /// of any other call.
    pub fn leave_to_app(&self, call: CallId) {
        self.tell(Command::LeaveToApp(call));
    }

    /// Rings by other ringtones, also where a call rings, whose ringtone then begins anew. `None`
    /// rings by nothing.
    pub fn set_ringtones(&self, ringtones: Option<Ringtones>) {
        self.tell(Command::Ringtones(ringtones));
    }

    /// Plays a sound of the app at the speaker, in place of one that plays: a message, a greeting.
    /// The speaker is open for it until [`stop_playing`](Self::stop_playing), or until the user
    /// dials or a call rings. The sound is then dropped; at once, where there is a call.
    pub fn play(&self, sound: impl Source + Send + 'static) {
        self.tell(Command::Play(Box::new(sound)));
    }

    /// Ends the sound of the app, with a fade of 20 ms.
    pub fn stop_playing(&self) {
        self.tell(Command::StopPlaying);
    }

    /// Lets the app hear the microphone without a call, in place of what heard it: to record a
    /// greeting. It hears 48 kHz mono, processed as in calls. The microphone is open for it until
    /// [`stop_listening`](Self::stop_listening), or until the user dials or a call rings. The sink
    /// is then dropped; at once, where there is a call.
    ///
    /// Call it when the user asks for it, never because a peer did something.
    pub fn listen(&self, sink: impl Sink + Send + 'static) {
        self.tell(Command::Listen(Box::new(sink)));
    }

    /// Drops what hears the microphone for the app.
    pub fn stop_listening(&self) {
        self.tell(Command::StopListening);
    }

    /// Rings by nothing until [`unmute_ringer`](Self::unmute_ringer), also where a call rings: do
    /// not disturb. Calls come in.
    pub fn mute_ringer(&self) {
        self.tell(Command::MuteRinger(Mute::Muted));
    }

    /// Rings again, also where a call rings.
    pub fn unmute_ringer(&self) {
        self.tell(Command::MuteRinger(Mute::Unmuted));
    }

    /// Changes when the echo is cancelled, in a call too.
    pub fn set_aec(&self, aec: Aec) {
        self.tell(Command::Aec(aec));
    }

    /// Makes the speaker louder or quieter by this many dB; 0 plays what the peer sent. What would
    /// be too loud is turned down before it comes.
    pub fn set_volume(&self, decibels: f32) {
        self.shared.set_volume(decibels);
    }

    /// Returns the peaks of the microphone, as sent, and of the speaker since the last call, in
    /// dBFS: what a meter shows.
    #[must_use]
    pub fn peaks(&self) -> Peaks {
        Peaks { microphone_dbfs: self.shared.heard.read(), speaker_dbfs: self.shared.played.read() }
    }

    /// Tells whether the echo of the present speaker is cancelled.
    #[must_use]
    pub fn cancels_echo(&self) -> bool {
        self.shared.cancels_echo.load(Relaxed)
    }

    fn tell(&self, command: Command) {
        // With its phone gone, the task is too.
        let _ = self.commands.try_send(command);
    }
}

/// How loud a stretch of a call was.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Peaks {
    /// What the microphone heard, as it is sent.
    pub microphone_dbfs: f32,
    /// What the speaker played.
    pub speaker_dbfs: f32,
}

impl fmt::Debug for PhoneDevices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PhoneDevices").finish_non_exhaustive()
    }
}
