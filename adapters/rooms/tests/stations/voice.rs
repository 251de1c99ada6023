//! Voice to many listeners, slow ones and hostile sources among them.

use std::time::Duration;

use bytes::Bytes;
use lxst_core::wire::{Codec, Frame, Media, Sequence, encode_media};
use lxst_core::{Instant, LinkEvent, LinkId};
use lxst_rooms::wire::{Program, StationMessage};
use lxst_rooms::{
    Input, InputError, Output, Station, StationCommand, StationProfile, Tuner, TunerCommand,
    TunerEvent, limits,
};

use crate::net::{Net, config, destination, identity};

#[test]
fn a_slow_listener_loses_frames_and_the_others_hear_at_the_same_time() {
    let run = |slow: Option<u64>| {
        let mut net = Net::default();
        net.station(1);
        for place in 11..=13 {
            net.listen(place, 1);
        }
        net.pass(Duration::from_secs(1));
        net.rates.extend(slow.map(|rate| (12, rate)));
        for _ in 0..200 {
            net.speak(1, 60);
        }
        net.pass(Duration::from_secs(1));
        net
    };
    let (fast, slow) = (run(None), run(Some(400)));
    assert_eq!(fast.dropped, 0);
    for place in [11, 13] {
        assert_eq!(slow.frames(place), fast.frames(place), "{place}");
    }
    // 68 bytes each 60 ms, on a wire of 400 bytes per second.
    let heard = slow.frames(12);
    assert!((60..100).contains(&heard.len()), "{}", heard.len());
    assert_eq!(slow.dropped + heard.len(), 200);
    let sent = fast.frames(12);
    let delay = |(number, at): &(u16, Instant)| at.since(sent[usize::from(*number) - 1].1);
    let longest = heard.iter().map(delay).max().unwrap();
    assert!(longest < Duration::from_millis(500), "what is heard is fresh: {longest:?}");
}

#[test]
fn a_packet_is_written_once_for_all_listeners() {
    let mut station = Station::new(config(1), Instant::ORIGIN);
    for link in 1..=40 {
        let event = LinkEvent::Incoming { on: destination(1), rtt: None, mdu: None };
        give(&mut station, Input::Link { link: LinkId(link), event });
    }
    let sent = give(&mut station, Input::Command(StationCommand::Send(&packet(None))));
    assert_eq!(sent.len(), 40);
    assert!(sent.iter().all(|data| data.as_ptr() == sent[0].as_ptr()));
    assert_eq!(sent[0], packet(Some(1)), "with a number");
}

#[test]
fn what_is_no_voice_of_the_profile_is_not_sent() {
    let mut station = Station::new(config(1), Instant::ORIGIN);
    let ten_ms: &[u8] = b"\x81\x01\xc4\x03\x01\xe0\x00";
    let codec2: &[u8] = b"\x81\x01\xc4\x03\x02\x00\x00";
    let signal: &[u8] = b"\x81\x00\x91\x04";
    let ask: &[u8] = b"\x81\x22\xc3";
    let mut long = vec![0; 600];
    let payload = vec![0x18; 500];
    let frames = [Frame { codec: Codec::Opus, payload: &payload }];
    let media = Media { frames: &frames, speaker: None, sequence: None };
    let length = encode_media(media, &mut long).unwrap();
    for data in [ten_ms, codec2, signal, ask, b"", &long[..length]] {
        let refused =
            station.handle_input(Instant::ORIGIN, Input::Command(StationCommand::Send(data)));
        assert_eq!(refused, Err(InputError::BadPacket), "{data:?}");
    }
}

#[test]
fn a_hostile_station_gives_no_more_than_twice_real_time_and_each_number_once() {
    let mut tuner = Tuner::new();
    let link = LinkId(1);
    let tune = TunerCommand::Tune { link, station: destination(1), identify: false };
    hear(&mut tuner, 0, Input::Command(tune));
    hear(&mut tuner, 0, Input::Link { link, event: LinkEvent::Up { rtt: None, mdu: None } });
    let early = hear(&mut tuner, 0, Input::Packet { link, data: &packet(Some(1)) });
    assert!(early.is_empty(), "voice before the program");
    let program = Program {
        name: "Radio".into(),
        profile: StationProfile::Voice(lxst_core::Profile::MediumQuality),
        path: vec![identity(1)],
        is_on_air: true,
    };
    let mut data = [0; 100];
    let length = StationMessage::Station(Some(program)).encode(&mut data).unwrap();
    hear(&mut tuner, 0, Input::Packet { link, data: &data[..length] });
    let mut heard = 0;
    for millis in 0..1_000 {
        for copy in 0..3 {
            let number = (millis * 3 + copy) as u16;
            let data = packet(Some(number));
            heard += hear(&mut tuner, millis, Input::Packet { link, data: &data }).len();
            let again = hear(&mut tuner, millis, Input::Packet { link, data: &data });
            assert!(again.is_empty(), "{number}");
        }
    }
    let most = limits::FRAME_BURST as usize + 34;
    assert!((64..=most).contains(&heard), "{heard}");
    assert!(tuner.counters().excess > 0 && tuner.counters().repeated > 0);
}

#[test]
fn the_end_of_a_talk_spurt_is_heard_once() {
    let mut net = Net::default();
    net.station(1);
    net.listen(11, 1);
    net.pass(Duration::from_secs(1));
    net.speak(1, 60);
    for _ in 0..3 {
        net.give(1, Input::Command(StationCommand::Send(b"\x81\x13\xc3")));
    }
    net.pass(Duration::from_secs(1));
    let ends = net.heard[&11].iter().filter(|(_, event)| *event == TunerEvent::TalkEnd);
    assert_eq!(ends.count(), 1);
}

/// A frame of Medium Quality.
fn packet(number: Option<u16>) -> Vec<u8> {
    let mut data = vec![0; 100];
    let frames = [Frame { codec: Codec::Opus, payload: &[0x18; 60] }];
    let media = Media { frames: &frames, speaker: None, sequence: number.map(Sequence) };
    let length = encode_media(media, &mut data).unwrap();
    data.truncate(length);
    data
}

fn give(station: &mut Station, input: Input<'_, StationCommand<'_>>) -> Vec<Bytes> {
    station.handle_input(Instant::ORIGIN, input).unwrap();
    let outputs = core::iter::from_fn(|| station.poll_output());
    let sent = outputs.filter_map(|output| match output {
        Output::Transmit { data, .. } => Some(data),
        _ => None,
    });
    sent.collect()
}

fn hear(tuner: &mut Tuner, millis: u64, input: Input<'_, TunerCommand>) -> Vec<Bytes> {
    tuner.handle_input(Instant::from_millis(millis), input).unwrap();
    let outputs = core::iter::from_fn(|| tuner.poll_output());
    let heard = outputs.filter_map(|output| match output {
        Output::Event(TunerEvent::Voice(data)) => Some(data),
        _ => None,
    });
    heard.collect()
}
