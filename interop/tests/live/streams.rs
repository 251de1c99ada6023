//! Voice without a call: an app's radio on a link, with the reference's packetizer and link source
//! at the other end.

use std::thread;
use std::time::Duration;

use lxst_core::wire::Packet;
use lxst_interop::{Command, Direction, PacketKind, free_udp_ports};
use lxst_phone::reticulum::{Destination, name_hash};
use lxst_phone::{AudioFormat, IdentityHash, RadioEvent, talk};

use crate::networks::udp;
use crate::phone::PATIENCE;
use crate::scene::{Scene, on_both_runtimes};
use crate::sound::{ALL_OF_IT, check_heard, record, say_and_then_nothing, speaking, speech_after};

on_both_runtimes![an_apps_radio_and_pythons_packetizer_and_link_source_hear_each_other];

fn an_apps_radio_and_pythons_packetizer_and_link_source_hear_each_other(scene: &Scene) {
    let (here, there) = free_udp_ports();
    let mut python = speaking(scene.python().udp(there, here)).spawn();
    let rust = scene.connected(udp(here, there));
    let (radio, events) = rust.radio();
    python.send(&Command::ServeApp(DESK));
    python.expect("app_served", PATIENCE);
    let desk = Destination { identity: IdentityHash(python.identity()), name: name_hash(DESK) };
    let link = rust.await_work("link", rust.destinations.open(desk)).expect("it comes up");
    python.expect("app_link", PATIENCE);
    let link = radio.on_link(link);
    python.send(&Command::Stream(DESK));
    python.expect("streaming", PATIENCE);

    let speech = speech_after(Duration::from_millis(500));
    let format = AudioFormat { rate_hz: speech.rate_hz, channels: 1 };
    let microphone = rust.block_on(radio.audio_source(format)).expect("the radio runs");
    let speaker = rust.block_on(radio.audio_sink(AudioFormat::PHONE)).expect("the radio runs");
    say_and_then_nothing(microphone, speech);
    rust.block_on(radio.press_to_talk()).expect("the radio runs");
    let heard = record(speaker);
    while heard.time() < ALL_OF_IT {
        thread::sleep(Duration::from_millis(100));
    }
    rust.block_on(radio.release()).expect("the radio runs");
    check_heard(&mut python, &heard);

    let first = rust.await_work("talk", events.next());
    let talking = |event| matches!(event, talk::Event::Talking { link: on, .. } if on == link);
    assert!(matches!(first, Some(RadioEvent::Talk(event)) if talking(event)), "{first:?}");
    let media = python
        .packets()
        .into_iter()
        .filter(|packet| packet.direction == Direction::Rx && packet.kind == PacketKind::Media);
    let numbers: Vec<_> = media
        .map(|packet| {
            let bytes = packet.bytes.expect("it was decrypted");
            Packet::parse(&bytes).expect("it is ours").sequence()
        })
        .collect();
    assert!(numbers.len() > 90, "{}", numbers.len());
    assert!(numbers.iter().all(Option::is_some), "each of our packets has a number");
    rust.await_work("end of the radio", radio.shutdown());
    // Its link closes with it.
    python.expect("app_closed", PATIENCE);
}

const DESK: &str = "lxst.talk";
