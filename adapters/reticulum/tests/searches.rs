//! How the path to a phone is found, and when a search ends.

mod common;

use std::time::Duration;

use common::{A, B, Net, START, SeededRng, Wire, phone, unframed};
use lxst_reticulum::{
    Config, Destination, DestinationHash, Identity, IdentityHash, LinkEvent, LinkFailed, limits,
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn an_unannounced_phone_is_found_by_a_path_request() {
    let mut net = Net::new(2, Wire::GOOD);
    let to = net.nodes[B].endpoint.identity();
    let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(SECOND);
    assert!(matches!(net.link_events(A, link)[..], [LinkEvent::Up { .. }]));
    assert_eq!((net.announces(A), net.announces(B)), (1, 0));
}

#[test]
fn a_search_waits_for_an_interface() {
    let mut net = Net::new(3, Wire::GOOD);
    net.unplug(A);
    let to = net.nodes[B].endpoint.identity();
    let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(3 * SECOND);
    net.plug(A);
    net.run_for(SECOND);
    assert!(matches!(net.link_events(A, link)[..], [LinkEvent::Up { .. }]));
}

#[test]
fn a_search_outlasts_a_node_that_passes_one_request_in_45_seconds() {
    let mut net = Net::new(5, Wire::GOOD);
    net.nodes[B].cut = true;
    let to = net.nodes[B].endpoint.identity();
    let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(45 * SECOND);
    net.nodes[B].cut = false;
    net.run_for(limits::PATH_REQUEST_INTERVAL);
    assert!(matches!(net.link_events(A, link)[..], [LinkEvent::Up { .. }]));
}

#[test]
fn an_unknown_phone_ends_in_no_path() {
    let mut net = Net::new(4, Wire::GOOD);
    let to = "00112233445566778899aabbccddeeff".parse().unwrap();
    let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(60 * SECOND);
    assert_eq!(net.link_events(A, link), [LinkEvent::Failed(LinkFailed::NoPath)]);
    let failed = |event: &LinkEvent| matches!(event, LinkEvent::Failed(_));
    assert_eq!(net.event_time(A, failed), Some(START + 55 * SECOND));
    let asked: Vec<_> = net.sent.iter().map(|sent| sent.at.since(START).as_millis()).collect();
    let later = (6_500..55_000).step_by(5_000);
    // The path to the hash as it was given is asked for once, too.
    assert_eq!(asked, [0, 1_000, 2_500, 4_500, 4_500].into_iter().chain(later).collect::<Vec<_>>());
    assert_eq!(net.nodes[A].endpoint.poll_timeout(), None);
}

#[test]
fn a_destination_that_was_taken_for_an_identity_is_found_out_before_the_search_ends() {
    let mut net = Net::new(41, Wire::GOOD);
    let identity = net.nodes[B].endpoint.identity();
    let destination = DestinationHash::telephony(identity);
    let link =
        net.nodes[A].endpoint.open(net.now, Destination::telephony(IdentityHash(destination.0)));
    net.run_for(6 * SECOND);
    assert_eq!(net.link_events(A, link), [LinkEvent::Failed(LinkFailed::NoPath)]);
    assert_eq!(net.nodes[A].endpoint.phone_at(destination), Some(identity));
    let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(identity));
    net.run_for(SECOND);
    assert!(matches!(net.link_events(A, link)[..], [LinkEvent::Up { .. }]));
}

#[test]
fn a_search_may_last_for_ever() {
    let config = Config::default().path_search(Duration::MAX);
    let mut rng = SeededRng::new(35);
    let identity = Identity::generate(&mut rng);
    let mut endpoint = phone(identity, config, rng);
    let unknown = "00112233445566778899aabbccddeeff".parse().unwrap();
    let link = endpoint.open(START, Destination::telephony(unknown));
    let mut now = START;
    for pause in limits::PATH_REQUEST_PAUSES {
        now = now + pause;
        endpoint.handle_timeout(now);
    }
    for _ in 0..1_000 {
        assert_eq!(endpoint.poll_timeout(), Some(now + limits::PATH_REQUEST_INTERVAL));
        now = now + limits::PATH_REQUEST_INTERVAL;
        endpoint.handle_timeout(now);
    }
    assert_eq!(endpoint.poll_event(), None);
    endpoint.close(now, link);
    assert_eq!(endpoint.poll_timeout(), None);
}

