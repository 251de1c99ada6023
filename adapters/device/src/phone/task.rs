//! The task that opens and closes the devices of a phone.

use core::future::pending;
use core::sync::atomic::Ordering::Relaxed;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use async_channel::{Receiver, Sender};
use futures_lite::future::or;
use lxst_audio::{Cadence, ToneSource, VoiceProcessing, port};
use lxst_codecs::Channels;
use lxst_core::Samples;
use lxst_phone::{AudioError, AudioFormat, CallStatus, Phone, Runtime, State, Watch};

use super::event::{DeviceEvent, DeviceEvents, DeviceRole};
use super::held::Slot;
use super::microphone::MicrophoneEnd;
use super::plan::{Plan, tone_of_change};
use super::settings::{Aec, DeviceSettings};
use super::shared::Shared;
use super::speaker::SpeakerEnd;
use crate::choice::Wish;
use crate::device::Form;
use crate::event::{Event, Events};
use crate::line::{Line, Microphone, Speaker};

pub(super) enum Command {
    Wish(DeviceRole, Wish),
    Aec(Aec),
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
    speaker_tone: Slot<Option<ToneSource>>,
    ringer_tone: Slot<Option<ToneSource>>,
    calls: Vec<CallStatus>,
    plan: Plan,
    /// The end of a tone that the speaker stays open for.
    tone_until: Option<Instant>,
    has_source: bool,
    /// The form of the speaker that is open.
    form: Form,
}

struct Open<L> {
    line: L,
    events: Events,
}

enum Wakeup {
    State(Option<State>),
    Command(Option<Command>),
    Device(DeviceRole, Event),
    ToneOver,
}

impl Task {
    pub(super) async fn new(
        phone: &Phone,
        settings: DeviceSettings,
        shared: Arc<Shared>,
    ) -> Result<(Self, DeviceEvents), AudioError> {
        let (events, told) = async_channel::bounded(EVENTS);
        let (echo_in, echo_out) = port(Channels::Mono, ECHO);
        let (speaker_tone, ringer_tone) = (Slot::new(None), Slot::new(None));
        let call = phone.device_sink(AudioFormat::PHONE).await?;
        let speaker = SpeakerEnd::of_calls(call, echo_in, speaker_tone.clone(), shared.clone());
        let ringer = SpeakerEnd::of_tones(ringer_tone.clone(), shared.clone());
        let DeviceSettings { aec, noise_suppression, agc, .. } = settings;
        let microphone_end = MicrophoneEnd {
            source: Slot::new(None),
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
            speaker_tone,
            ringer_tone,
            calls: Vec::new(),
            plan: Plan::default(),
            tone_until: None,
            has_source: false,
            form: Form::Loudspeaker,
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
                Wakeup::Command(Some(command)) => self.on_command(command),
                Wakeup::Device(role, event) => self.on_device(role, event).await,
                Wakeup::ToneOver => {
                    self.tone_until = None;
                    self.open_and_close();
                }
            }
        }
        close(self.microphone);
        close(self.speaker);
        close(self.ringer);
    }

    async fn wakeup<R: Runtime>(&mut self, runtime: &R, commands: &Receiver<Command>) -> Wakeup {
        let tone_over = async {
            match self.tone_until {
                Some(until) => runtime.sleep_until(until).await,
                None => pending().await,
            }
            Wakeup::ToneOver
        };
        let command = async { Wakeup::Command(commands.recv().await.ok()) };
        let microphone = told(DeviceRole::Microphone, self.microphone.as_ref());
        let speaker = told(DeviceRole::Speaker, self.speaker.as_ref());
        let ringer = told(DeviceRole::Ringer, self.ringer.as_ref());
        let state = async { Wakeup::State(self.watch.changed().await) };
        or(command, or(state, or(or(microphone, or(speaker, ringer)), tone_over))).await
    }

    fn on_state(&mut self, state: &State, now: Instant) {
        let plan = Plan::of(&state.calls);
        let before = core::mem::replace(&mut self.plan, plan);
        let calls = core::mem::replace(&mut self.calls, state.calls.clone());
        let end_of = |call: &CallStatus| {
            state.ended.filter(|(ended, _)| *ended == call.call).map(|(_, reason)| reason)
        };
        if let Some(tones) = &self.settings.tones {
            let told = tone_of_change(&calls, &state.calls, end_of, tones);
            let lasting = plan.tone.map(|tone| tone.cadence(tones));
            if let Some(told) = told {
                self.tone_until = told.duration().map(|length| now + length.duration());
                self.speaker_tone.put(tone(Some(told)));
            } else if plan.tone != before.tone {
                self.tone_until = None;
                self.speaker_tone.put(tone(lasting));
            }
        }
        if plan.is_ringing != before.is_ringing {
            let ringtone = self.settings.ringtone.as_ref().filter(|_| plan.is_ringing);
            self.ringer_tone.put(tone(ringtone));
        }
        self.open_and_close();
    }

    fn on_command(&mut self, command: Command) {
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
        }
    }

    async fn on_device(&mut self, role: DeviceRole, event: Event) {
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
            (DeviceRole::Speaker, Event::Taken { device, .. }) => {
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

    fn open_and_close(&mut self) {
        let Plan { is_in_call, is_ringing, .. } = self.plan;
        match (is_in_call, &self.microphone) {
            (true, None) => {
                let end = self.microphone_end.clone();
                let wish = self.settings.microphone.clone();
                let (line, events) = Microphone::open(wish, move |format| end.callback(format));
                self.microphone = Some(Open { line, events });
            }
            (false, Some(_)) => close(self.microphone.take()),
            _ => {}
        }
        // The tone of the end is heard to its end, but no tone opens a speaker.
        let stays = is_in_call || self.tone_until.is_some();
        match (&self.speaker, is_in_call) {
            (None, true) => self.speaker = Some(open(&self.settings.speaker, &self.speaker_end)),
            (Some(_), false) if !stays => close(self.speaker.take()),
            _ => {}
        }
        let rings = is_ringing && self.settings.ringtone.is_some();
        match (&self.ringer, rings) {
            (None, true) => self.ringer = Some(open(&self.settings.ringer, &self.ringer_end)),
            (Some(_), false) => close(self.ringer.take()),
            _ => {}
        }
    }
}

fn open(wish: &Wish, end: &Slot<SpeakerEnd>) -> Open<Speaker> {
    let end = end.clone();
    let (line, events) = Speaker::open(wish.clone(), move |format| end.callback(format));
    Open { line, events }
}

/// Wishes for another device, also where one is open.
fn change<D>(setting: &mut Wish, open: Option<&Open<Line<D>>>, wish: Wish) {
    setting.clone_from(&wish);
    if let Some(Open { line, .. }) = open {
        line.wish(wish);
    }
}

/// Closes a device without waiting for it.
fn close<L: Send + 'static>(open: Option<Open<L>>) {
    if let Some(Open { line, .. }) = open {
        thread::spawn(move || drop(line));
    }
}

async fn told<L>(role: DeviceRole, open: Option<&Open<L>>) -> Wakeup {
    match open {
        Some(Open { events, .. }) => match events.recv().await {
            Ok(event) => Wakeup::Device(role, event),
            Err(_) => pending().await,
        },
        None => pending().await,
    }
}

fn tone(cadence: Option<&Cadence>) -> Option<ToneSource> {
    cadence.map(|cadence| ToneSource::new(cadence.clone()))
}

/// Events that wait.
const EVENTS: usize = 64;
/// What the speaker has played and the microphone's callback has not seen yet, at most.
const ECHO: Samples = Samples::from_millis(500);
