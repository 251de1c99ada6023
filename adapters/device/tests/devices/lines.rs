//! Lines without a phone.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lxst_device::{
    Device, Direction, Event, Events, Form, Format, Microphone, Reason, Speaker, Wish,
};

use crate::server::on_server;

#[test]
fn devices_are_listed_with_their_names_and_native_formats() {
    on_server("devices_are_listed_with_their_names_and_native_formats", |server| {
        server.speaker("lounge", "Lounge", 48_000, 2);
        server.speaker("tv", "Living Room", 48_000, 8);
        server.microphone("usb", "USB Headset Mono", "lounge", &[]);
        server.default_speaker("tv");
        let devices = lxst_device::devices().expect("the server answers");
        let find = |direction, id: &str| {
            let is_it = |device: &&Device| device.direction == direction && device.id == id;
            devices.iter().find(is_it).unwrap_or_else(|| panic!("no {id} in {devices:#?}")).clone()
        };
        let tv = find(Direction::Output, "tv");
        assert_eq!((tv.name.as_str(), tv.is_default), ("Living Room", true));
        assert_eq!(tv.format, Format { rate_hz: 48_000, channels: 8 });
        let usb = find(Direction::Input, "usb");
        assert_eq!((usb.name.as_str(), usb.form), ("USB Headset Mono", Form::Headset));
        assert_eq!(find(Direction::Input, "tv.monitor").form, Form::Monitor);
    });
}

#[test]
fn what_a_speaker_plays_a_microphone_at_it_hears_in_any_native_format() {
    on_server("what_a_speaker_plays_a_microphone_at_it_hears_in_any_native_format", |server| {
        for (rate_hz, channels) in [(48_000, 2), (44_100, 1), (8_000, 1), (48_000, 8)] {
            let name = format!("room{rate_hz}x{channels}");
            server.speaker(&name, &name, rate_hz, channels);
            server.microphone(&format!("at-{name}"), &format!("Microphone {name}"), &name, &[]);
            let tone = tone_through(&name, &format!("at-{name}"));
            assert!((tone - 1_000.0).abs() < 20.0, "{tone} Hz at {rate_hz} Hz x {channels}");
        }
    });
}

#[test]
fn a_device_that_is_unplugged_is_replaced_and_taken_again_when_it_is_back() {
    on_server("a_device_that_is_unplugged_is_replaced_and_taken_again_when_it_is_back", |server| {
        server.speaker("pci", "Built-in Audio", 48_000, 2);
        server.default_speaker("pci");
        let headset = server.speaker("usb", "USB Headset", 48_000, 2);
        let played = Arc::new(Mutex::new(Instant::now()));
        let (speaker, events) = Speaker::open(Wish::named("headset"), playing(&played));
        assert_eq!(taken(&events), ("usb".into(), Reason::PartOfName));
        server.unplug(headset);
        assert!(matches!(next(&events), Event::Gone { device } if device.id == "usb"));
        assert_eq!(taken(&events), ("pci".into(), Reason::Fallback));
        plays(&played);
        server.speaker("usb", "USB Headset", 48_000, 2);
        assert_eq!(taken(&events), ("usb".into(), Reason::PartOfName));
        plays(&played);
        drop(speaker);
        assert!(events.recv_blocking().is_err(), "nothing follows");
    });
}

#[test]
fn a_microphone_follows_the_default_and_a_wish() {
    on_server("a_microphone_follows_the_default_and_a_wish", |server| {
        server.speaker("room", "Room", 48_000, 1);
        server.microphone("one", "First", "room", &[]);
        server.microphone("two", "Second", "room", &[]);
        server.default_microphone("one");
        let (microphone, events) = Microphone::open(Wish::Default, |_| Box::new(|_| {}));
        assert_eq!(taken(&events), ("one".into(), Reason::Default));
        server.default_microphone("two");
        assert_eq!(taken(&events), ("two".into(), Reason::Default));
        microphone.wish(Wish::named("FIRST"));
        assert_eq!(taken(&events), ("one".into(), Reason::Name));
        assert!(matches!(next(&events), Event::Silent { .. }), "nobody plays into the room");
    });
}

