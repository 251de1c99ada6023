//! The task that opens and closes the devices of a phone.

use core::future::pending;
use core::sync::atomic::Ordering::Relaxed;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_channel::{Receiver, Sender};
use futures_lite::future::or;
use lxst_audio::{Cadence, ToneSource, VoiceProcessing, port};
use lxst_codecs::Channels;
use lxst_core::{Mute, Samples};
use lxst_phone::{
    AudioError, AudioFormat, CallId, CallStatus, IdentityHash, Phone, Runtime, State, Watch,
};

use super::event::{DeviceEvent, DeviceEvents, DeviceRole};
use super::held::Slot;
use super::microphone::{Ear, MicrophoneEnd};
use super::open::{
    Open, change, close_microphone, close_speaker, open_microphone, open_speaker, told,
};
use super::plan::{LeftCalls, Plan, tone_of_change};
use super::ringtones::Ringtones;
use super::settings::{Aec, DeviceSettings};
use super::shared::Shared;
use super::speaker::{Sound, SpeakerEnd};
use crate::choice::Wish;
use crate::device::Form;
use crate::event::Event;
use crate::line::{Microphone, Speaker};

pub(super) enum Command {
    Wish(DeviceRole, Wish),
    Aec(Aec),
    LeaveToApp(CallId),
    Ringtones(Option<Ringtones>),
    MuteRinger(Mute),
    Play(Sound),
    StopPlaying,
    Listen(Ear),
    StopListening,
}

pub(super) struct Task {
    phone: Phone,
    watch: Watch,
    settings: DeviceSettings,
    shared: Arc<Shared>,
    events: Sender<DeviceEvent>,
    microphone: Option<Open<Microphone>>,
    speaker: Option<Open<Speaker>>,
    ringer: Option<Open<Speaker>>,
    microphone_end: Arc<MicrophoneEnd>,
    speaker_end: Slot<SpeakerEnd>,
    ringer_end: Slot<SpeakerEnd>,
    speaker_sound: Slot<Option<Sound>>,
    ringer_sound: Slot<Option<Sound>>,
    /// Those of the user; the ones that are left to the app only while they ring.
    calls: Vec<CallStatus>,
    left: LeftCalls,
    plan: Plan,
    ringer_mute: Mute,
    /// Whether the speaker plays for the app.
    is_playing: bool,
    /// Whether the microphone listens for the app.
    is_listening: bool,
    /// The end of a tone that the speaker stays open for.
    tone_until: Option<Instant>,
    has_source: bool,
    /// The form of the speaker that is open.
    form: Form,
    /// When the next block of a call is due that no speaker plays, for want of one.
    unheard: Option<Instant>,
}

enum Wakeup {
    State(Option<State>),
    Command(Option<Command>),
    Device(DeviceRole, Event),
    ToneOver,
    Unheard(Instant),
}

impl Task {
    pub(super) async fn new(
        phone: &Phone,
        settings: DeviceSettings,
        shared: Arc<Shared>,
    ) -> Result<(Self, DeviceEvents), AudioError> {
        let (events, told) = async_channel::bounded(EVENTS);
        let (echo_in, echo_out) = port(Channels::Mono, ECHO);
        let (speaker_sound, ringer_sound) = (Slot::new(None), Slot::new(None));
        let call = phone.device_sink(AudioFormat::PHONE).await?;
        let speaker = SpeakerEnd::of_calls(call, echo_in, speaker_sound.clone(), shared.clone());
        let ringer = SpeakerEnd::of_sounds(ringer_sound.clone(), shared.clone());
        let DeviceSettings { aec, noise_suppression, agc, .. } = settings;
        let microphone_end = MicrophoneEnd {
            source: Slot::new(None),
            ear: Slot::new(None),
            echo: Slot::new(Some(echo_out)),
            processing: VoiceProcessing { aec: false, noise_suppression, agc },
            shared: shared.clone(),
        };
        shared.cancels_echo.store(aec == Aec::On, Relaxed);
        let task = Self {
            phone: phone.clone(),
            watch: phone.watch(),
            settings,
            shared,
            events,
            microphone: None,
            speaker: None,
            ringer: None,
            microphone_end: Arc::new(microphone_end),
            speaker_end: Slot::new(Some(speaker)),
            ringer_end: Slot::new(Some(ringer)),
            speaker_sound,
            ringer_sound,
            calls: Vec::new(),
            left: LeftCalls::default(),
            plan: Plan::default(),
            ringer_mute: Mute::Unmuted,
            is_playing: false,
            is_listening: false,
            tone_until: None,
            has_source: false,
            form: Form::Loudspeaker,
            unheard: None,
        };
        Ok((task, told))
    }

