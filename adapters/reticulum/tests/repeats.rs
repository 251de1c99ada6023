//! What is sent again while a link is set up, and what is not.

mod common;

use std::time::Duration;

use common::{A, B, Net, Sent, TELEPHONY, Wire, framed, unframed};
use lxst_reticulum::{Class, Destination, DestinationConfig, LinkEvent};

const SECOND: Duration = Duration::from_secs(1);
const REQUEST: (u8, u8) = (0x02, 0x00);
const PROOF: (u8, u8) = (0x0f, 0xff);
const REPORT: (u8, u8) = (0x0c, 0xfe);
const DATA: (u8, u8) = (0x0c, 0x00);
const KEEPALIVE: (u8, u8) = (0x0c, 0xfa);
const HELLO: &[u8] = b"hello";

#[test]
fn a_link_request_that_is_lost_is_followed_by_one_with_other_keys() {
    let mut net = Net::acquainted(1, Wire::GOOD);
    net.nodes[A].cut = true;
    let (opened, to) = (net.now, net.nodes[B].endpoint.identity());
    let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(SECOND / 2);
    net.nodes[A].cut = false;
    net.run_for(SECOND);
    let requests = of(&net, A, REQUEST);
    let at: Vec<_> = requests.iter().map(|sent| sent.at.since(opened)).collect();
    assert_eq!(at, [Duration::ZERO, SECOND]);
    assert_ne!(unframed(&requests[0].bytes)[19..], unframed(&requests[1].bytes)[19..]);
    let rtt = Duration::from_millis(40);
    let up = net.link_events(A, link);
    assert!(matches!(up[0], LinkEvent::Up { rtt: of, .. } if of == Some(rtt)), "{up:?}");
}

#[test]
fn requests_proofs_and_reports_that_nobody_answers_come_to_an_end() {
    let mut net = Net::acquainted(2, Wire::GOOD);
    net.nodes[B].cut = true;
    let to = net.nodes[B].endpoint.identity();
    net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(11 * SECOND);
    assert_eq!(of(&net, A, REQUEST).len(), 5);

    let mut net = Net::acquainted(2, Wire::GOOD);
    net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(Duration::from_millis(10));
    net.nodes[A].cut = true;
    net.run_for(100 * SECOND);
    let proofs = of(&net, B, PROOF);
    assert_eq!(proofs.len(), 6);
    assert!(proofs.iter().all(|proof| proof.bytes == proofs[0].bytes), "byte for byte");

    let (mut net, ..) = Net::linked(2, Wire::GOOD);
    net.run_for(100 * SECOND);
    let reports = of(&net, A, REPORT);
    assert_eq!(reports.len(), 6);
    assert!(reports.windows(2).all(|two| two[0].bytes != two[1].bytes), "encrypted anew");
}

#[test]
fn the_first_proof_wins_and_the_other_link_is_dropped() {
    let mut net = Net::acquainted(3, Wire::GOOD);
    let to = net.nodes[B].endpoint.identity();
    let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(Duration::from_millis(30));
    // Both proofs are late: that of the second request comes first.
    net.nodes[A].cut = true;
    net.run_for(Duration::from_millis(980));
    net.nodes[A].cut = false;
    let late = of(&net, B, PROOF)[0].bytes.clone();
    net.run_for(SECOND / 10);
    let proofs = net.sent.iter().filter(|sent| sent.node == B).count();
    assert!(proofs >= 2);
    let events = net.link_events(A, link);
    assert!(matches!(events[..], [LinkEvent::Up { .. }]), "{events:?}");
    let reports = of(&net, A, REPORT).len();
    net.inject(A, &late);
    assert_eq!(net.link_events(A, link), events);
    assert_eq!(of(&net, A, REPORT).len(), reports);
    net.nodes[A].endpoint.send(net.now, link, Class::Signal, HELLO).unwrap();
    net.run_for(SECOND / 10);
    let theirs = net.incoming(B).unwrap();
    assert_eq!(net.packets(B, theirs), [HELLO]);
}

#[test]
fn a_second_proof_changes_nothing() {
    let mut net = Net::acquainted(4, Wire::GOOD);
    let to = net.nodes[B].endpoint.identity();
    let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(SECOND / 10);
    let proof = of(&net, B, PROOF)[0].bytes.clone();
    let events = net.link_events(A, link);
    let sent = net.sent.len();
    net.inject(A, &proof);
    assert_eq!(net.link_events(A, link), events);
    assert_eq!(net.sent.len(), sent, "no second report");
}

#[test]
fn the_report_is_repeated_until_the_peer_says_something() {
    let (mut net, _, theirs) = Net::linked(5, Wire::GOOD);
    let reports = of(&net, A, REPORT).len();
    assert!(reports > 1);
    net.nodes[B].endpoint.send(net.now, theirs, Class::Signal, HELLO).unwrap();
    net.run_for(60 * SECOND);
    assert_eq!(of(&net, A, REPORT).len(), reports);
}

#[test]
fn the_report_is_never_repeated_after_the_identification() {
    let mut net = Net::acquainted(6, Wire::GOOD);
    let to = net.nodes[B].endpoint.identity();
    let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(SECOND / 20);
    net.nodes[A].endpoint.identify(net.now, link).unwrap();
    net.run_for(60 * SECOND);
    assert_eq!(of(&net, A, REPORT).len(), 1);
}

#[test]
fn a_repeated_report_or_identification_changes_nothing_here() {
    let (mut net, ours, theirs) = Net::linked(7, Wire::GOOD);
    for _ in 0..2 {
        net.nodes[A].endpoint.identify(net.now, ours).unwrap();
        net.run_for(SECOND / 10);
    }
    let us = net.nodes[A].endpoint.identity();
    let told: Vec<_> =
        net.link_events(B, theirs).into_iter().filter(|event| *event != LinkEvent::Heard).collect();
    let [LinkEvent::Incoming { .. }, LinkEvent::Identified(who)] = told[..] else {
        panic!("{told:?}");
    };
    assert_eq!(who, us);
    assert!(of(&net, A, REPORT).len() > 1, "some of them were repeated");
}