#[test]
fn a_remembered_path_that_leads_nowhere_is_searched_once_more() {
    let mut net = Net::acquainted(5, Wire::GOOD);
    net.nodes[B].cut = true;
    let (opened, to) = (net.now, net.nodes[B].endpoint.identity());
    let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(13 * SECOND);
    assert_eq!(net.link_events(A, link), []);
    net.nodes[B].cut = false;
    net.run_for(3 * SECOND);
    assert!(matches!(net.link_events(A, link)[..], [LinkEvent::Up { .. }, ..]));
    // 6 s for the first hop, 6 s per hop; then the search, whose first request was lost.
    let up = net.event_time(A, |event| matches!(event, LinkEvent::Up { .. })).unwrap();
    assert_eq!(up.since(opened).as_secs(), 13);
}

#[test]
fn a_search_finds_its_path_in_seconds_though_packets_are_lost() {
    for (loss, least) in [(0, 500), (2, 500), (5, 500), (10, 498), (20, 490)] {
        let mut wire = Wire::GOOD;
        wire.conditions.loss = loss as f64 / 100.0;
        let found = (0..500).filter(|seed| {
            let mut net = Net::new(1_000 * loss + seed, wire);
            let to = net.nodes[B].endpoint.identity();
            net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
            net.run_for(5 * SECOND);
            net.announces(A) > 0
        });
        let found = found.count();
        assert!(found >= least, "{found} of 500 at {loss} %");
    }
}

#[test]
fn an_interface_that_comes_back_is_asked_as_often_as_at_first() {
    let mut net = Net::new(37, Wire::GOOD);
    let to = net.nodes[B].endpoint.identity();
    net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.nodes[B].cut = true;
    net.unplug(A);
    net.run_for(8 * SECOND);
    let back = net.now;
    net.plug(A);
    net.run_for(5 * SECOND);
    let asked = net.sent.iter().filter(|sent| sent.at >= back);
    let asked: Vec<_> = asked.map(|sent| sent.at.since(back).as_millis()).collect();
    assert_eq!(asked, [0, 1_000, 2_500, 4_500, 4_500]);
}

#[test]
fn a_path_that_answers_is_asked_for_once() {
    let mut net = Net::new(36, Wire::of_delay(Duration::from_millis(490)));
    let to = net.nodes[B].endpoint.identity();
    net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(8 * SECOND);
    let requests = net.sent.iter().filter(|sent| unframed(&sent.bytes)[0] == 0x08);
    assert_eq!(requests.count(), 1);
}

#[test]
fn a_phone_that_answers_searches_but_no_link_request_ends_in_timeout() {
    let mut net = Net::new(6, Wire::GOOD);
    let to = net.nodes[B].endpoint.identity();
    let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(Duration::from_millis(40));
    net.nodes[B].cut = true;
    net.run_for(60 * SECOND);
    assert_eq!(net.link_events(A, link), [LinkEvent::Failed(LinkFailed::Timeout)]);
    let failed = |event: &LinkEvent| matches!(event, LinkEvent::Failed(_));
    assert_eq!(net.event_time(A, failed), Some(START + Duration::from_millis(40_040)));
    let sent = net.sent.len();
    net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(SECOND);
    assert_eq!(net.sent[sent].bytes[1], 0x08, "the path that led nowhere is asked for again");
}

#[test]
fn a_link_request_whose_interface_goes_down_searches_another_path() {
    let mut net = Net::acquainted(11, Wire::GOOD);
    let to = net.nodes[B].endpoint.identity();
    let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(Duration::from_millis(10));
    net.unplug(A);
    net.run_for(SECOND);
    net.plug(A);
    net.run_for(SECOND);
    assert!(matches!(net.link_events(A, link)[..], [LinkEvent::Up { .. }]));
}

#[test]
fn the_path_over_a_lost_interface_is_forgotten() {
    let mut net = Net::acquainted(30, Wire::GOOD);
    net.unplug(A);
    net.plug(A);
    let before = net.announces(A);
    let to = net.nodes[B].endpoint.identity();
    let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(SECOND);
    assert_eq!(net.announces(A), before + 1, "the path was asked for");
    let up = net.link_events(A, link);
    assert!(matches!(up[..], [LinkEvent::Up { .. }]));
}