    /// Serves the phone until it shuts down, or until nobody commands any more.
    pub(super) async fn run<R: Runtime>(mut self, runtime: R, commands: Receiver<Command>) {
        let state = self.phone.state();
        self.on_state(&state, runtime.now());
        loop {
            match self.wakeup(&runtime, &commands).await {
                Wakeup::State(None) | Wakeup::Command(None) => break,
                Wakeup::State(Some(state)) => self.on_state(&state, runtime.now()),
                Wakeup::Command(Some(command)) => self.on_command(command, runtime.now()),
                Wakeup::Device(role, event) => self.on_device(role, event, runtime.now()).await,
                Wakeup::ToneOver => {
                    self.tone_until = None;
                    self.open_and_close();
                }
                Wakeup::Unheard(due) => {
                    self.speaker_end.change(SpeakerEnd::play_unheard);
                    // What was missed for long is not made up for.
                    self.unheard = Some(due.max(Instant::now() - MAX_UNHEARD) + UNHEARD);
                }
            }
        }
        self.shared.app_listens.store(false, Relaxed);
        close_microphone(self.microphone, &self.microphone_end);
        close_speaker(self.speaker, &self.speaker_end);
        close_speaker(self.ringer, &self.ringer_end);
    }

    async fn wakeup<R: Runtime>(&mut self, runtime: &R, commands: &Receiver<Command>) -> Wakeup {
        let tone_over = async {
            match self.tone_until {
                Some(until) => runtime.sleep_until(until).await,
                None => pending().await,
            }
            Wakeup::ToneOver
        };
        let unheard = async {
            match self.unheard {
                Some(due) => {
                    runtime.sleep_until(due).await;
                    Wakeup::Unheard(due)
                }
                None => pending().await,
            }
        };
        let command = async { Wakeup::Command(commands.recv().await.ok()) };
        let microphone = device(DeviceRole::Microphone, self.microphone.as_ref());
        let speaker = device(DeviceRole::Speaker, self.speaker.as_ref());
        let ringer = device(DeviceRole::Ringer, self.ringer.as_ref());
        let state = async { Wakeup::State(self.watch.changed().await) };
        or(command, or(state, or(or(microphone, or(speaker, ringer)), or(tone_over, unheard))))
            .await
    }

    fn on_state(&mut self, state: &State, now: Instant) {
        let after = self.left.without(&state.calls);
        let plan = Plan::of(&after);
        let before = core::mem::replace(&mut self.plan, plan);
        let calls = core::mem::replace(&mut self.calls, after);
        let end_of = |call: &CallStatus| {
            state.ended.filter(|(ended, _)| *ended == call.call).map(|(_, reason)| reason)
        };
        if plan.is_for_user() {
            self.stop_app(now);
        }
        if let Some(tones) = &self.settings.tones {
            let told = tone_of_change(&calls, &self.calls, end_of, tones);
            let lasting = plan.tone.map(|tone| tone.cadence(tones));
            if let Some(told) = told {
                self.tone_until = told.duration().map(|length| now + length.duration());
                self.speaker_sound.put(tone(Some(told)));
            } else if plan.tone != before.tone {
                self.tone_until = None;
                self.speaker_sound.put(tone(lasting));
            }
        }
        if plan.ringing != before.ringing {
            self.ring();
        }
        self.open_and_close();
    }

    fn on_command(&mut self, command: Command, now: Instant) {
        match command {
            Command::Wish(DeviceRole::Microphone, wish) => {
                change(&mut self.settings.microphone, self.microphone.as_ref(), wish);
            }
            Command::Wish(DeviceRole::Speaker, wish) => {
                change(&mut self.settings.speaker, self.speaker.as_ref(), wish);
            }
            Command::Wish(DeviceRole::Ringer, wish) => {
                change(&mut self.settings.ringer, self.ringer.as_ref(), wish);
            }
            Command::Aec(aec) => {
                self.settings.aec = aec;
                self.set_echo_cancellation();
            }
            Command::LeaveToApp(call) => {
                self.left.leave(call);
                self.on_state(&self.phone.state(), now);
            }
            Command::Ringtones(ringtones) => {
                self.settings.ringtones = ringtones;
                self.ring();
                self.open_and_close();
            }
            Command::MuteRinger(mute) => {
                self.ringer_mute = mute;
                self.ring();
                self.open_and_close();
            }
            // A call takes the devices.
            Command::Play(_) | Command::Listen(_) if self.plan.is_for_user() => {}
            Command::Play(sound) => {
                self.speaker_sound.put(Some(sound));
                self.is_playing = true;
                self.open_and_close();
            }
            Command::StopPlaying => {
                self.stop_playing(now);
                self.open_and_close();
            }
            Command::Listen(ear) => {
                self.microphone_end.ear.put(ear);
                self.set_listening(true);
                self.open_and_close();
            }
            Command::StopListening => {
                self.set_listening(false);
                self.open_and_close();
            }
        }
    }

