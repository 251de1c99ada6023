//! What calendars that are wrong do: nothing.

mod common;

use std::time::Duration;

use common::{A, B, Net, SeededRng, TELEPHONY, WALL, Wire, phone, unframed};
use lxst_reticulum::{
    Class, Config, Destination, DropReason, Identity, InterfaceConfig, LinkEvent, LinkHandle,
    UnixTime, limits,
};

const SECOND: Duration = Duration::from_secs(1);
const DAY: u64 = 24 * 60 * 60;

#[test]
fn a_calendar_that_is_set_by_30_days_changes_no_link_and_no_stamp_goes_back() {
    for step in [-30, 30].map(|days: i64| days * DAY as i64) {
        let (mut net, ours, theirs) = Net::linked(1, Wire::GOOD);
        for (n, data) in [b"before", b"behind", b"beyond"].into_iter().enumerate() {
            for node in [A, B] {
                let wall = WALL.0.checked_add_signed(step * n as i64 % (2 * step)).unwrap();
                net.nodes[node].wall = UnixTime(wall);
            }
            net.nodes[A].endpoint.send(net.now, ours, Class::Signal, data).unwrap();
            net.nodes[A].endpoint.announce(net.now, TELEPHONY);
            net.run_for(10 * SECOND);
        }
        assert_eq!(net.packets(B, theirs), [b"before", b"behind", b"beyond"], "step {step}");
        let ended = |event: &LinkEvent| matches!(event, LinkEvent::Closed(_));
        assert_eq!((net.event_time(A, ended), net.event_time(B, ended)), (None, None));
        let announced = stamps(&net, A);
        assert_eq!(announced.len(), 4);
        assert!(announced.is_sorted_by(|one, next| one < next), "{announced:?}");
        assert_eq!(net.announces(B), 4, "each is taken");
    }
}

#[test]
fn a_machine_that_begins_in_1970_goes_on_from_its_last_stamp() {
    let mut net = Net::new(2, Wire::GOOD);
    net.nodes[A].endpoint.announce(net.now, TELEPHONY);
    net.run_for(2 * SECOND);
    let store = net.nodes[A].export(net.now);

    net.unplug(A);
    // The seed of A.
    let mut rng = SeededRng::new(4);
    let mut again = phone(Identity::generate(&mut rng), Config::default(), rng);
    let cold = UnixTime(0);
    assert_eq!(again.import(net.now, cold, &store), Ok(0));
    net.nodes[A].endpoint = again;
    net.nodes[A].wall = cold;
    net.plug(A);
    net.nodes[A].endpoint.announce(net.now, TELEPHONY);
    net.run_for(2 * SECOND);
    assert_eq!(net.announces(B), 2);

    // Then the network sets the clock.
    net.nodes[A].wall = UnixTime(WALL.0 + 3_600);
    net.nodes[A].endpoint.announce(net.now, TELEPHONY);
    net.run_for(2 * SECOND);
    assert_eq!(stamps(&net, A), [WALL.0, WALL.0 + 2, WALL.0 + 3_604]);
    assert_eq!(net.announces(B), 3);
}

#[test]
fn a_machine_without_a_battery_clock_and_a_store_announces_again_when_its_clock_is_set() {
    let mut net = Net::new(7, Wire::GOOD);
    net.nodes[A].endpoint.announce(net.now, TELEPHONY);
    net.run_for(2 * SECOND);
    assert_eq!(net.announces(B), 1);

    net.unplug(A);
    // The seed of A.
    let mut rng = SeededRng::new(14);
    let again = phone(Identity::generate(&mut rng), Config::default(), rng);
    assert_eq!(again.identity(), net.nodes[A].endpoint.identity());
    net.nodes[A].endpoint = again;
    net.nodes[A].wall = UnixTime(0);
    net.plug(A);
    net.nodes[A].endpoint.announce(net.now, TELEPHONY);
    net.run_for(600 * SECOND);
    assert_eq!(net.announces(B), 1, "a peer that knew us takes none of 1970");
    assert_eq!(net.nodes[B].endpoint.counters().dropped(DropReason::StaleAnnounce), 1);

    // Then the network sets the clock, and nothing else happens.
    net.nodes[A].wall = WALL;
    net.run_for(61 * SECOND);
    assert_eq!(net.announces(B), 2);
    let stamps = stamps(&net, A);
    assert!(stamps.len() == 3 && stamps[1] < 10 && stamps[2] >= WALL.0 + 600, "{stamps:?}");
    net.run_for(3_600 * SECOND);
    assert_eq!(net.announces(B), 2, "once");
    assert_eq!(net.nodes[A].endpoint.poll_timeout(), None, "a clock that is set is left alone");
}

