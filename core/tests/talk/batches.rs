//! Packets that hold seconds of audio, as those of push-to-talk rooms.

use lxst_core::talk::{Config, Event, Input};
use lxst_core::wire::{Codec, Frame, Media, Sequence, encode_media};
use lxst_core::{LinkId, Profile, Samples, StreamId, Talk, limits};
use lxst_sim::wire::Conditions;

use crate::support::{Listener, Talker, at, config, ms, run};

#[test]
fn packets_that_are_longer_than_the_jitter_buffer_are_heard_whole() {
    let batch = limits::MAX_BATCH;
    for (mdu, longest) in [(limits::DEFAULT_MDU, 52), (limits::PACKET_BYTES, limits::TALK_FRAMES)] {
        let config = Config { batch, mdu, ..config(Profile::MediumQuality) };
        let mut talkers = [Talker::new(1, config, Conditions::NONE)];
        let mut listener = Listener::new();
        talkers[0].talk(at(0), Talk::Pressed);
        run(&mut talkers, &mut listener, at(0), at(20_000));
        talkers[0].talk(at(20_000), Talk::Released);
        run(&mut talkers, &mut listener, at(20_000), at(30_000));
        let packets = 334_usize.div_ceil(longest) as u64;
        assert_eq!(talkers[0].radio.counters().media_packets_sent, packets);
        let frames = listener.frames_of(FIRST);
        assert!(frames.iter().copied().eq(0..334), "{mdu}: {frames:?}");
        assert_eq!(listener.radio.counters().frames_shed, 0);
    }
}

#[test]
fn the_parts_of_a_long_packet_are_heard_whole() {
    let mut listener = Listener::new();
    let frames: Vec<_> = (0..320).map(|number| opus(number, 40)).collect();
    for (number, packet) in (0..).zip(frames.chunks(64)) {
        let came = 3_840 * (number + 1);
        run(&mut [], &mut listener, at(came - 3_840), at(came));
        for (part, frames) in (0..).zip(packet.chunks(8)) {
            let first = 64 * number + 8 * part;
            hear(&mut listener, came - 10 + part, frames, first);
        }
    }
    run(&mut [], &mut listener, at(19_200), at(24_000));
    let heard = listener.frames_of(FIRST);
    assert!(heard.iter().copied().eq(0..320), "{heard:?}");
    assert_eq!(listener.radio.counters().frames_shed, 0);
    let talks = |event: &&Event| matches!(event, Event::Talking { .. });
    assert_eq!(listener.events.iter().filter(talks).count(), 1);
}

#[test]
fn packets_with_all_the_frames_that_may_be_are_heard_whole_in_the_longest_profile() {
    let mut listener = Listener::new();
    // Codec2 700C: frames of 400 ms, packets of 25.6 s.
    let frames: Vec<_> = (0..192).map(codec2).collect();
    for (number, packet) in (0..).zip(frames.chunks(64)) {
        let came = 25_600 * (number + 1);
        run(&mut [], &mut listener, at(came - 25_600), at(came));
        hear(&mut listener, came - 10, packet, 64 * number);
    }
    run(&mut [], &mut listener, at(76_800), at(104_000));
    let heard = listener.frames_of(FIRST);
    assert!(heard.iter().copied().eq(0..192), "{heard:?}");
}

#[test]
fn of_a_packet_that_the_ring_does_not_hold_the_oldest_frames_are_dropped_and_counted() {
    for (bytes, dropped) in [(251, 0), (252, 1), (280, 7)] {
        let mut listener = Listener::new();
        let frames: Vec<_> = (0..64).map(|number| opus(number, bytes)).collect();
        hear(&mut listener, 0, &frames, 0);
        run(&mut [], &mut listener, at(20), at(6_000));
        let heard = listener.frames_of(FIRST);
        assert!(heard.iter().copied().eq(dropped..64), "{bytes}: {heard:?}");
        assert_eq!(listener.radio.counters().frames_shed, u64::from(dropped));
    }
}

#[test]
fn the_delay_that_a_stall_leaves_among_short_batches_is_dropped() {
    let stall = Conditions { stall: Some((at(5_000), ms(800))), ..Conditions::NONE };
    let batch = Samples::from_millis(180);
    let config = Config { batch, ..config(Profile::MediumQuality) };
    let mut talkers = [Talker::new(1, config, stall)];
    let mut listener = Listener::new();
    talkers[0].talk(at(0), Talk::Pressed);
    run(&mut talkers, &mut listener, at(0), at(11_000));
    let heard = listener.frames_of(FIRST);
    assert!(heard.iter().copied().take(80).eq(0..80), "{heard:?}");
    assert!(listener.radio.counters().dropped >= Samples::from_millis(500));
    assert!(heard.last().is_some_and(|newest| newest * 60 > 10_500), "{heard:?}");
}

/// Gives the listener a packet of these frames.
fn hear(listener: &mut Listener, millis: u64, frames: &[(Codec, Vec<u8>)], first: u64) {
    let frames: Vec<_> =
        frames.iter().map(|(codec, payload)| Frame { codec: *codec, payload }).collect();
    let mut packet = vec![0; 20_000];
    let media = Media { frames: &frames, speaker: None, sequence: Some(Sequence(first as u16)) };
    let length = encode_media(media, &mut packet).expect("there is room");
    listener.pass_time(at(millis));
    listener.give(at(millis), Input::Packet { link: LinkId(1), data: &packet[..length] });
}

/// 60 ms of Opus in so many bytes, with a number.
fn opus(number: u32, bytes: usize) -> (Codec, Vec<u8>) {
    let mut payload = vec![0x18];
    payload.extend(number.to_le_bytes());
    payload.resize(bytes, 0);
    (Codec::Opus, payload)
}

/// 400 ms of Codec2 700C, with a number.
fn codec2(number: u32) -> (Codec, Vec<u8>) {
    let mut payload = vec![0];
    payload.extend(number.to_le_bytes());
    payload.resize(41, 0);
    (Codec::Codec2, payload)
}

const FIRST: StreamId = StreamId(1);
