//! Calls that leave their profile to the path: what is told to the callee, and what is heard.

#![cfg(feature = "opus")]

mod common;

use std::time::Duration;

use common::pair::{ALICE, BOB, Delivery, Pair};
use lxst_core::{Event as CallEvent, Instant, Profile, ProfileSet, Side};
use lxst_engine::codecs::{BuiltInCodecs, Codecs};
use lxst_engine::{Config, Event, ProfileChoice};

#[test]
fn a_short_path_has_the_best_profile_and_a_long_one_what_it_carries() {
    let plenty = u64::MAX;
    for (way, bps, wanted) in [
        (10, plenty, Profile::SuperHighQuality),
        (50, plenty, Profile::HighQuality),
        (200, plenty, Profile::MediumQuality),
        (500, plenty, Profile::VeryLowBandwidth),
        (1_500, plenty, Profile::UltraLowBandwidth),
        (700, LORA, Profile::UltraLowBandwidth),
    ] {
        let mut path = Path::new(way, bps);
        let mut pair = pair();
        path.call(&mut pair, ProfileChoice::Auto);
        let wanted = built(wanted);
        let chosen =
            chosen(&pair).unwrap_or_else(|| panic!("{way} ms: {:?}", pair.phones[ALICE].told));
        assert_eq!(chosen.0, wanted, "{way} ms, {:?}", chosen.1);
        // Needless repeats make a long path seem shorter.
        assert!(chosen.1 >= Duration::from_millis(way / 2), "{:?}", chosen.1);
        for phone in [ALICE, BOB] {
            assert_eq!(established(&pair, phone), Some(wanted), "{way} ms");
            assert_eq!(switches(&pair, phone), [], "{way} ms");
        }
    }
}

#[test]
fn a_path_of_lora_carries_a_call_that_medium_quality_does_not() {
    // The share of the peer's voice that arrives within 20 s, in percent.
    let arrives = |choice| {
        let mut path = Path::new(700, LORA);
        let mut pair = pair();
        path.call(&mut pair, choice);
        let frame = established(&pair, BOB).expect("both talk").frame().duration();
        let received = |pair: &Pair| pair.phones[BOB].engine.counters().frames_received;
        let before = received(&pair);
        path.run(&mut pair, Duration::from_secs(20));
        u64::from(frame.as_millis() as u32) * (received(&pair) - before) / 200
    };
    let exactly = arrives(ProfileChoice::Exactly(Profile::MediumQuality));
    assert!((1..60).contains(&exactly), "{exactly} %");
    if BuiltInCodecs.profiles().contains(Profile::VeryLowBandwidth) {
        let auto = arrives(ProfileChoice::Auto);
        assert!(auto > 90, "{auto} %");
    }
}

#[test]
fn a_call_whose_path_turns_out_to_be_wider_steps_up_to_the_best_of_its_round_trip() {
    let mut path = Path::new(200, u64::MAX);
    let mut pair = pair();
    path.call(&mut pair, ProfileChoice::Auto);
    path.run(&mut pair, Duration::from_secs(90));
    assert_eq!(switches(&pair, ALICE), [(Profile::HighQuality, Side::Local)]);
    assert_eq!(switches(&pair, BOB), [(Profile::HighQuality, Side::Remote)]);
}

#[test]
fn a_profile_that_a_person_names_is_kept_on_any_path() {
    let mut path = Path::new(500, 20_000);
    let mut pair = pair();
    path.call(&mut pair, ProfileChoice::Exactly(Profile::HighQuality));
    path.run(&mut pair, Duration::from_secs(30));
    assert_eq!((chosen(&pair), switches(&pair, ALICE)), (None, vec![]));
    assert_eq!(established(&pair, BOB), Some(Profile::HighQuality));

    let mut pair = self::pair();
    let mut path = Path::new(10, u64::MAX);
    let call = path.call(&mut pair, ProfileChoice::Auto);
    path.bps = 20_000;
    pair.command(ALICE, lxst_core::Command::SetProfile(call, Profile::HighQuality));
    path.run(&mut pair, Duration::from_secs(30));
    assert_eq!(switches(&pair, ALICE), [(Profile::HighQuality, Side::Local)]);
}

/// A path that takes its time, and carries so many bits a second of both sides together.
struct Path {
    one_way: Duration,
    bps: u64,
    free: Instant,
}

impl Path {
    fn new(one_way: u64, bps: u64) -> Self {
        Self { one_way: Duration::from_millis(one_way), bps, free: Instant::ORIGIN }
    }

    /// Calls, and lets the other answer.
    fn call(&mut self, pair: &mut Pair, choice: ProfileChoice) -> lxst_core::CallId {
        let call = pair.dial(choice);
        self.run(pair, Duration::from_secs(20));
        call
    }

    fn run(&mut self, pair: &mut Pair, duration: Duration) {
        let Self { one_way, bps, free } = self;
        pair.run_on(duration, |now, _, packet| {
            let begins = (*free).max(now);
            // What the modem holds.
            if begins.since(now) > Duration::from_secs(2) {
                return Delivery::Lost;
            }
            *free = begins + Duration::from_micros(packet.len() as u64 * 8_000_000 / *bps);
            Delivery::At(*free + *one_way)
        });
    }
}

fn pair() -> Pair {
    Pair::new(|_| Config::default())
}

/// The profile that stands for another in this build.
fn built(profile: Profile) -> Profile {
    let profiles: ProfileSet = BuiltInCodecs.profiles();
    profiles.nearest(profile).expect("some are built in")
}

fn chosen(pair: &Pair) -> Option<(Profile, Duration)> {
    pair.phones[ALICE].others.iter().rev().find_map(|event| match event {
        Event::ProfileChosen { profile, round_trip, .. } => Some((*profile, *round_trip)),
        _ => None,
    })
}

fn established(pair: &Pair, phone: usize) -> Option<Profile> {
    pair.phones[phone].told.iter().find_map(|event| match event {
        CallEvent::Established { profile, .. } => Some(*profile),
        _ => None,
    })
}

fn switches(pair: &Pair, phone: usize) -> Vec<(Profile, Side)> {
    let told = pair.phones[phone].told.iter();
    told.filter_map(|event| match event {
        CallEvent::ProfileChanged { profile, by, .. } => Some((*profile, *by)),
        _ => None,
    })
    .collect()
}

/// Bits a second of LoRa at spreading factor 7 and 250 kHz.
const LORA: u64 = 10_900;
