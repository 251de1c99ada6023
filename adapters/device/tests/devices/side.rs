//! Two phones with devices on one line.
//!
//! Each phone has a mouth, a speaker that its microphone hears, and an ear, a speaker that it plays
//! at and that the test hears by another microphone.

use lxst_audio::{Cadence, Segment, Tone};
use lxst_core::Samples;
use lxst_device::{
    DeviceEvent, DeviceEvents, DeviceRole, DeviceSettings, Event as Told, Format, PhoneDevices,
    Reason, Wish,
};
use lxst_interop::SoundServer;
use lxst_smol::{
    Call, CallId, Event, Events, Identity, InsteadOfVoice, Interface, OsRng, Phone, PhoneBuilder,
    Profile, Settings, Smol, Voice,
};

use crate::sound::{Hum, Recording, hum};

/// What lies between the people and their phone.
pub(crate) struct Room {
    pub(crate) settings: DeviceSettings,
    pub(crate) mouth: Format,
    pub(crate) ear: Format,
}

impl Default for Room {
    fn default() -> Self {
        Self { settings: DeviceSettings::plain(), mouth: FORMAT, ear: FORMAT }
    }
}

pub(crate) struct Side {
    pub(crate) name: &'static str,
    pub(crate) phone: Phone,
    pub(crate) events: Events,
    pub(crate) devices: PhoneDevices,
    pub(crate) told: DeviceEvents,
    pub(crate) microphone: u32,
}

impl Side {
    async fn new(
        server: &SoundServer,
        name: &'static str,
        room: Room,
        interface: Interface,
    ) -> Self {
        let (mouth, ear) = (format!("mouth-{name}"), format!("ear-{name}"));
        for (speaker, format) in [(&mouth, room.mouth), (&ear, room.ear)] {
            server.speaker(speaker, speaker, format.rate_hz, format.channels);
        }
        let microphone = server.microphone(&format!("at-{mouth}"), "Microphone", &mouth, &[]);
        server.microphone(&format!("at-{ear}"), "Listener", &ear, &[]);
        let silence = Voice::default().when_no_microphone(InsteadOfVoice::Silence);
        let (phone, events) = PhoneBuilder::new(Identity::generate(&mut OsRng))
            .interface(interface)
            .settings(Settings::default().voice(silence))
            .start()
            .await
            .expect("a phone starts");
        let mut settings = room.settings;
        settings.microphone = Wish::named(&format!("at-{mouth}"));
        settings.speaker = Wish::named(&ear);
        let (devices, told) =
            PhoneDevices::attach(&Smol, &phone, settings).await.expect("the phone runs");
        Self { name, phone, events, devices, told, microphone }
    }

    pub(crate) async fn until<T>(&mut self, mut found: impl FnMut(&Event) -> Option<T>) -> T {
        loop {
            let event = self.events.next().await.expect("the phone runs");
            if let Some(found) = found(&event) {
                return found;
            }
        }
    }

    pub(crate) async fn established(&mut self) {
        self.until(|event| matches!(event, Event::Established { .. }).then_some(())).await;
    }

    pub(crate) async fn ended(&mut self) {
        self.until(|event| matches!(event, Event::Ended { .. }).then_some(())).await;
    }

    pub(crate) async fn incoming(&mut self) -> CallId {
        let found = |event: &Event| match event {
            Event::Incoming { call, .. } => Some(*call),
            _ => None,
        };
        self.until(found).await
    }

    /// Waits until a device is told of.
    pub(crate) async fn until_told<T>(
        &self,
        mut found: impl FnMut(&DeviceEvent) -> Option<T>,
    ) -> T {
        loop {
            let told = self.told.recv().await.expect("the devices are there");
            println!("{}: {told}", self.name);
            if let Some(found) = found(&told) {
                return found;
            }
        }
    }

    pub(crate) async fn taken(&self, role: DeviceRole) -> (String, Reason) {
        self.until_told(|told| match &told.event {
            Told::Taken { device, reason } if told.role == role => {
                Some((device.id.clone(), *reason))
            }
            _ => None,
        })
        .await
    }

    /// Waits for a device, and returns its format.
    pub(crate) async fn format_taken(&self, role: DeviceRole) -> Format {
        self.until_told(|told| match &told.event {
            Told::Taken { device, .. } if told.role == role => Some(device.format),
            _ => None,
        })
        .await
    }

    pub(crate) fn mouth(&self) -> Recording {
        Recording::at(&format!("at-mouth-{}", self.name))
    }

    pub(crate) fn ear(&self) -> Recording {
        Recording::at(&format!("at-ear-{}", self.name))
    }

    pub(crate) fn says(&self, what: Hum) -> lxst_device::Speaker {
        hum(&format!("mouth-{}", self.name), what)
    }
}

/// Two phones on one line.
pub(crate) async fn sides(server: &SoundServer, rooms: [Room; 2]) -> [Side; 2] {
    let [left, right] = Interface::pair("a line");
    let [a, b] = rooms;
    [Side::new(server, "a", a, left).await, Side::new(server, "b", b, right).await]
}

pub(crate) async fn dial([caller, callee]: &mut [Side; 2], profile: Profile) -> (Call, Call) {
    let call = caller.phone.dial(callee.phone.identity(), profile).await.expect("it can dial");
    let incoming = callee.incoming().await;
    (call, callee.phone.call(incoming))
}

pub(crate) async fn call(sides: &mut [Side; 2], profile: Profile) -> Call {
    let (call, incoming) = dial(sides, profile).await;
    incoming.answer().await.expect("it rings");
    for side in sides {
        side.established().await;
    }
    call
}

/// A steady note.
pub(crate) fn note(hz: f32) -> Cadence {
    let tone = Tone::new(&[(hz, -12.0)]).expect("it can be heard");
    let segment = Segment { tone, on: Samples::from_millis(60_000), off: Samples::ZERO };
    Cadence { segments: vec![segment].into(), repeats: None }
}

pub(crate) const FORMAT: Format = Format { rate_hz: 48_000, channels: 2 };
