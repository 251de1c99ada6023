//! What calendars that are wrong do: nothing.

mod common;

use std::time::Duration;

use common::{A, B, Net, Seeded, WALL, Wire, unframed};
use lxst_reticulum::{
    Class, Config, Endpoint, Identity, InterfaceConfig, LinkEvent, LinkHandle, UnixTime, limits,
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
            net.nodes[A].endpoint.announce(net.now);
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
    net.nodes[A].endpoint.announce(net.now);
    net.run_for(2 * SECOND);
    let store = net.nodes[A].export(net.now);

    net.unplug(A);
    // The seed of A.
    let mut rng = Seeded::new(4);
    let mut again = Endpoint::new(Identity::generate(&mut rng), Config::default(), Box::new(rng));
    let cold = UnixTime(0);
    assert_eq!(again.import(net.now, cold, &store), Ok(0));
    net.nodes[A].endpoint = again;
    net.nodes[A].wall = cold;
    net.plug(A);
    net.nodes[A].endpoint.announce(net.now);
    net.run_for(2 * SECOND);
    assert_eq!(net.announces(B), 2);

    // Then the network sets the clock.
    net.nodes[A].wall = UnixTime(WALL.0 + 3_600);
    net.nodes[A].endpoint.announce(net.now);
    net.run_for(2 * SECOND);
    assert_eq!(stamps(&net, A), [WALL.0, WALL.0 + 2, WALL.0 + 3_604]);
    assert_eq!(net.announces(B), 3);
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
    let mut rng = Seeded::new(5);
    let mut phone = Endpoint::new(Identity::generate(&mut rng), Config::default(), Box::new(rng));
    let start = common::START;
    let ids = [InterfaceConfig::TCP, InterfaceConfig::TCP_ACCEPTED]
        .map(|config| phone.interface_up(start, config));
    phone.announce(start);
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
    let link = net.nodes[A].endpoint.open(net.now, to);
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
