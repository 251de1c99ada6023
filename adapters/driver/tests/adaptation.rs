//! Two phones on a path that is too narrow for their profile.

mod common;

use std::time::Duration;

use common::Seeded;
use common::pair::{ALICE, BOB, Fate, Pair};
use lxst_driver::core::{Event, Profile, Side};
use lxst_driver::{Adaptation, Config};

#[test]
fn a_phone_steps_down_where_the_path_loses_voice_and_up_when_it_carries_it_again() {
    let (mut pair, mut chance) = (pair(Adaptation::Automatic), Seeded(1));
    pair.dial(Profile::HighQuality);
    pair.run(Duration::from_secs(1));
    pair.run_on(Duration::from_secs(15), |_, from, packet| {
        let is_voice = from == ALICE && packet.len() > 130;
        if is_voice && chance.next() % 4 == 0 { Fate::IsLost } else { Fate::Comes }
    });
    assert_eq!(switches(&pair, BOB), [(Profile::MediumQuality, Side::Local)]);
    assert_eq!(switches(&pair, ALICE), [(Profile::MediumQuality, Side::Remote)]);
    pair.run(Duration::from_secs(60));
    assert_eq!(switches(&pair, BOB)[1..], [(Profile::HighQuality, Side::Local)]);
}

#[test]
fn a_phone_that_was_not_asked_to_leaves_the_profile_to_people() {
    let (mut pair, mut chance) = (pair(Adaptation::Off), Seeded(1));
    pair.dial(Profile::HighQuality);
    pair.run(Duration::from_secs(1));
    pair.run_on(Duration::from_secs(15), |_, _, packet| {
        let is_lost = packet.len() > 130 && chance.next() % 4 == 0;
        if is_lost { Fate::IsLost } else { Fate::Comes }
    });
    assert_eq!(switches(&pair, BOB), []);
}

/// Only the callee adapts.
fn pair(adaptation: Adaptation) -> Pair {
    Pair::new(|phone| Config {
        adaptation: if phone == BOB { adaptation } else { Adaptation::Off },
        ..Config::default()
    })
}

fn switches(pair: &Pair, phone: usize) -> Vec<(Profile, Side)> {
    let told = pair.phones[phone].told.iter();
    told.filter_map(|event| match event {
        Event::ProfileChanged { profile, by, .. } => Some((*profile, *by)),
        _ => None,
    })
    .collect()
}
