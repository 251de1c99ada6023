//! What holds of every packet and announce of `lxst.station`, whatever is in it. The fuzzer and its
//! corpus run this.

use lxst_core::wire::Packet;
use lxst_core::{Destination, IdentityHash, Instant, LinkEvent, LinkId, NameHash, Profile};
use lxst_rooms::wire::{AnnouncedStation, Program, StationMessage};
use lxst_rooms::{
    Input, Output, Station, StationCommand, StationConfig, StationEvent, StationProfile, Tuner,
    TunerCommand, TunerEvent, limits,
};

/// Reads the bytes as a packet and as an announce, and gives them to a listener and to a relay.
///
/// # Panics
/// If an invariant does not hold.
pub(crate) fn check(data: &[u8]) {
    if let Ok(Some(message)) = StationMessage::parse(data) {
        if let StationMessage::Station(Some(program)) = &message {
            check_program(program);
        }
        let mut out = [0; limits::STATION_PACKET];
        let length = message.encode(&mut out).expect("it fits every link");
        assert_eq!(StationMessage::parse(&out[..length]), Ok(Some(message)));
    }
    if let Some(announced) = AnnouncedStation::from_app_data(data) {
        assert!(announced.name.len() <= limits::NAME);
        let mut out = [0; 60];
        let length = announced.encode(&mut out).expect("its name is short");
        assert_eq!(AnnouncedStation::from_app_data(&out[..length]), Some(announced));
    }
    to_tuner(data);
    to_relay(data);
}

/// A packet before the station told what it sends, and after it.
fn to_tuner(data: &[u8]) {
    let mut tuner = Tuner::new();
    let (link, station) = (LinkId(1), destination(FIRST));
    for input in [
        Input::Command(TunerCommand::Tune { link, station, identify: true }),
        Input::Link { link, event: LinkEvent::Up { rtt: None, mdu: None } },
        Input::Packet { link, data },
        Input::Packet { link, data: &told() },
        Input::Packet { link, data },
        Input::Packet { link, data },
    ] {
        tuner.handle_input(Instant::ORIGIN, input).expect("the outputs are drained");
        while let Some(output) = tuner.poll_output() {
            match output {
                Output::Event(TunerEvent::Program(program)) => check_program(&program),
                Output::Event(TunerEvent::Voice(data)) => check_voice(&data),
                Output::Transmit { data, .. } => {
                    assert_eq!(StationMessage::parse(&data), Ok(Some(StationMessage::Ask)));
                }
                Output::Event(_) | Output::Link { .. } => {}
            }
        }
    }
    assert!(tuner.poll_timeout().is_none_or(|due| due > Instant::ORIGIN));
}

/// A packet of a listener of a relay, and one of the station that it relays.
fn to_relay(data: &[u8]) {
    let profile = StationProfile::Voice(Profile::MediumQuality);
    let config = StationConfig::new(RELAY, "relay", profile).expect("a name");
    let mut relay = Station::new(config, Instant::ORIGIN);
    let (source, listener) = (LinkId(1), LinkId(2));
    let relayed = StationCommand::Relay { link: source, station: destination(FIRST) };
    let on = destination(RELAY);
    for input in [
        Input::Command(relayed),
        Input::Link { link: source, event: LinkEvent::Up { rtt: None, mdu: None } },
        Input::Link { link: listener, event: LinkEvent::Incoming { on, rtt: None, mdu: None } },
        Input::Packet { link: listener, data },
        Input::Packet { link: source, data },
        Input::Packet { link: source, data: &told() },
        Input::Packet { link: source, data },
    ] {
        relay.handle_input(Instant::ORIGIN, input).expect("the outputs are drained");
        while let Some(output) = relay.poll_output() {
            match output {
                Output::Event(StationEvent::Program(program)) => check_relayed(&program),
                Output::Transmit { link, data, .. } if link == listener => check_sent(&data),
                Output::Event(_) | Output::Transmit { .. } | Output::Link { .. } => {}
            }
        }
    }
    check_relayed(relay.program());
    assert!(relay.listeners().eq([listener]));
}

/// What a relay sends to its listeners: what it relays, voice, or the end of it.
fn check_sent(data: &[u8]) {
    assert!(data.len() <= limits::STATION_PACKET);
    match StationMessage::parse(data).expect("it is well formed") {
        Some(StationMessage::Station(Some(program))) => check_relayed(&program),
        Some(message) => panic!("{message:?}"),
        None if Packet::parse(data).is_ok_and(|packet| packet.talk_end().is_some()) => {}
        None => check_voice(data),
    }
}

fn check_relayed(program: &Program) {
    check_program(program);
    assert_eq!(program.path.last(), Some(&RELAY));
    assert_eq!(program.path.iter().filter(|station| **station == RELAY).count(), 1);
}

fn check_program(program: &Program) {
    assert!(program.name.len() <= limits::NAME);
    assert!((1..=limits::STATION_PATH).contains(&program.path.len()));
}

fn check_voice(data: &[u8]) {
    let packet = Packet::parse(data).expect("it is well formed");
    assert!((1..=limits::FRAMES).contains(&packet.frames().count()));
    assert!(packet.frames().all(|frame| frame.is_ok()));
    assert!(packet.sequence().is_some() && packet.speaker().is_none());
}

/// What a station of Medium Quality tells.
fn told() -> Vec<u8> {
    let program = Program {
        name: "first".to_owned(),
        profile: StationProfile::Voice(Profile::MediumQuality),
        path: vec![FIRST],
        is_on_air: true,
    };
    let mut out = vec![0; limits::STATION_PACKET];
    let length = StationMessage::Station(Some(program)).encode(&mut out).expect("it fits");
    out.truncate(length);
    out
}

fn destination(identity: IdentityHash) -> Destination {
    Destination { identity, name: NameHash([0; 10]) }
}

const FIRST: IdentityHash = IdentityHash([1; 16]);
const RELAY: IdentityHash = IdentityHash([2; 16]);
