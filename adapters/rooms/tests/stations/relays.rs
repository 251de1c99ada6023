//! Trees of stations, loops, and sources that vanish.

use std::time::Duration;

use lxst_core::{LinkId, Profile};
use lxst_rooms::wire::StationKind;
use lxst_rooms::{
    CloseReason, Input, InputError, StationCommand, StationConfig, StationEvent, StationProfile,
    TunerEvent, limits,
};

use crate::net::{DELAY, Net, Place, destination, identity};

#[test]
fn a_tree_of_three_stations_carries_every_frame_to_every_listener() {
    let mut net = tree();
    for _ in 0..50 {
        net.speak(1, 60);
    }
    net.pass(Duration::from_secs(1));
    let direct = net.frames(11);
    assert_eq!(
        direct.iter().map(|(number, _)| *number).collect::<Vec<_>>(),
        Vec::from_iter(1..=50)
    );
    for (place, hops) in [(21, 1), (22, 1), (31, 1)] {
        let later: Vec<_> =
            direct.iter().map(|(number, at)| (*number, *at + DELAY * hops)).collect();
        assert_eq!(net.frames(place), later, "{place}");
    }
    let program = net.tuners[&21].program().unwrap();
    assert_eq!(program.path, [identity(1), identity(2)]);
    assert_eq!((program.name.as_str(), program.is_on_air), ("station 1", true));
    assert_eq!(net.stations[&2].announced().kind, StationKind::Relay);
    assert_eq!(net.stations[&1].announced().kind, StationKind::Origin);
}

#[test]
fn a_relay_of_a_relay_adds_itself_to_the_path() {
    let mut net = Net::default();
    for place in 1..=3 {
        net.station(place);
    }
    net.relay(2, 1);
    net.relay(3, 2);
    net.listen(31, 3);
    net.pass(Duration::from_secs(1));
    net.speak(1, 60);
    net.pass(Duration::from_secs(1));
    assert_eq!(net.tuners[&31].program().unwrap().path, [1, 2, 3].map(identity));
    assert_eq!(net.frames(31).len(), 1);
}

#[test]
fn a_loop_of_relays_is_refused_and_carries_nothing() {
    for length in [2, 3, 5] {
        let mut net = Net::default();
        for place in 1..=length {
            net.station(place);
        }
        for place in 1..=length {
            net.relay(place, place % length + 1);
        }
        net.pass(Duration::from_secs(60));
        let refused = (1..=length).filter(|place| refused(&net, *place) == [CloseReason::Loop]);
        assert!(refused.count() >= 1, "{length}");
        assert!(net.stations.values().all(|station| !station.program().is_on_air));
        assert_eq!(net.sent, 0, "no voice");
    }
}

#[test]
fn a_station_does_not_relay_itself() {
    let mut net = Net::default();
    let (now, link) = (net.now, LinkId(1));
    let relay = StationCommand::Relay { link, station: destination(1) };
    let refused = net.station(1).handle_input(now, Input::Command(relay));
    assert_eq!(refused, Err(InputError::OwnStation));
}

#[test]
fn a_relay_that_turns_into_a_loop_is_refused_and_its_frames_stop() {
    let mut net = Net::default();
    for place in 1..=3 {
        net.station(place);
    }
    // 3 hears 2, which hears 1.
    net.relay(2, 1);
    net.relay(3, 2);
    net.listen(31, 3);
    net.pass(Duration::from_secs(1));
    net.speak(1, 60);
    // 2 turns to 3 while frames are on the way.
    net.give(2, Input::Command(StationCommand::StopRelay));
    net.relay(2, 3);
    net.pass(Duration::from_secs(60));
    let loops = [2, 3].map(|place| refused(&net, place).contains(&CloseReason::Loop));
    assert!(loops[0] || loops[1]);
    assert!(net.frames(31).len() <= 1);
    assert!(!net.tuners[&31].program().unwrap().is_on_air);
}

