//! What listeners of a station cost: bytes on the heap for each, and packets per second of one core.

#![expect(clippy::print_stdout, reason = "the table is the result")]

use std::hint::black_box;
use std::time::{Duration, Instant as WallClock};

use lxst_core::wire::{Codec, Frame, Media, Sequence, encode_media};
use lxst_core::{Destination, IdentityHash, Instant, LinkEvent, LinkId, NameHash, Profile};
use lxst_rooms::{Input, Output, Station, StationCommand, StationConfig, StationProfile, limits};
use lxst_sim::allocations::{Counting, held};

#[global_allocator]
static HEAP: Counting = Counting;

fn main() {
    println!("| listeners | bytes of heap each | packets per second | speech of Medium Quality |");
    println!("|---|---|---|---|");
    for listeners in [1, 100, 1_000] {
        let before = held();
        let mut station = station();
        let empty = held();
        (1..=listeners).for_each(|link| tune_in(&mut station, LinkId(link)));
        send(&mut station, 1);
        let bytes = (held() - empty) / listeners as i64;
        let rate = packets_per_second(&mut station);
        let load =
            listeners as f64 / rate / Profile::MediumQuality.frame().duration().as_secs_f64();
        println!("| {listeners} | {bytes} | {rate:.0} | {:.3} % of a core |", 100.0 * load);
        drop(station);
        assert_eq!(held(), before, "all is freed");
    }
}

/// Sends until a second has passed, and polls every packet.
fn packets_per_second(station: &mut Station) -> f64 {
    let begun = WallClock::now();
    let (mut packets, mut number) = (0, 2);
    while begun.elapsed() < Duration::from_secs(1) {
        packets += send(station, number);
        number = number.wrapping_add(1);
    }
    packets as f64 / begun.elapsed().as_secs_f64()
}

/// Sends one packet of 60 bytes of Opus. Returns how many went out.
fn send(station: &mut Station, number: u16) -> usize {
    let mut data = [0; 100];
    let frames = [Frame { codec: Codec::Opus, payload: &[0x18; 60] }];
    let media = Media { frames: &frames, speaker: None, sequence: Some(Sequence(number)) };
    let length = encode_media(media, &mut data).expect("it fits");
    give(station, Input::Command(StationCommand::Send(&data[..length])))
}

fn give(station: &mut Station, input: Input<'_, StationCommand<'_>>) -> usize {
    station.handle_input(Instant::ORIGIN, input).expect("the outputs are drained");
    let mut packets = 0;
    while let Some(output) = station.poll_output() {
        packets += usize::from(matches!(black_box(&output), Output::Transmit { .. }));
    }
    packets
}

fn tune_in(station: &mut Station, link: LinkId) {
    let on = Destination { identity: IdentityHash([0; 16]), name: NameHash([0; 10]) };
    let event = LinkEvent::Incoming { on, rtt: None, mdu: None };
    give(station, Input::Link { link, event });
}

fn station() -> Station {
    let profile = StationProfile::Voice(Profile::MediumQuality);
    let config = StationConfig::new(IdentityHash([0; 16]), "Radio", profile);
    let most = limits::MAX_LISTENERS;
    let config = config.and_then(|config| config.listeners(most, most)).expect("in bounds");
    Station::new(config, Instant::ORIGIN)
}
