//! Calls between two phones with devices.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use futures_lite::future::block_on;
use lxst_core::Direction;
use lxst_device::{
    Aec, DeviceEvent, DeviceRole, DeviceSettings, Event as Told, Format, PhoneDevices, Reason, Wish,
};
use lxst_interop::lateness;
use lxst_smol::{
    AudioFormat, EndReason, Event, Identity, InsteadOfVoice, Interface, OsRng, PhoneBuilder,
    Profile, Settings, Smol, Voice,
};

use crate::listeners::{listeners, until_listeners};
use crate::server::{alone_on_server, on_server};
use crate::side::{FORMAT, Room, Side, call, dial, sides};
use crate::sound::{Hum, Recording, hum, is_note, lag, longest_dropout};

#[test]
fn what_one_says_the_other_hears_without_a_hole() {
    alone_on_server("what_one_says_the_other_hears_without_a_hole", |server| {
        block_on(async {
            let mut sides = sides(server, <[Room; 2]>::default()).await;
            for profile in [Profile::MediumQuality, Profile::LowLatency, Profile::UltraLowLatency] {
                let call = call(&mut sides, profile).await;
                let [a, b] = &sides;
                let speaking = [a.says(Hum::LOW), b.says(Hum::HIGH)];
                lateness::measure("device to device", || hear_without_a_hole(profile, a, b));
                drop(speaking);
                println!("{profile}: {:?} from mouth to ear", mouth_to_ear(a, b));
                call.hang_up().await.expect("it stands");
                for side in &mut sides {
                    side.ended().await;
                }
            }
        });
    });
}

#[test]
fn no_peer_opens_a_microphone_and_no_call_leaves_one_open() {
    on_server("no_peer_opens_a_microphone_and_no_call_leaves_one_open", |server| {
        block_on(async {
            let mut sides = sides(server, <[Room; 2]>::default()).await;
            let (call, incoming) = dial(&mut sides, Profile::MediumQuality).await;
            let [a, b] = &mut sides;
            assert_eq!(a.taken(DeviceRole::Microphone).await.0, "at-mouth-a");
            // The caller's alone, for as long as it rings.
            thread::sleep(Duration::from_secs(1));
            assert_eq!(listeners(server), 1);
            incoming.answer().await.expect("it rings");
            b.established().await;
            assert_eq!(b.taken(DeviceRole::Microphone).await.0, "at-mouth-b");
            assert_eq!(listeners(server), 2);
            call.hang_up().await.expect("it stands");
            until_listeners(server, 0);
        });
    });
}

#[test]
fn a_microphone_that_is_unplugged_in_a_call_comes_back_in_it() {
    on_server("a_microphone_that_is_unplugged_in_a_call_comes_back_in_it", |server| {
        block_on(async {
            let mut sides = sides(server, <[Room; 2]>::default()).await;
            server.room("desk");
            server.default_microphone("at-desk");
            let _call = call(&mut sides, Profile::MediumQuality).await;
            let [a, b] = &sides;
            let ear = b.ear();
            let _mouth = a.says(Hum::LOW);
            let _desk = hum("desk", Hum::HIGH);
            assert_eq!(a.taken(DeviceRole::Microphone).await.1, Reason::Id);
            ear.hears(Hum::LOW.note());
            server.unplug(a.microphone);
            let fallback = ("at-desk".to_owned(), Reason::Fallback);
            assert_eq!(a.taken(DeviceRole::Microphone).await, fallback);
            ear.hears(Hum::HIGH.note());
            server.microphone("at-mouth-a", "Microphone", "mouth-a", &[]);
            assert_eq!(a.taken(DeviceRole::Microphone).await.1, Reason::Id);
            ear.hears(Hum::LOW.note());
            a.devices.set_microphone(Wish::Default);
            assert_eq!(a.taken(DeviceRole::Microphone).await.1, Reason::Default);
            ear.hears(Hum::HIGH.note());
        });
    });
}