    async fn on_device(&mut self, role: DeviceRole, event: Event, now: Instant) {
        match (role, &event) {
            (DeviceRole::Microphone, Event::Taken { .. }) if !self.has_source => {
                // A phone that has shut down needs no source.
                if let Ok(source) = self.phone.device_source(AudioFormat::PHONE).await {
                    self.microphone_end.source.put(source);
                    self.has_source = true;
                }
            }
            (DeviceRole::Microphone, Event::Missing { .. }) => {
                // The phone then sends what it sends without a microphone.
                self.has_source &= self.microphone_end.source.take().is_none();
            }
            // The call goes on: its recordings and its figures are those of what is played.
            (DeviceRole::Speaker, Event::Missing { .. }) => self.unheard = Some(now),
            (DeviceRole::Speaker, Event::Taken { device, .. }) => {
                self.unheard = None;
                self.form = device.form;
                self.set_echo_cancellation();
            }
            _ => {}
        }
        // Nobody listens, or an older event makes room.
        let _ = self.events.force_send(DeviceEvent { role, event });
    }

    fn set_echo_cancellation(&self) {
        let is_needed = match self.settings.aec {
            Aec::Auto => self.form.makes_echo(),
            Aec::On => true,
            Aec::Off => false,
        };
        self.shared.cancels_echo.store(is_needed, Relaxed);
    }

    /// Rings anew, or ceases to.
    fn ring(&self) {
        let sound = self.rings_for().and_then(|caller| {
            let ringtones = self.settings.ringtones.as_ref()?;
            Some(ringtones.sound(caller))
        });
        self.ringer_sound.put(sound);
    }

    /// Whose call the ringer tells of at present.
    fn rings_for(&self) -> Option<IdentityHash> {
        let is_heard = self.settings.ringtones.is_some() && self.ringer_mute == Mute::Unmuted;
        self.plan.ringing.filter(|_| is_heard)
    }

    /// Takes the devices from the app.
    fn stop_app(&mut self, now: Instant) {
        self.stop_playing(now);
        self.set_listening(false);
    }

    fn stop_playing(&mut self, now: Instant) {
        if core::mem::take(&mut self.is_playing) {
            self.speaker_sound.put(None);
            self.tone_until = Some(now + FADE);
        }
    }

    fn set_listening(&mut self, is_listening: bool) {
        self.is_listening = is_listening;
        self.shared.app_listens.store(is_listening, Relaxed);
        if !is_listening {
            // A callback that holds it drops it.
            self.microphone_end.ear.take();
        }
    }

    fn open_and_close(&mut self) {
        let is_in_call = self.plan.is_in_call;
        match (is_in_call || self.is_listening, &self.microphone) {
            (true, None) => {
                let wish = &self.settings.microphone;
                self.microphone = Some(open_microphone(wish, &self.microphone_end));
            }
            (false, Some(_)) => close_microphone(self.microphone.take(), &self.microphone_end),
            _ => {}
        }
        // The tone of the end is heard to its end, but no tone opens a speaker.
        let is_needed = is_in_call || self.is_playing;
        let stays = is_needed || self.tone_until.is_some();
        match (&self.speaker, is_needed) {
            (None, true) => {
                self.speaker = Some(open_speaker(&self.settings.speaker, &self.speaker_end))
            }
            (Some(_), false) if !stays => {
                close_speaker(self.speaker.take(), &self.speaker_end);
                self.unheard = None;
            }
            _ => {}
        }
        match (&self.ringer, self.rings_for().is_some()) {
            (None, true) => {
                self.ringer = Some(open_speaker(&self.settings.ringer, &self.ringer_end))
            }
            (Some(_), false) => close_speaker(self.ringer.take(), &self.ringer_end),
            _ => {}
        }
    }
}

async fn device<L>(role: DeviceRole, open: Option<&Open<L>>) -> Wakeup {
    Wakeup::Device(role, told(open).await)
}

fn tone(cadence: Option<&Cadence>) -> Option<Sound> {
    cadence.map(|cadence| -> Sound { Box::new(ToneSource::new(cadence.clone())) })
}

/// How long the speaker stays open for the fade of a sound of the app.
const FADE: Duration = Duration::from_millis(100);

/// What is played at a time where no speaker plays it.
const UNHEARD: Duration = Duration::from_millis(10);
/// How much of that is made up for after a late wakeup.
const MAX_UNHEARD: Duration = Duration::from_millis(100);
/// Events that wait.
const EVENTS: usize = 64;
/// What the speaker has played and the microphone's callback has not seen yet, at most.
const ECHO: Samples = Samples::from_millis(500);
