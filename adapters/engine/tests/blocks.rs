//! Microphones and speakers with long blocks, at a engine that has no ports before it.

#![cfg(feature = "opus")]

mod common;

use std::time::Duration;

use common::pair::{ALICE, BOB, Blocks, Pair};
use lxst_core::{Direction, Event, Profile, Quality, Samples};
use lxst_engine::Config;

#[test]
fn a_microphone_with_long_blocks_loses_nothing_and_is_sent_evenly() {
    for millis in LONG {
        let mut pair = pair(|blocks| blocks.microphone = Duration::from_millis(millis));
        let before = [ALICE, BOB].map(|phone| pair.phones[phone].engine.counters());
        let sent = packets_of_each_200_ms(&mut pair);
        check_nothing_is_lost(&pair, &before, millis);
        let most = sent.iter().max();
        // 1.1 times as many as time allows, and a burst of two.
        assert!(most.is_some_and(|most| *most <= 6), "{millis}: {sent:?}");
    }
}

#[test]
fn a_speaker_with_long_blocks_loses_nothing() {
    for millis in LONG {
        let mut pair = pair(|blocks| blocks.speaker = Duration::from_millis(millis));
        let before = [ALICE, BOB].map(|phone| pair.phones[phone].engine.counters());
        pair.run(Duration::from_secs(20));
        check_nothing_is_lost(&pair, &before, millis);
    }
}

#[test]
fn what_an_owners_port_drops_lowers_the_opinion_and_shows() {
    for direction in [Direction::Send, Direction::Receive] {
        let mut pair = pair(|_| {});
        let good = quality(&pair, ALICE);
        for _ in 0..100 {
            pair.run(Duration::from_millis(100));
            let engine = &mut pair.phones[ALICE].engine;
            let stream = engine.stream().expect("the call stands");
            engine.overrun(pair.now, stream, direction, Samples::from_millis(10));
        }
        let bad = quality(&pair, ALICE);
        assert!(bad.mos.0 + 50 < good.mos.0, "{direction:?}: {} {}", bad.mos, good.mos);
        let dropped = bad.capture_dropped + bad.playback_dropped;
        assert!(dropped >= Samples::from_millis(900), "{direction:?}: {dropped:?}");
    }
}

/// A call of two such phones, after 10 s.
fn pair(set: impl Fn(&mut Blocks)) -> Pair {
    let mut pair = Pair::new(|_| Config::default());
    pair.phones.iter_mut().for_each(|phone| set(&mut phone.blocks));
    pair.dial(Profile::MediumQuality);
    pair.run(Duration::from_secs(15));
    for phone in &mut pair.phones {
        phone.heard = 0;
    }
    pair
}

fn packets_of_each_200_ms(pair: &mut Pair) -> Vec<u64> {
    let sent = |pair: &Pair| pair.phones[ALICE].engine.counters().media_packets_sent;
    (0..100)
        .map(|_| {
            let before = sent(pair);
            pair.run(Duration::from_millis(200));
            sent(pair) - before
        })
        .collect()
}

/// In the last 20 s, both ways.
#[track_caller]
fn check_nothing_is_lost(pair: &Pair, before: &[lxst_core::Counters; 2], millis: u64) {
    for phone in [ALICE, BOB] {
        let (before, phone) = (&before[phone], &pair.phones[phone]);
        let counters = phone.engine.counters();
        assert_eq!(counters.capture_discarded, before.capture_discarded, "{millis}");
        assert_eq!(counters.capture_dropped, before.capture_dropped, "{millis}");
        assert_eq!(counters.dropped, before.dropped, "{millis}");
        assert_eq!(counters.concealed, before.concealed, "{millis}");
        assert_eq!(counters.starved, before.starved, "{millis}");
        assert_eq!(phone.engine.capture_dropped(), Samples::ZERO, "{millis}");
        // A block may be taken just before the 20 s or just after.
        let sent = (counters.media_packets_sent - before.media_packets_sent) * 60;
        assert!(sent + millis + 120 >= 20_000, "{millis}: {sent} ms are sent");
        let heard = phone.heard as u64 / 48;
        assert!(heard + millis + 120 >= 20_000, "{millis}: {heard} ms are heard");
    }
}

fn quality(pair: &Pair, phone: usize) -> Quality {
    let told = pair.phones[phone].told.iter().rev().find_map(|event| match event {
        Event::Quality { quality, .. } => Some(*quality),
        _ => None,
    });
    told.expect("seconds have passed")
}

const LONG: [u64; 3] = [500, 1_000, 2_000];
