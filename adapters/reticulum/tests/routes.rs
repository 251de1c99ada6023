//! Routes over transport nodes and shared instances, on hand-made packets.

mod common;

use std::time::Duration;

use common::{A, B, Net, TELEPHONY, Wire, framed, unframed};
use lxst_reticulum::{
    Attachment, Destination, Event, InterfaceConfig, LinkEvent, LinkFailed, limits,
};

const NODE: [u8; 16] = [0x42; 16];
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_link_request_over_a_transport_node_is_addressed_to_it() {
    let (mut net, request) = request_after_announce(InterfaceConfig::TCP, 1);
    assert_eq!(announced_hops(&net), 2);
    assert_eq!((request[0], request[1]), (0x52, 0));
    assert_eq!(request[2..18], NODE);

    // The node strips its header on the last hop, and carries the proof back.
    let last_hop = [&[0x02, 1][..], &request[18..]].concat();
    net.nodes[B].cut = false;
    net.inject(B, &framed(&last_hop));
    let mut proof = unframed(&net.sent.last().unwrap().bytes);
    assert_eq!((proof[0], proof[1]), (0x0f, 0));
    proof[1] = 1;
    net.inject(A, &framed(&proof));
    let up = net.event_time(A, |event| matches!(event, LinkEvent::Up { .. }));
    assert_eq!(up, Some(net.now));
    let report = unframed(&net.sent.last().unwrap().bytes);
    assert_eq!(report[0], 0x0c, "link packets need no transport header");
    let half_open = net.now;
    net.nodes[B].cut = true;
    net.run_for(60 * SECOND);
    let half_open_until = net.nodes[B].endpoint.poll_timeout();
    assert_eq!(half_open_until, Some(half_open + 372 * SECOND));
}

#[test]
fn a_link_request_over_two_hops_waits_for_two_hops() {
    let (mut net, _) = request_after_announce(InterfaceConfig::TCP, 1);
    let asked = net.now;
    net.nodes[A].cut = true;
    net.run_for(80 * SECOND);
    let search = |sent: &&common::Sent| unframed(&sent.bytes)[0] == 0x08;
    let search = net.sent.iter().filter(|sent| sent.at > asked).find(search).unwrap();
    assert_eq!(search.at.since(asked), 18 * SECOND);
    let failed = |event: &LinkEvent| *event == LinkEvent::Failed(LinkFailed::Timeout);
    assert_eq!(net.event_time(A, failed), Some(asked + 18 * SECOND + limits::PATH_SEARCH));
}

#[test]
fn behind_a_shared_instance_a_neighbour_is_reached_through_it() {
    let (mut net, request) = request_after_announce(InterfaceConfig::SHARED_INSTANCE, 1);
    assert_eq!(announced_hops(&net), 1);
    assert_eq!((request[0], request[1]), (0x52, 0));
    assert_eq!(request[2..18], NODE);
    // An instance may leave its header on what it hands to its clients.
    net.nodes[B].cut = false;
    net.inject(B, &framed(&request));
    let proof = unframed(&net.sent.last().unwrap().bytes);
    assert_eq!(proof[0], 0x0f);
}

#[test]
fn another_client_of_the_shared_instance_is_reached_directly() {
    let (net, request) = request_after_announce(InterfaceConfig::SHARED_INSTANCE, 0);
    assert_eq!(announced_hops(&net), 0);
    assert_eq!((request[0], request[1]), (0x02, 0));
}

#[test]
fn a_path_is_kept_for_a_week_after_the_last_announce() {
    let day = 86_400 * SECOND;
    let mut net = Net::acquainted(40, Wire::GOOD);
    net.run_for(6 * day);
    assert!(!asks_for_the_path(&mut net));
    net.nodes[B].endpoint.announce(net.now, TELEPHONY);
    net.run_for(6 * day);
    assert!(!asks_for_the_path(&mut net), "the second announce counts");
    net.run_for(day + SECOND);
    assert!(asks_for_the_path(&mut net));
}

/// Opens a link from A to B, closes it again, and says what A sent first.
fn asks_for_the_path(net: &mut Net) -> bool {
    let (sent, to) = (net.sent.len(), net.nodes[B].endpoint.identity());
    let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(Duration::ZERO);
    net.nodes[A].endpoint.close(net.now, link);
    let first = unframed(&net.sent[sent].bytes)[0];
    assert!(first == PATH_REQUEST || first == LINK_REQUEST, "{first:#x}");
    first == PATH_REQUEST
}

const PATH_REQUEST: u8 = 0x08;
const LINK_REQUEST: u8 = 0x02;

/// A, which heard B through a node that counted `hops`, and the link request that it then sends.
fn request_after_announce(config: InterfaceConfig, hops: u8) -> (Net, Vec<u8>) {
    let mut net = Net::new(u64::from(hops), Wire { config, ..Wire::GOOD });
    net.nodes[A].cut = true;
    net.nodes[B].endpoint.announce(net.now, TELEPHONY);
    net.run_for(SECOND);
    net.nodes[A].cut = false;
    net.nodes[B].cut = true;
    let announce = unframed(&net.sent[0].bytes);
    let relayed = match (config.attachment, hops) {
        (Attachment::SharedInstance, 0) => announce,
        _ => [&[0x51, hops][..], &NODE, &announce[2..]].concat(),
    };
    net.inject(A, &framed(&relayed));
    let to = net.nodes[B].endpoint.identity();
    net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(Duration::ZERO);
    let request = unframed(&net.sent.last().expect("A asks for the link").bytes);
    (net, request)
}

fn announced_hops(net: &Net) -> u8 {
    let Some((_, Event::Announced { hops, .. })) = net.nodes[A].events.first() else {
        panic!("A heard no announce");
    };
    *hops
}