#[test]
fn a_greeting_on_a_half_open_link_draws_what_stands_for_the_lost_report() {
    for answer in ["identification", "packet"] {
        let mut net = Net::acquainted(8, Wire::GOOD);
        let greeting = DestinationConfig::new(TELEPHONY).greeting(HELLO).unwrap();
        net.nodes[B].endpoint.register(greeting).unwrap();
        let to = net.nodes[B].endpoint.identity();
        let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
        // As an initiator that never repeats its report.
        net.run_for(Duration::from_millis(50));
        net.nodes[B].cut = true;
        net.run_for(Duration::from_millis(900));
        net.nodes[B].cut = false;
        net.nodes[A].cut = true;
        net.run_for(Duration::from_millis(80));
        let greeting = of(&net, B, DATA)[0].bytes.clone();
        net.inject(A, &greeting);
        assert_eq!(net.packets(A, link), [HELLO.to_vec()]);
        net.nodes[A].cut = false;
        assert_eq!(net.incoming(B), None);

        let us = net.nodes[A].endpoint.identity();
        if answer == "packet" {
            net.nodes[A].endpoint.send(net.now, link, Class::Signal, b"I am").unwrap();
        } else {
            net.nodes[A].endpoint.identify(net.now, link).unwrap();
        }
        net.run_for(SECOND / 10);
        let theirs = net.incoming(B).expect("the link is established");
        let events = net.link_events(B, theirs);
        let (incoming, then) = events.split_first().expect("the link is told of");
        let LinkEvent::Incoming { rtt: Some(rtt), .. } = incoming else { panic!("{events:?}") };
        assert!(*rtt < SECOND / 2, "{rtt:?} from the greeting on");
        if answer == "packet" {
            assert_eq!((then, net.packets(B, theirs)), (&[][..], vec![b"I am".to_vec()]));
        } else {
            assert_eq!(then, [LinkEvent::Identified(us)]);
        }

        net.run_for(600 * SECOND);
        let keepalives = [A, B].map(|node| of(&net, node, KEEPALIVE).len());
        assert!(keepalives[A] > 70, "as one who measured 40 ms");
        assert_eq!(keepalives[A], keepalives[B], "an initiator may wait for each");
    }
}

#[test]
fn a_quiet_link_lives_on_keepalives_whichever_report_arrived() {
    for arrives in 1..5 {
        let mut net = Net::acquainted(10, Wire::GOOD);
        let to = net.nodes[B].endpoint.identity();
        let ours = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
        net.run_for(Duration::from_millis(30));
        let theirs = loop {
            net.nodes[B].cut = of(&net, A, REPORT).len() < arrives;
            net.run_for(Duration::from_millis(5));
            if let Some(theirs) = net.incoming(B) {
                break theirs;
            }
        };
        net.nodes[B].endpoint.send(net.now, theirs, Class::Signal, HELLO).unwrap();
        net.run_for(900 * SECOND);
        for (node, link) in [(A, ours), (B, theirs)] {
            let closed = |event: &LinkEvent| matches!(event, LinkEvent::Closed(_));
            assert!(!net.link_events(node, link).iter().any(closed), "report {arrives}");
        }
    }
}

#[test]
fn what_is_not_authentic_does_not_open_a_half_open_link() {
    let mut net = Net::acquainted(9, Wire::GOOD);
    let to = net.nodes[B].endpoint.identity();
    net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(Duration::from_millis(30));
    net.nodes[A].cut = true;
    net.run_for(SECOND);
    let id = unframed(&of(&net, B, PROOF)[0].bytes)[2..18].to_vec();
    for context in [0x00, 0xfb, 0xfe, 0xfa] {
        net.inject(B, &framed(&[&[0x0c, 0][..], &id, &[context], &[7; 80]].concat()));
    }
    assert_eq!(net.incoming(B), None);
}

#[test]
fn a_slow_path_is_waited_for() {
    for (delay, path_search) in [(2, true), (8, true), (1, false), (8, false)] {
        let wire = Wire::of_delay(delay * SECOND);
        let mut net = Net::new(10, wire);
        let to = net.nodes[B].endpoint.identity();
        if !path_search {
            net.nodes[B].endpoint.announce(net.now, TELEPHONY);
            net.run_for(20 * SECOND);
        }
        let opened = net.now;
        let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
        net.run_for(60 * SECOND);
        let events = net.link_events(A, link);
        let real = 2 * delay * SECOND;
        let is_near = |rtt: Duration| rtt <= real && rtt * 4 >= real;
        assert!(
            matches!(events[0], LinkEvent::Up { rtt, .. } if rtt.is_some_and(is_near)),
            "{events:?}"
        );
        let up = net.event_time(A, |event| matches!(event, LinkEvent::Up { .. })).unwrap();
        let trips = if path_search { 2 } else { 1 };
        assert_eq!(up.since(opened), trips * 2 * delay * SECOND, "the first answer counts");
        assert!(!events.iter().any(|event| matches!(event, LinkEvent::Closed(_))));
    }
}

/// What a node sent of a kind: the flags, and the context.
fn of(net: &Net, node: usize, (flags, context): (u8, u8)) -> Vec<Sent> {
    let is_kind = |sent: &&Sent| {
        let packet = unframed(&sent.bytes);
        sent.node == node && (packet[0], packet[18]) == (flags, context)
    };
    net.sent.iter().filter(is_kind).cloned().collect()
}
