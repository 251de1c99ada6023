//! Two phones on a path that is too narrow for their profile.

#![cfg(feature = "opus")]

mod common;

use std::time::Duration;

use common::pair::{ALICE, BOB, Delivery, Pair};
use lxst_core::{Event, Instant, Profile, Side};
use lxst_engine::Config;
use lxst_engine::codecs::{BuiltInCodecs, Codecs};
use lxst_sim::random::Seeded;

#[test]
fn a_phone_steps_down_where_the_path_loses_voice_and_up_when_it_carries_it_again() {
    let mut pair = pair(true);
    pair.dial(Profile::HighQuality);
    pair.run(Duration::from_secs(1));
    // Medium Quality takes 20, High Quality 27.
    run_on_narrow_path(&mut pair, Duration::from_secs(15), 20);
    assert_eq!(switches(&pair, BOB), [(Profile::MediumQuality, Side::Local)]);
    assert_eq!(switches(&pair, ALICE), [(Profile::MediumQuality, Side::Remote)]);
    pair.run(Duration::from_secs(60));
    assert_eq!(switches(&pair, BOB)[1..], [(Profile::HighQuality, Side::Local)]);
}

#[test]
fn a_phone_steps_down_as_far_as_its_codecs_go_where_the_path_carries_no_more() {
    let mut pair = pair(true);
    pair.dial(Profile::HighQuality);
    pair.run(Duration::from_secs(1));
    run_on_narrow_path(&mut pair, Duration::from_secs(20), 11);
    // 40 % of High Quality come through.
    let carried = BuiltInCodecs.profiles().nearest(Profile::LowBandwidth).expect("some are built");
    assert_eq!(switches(&pair, BOB), [(carried, Side::Local)]);
}

#[test]
fn a_phone_keeps_the_profile_where_copies_replace_what_is_lost_by_chance() {
    let mut pair = pair(true);
    pair.dial(Profile::HighQuality);
    pair.run(Duration::from_secs(2));
    let mut chance = Seeded(5);
    pair.run_on(Duration::from_secs(40), |_, from, packet| {
        let is_media = packet.len() > 130;
        let is_lost = from == ALICE && is_media && chance.unit() < 0.1;
        if is_lost { Delivery::Lost } else { Delivery::Immediate }
    });
    assert_eq!(switches(&pair, BOB), []);
    let counters = pair.phones[BOB].engine.counters();
    assert!(counters.frames_recovered > 20, "{counters:?}");
}

#[test]
fn a_phone_that_was_not_asked_to_leaves_the_profile_to_people() {
    let mut pair = pair(false);
    pair.dial(Profile::HighQuality);
    pair.run(Duration::from_secs(1));
    run_on_narrow_path(&mut pair, Duration::from_secs(15), 11);
    assert_eq!(switches(&pair, BOB), []);
}

/// Only the callee adapts.
fn pair(adaptive_profile: bool) -> Pair {
    Pair::new(|phone| Config {
        adaptive_profile: adaptive_profile && phone == BOB,
        ..Config::default()
    })
}

/// Lets time pass on a path that carries so many kbit/s of the caller's, and loses what would wait
/// for more than 200 ms.
fn run_on_narrow_path(pair: &mut Pair, duration: Duration, kbps: u64) {
    let mut free = Instant::ORIGIN;
    pair.run_on(duration, |now, from, packet| {
        if from != ALICE {
            return Delivery::Immediate;
        }
        let begins = free.max(now);
        if begins.since(now) > Duration::from_millis(200) {
            return Delivery::Lost;
        }
        free = begins + Duration::from_micros(packet.len() as u64 * 8_000 / kbps);
        Delivery::At(free)
    });
}

fn switches(pair: &Pair, phone: usize) -> Vec<(Profile, Side)> {
    let told = pair.phones[phone].told.iter();
    told.filter_map(|event| match event {
        Event::ProfileChanged { profile, by, .. } => Some((*profile, *by)),
        _ => None,
    })
    .collect()
}