#[test]
fn a_server_that_dies_and_comes_back_costs_silence() {
    on_server("a_server_that_dies_and_comes_back_costs_silence", |server| {
        server.speaker("pci", "Built-in Audio", 48_000, 2);
        server.default_speaker("pci");
        let played = Arc::new(Mutex::new(Instant::now()));
        let (_speaker, events) = Speaker::open(Wish::Default, playing(&played));
        assert_eq!(taken(&events), ("pci".into(), Reason::Default));
        server.restart();
        server.speaker("pci", "Built-in Audio", 48_000, 2);
        server.default_speaker("pci");
        loop {
            match next(&events) {
                Event::Taken { device, .. } if device.id == "pci" => break,
                other => println!("{other}"),
            }
        }
        plays(&played);
    });
}

/// Plays a tone of 1 kHz at a speaker, and measures what a microphone hears.
fn tone_through(speaker: &str, microphone: &str) -> f64 {
    let heard = Arc::new(Mutex::new((48_000, Vec::new())));
    let (_speaker, events) = Speaker::open(Wish::named(speaker), |format| {
        let mut moment = 0_u64;
        Box::new(move |block| {
            for sides in block.chunks_mut(usize::from(format.channels)) {
                let phase = (moment % u64::from(format.rate_hz)) as f64 / f64::from(format.rate_hz);
                sides.fill((phase * 1_000.0 * core::f64::consts::TAU).sin() as f32 / 2.0);
                moment += 1;
            }
        })
    });
    assert_eq!(taken(&events), (speaker.into(), Reason::Id));
    let ear = heard.clone();
    let (_microphone, events) = Microphone::open(Wish::named(microphone), move |format| {
        let ear = ear.clone();
        ear.lock().expect("nobody panics with it").0 = format.rate_hz;
        Box::new(move |block| {
            let first = block.iter().step_by(usize::from(format.channels));
            ear.lock().expect("nobody panics with it").1.extend(first.copied());
        })
    });
    assert_eq!(taken(&events), (microphone.into(), Reason::Id));
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (rate_hz, pcm) = heard.lock().expect("nobody panics with it").clone();
        // A busy machine loses blocks: most tenths of a second are whole.
        let tenth = rate_hz as usize / 10;
        let loud = pcm.iter().position(|sample| sample.abs() > 0.1);
        if let Some(tone) = loud.and_then(|from| pcm.get(from..from + 20 * tenth)) {
            let is_start = |pair: &&[f32]| pair[0] < 0.0 && pair[1] >= 0.0;
            let mut cycles: Vec<_> =
                tone.chunks(tenth).map(|part| part.windows(2).filter(is_start).count()).collect();
            cycles.sort_unstable();
            return cycles[cycles.len() / 2] as f64 * 10.0;
        }
        assert!(Instant::now() < deadline, "nothing is heard in {} samples", pcm.len());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A maker of callbacks that note when a block was played last.
fn playing(at: &Arc<Mutex<Instant>>) -> impl FnMut(Format) -> Playback + Send + 'static {
    let at = at.clone();
    move |_| {
        let at = at.clone();
        Box::new(move |_| *at.lock().expect("nobody panics with it") = Instant::now())
    }
}

type Playback = Box<dyn FnMut(&mut [f32]) + Send>;

/// Waits until a block is played from now on.
#[track_caller]
fn plays(at: &Mutex<Instant>) {
    let now = Instant::now();
    while *at.lock().expect("nobody panics with it") <= now {
        assert!(now.elapsed() < PATIENCE, "nothing is played");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[track_caller]
fn next(events: &Events) -> Event {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match events.try_recv() {
            // A busy machine loses blocks.
            Ok(Event::Xruns { .. }) => {}
            Ok(event) => return event,
            Err(_) => assert!(Instant::now() < deadline, "no event"),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[track_caller]
fn taken(events: &Events) -> (String, Reason) {
    match next(events) {
        Event::Taken { device, reason } => (device.id, reason),
        other => panic!("{other}"),
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
