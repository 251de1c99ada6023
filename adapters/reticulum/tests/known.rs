//! Known destinations over a restart.

mod common;

use std::time::Duration;

use common::{A, B, Net, SeededRng, TELEPHONY, WALL, Wire, framed, phone, unframed};
use lxst_reticulum::{
    Config, Destination, DropReason, Identity, ImportError, InterfaceConfig, LinkEvent,
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_known_phone_is_known_after_a_restart() {
    let (mut net, announce) = restarted();
    let (of_a, of_b) = (net.nodes[A].export(net.now), net.nodes[B].export(net.now));
    let a = &mut net.nodes[A].endpoint;
    assert_eq!(a.import(net.now, WALL, &of_a), Ok(0), "what is known stays as it is");
    assert_eq!(a.import(net.now, WALL, &of_b), Ok(0), "B knows A only");
    let mut other_key = announce;
    other_key[19] ^= 1;
    net.inject(A, &framed(&other_key));
    assert_eq!(net.nodes[A].endpoint.counters().dropped(DropReason::KeyChange), 1);

    let to = net.nodes[B].endpoint.identity();
    let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(SECOND);
    assert!(matches!(net.link_events(A, link)[..], [LinkEvent::Up { .. }]));
}

#[test]
fn the_revision_grows_with_new_phones_and_stamps_of_ours() {
    let mut net = Net::new(2, Wire::GOOD);
    assert_eq!(net.nodes[A].endpoint.revision(), 0);
    for announced in 1..=3 {
        net.nodes[B].endpoint.announce(net.now, TELEPHONY);
        net.run_for(2 * SECOND);
        assert_eq!(net.nodes[A].endpoint.revision(), 1);
        assert_eq!(net.nodes[B].endpoint.revision(), announced);
    }
    assert_eq!(net.announces(A), 3);
    let b = net.nodes[B].endpoint.identity();
    let phones: Vec<_> = net.nodes[A].endpoint.known_phones(net.now + SECOND).collect();
    assert_eq!(phones, [(b, 2 * SECOND)]);
}

#[test]
fn a_store_that_is_none_changes_nothing() {
    let (mut net, _) = restarted();
    let before = net.nodes[A].export(net.now);
    let mut rng = SeededRng::new(3);
    let a = &mut net.nodes[A].endpoint;
    for len in 0..200 {
        assert_eq!(a.import(net.now, WALL, &rng.0.bytes(len)), Err(ImportError::Foreign));
        let junk = [b"LXKD\x01\x00\x02", &rng.0.bytes(len)[..]].concat();
        let lost = 2.max(len.div_ceil(73));
        assert_eq!(a.import(net.now, WALL, &junk), Err(ImportError::Damaged { new: 0, lost }));
    }
    assert_eq!(net.nodes[A].export(net.now), before);
}

/// A heard B, was ended, and begins again with what it knew; and B's announce.
fn restarted() -> (Net, Vec<u8>) {
    let mut net = Net::acquainted(1, Wire::GOOD);
    let store = net.nodes[A].export(net.now);
    assert_eq!(store.len(), 7 + 2 * 73, "B, and A's last stamp");
    let announce = net.sent.iter().find(|sent| sent.node == B).map(|sent| unframed(&sent.bytes));
    // The seed of A.
    let mut rng = SeededRng::new(2);
    let identity = Identity::generate(&mut rng);
    let mut endpoint = phone(identity, Config::default(), rng);
    let wall = net.nodes[A].wall(net.now);
    assert_eq!(endpoint.import(net.now, wall, &store), Ok(1));
    let of_b = 7 + 73..;
    assert_eq!(endpoint.export(net.now, wall)[of_b.clone()], store[of_b], "B is as old");
    net.nodes[A].interface = Some(endpoint.interface_up(net.now, InterfaceConfig::TCP));
    net.nodes[A].endpoint = endpoint;
    (net, announce.expect("B announced itself"))
}