#[test]
fn a_way_through_more_stations_than_may_be_is_refused() {
    let mut net = Net::default();
    let last = limits::STATION_PATH as Place + 1;
    for place in 1..=last {
        net.station(place);
    }
    for place in 2..=last {
        net.relay(place, place - 1);
    }
    net.pass(Duration::from_secs(10));
    assert_eq!(refused(&net, last), [CloseReason::TooFar]);
    assert_eq!(refused(&net, last - 1), []);
    assert!(net.stations[&(last - 1)].program().is_on_air);
}

#[test]
fn listeners_of_a_relay_are_told_when_its_source_vanishes_and_when_it_is_back() {
    let mut net = tree();
    net.speak(1, 60);
    net.silent.push(1);
    // Its link says nothing of it: the relay asks, and asks again.
    net.pass(limits::STATION_QUIET + limits::ASK_AGAIN * (limits::STATION_ASKS + 1));
    let [end, told] = &net.heard[&21][net.heard[&21].len() - 2..] else { panic!() };
    assert_eq!(end.1, TunerEvent::TalkEnd);
    let TunerEvent::Program(program) = &told.1 else { panic!("{told:?}") };
    assert_eq!((program.is_on_air, &program.path[..]), (false, &[identity(2)][..]));
    let lost = StationEvent::SourceClosed {
        reason: CloseReason::NoAnswer,
        again: Some(limits::RECONNECT[0]),
    };
    assert_eq!(net.told[&2].last().unwrap().1, lost);

    net.silent.clear();
    net.relay(2, 1);
    net.pass(Duration::from_secs(1));
    net.speak(1, 60);
    net.pass(Duration::from_secs(1));
    assert_eq!(net.frames(21).len(), 2);
    assert!(net.tuners[&21].program().unwrap().is_on_air);
}

#[test]
fn a_lost_word_of_the_station_is_asked_for_again() {
    let mut net = Net::default();
    net.station(1);
    net.listen(11, 1);
    net.silent.push(1);
    net.pass(Duration::from_secs(1));
    assert_eq!(net.tuners[&11].program(), None);
    net.silent.clear();
    net.pass(limits::ASK_AGAIN);
    assert!(net.tuners[&11].program().is_some());
}

#[test]
fn a_relay_sends_nothing_of_its_own_and_one_that_stops_does() {
    let mut net = tree();
    let frame = b"\x81\x01\xc4\x03\x01\x18\x18";
    let send = || Input::Command(StationCommand::Send(frame));
    let now = net.now;
    let refused = net.stations.get_mut(&2).unwrap().handle_input(now, send());
    assert_eq!(refused, Err(InputError::Relays));
    net.give(2, Input::Command(StationCommand::StopRelay));
    net.give(2, send());
    net.pass(Duration::from_secs(1));
    assert_eq!(net.frames(21).len(), 1);
    assert_eq!(net.tuners[&21].program().unwrap().path, [identity(2)]);
    assert_eq!(net.frames(31), []);
}

#[test]
fn a_relay_takes_the_profile_of_what_it_relays() {
    let mut net = Net::default();
    net.station(2);
    let name = "music";
    let of_music = StationConfig::new(identity(1), name, StationProfile::MusicHigh).unwrap();
    net.station_of(1, of_music);
    net.relay(2, 1);
    net.listen(21, 2);
    net.pass(Duration::from_secs(1));
    assert_eq!(net.tuners[&21].program().unwrap().profile, StationProfile::MusicHigh);
    net.give(2, Input::Command(StationCommand::StopRelay));
    let own = StationProfile::Voice(Profile::MediumQuality);
    assert_eq!(net.stations[&2].program().profile, own);
}

/// Station 1, which 2 and 3 relay, and listeners of each.
fn tree() -> Net {
    let mut net = Net::default();
    for place in 1..=3 {
        net.station(place);
    }
    net.relay(2, 1);
    net.relay(3, 1);
    for (listener, station) in [(11, 1), (21, 2), (22, 2), (31, 3)] {
        net.listen(listener, station);
    }
    net.pass(Duration::from_secs(1));
    net
}

/// Why the links of a relay to its source were closed.
fn refused(net: &Net, place: Place) -> Vec<CloseReason> {
    let told = net.told.get(&place).into_iter().flatten();
    let closed = told.filter_map(|(_, event)| match event {
        StationEvent::SourceClosed { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    closed.collect()
}