#[test]
fn devices_of_any_native_format_carry_a_call() {
    on_server("devices_of_any_native_format_carry_a_call", |server| {
        block_on(async {
            let format = |rate_hz, channels| Format { rate_hz, channels };
            // What the tests hear with is at 48 kHz.
            let cheap =
                Room { mouth: format(44_100, 1), ear: format(48_000, 8), ..Room::default() };
            let headset = Room { mouth: format(8_000, 1), ..Room::default() };
            let mut sides = sides(server, [cheap, headset]).await;
            let _call = call(&mut sides, Profile::HighQuality).await;
            let [a, b] = &sides;
            let _speaking = [a.says(Hum::LOW), b.says(Hum::HIGH)];
            b.ear().hears(Hum::LOW.note());
            a.ear().hears(Hum::HIGH.note());
        });
    });
}

#[test]
fn devices_that_change_their_format_in_a_call_carry_it_on() {
    on_server("devices_that_change_their_format_in_a_call_carry_it_on", |server| {
        block_on(async {
            let mut sides = sides(server, <[Room; 2]>::default()).await;
            let _call = call(&mut sides, Profile::HighQuality).await;
            let [a, b] = &sides;
            let _mouth = a.says(Hum::LOW);
            assert_eq!(a.format_taken(DeviceRole::Microphone).await, FORMAT);
            b.ear().hears(Hum::LOW.note());
            server.unplug(a.microphone);
            let cheap = Format { rate_hz: 16_000, channels: 1 };
            let format = ["rate=16000", "channels=1"];
            server.microphone("at-mouth-a", "Microphone", "mouth-a", &format);
            while a.format_taken(DeviceRole::Microphone).await != cheap {}
            b.ear().hears(Hum::LOW.note());
        });
    });
}

#[test]
fn a_call_without_any_device_goes_on_and_a_device_that_comes_is_taken() {
    on_server("a_call_without_any_device_goes_on_and_a_device_that_comes_is_taken", |server| {
        block_on(async {
            let [left, right] = Interface::pair("a line");
            let silence = Voice::default().when_no_microphone(InsteadOfVoice::Silence);
            let phone = |interface| {
                PhoneBuilder::new(Identity::generate(&mut OsRng))
                    .interface(interface)
                    .settings(Settings::default().voice(silence.clone()))
                    .start()
            };
            let (phone_a, _events) = phone(left).await.expect("a phone starts");
            let (phone_b, mut events) = phone(right).await.expect("a phone starts");
            let attached = PhoneDevices::attach(&Smol, &phone_a, DeviceSettings::plain()).await;
            let (_devices, told) = attached.expect("the phone runs");
            let dialled = phone_a.dial(phone_b.identity(), Profile::MediumQuality).await;
            let call = dialled.expect("it can dial");
            let incoming = loop {
                if let Some(Event::Incoming { call, .. }) = events.next().await {
                    break phone_b.call(call);
                }
            };
            incoming.answer().await.expect("it rings");
            let is_missing = |told: &DeviceEvent| matches!(told.event, Told::Missing { .. });
            while !is_missing(&told.recv().await.expect("the devices are there")) {}
            let received = async || {
                phone_b.counters().await.expect("the phone runs").telephone.frames_received
            };
            while received().await < 10 {
                thread::sleep(Duration::from_millis(20));
            }
            // It is played to nobody: recordings hold it.
            let played = Arc::new(AtomicUsize::new(0));
            let shown = played.clone();
            let tap = move |direction, pcm: &[f32]| {
                if direction == Direction::Receive {
                    shown.fetch_add(pcm.len(), Ordering::Relaxed);
                }
                ControlFlow::Continue(())
            };
            call.tap_audio(tap).await.expect("it stands");
            while played.load(Ordering::Relaxed) < 24_000 {
                thread::sleep(Duration::from_millis(20));
            }
            server.room("room");
            let _speaking = hum("room", Hum::LOW);
            let mut ear = phone_b.audio_sink(AudioFormat::PHONE).await.expect("the phone runs");
            let mut heard = [0.0; 4_800];
            while !is_note(&heard, Hum::LOW.note()) {
                ear.read(&mut heard).await.expect("the phone runs");
            }
            call.hang_up().await.expect("it stands");
            assert_eq!(call.ended().await, Ok(EndReason::LocalHangup));
        });
    });
}

