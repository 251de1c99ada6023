//! Two endpoints on a seeded wire, in virtual time.

mod common;

use std::time::Duration;

use common::{A, B, Net, TELEPHONY, Wire, unframed};
use lxst_reticulum::{
    Class, Destination, DropReason, Event, InterfaceConfig, LinkClosed, LinkError, LinkEvent,
    LinkFailed, LinkHandle, limits,
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_whole_link_goes_as_the_protocol_says() {
    let mut net = Net::acquainted(1, Wire::GOOD);
    assert_eq!((net.announces(A), net.announces(B)), (1, 1));

    let (a, b) = (net.nodes[A].endpoint.identity(), net.nodes[B].endpoint.identity());
    let ours = net.nodes[A].endpoint.open(net.now, Destination::telephony(b));
    net.run_for(SECOND / 10);
    let theirs = net.incoming(B).unwrap();
    let rtt = Duration::from_millis(40);
    let mdu = 16_303;
    assert_eq!(net.link_events(A, ours), [LinkEvent::Up { rtt: Some(rtt), mdu: Some(mdu) }]);
    let on = Destination::telephony(net.nodes[B].endpoint.identity());
    assert_eq!(
        net.link_events(B, theirs),
        [LinkEvent::Incoming { on, rtt: Some(rtt), mdu: Some(mdu) }]
    );

    let now = net.now;
    net.nodes[B].endpoint.send(now, theirs, Class::Signal, &[0x81, 0, 0x91, 3]).unwrap();
    net.run_for(SECOND);
    let now = net.now;
    net.nodes[A].endpoint.identify(now, ours).unwrap();
    net.nodes[A].endpoint.send(now, ours, Class::Media, &[7; 300]).unwrap();
    net.run_for(SECOND);
    let now = net.now;
    net.nodes[A].endpoint.close(now, ours);
    net.run_for(SECOND);

    assert_eq!(net.packets(A, ours), [vec![0x81, 0, 0x91, 3]]);
    assert_eq!(
        net.link_events(B, theirs)[1..],
        [LinkEvent::Identified(a), LinkEvent::Closed(LinkClosed::Peer)]
    );
    assert_eq!(net.packets(B, theirs), [vec![7; 300]]);
    for node in &net.nodes {
        assert_eq!(node.endpoint.poll_timeout(), None, "an idle endpoint has no deadline");
    }
    let proofs = net.sent.iter().filter(|sent| sent.bytes[1] & 0b11 == 0b11).count();
    assert_eq!(proofs, 1, "the link request is proved, and no data packet is");
}

#[test]
fn a_link_goes_over_a_serial_line_and_over_a_packet_radio_modem() {
    for config in [InterfaceConfig::SERIAL, InterfaceConfig::KISS] {
        let (mut net, ours, theirs) = Net::linked(1, Wire { config, ..Wire::GOOD });
        // All that a framing escapes, and as long as a packet of such an interface can be.
        let data: Vec<u8> = [0x7e, 0x7d, 0xc0, 0xdb, 0x00].into_iter().cycle().take(431).collect();
        let now = net.now;
        net.nodes[A].endpoint.send(now, ours, Class::Media, &data).unwrap();
        net.run_for(SECOND);
        assert_eq!(net.packets(B, theirs), [data], "{config:?}");
        let longer = net.nodes[A].endpoint.send(net.now, ours, Class::Media, &[7; 432]);
        assert_eq!(longer, Err(LinkError::TooLong { len: 432, mdu: 431 }), "{config:?}");
    }
}

#[test]
fn a_vanished_peer_is_noticed_when_the_reference_would() {
    let (mut net, ours, theirs) = Net::greeted(7, Wire::GOOD);
    let spoken = net.packet_time(A).unwrap();
    let up = net.event_time(B, |event| matches!(event, LinkEvent::Incoming { .. })).unwrap();
    net.nodes[B].cut = true;
    net.run_for(60 * SECOND);
    // Two silent intervals of 40 ms * 360 / 1.75, and the grace of four round trips and 5 s.
    let rtt = Duration::from_millis(40);
    let silence = 2 * rtt.mul_f64(360.0 / 1.75) + 4 * rtt + 5 * SECOND;
    let closed = |event: &LinkEvent| *event == LinkEvent::Closed(LinkClosed::Timeout);
    assert_eq!(net.event_time(A, closed), Some(spoken + silence));
    assert_eq!(net.event_time(B, closed), Some(up + silence));
    assert_eq!(net.link_events(A, ours).len(), 2);
    assert_eq!(net.link_events(B, theirs).len(), 2);
    let closes = |n| contexts(&net, n).filter(|context| *context == 0xfc).count();
    assert_eq!((closes(A), closes(B)), (1, 1), "both tell the other, in case it hears");
    let keepalives = contexts(&net, A).filter(|context| *context == 0xfa).count();
    assert_eq!(keepalives, 2, "one by the interval, and a last one when the link is stale");
}

#[test]
fn the_echo_of_a_keepalive_keeps_no_link_alive() {
    let wire = Wire { config: InterfaceConfig::UDP, echo: true, ..Wire::GOOD };
    let (mut net, ours, theirs) = Net::greeted(31, wire);
    for n in [A, B] {
        let (mut alone, ..) = Net::greeted(31, wire);
        alone.unplug(1 - n);
        alone.run_for(60 * SECOND);
        let link = if n == A { ours } else { theirs };
        let closed = LinkEvent::Closed(LinkClosed::Timeout);
        assert_eq!(alone.link_events(n, link).last(), Some(&closed));
    }
    net.run_for(60 * SECOND);
    let closed = |event: &LinkEvent| matches!(event, LinkEvent::Closed(_));
    assert!(!net.link_events(A, ours).iter().any(closed), "the peer's own ones do");
}

#[test]
fn an_idle_link_lives_on_keepalives() {
    for (delay, jitter, late) in
        [(5, 0, 0), (5, 0, 1), (5, 40, 0), (40, 40, 9), (300, 200, 20), (2_000, 0, 5)]
    {
        let mut wire = Wire::of_delay(Duration::from_millis(delay));
        wire.conditions.jitter = Duration::from_millis(jitter);
        wire.late = Duration::from_millis(late);
        let mut net = Net::new(8, wire);
        let to = net.nodes[B].endpoint.identity();
        let ours = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
        net.run_for(20 * SECOND);
        let theirs = net.incoming(B).unwrap();
        net.run_for(3_600 * SECOND);
        for (node, link) in [(A, ours), (B, theirs)] {
            let events = net.link_events(node, link);
            let closed = |event: &LinkEvent| matches!(event, LinkEvent::Closed(_));
            assert!(!events.iter().any(closed), "at {delay} ms: {events:?}");
            let keepalives = contexts(&net, node).filter(|context| *context == 0xfa).count();
            assert!(keepalives >= 5, "{keepalives} keepalives in an hour at {delay} ms");
        }
    }
}

#[test]
fn a_talking_peer_needs_no_keepalive() {
    let (mut net, ours, theirs) = Net::linked(17, Wire::GOOD);
    let before = net.sent.len();
    for _ in 0..60 {
        let now = net.now;
        let a = &mut net.nodes[A].endpoint;
        a.send(now, ours, Class::Media, b"a").unwrap();
        let b = &mut net.nodes[B].endpoint;
        b.send(now, theirs, Class::Media, b"b").unwrap();
        net.run_for(SECOND);
    }
    assert_eq!(net.sent.len() - before, 120, "both talk");
    let before = net.sent.len();
    for _ in 0..60 {
        let now = net.now;
        let b = &mut net.nodes[B].endpoint;
        b.send(now, theirs, Class::Media, b"b").unwrap();
        net.run_for(SECOND);
    }
    // The initiator listens only: its keepalives go, every 8.2 s, and need no answer.
    assert_eq!(net.sent.len() - before, 60 + 7);
}

#[test]
fn a_keepalive_that_comes_back_within_the_grace_rescues_the_link() {
    let (mut net, ours, _) = Net::greeted(9, Wire::GOOD);
    // With 40 ms of round trip, keepalives go every 8.2 s, the link is stale after 16.5 s of
    // silence and lost 5.2 s later: the first keepalive is lost, the second one's answer is late.
    net.nodes[B].cut = true;
    net.run_for(12 * SECOND);
    net.nodes[B].cut = false;
    net.run_for(120 * SECOND);
    let now = net.now;
    assert_eq!(net.nodes[A].endpoint.send(now, ours, Class::Media, b"alive"), Ok(()));
}

#[test]
fn a_link_whose_round_trip_time_was_lost_stays_half_open_for_its_time() {
    let mut net = Net::acquainted(32, Wire::GOOD);
    let to = net.nodes[B].endpoint.identity();
    let opened = net.now;
    net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(Duration::from_millis(30));
    net.nodes[A].cut = true;
    net.run_for(60 * SECOND);
    let until = opened + Duration::from_millis(20) + 366 * SECOND;
    assert_eq!(net.nodes[B].endpoint.poll_timeout(), Some(until));
    net.run_for(310 * SECOND);
    assert_eq!(net.incoming(B), None);
    assert_eq!(net.nodes[B].endpoint.poll_timeout(), None);
}

#[test]
fn a_close_ends_a_half_open_link_early() {
    let mut net = Net::acquainted(32, Wire::GOOD);
    let to = net.nodes[B].endpoint.identity();
    let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(Duration::from_millis(50));
    assert!(matches!(net.link_events(A, link)[..], [LinkEvent::Up { .. }]));
    net.nodes[B].cut = true;
    net.run_for(Duration::from_millis(50));
    net.nodes[B].cut = false;
    net.nodes[A].endpoint.close(net.now, link);
    net.run_for(SECOND);
    assert_eq!(net.incoming(B), None);
    assert_eq!(net.nodes[B].endpoint.poll_timeout(), None);
}

#[test]
fn a_peer_cannot_claim_a_round_trip_time_beyond_the_bound() {
    let mut net = Net::acquainted(33, Wire::GOOD);
    let to = net.nodes[B].endpoint.identity();
    let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(Duration::from_millis(30));
    // The owner of A sleeps through all its deadlines; the proof is in flight.
    net.now = net.now + 300 * SECOND;
    net.run_for(Duration::from_millis(30));
    let rtt = limits::MAX_RTT;
    assert!(
        matches!(net.link_events(A, link)[..], [LinkEvent::Up { rtt: Some(of), .. }] if of <= rtt)
    );
    let theirs = net.incoming(B).unwrap();
    let incoming = net.link_events(B, theirs);
    assert!(matches!(incoming[..], [LinkEvent::Incoming { rtt: Some(of), .. }] if of <= rtt));
}

#[test]
fn an_interface_that_goes_down_closes_its_links_at_once() {
    let (mut net, ours, theirs) = Net::linked(10, Wire::GOOD);
    net.unplug(A);
    assert_eq!(net.link_events(A, ours)[1..], [LinkEvent::Closed(LinkClosed::Interface)]);
    let now = net.now;
    let sent = net.nodes[A].endpoint.send(now, ours, Class::Signal, b"x");
    assert_eq!(sent, Err(LinkError::Unknown));
    net.run_for(60 * SECOND);
    assert_eq!(net.link_events(B, theirs).last(), Some(&LinkEvent::Closed(LinkClosed::Timeout)));
    assert_eq!(net.nodes[A].endpoint.poll_timeout(), None);
}

#[test]
fn an_open_is_cancelled_at_any_stage() {
    for stage in (0..=120).step_by(10).map(Duration::from_millis) {
        let mut net = Net::new(12, Wire::GOOD);
        let to = net.nodes[B].endpoint.identity();
        let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
        net.run_for(stage);
        let before = net.link_events(A, link);
        let now = net.now;
        net.nodes[A].endpoint.close(now, link);
        net.nodes[A].endpoint.close(now, link);
        net.run_for(400 * SECOND);
        assert_eq!(net.link_events(A, link), before, "closed after {stage:?}");
        assert_eq!(net.nodes[A].endpoint.poll_timeout(), None);
        assert_eq!(net.nodes[B].endpoint.poll_timeout(), None);
        if let Some(theirs) = net.incoming(B) {
            let closed = LinkEvent::Closed(LinkClosed::Peer);
            assert_eq!(net.link_events(B, theirs).last(), Some(&closed));
        }
    }
}

#[test]
fn echoed_and_doubled_packets_are_dropped() {
    let mut wire = Wire { config: InterfaceConfig::UDP, echo: true, ..Wire::GOOD };
    wire.conditions.duplication = 0.5;
    let (mut net, ours, theirs) = Net::linked(13, wire);
    for n in 0..50 {
        let now = net.now;
        net.nodes[A].endpoint.send(now, ours, Class::Media, &[n]).unwrap();
        net.nodes[B].endpoint.send(now, theirs, Class::Media, &[100 + n]).unwrap();
        net.run_for(SECOND);
    }
    let of_b: Vec<_> = (100..150).map(|n| vec![n]).collect();
    let of_a: Vec<_> = (0..50).map(|n| vec![n]).collect();
    assert_eq!(net.packets(A, ours), of_b);
    assert_eq!(net.packets(B, theirs), of_a);
    let incoming = |(_, event): &&(_, Event)| {
        matches!(event, Event::Link { event: LinkEvent::Incoming { .. }, .. })
    };
    assert_eq!(net.nodes[B].events.iter().filter(incoming).count(), 1);
    assert!(net.nodes[A].endpoint.counters().dropped(DropReason::Duplicate) > 50);
}

#[test]
fn a_second_announce_waits_until_peers_take_it() {
    let mut net = Net::new(14, Wire::GOOD);
    net.run_for(Duration::from_millis(300));
    for _ in 0..3 {
        let now = net.now;
        net.nodes[A].endpoint.announce(now, TELEPHONY);
    }
    assert_eq!(net.nodes[A].endpoint.poll_timeout(), Some(net.now + SECOND));
    net.run_for(5 * SECOND);
    assert_eq!(net.announces(B), 2);
    assert_eq!(net.nodes[A].endpoint.poll_timeout(), None);
}

#[test]
fn an_announce_right_after_a_path_response_is_taken() {
    let mut net = Net::new(18, Wire::GOOD);
    let to = net.nodes[B].endpoint.identity();
    net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(Duration::from_millis(30));
    let now = net.now;
    net.nodes[B].endpoint.announce(now, TELEPHONY);
    net.run_for(5 * SECOND);
    assert_eq!(net.announces(A), 2);
}

#[test]
fn an_announce_without_interfaces_leaves_nothing_behind() {
    let mut net = Net::new(19, Wire::GOOD);
    net.unplug(A);
    let now = net.now;
    net.nodes[A].endpoint.announce(now, TELEPHONY);
    net.plug(A);
    net.nodes[A].endpoint.announce(now, TELEPHONY);
    assert_eq!(net.nodes[A].endpoint.poll_timeout(), None);
    net.run_for(SECOND);
    assert_eq!(net.announces(B), 1);
}

#[test]
fn what_a_link_cannot_carry_is_refused() {
    let wire = Wire { config: InterfaceConfig::UDP, ..Wire::GOOD };
    let (mut net, ours, theirs) = Net::linked(15, wire);
    let now = net.now;
    let a = &mut net.nodes[A].endpoint;
    let mdu = 431;
    assert_eq!(a.send(now, ours, Class::Media, &[0; 431]), Ok(()));
    assert_eq!(
        a.send(now, ours, Class::Media, &[0; 432]),
        Err(LinkError::TooLong { len: 432, mdu })
    );
    assert_eq!(a.identify(now, LinkHandle(99)), Err(LinkError::Unknown));
    let b = &mut net.nodes[B].endpoint;
    assert_eq!(b.identify(now, theirs), Err(LinkError::NotInitiator));
    for _ in 0..limits::SIGNAL_QUEUE {
        assert_eq!(b.send(now, theirs, Class::Signal, b"signal"), Ok(()));
    }
    assert_eq!(b.send(now, theirs, Class::Signal, b"signal"), Err(LinkError::QueueFull));
    assert_eq!(b.counters().dropped(DropReason::SignalRefused), 1);
    let a = &mut net.nodes[A].endpoint;
    while a.send(now, ours, Class::Signal, b"signal").is_ok() {}
    assert_eq!(a.identify(now, ours), Err(LinkError::QueueFull));
    assert_eq!(a.counters().dropped(DropReason::SignalRefused), 2);
    let b = &mut net.nodes[B].endpoint;
    let unknown = "00112233445566778899aabbccddeeff".parse().unwrap();
    let searching = b.open(now, Destination::telephony(unknown));
    assert_eq!(b.send(now, searching, Class::Signal, b"signal"), Err(LinkError::NotUp));
    net.run_for(SECOND);
    let signals = net.packets(A, ours).len();
    assert_eq!(signals, limits::SIGNAL_QUEUE, "queued signals all arrive");
}

#[test]
fn the_endpoint_refuses_itself_and_more_links_than_it_keeps() {
    let mut net = Net::new(16, Wire::GOOD);
    let (now, own) = (net.now, net.nodes[A].endpoint.identity());
    let to = net.nodes[B].endpoint.identity();
    let itself = net.nodes[A].endpoint.open(now, Destination::telephony(own));
    let links: Vec<_> = (0..=limits::OUTGOING_LINKS)
        .map(|_| net.nodes[A].endpoint.open(now, Destination::telephony(to)))
        .collect();
    net.run_for(2 * SECOND);
    let refused = [LinkEvent::Failed(LinkFailed::Refused)];
    assert_eq!(net.link_events(A, itself), refused);
    let (last, kept) = links.split_last().unwrap();
    assert_eq!(net.link_events(A, *last), refused);
    for link in kept {
        assert!(matches!(net.link_events(A, *link)[..], [LinkEvent::Up { .. }]));
    }
}

/// The contexts of the link packets that a node sent.
fn contexts(net: &Net, n: usize) -> impl Iterator<Item = u8> {
    let of_link = move |sent: &&common::Sent| sent.node == n && sent.bytes[1] == 0x0c;
    net.sent.iter().filter(of_link).map(|sent| unframed(&sent.bytes)[18])
}
