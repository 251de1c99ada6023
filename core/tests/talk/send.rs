//! What a talker sends, byte by byte.

use lxst_core::talk::{Command, Config, Event, Format, Input, Numbers, Output, Radio};
use lxst_core::wire::{Codec, Frame, Packet, Sequence, Signal};
use lxst_core::{
    Class, Direction, Instant, LinkId, Outcome, PacketBuf, PortChange, Profile, RawDepth, Samples,
    SendFormat, Talk, Work,
};
use lxst_sim::wire::Conditions;

use crate::recorded::recorded;
use crate::support::{Listener, Talker, at, config};

#[test]
fn nothing_is_sent_while_the_button_is_released() {
    let mut talker = talker(config(Profile::LowLatency));
    for block in 0..100 {
        talker.capture(at(block * 20), Profile::LowLatency.frame());
    }
    assert!(talker.sent.is_empty());
    assert_eq!(talker.radio.counters().capture_discarded, Samples::from_millis(2_000));
}

#[test]
fn the_frame_that_is_begun_at_release_is_completed_and_the_talk_ends() {
    let mut talker = talker(config(Profile::LowLatency));
    talker.talk(at(0), Talk::Pressed);
    talker.capture(at(30), Samples::from_millis(30));
    talker.talk(at(30), Talk::Released);
    assert_eq!(talker.sent.len(), 1);
    talker.capture(at(40), Samples::from_millis(10));
    talker.capture(at(90), Samples::from_millis(50));
    let [first, second, end] = &talker.sent[..] else { panic!("{:?}", talker.sent) };
    assert_eq!(first[..], [0x82, 1, 0xc4, 6, 1, 0x08, 0, 0, 0, 0, 0x10, 1]);
    assert_eq!(second[..], [0x82, 1, 0xc4, 6, 1, 0x08, 1, 0, 0, 0, 0x10, 2]);
    assert_eq!(end[..], [0x81, 0x13, 0xc3]);
    assert_eq!(talker.radio.counters().capture_discarded, Samples::from_millis(50));
}

#[test]
fn a_press_and_release_without_a_frame_sends_nothing() {
    let mut talker = talker(config(Profile::LowLatency));
    talker.talk(at(0), Talk::Pressed);
    talker.talk(at(5), Talk::Released);
    talker.capture(at(30), Samples::from_millis(30));
    assert!(talker.sent.is_empty());
}

#[test]
fn nothing_that_is_captured_after_the_frame_at_release_is_sent() {
    let mut radio = pressed(config(Profile::LowLatency));
    let captured = |millis| Input::Captured { samples: Samples::from_millis(millis) };
    // The encoder is slow: two frames are with it, and five wait.
    radio.handle_input(at(10), captured(130)).expect("nothing waits");
    radio.handle_input(at(20), Input::Command(Command::Talk(Talk::Released))).expect("it waits");
    radio.handle_input(at(900), captured(900)).expect("it waits");
    let mut encoded = Samples::ZERO;
    let mut buf = PacketBuf::new();
    while let Some(output) = radio.poll_output(&mut buf) {
        if let Output::Job { job, work, .. } = output {
            if let Work::Encode { samples, .. } = work {
                encoded = encoded + samples;
            }
            let done = Input::JobDone { job, outcome: Outcome::Failed };
            radio.handle_input(at(900), done).expect("no packet waits");
        }
    }
    assert_eq!(encoded, Samples::from_millis(140));
}

#[test]
fn ultra_low_latency_has_numbers_only_if_they_are_asked_for() {
    for (numbers, has_numbers) in
        [(Numbers::Auto, false), (Numbers::Always, true), (Numbers::Never, false)]
    {
        let config = Config { numbers, ..config(Profile::UltraLowLatency) };
        let mut talker = talker(config);
        talker.talk(at(0), Talk::Pressed);
        talker.capture(at(10), Samples::from_millis(10));
        let packet = Packet::parse(&talker.sent[0]).expect("it is well formed");
        assert_eq!(packet.sequence().is_some(), has_numbers, "{numbers:?}");
    }
}

#[test]
fn without_optional_keys_packets_are_the_references() {
    let config = Config { numbers: Numbers::Never, ends: false, ..config(Profile::LowLatency) };
    let mut talker = talker(config);
    talker.talk(at(0), Talk::Pressed);
    talker.capture(at(20), Samples::from_millis(20));
    talker.talk(at(20), Talk::Released);
    assert_eq!(talker.sent, [[0x81, 1, 0xc4, 6, 1, 0x08, 0, 0, 0, 0]]);
}

#[test]
fn a_pause_of_speech_ends_the_talk_until_the_next_word() {
    let mut talker = talker(config(Profile::LowLatency));
    talker.talk(at(0), Talk::Pressed);
    let mut kinds = Vec::new();
    for (block, has_voice) in (1..).zip([true, false, false, true]) {
        talker.has_voice = has_voice;
        talker.capture(at(block * 20), Samples::from_millis(20));
        kinds.push(talker.sent.drain(..).map(|packet| packet[1]).collect::<Vec<_>>());
    }
    assert_eq!(kinds, [vec![1], vec![0x13], vec![], vec![1]]);
    assert_eq!(talker.radio.counters().frames_dtx, 2);
}