#[test]
fn what_the_speaker_plays_does_not_come_back_from_its_microphone() {
    alone_on_server("what_the_speaker_plays_does_not_come_back_from_its_microphone", |server| {
        block_on(async {
            let mut settings = DeviceSettings::plain();
            settings.aec = Aec::Auto;
            let rooms = [(); 2].map(|()| Room { settings: settings.clone(), ..Room::default() });
            let mut sides = sides(server, rooms).await;
            let _call = call(&mut sides, Profile::HighQuality).await;
            let [a, b] = &sides;
            // A room: the microphone of B hears B's speaker and nothing else.
            b.devices.set_microphone(Wish::named("at-ear-b"));
            while b.taken(DeviceRole::Microphone).await.0 != "at-ear-b" {}
            assert!(b.devices.cancels_echo(), "a null sink may stand in a room");
            let ear = a.ear();
            let _speaking = a.says(Hum::WHISPER);
            b.devices.set_aec(Aec::Off);
            ear.hears_something();
            let echo = ear.level_over(Duration::from_secs(2));
            b.devices.set_aec(Aec::Auto);
            lateness::measure("echo", || {
                let began = Instant::now();
                // It learns the room first.
                let left = (0..20).map(|_| ear.level_over(Duration::from_secs(1)));
                let left = left.inspect(|left| println!("echo of {echo:.1} dBFS, now {left:.1}"));
                if !{ left }.any(|left| left < echo - 20.0) {
                    let late = lateness::worst(&(began..Instant::now()), &[]);
                    lateness::not_heard(&"the echo comes back for 20 s", late);
                }
            });
        });
    });
}

/// Both hum, and hear the other without a hole of more than 20 ms.
fn hear_without_a_hole(profile: Profile, a: &Side, b: &Side) {
    let began = Instant::now();
    let [mouths, ears] = [[a.mouth(), b.mouth()], [a.ear(), b.ear()]];
    ears[0].hears(Hum::HIGH.note());
    ears[1].hears(Hum::LOW.note());
    // A recording that is opened changes the latency of its virtual device, which leaves a hole.
    let before = [&mouths, &ears].map(|of| of.each_ref().map(|it| it.pcm().len()));
    thread::sleep(Duration::from_secs(9));
    let longest = |of: &[Recording; 2], before: [usize; 2]| {
        let of = of.iter().zip(before);
        of.map(|(it, before)| longest_dropout(&it.pcm()[before..])).max().expect("there are two")
    };
    let (said, heard) = (longest(&mouths, before[0]), longest(&ears, before[1]));
    println!("{profile}: no sound for {heard:?} at most, {said:?} at the mouth");
    if heard > Duration::from_millis(20) {
        // What a mouth lacks, the sound server was late with.
        let late = lateness::worst(&(began..Instant::now()), &[]).max(said);
        let quality = [a, b].map(|side| side.phone.state().quality);
        let told = [a, b].map(|side| core::iter::from_fn(|| side.told.try_recv().ok()).collect());
        let [of_a, of_b]: [Vec<DeviceEvent>; 2] = told;
        let about = format!("{quality:?}, {of_a:?}, {of_b:?}");
        lateness::not_heard(&format!("{profile}: no sound for {heard:?}: {about}"), late);
    }
}

/// How much later a hum at the one's mouth is heard at the other's ear.
fn mouth_to_ear(one: &Side, other: &Side) -> Duration {
    let recordings = [one.mouth(), other.ear()];
    let _speaking = one.says(Hum::BEATS);
    thread::sleep(Duration::from_secs(5));
    let [mouth, ear] = recordings;
    lag(&mouth, &ear)
}
