//! What is dialled is an identity, and no destination.

#![cfg(feature = "opus")]

mod common;

use std::time::Duration;

use common::pair::{ALICE, BOB, Pair};
use lxst_core::{AnnouncePolicy, EndReason, Event as CallEvent, IdentityHash, Mode, Profile};
use lxst_engine::{Config, DialError, Event};
use lxst_reticulum::DestinationHash;

#[test]
fn whoever_dials_a_destination_is_told_at_once_whom_to_dial() {
    let mut pair = Pair::new(|_| Config::default());
    pair.run(Duration::from_secs(1));
    for phone in [ALICE, BOB] {
        let identity = pair.phones[phone].engine.identity();
        let destination = DestinationHash::telephony(identity);
        let given = IdentityHash(destination.0);
        let now = pair.now;
        let dialled =
            pair.phones[ALICE].engine.dial(now, given, Profile::MediumQuality, Mode::FullDuplex);
        let refused = DialError::DestinationHash { given, identity };
        assert_eq!(dialled, Err(refused));
        assert!(refused.to_string().ends_with(&identity.to_string()), "{refused}");
        assert_eq!(pair.phones[ALICE].engine.call(), None);
    }
    let stranger = IdentityHash([7; 16]);
    let now = pair.now;
    let engine = &mut pair.phones[ALICE].engine;
    engine.dial(now, stranger, Profile::MediumQuality, Mode::FullDuplex).expect("it may be one");
}

#[test]
fn whoever_dials_a_destination_that_was_never_heard_is_told_whom_to_dial_before_the_search_ends() {
    let mut pair = Pair::new(|_| {
        let announce = AnnouncePolicy::ON_COMMAND;
        let telephone = lxst_core::Config { announce, ..Default::default() };
        Config { telephone, ..Config::default() }
    });
    pair.run(Duration::from_secs(1));
    let identity = pair.phones[BOB].engine.identity();
    let destination = DestinationHash::telephony(identity);
    let given = IdentityHash(destination.0);
    let now = pair.now;
    let engine = &mut pair.phones[ALICE].engine;
    let call = engine.dial(now, given, Profile::MediumQuality, Mode::FullDuplex).expect("unknown");
    pair.run(Duration::from_secs(6));
    let told = Event::DestinationDialled { call, given, identity };
    let ended = CallEvent::Ended { call, reason: EndReason::NoPath };
    let alice = &pair.phones[ALICE];
    assert!(alice.others.contains(&told), "{:?}", alice.others);
    assert!(alice.told.contains(&ended), "{:?}", alice.told);
}