#[test]
fn a_batch_ends_with_its_time_with_the_mdu_and_with_the_talk() {
    let frames = |config: Config, captured: u64| {
        let mut talker = talker(config);
        talker.talk(at(0), Talk::Pressed);
        for block in 1..=captured {
            talker.capture(at(block * 20), Samples::from_millis(20));
        }
        talker.talk(at(captured * 20), Talk::Released);
        let mut next = Sequence(1);
        let mut counts = Vec::new();
        for packet in talker.sent.iter().filter(|packet| packet[1] == 1) {
            assert!(packet.len() <= config.mdu, "{}", packet.len());
            let packet = Packet::parse(packet).expect("it is well formed");
            assert_eq!(packet.sequence(), Some(next));
            counts.push(packet.frames().count());
            next = next.plus(packet.frames().count() as u16);
        }
        counts
    };
    let batch = Samples::from_millis(70);
    let plain = config(Profile::LowLatency);
    assert_eq!(frames(Config { batch, ..plain }, 8), [3, 3, 2]);
    let batch = Samples::from_millis(60_000);
    assert_eq!(frames(Config { batch, mdu: 30, ..plain }, 5), [2, 2, 1]);
    assert_eq!(frames(Config { batch, mdu: 1_500, ..plain }, 100), [64, 36]);
}

#[test]
fn a_frame_that_fits_no_packet_is_counted() {
    let mut talker = talker(Config { mdu: 10, ..config(Profile::LowLatency) });
    talker.talk(at(0), Talk::Pressed);
    talker.capture(at(20), Samples::from_millis(20));
    assert!(talker.sent.is_empty());
    assert_eq!(talker.radio.counters().frames_unsent, 1);
}

#[test]
fn raw_audio_is_cut_to_the_longest_frame_that_fits() {
    let format = Format::raw(RawDepth::Float16);
    let mut radio = pressed(Config { format, ..Config::default() });
    let captured = Input::Captured { samples: Samples(480) };
    radio.handle_input(at(10), captured).expect("nothing waits");
    let mut buf = PacketBuf::new();
    let Some(Output::Job { work: Work::Encode { format, samples, .. }, .. }) =
        radio.poll_output(&mut buf)
    else {
        panic!("a frame is there");
    };
    assert_eq!((format, samples), (SendFormat::Raw(RawDepth::Float16), Samples(192)));
}

#[test]
fn a_signal_goes_beside_the_frames_and_arrives() {
    let mut talker = talker(Config::default());
    talker.give(at(0), Input::Command(Command::Signal(Signal::PreferredProfile(0x40))));
    assert_eq!(talker.sent, [[0x81, 0, 0x91, 0xcd, 1, 0x3f]]);
    let mut listener = Listener::new();
    let (link, data) = (LinkId(3), &talker.sent[0]);
    listener.give(at(0), Input::Packet { link, data });
    let signal = Signal::PreferredProfile(0x40);
    assert_eq!(listener.events, [Event::Signal { link, signal }]);
}

#[test]
fn the_packets_of_a_recorded_talk_are_made_of_its_frames() {
    for (scenario, batch) in
        [("frames_opus-low", 0), ("frames_batched", 180), ("frames_music-high", 0)]
    {
        let config = Config { batch: Samples::from_millis(batch), ..Config::default() };
        let mut radio = pressed(config);
        let mut made = Vec::new();
        let expected: Vec<_> = recorded()
            .filter(|packet| packet.is_sent_in(scenario))
            .map(|packet| packet.bytes)
            .collect();
        for bytes in &expected {
            let packet = Packet::parse(bytes).expect("Partyline sends well formed packets");
            for frame in packet.frames() {
                encode(&mut radio, frame.expect("all frames are good"), &mut made);
            }
        }
        assert_eq!(made, expected, "{scenario}");
    }
}

fn talker(config: Config) -> Talker {
    Talker::new(1, config, Conditions::NONE)
}

fn pressed(config: Config) -> Radio<0> {
    let mut radio = Radio::new(config, Instant::ORIGIN);
    let (direction, change) = (Direction::Send, PortChange::Attached);
    for input in [Input::Port { direction, change }, Input::Command(Command::Talk(Talk::Pressed))] {
        radio.handle_input(at(0), input).expect("nothing waits");
    }
    while radio.poll_output(&mut PacketBuf::new()).is_some() {}
    radio
}

/// Lets the radio encode one frame, to these bytes, and send what is ready.
fn encode(radio: &mut Radio<0>, frame: Frame<'_>, sent: &mut Vec<Vec<u8>>) {
    assert_ne!(frame.codec, Codec::Raw);
    let captured = Input::Captured { samples: Samples::from_millis(60) };
    radio.handle_input(at(60), captured).expect("nothing waits");
    let mut buf = PacketBuf::new();
    while let Some(output) = radio.poll_output(&mut buf) {
        match output {
            Output::Job { job, .. } => {
                let outcome = Outcome::Encoded(frame);
                let done = Input::JobDone { job, outcome };
                radio.handle_input(at(60), done).expect("no packet waits");
            }
            Output::Transmit { class, data } => {
                assert_eq!(class, Class::Media);
                sent.push(data.to_vec());
            }
            Output::Stream { .. } | Output::Event(_) => panic!("{output:?}"),
        }
    }
}

#[test]
fn a_radio_takes_the_memory_that_its_documentation_states() {
    let sender = size_of::<Radio<0>>();
    let talker = size_of::<Radio<1>>() - sender;
    assert_eq!((sender.div_ceil(1_024), talker.div_ceil(1_024)), (14, 18));
}