#[test]
fn a_calendar_that_is_set_forward_makes_a_phone_announce_again_and_one_that_is_set_back_none() {
    for (step, announced) in [(30, 2), (-30, 1)].map(|(days, n): (i64, _)| (days * DAY as i64, n)) {
        let (mut net, ours, _) = Net::linked(8, Wire::GOOD);
        let before = net.announces(B);
        net.nodes[A].endpoint.announce(net.now, TELEPHONY);
        net.run_for(2 * SECOND);
        net.nodes[A].wall = UnixTime(WALL.0.checked_add_signed(step).unwrap());
        for _ in 0..10 {
            net.nodes[A].endpoint.send(net.now, ours, Class::Signal, b"word").unwrap();
            net.run_for(10 * SECOND);
        }
        assert_eq!(net.announces(B) - before, announced, "step {step}");
        assert!(stamps(&net, A).is_sorted_by(|one, next| one < next));
    }
}

#[test]
fn a_phone_that_never_announced_itself_does_not_because_its_clock_is_set() {
    let mut net = Net::new(9, Wire::GOOD);
    net.nodes[A].wall = UnixTime(0);
    let to = net.nodes[B].endpoint.identity();
    net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(10 * SECOND);
    net.nodes[A].wall = WALL;
    net.run_for(1_000 * SECOND);
    assert_eq!(net.announces(B), 0);
}

#[test]
fn a_suspended_phone_finds_its_link_lost_or_standing_by_the_time_that_it_slept() {
    // A clock that stands still in a suspend: nothing was missed. One that goes on: all is late.
    for (slept, is_lost) in [(Duration::ZERO, false), (3_600 * SECOND, true)] {
        let (mut net, ours, _) = Net::linked(3, Wire::GOOD);
        net.nodes[A].wall = UnixTime(WALL.0 + 3_600);
        net.nodes[B].cut = is_lost;
        net.now = net.now + slept;
        net.run_for(SECOND);
        let closed = LinkEvent::Closed(lxst_reticulum::LinkClosed::Timeout);
        assert_eq!(net.link_events(A, ours).contains(&closed), is_lost);
    }
}

#[test]
fn an_announce_is_stamped_when_it_leaves() {
    let mut rng = SeededRng::new(5);
    let mut phone = phone(Identity::generate(&mut rng), Config::default(), rng);
    let start = common::START;
    let ids = [InterfaceConfig::TCP, InterfaceConfig::TCP_ACCEPTED]
        .map(|config| phone.interface_up(start, config));
    phone.announce(start, TELEPHONY);
    let mut buffer = vec![];
    let sent = ids.map(|id| {
        let end = start + limits::ACCEPTED_HOLD;
        let wall = UnixTime(WALL.0 + u64::from(id != ids[0]));
        phone.poll_transmit(end, wall, id, &mut buffer).map(<[u8]>::to_vec)
    });
    assert_eq!(sent[0], sent[1], "one announce, on all interfaces");
    assert_eq!(stamp(&sent[0].clone().expect("it was announced")), WALL.0);
}

#[test]
fn the_first_moments_of_a_clock_are_as_good_as_any() {
    let mut net = Net::new(6, Wire::GOOD);
    let to = net.nodes[B].endpoint.identity();
    let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(SECOND);
    assert_eq!(link, LinkHandle(1));
    assert!(matches!(net.link_events(A, link)[..], [LinkEvent::Up { .. }]));
}

fn stamps(net: &Net, n: usize) -> Vec<u64> {
    let sent = net.sent.iter().filter(|sent| sent.node == n);
    sent.filter(|sent| sent.bytes[1] == 0x01).map(|sent| stamp(&sent.bytes)).collect()
}

/// The stamp of an announce, as framed.
fn stamp(frame: &[u8]) -> u64 {
    let announce = unframed(frame);
    let stamp = &announce[19 + 64 + 10 + 5..][..5];
    stamp.iter().fold(0, |stamp, byte| stamp << 8 | u64::from(*byte))
}
