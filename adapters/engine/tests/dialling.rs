//! What is dialled is an identity, and no destination.

mod common;

use std::time::Duration;

use common::pair::{ALICE, BOB, Pair};
use lxst_engine::core::{IdentityHash, Mode, Profile};
use lxst_engine::{Config, DialError};
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
