//! How long the packets of a link may be.

mod common;

use std::time::Duration;

use common::{A, B, Net, TELEPHONY, Wire, framed, unframed};
use lxst_reticulum::{Class, Destination, InterfaceConfig, LinkEvent, LinkHandle, Mtu};

const SECOND: Duration = Duration::from_secs(1);
/// The longest plaintexts in packets of 500 and of 16,384 bytes.
const SHORT: usize = 431;
const LONG: usize = 16_303;

#[test]
fn both_sides_agree_on_the_smaller_mtu() {
    let small = InterfaceConfig { mtu: Mtu::MIN, ..InterfaceConfig::TCP };
    for (a, b, agreed) in [
        (InterfaceConfig::TCP, InterfaceConfig::TCP, LONG),
        (InterfaceConfig::TCP, small, SHORT),
        (small, InterfaceConfig::TCP, SHORT),
        (small, small, SHORT),
    ] {
        let mut net = Net::with_configs(1, Wire::GOOD, &[a, b]);
        net.nodes[B].endpoint.announce(net.now, TELEPHONY);
        net.run_for(SECOND);
        let (net, ours, theirs) = net.link();
        assert_eq!((mdu(&net, A, ours), mdu(&net, B, theirs)), (agreed, agreed), "{a:?} {b:?}");
    }
}

#[test]
fn an_mtu_beyond_its_bounds_is_an_error_that_names_them() {
    for bytes in [0, 499, 2_097_152, u32::MAX] {
        let refused = Mtu::new(bytes).unwrap_err().to_string();
        let bounds = "is not within 500 to 2097151";
        assert_eq!(refused, format!("bytes of an interface's mtu: {bytes} {bounds}"));
    }
    assert_eq!(Mtu::new(500), Ok(Mtu::MIN));
    assert_eq!(Mtu::new(2_097_151), Ok(Mtu::MAX));
}

#[test]
fn a_link_carries_the_longest_packets_that_an_interface_may_have() {
    let config = InterfaceConfig { mtu: Mtu::MAX, ..InterfaceConfig::TCP };
    let (net, ours, _) = Net::linked(2, Wire { config, ..Wire::GOOD });
    assert!(mdu(&net, A, ours) > 2_000_000);
}

#[test]
fn a_peer_that_confirms_more_than_was_offered_is_not_believed() {
    let (mut net, request) = requested(InterfaceConfig { mtu: Mtu::MIN, ..InterfaceConfig::TCP });
    let mut raised = request.clone();
    raised[19 + 64..].copy_from_slice(&[0x20, 0x40, 0x00]);
    let (ours, theirs) = answer(&mut net, &raised);
    assert_eq!(mdu(&net, B, theirs), LONG, "the request offered 16,384 bytes on its way");
    assert_eq!(mdu(&net, A, ours), SHORT);
}

#[test]
fn a_peer_that_negotiates_no_mtu_gets_packets_of_500_bytes() {
    let (mut net, request) = requested(InterfaceConfig::TCP);
    let (ours, theirs) = answer(&mut net, &request[..19 + 64]);
    assert_eq!((mdu(&net, A, ours), mdu(&net, B, theirs)), (SHORT, SHORT));
}

#[test]
fn a_call_over_udp_stays_within_its_datagrams() {
    let mut wire = Wire { config: InterfaceConfig::UDP, echo: true, ..Wire::GOOD };
    wire.conditions.jitter = Duration::from_millis(30);
    wire.conditions.duplication = 0.05;
    let (mut net, ours, theirs) = Net::linked(3, wire);
    net.nodes[A].endpoint.identify(net.now, ours).unwrap();
    for n in 0..100 {
        let now = net.now;
        net.nodes[A].endpoint.send(now, ours, Class::Media, &[n; SHORT]).unwrap();
        net.nodes[B].endpoint.send(now, theirs, Class::Media, &[100 + n; 60]).unwrap();
        net.run_for(Duration::from_millis(60));
    }
    net.nodes[A].endpoint.close(net.now, ours);
    net.run_for(SECOND);
    let of_a: Vec<_> = (0..100).map(|n| vec![n; SHORT]).collect();
    let of_b: Vec<_> = (100..200).map(|n| vec![n; 60]).collect();
    assert_eq!(net.packets(B, theirs), of_a);
    assert_eq!(net.packets(A, ours), of_b);
    let longest = net.sent.iter().map(|sent| sent.bytes.len()).max();
    assert_eq!(longest, Some(499));
    for node in &net.nodes {
        assert_eq!(node.endpoint.poll_timeout(), None);
    }
}

/// A link request of A to B that B does not hear: B's interface is one of [`InterfaceConfig::TCP`].
fn requested(config: InterfaceConfig) -> (Net, Vec<u8>) {
    let mut net = Net::with_configs(4, Wire::GOOD, &[config, InterfaceConfig::TCP]);
    net.nodes[B].endpoint.announce(net.now, TELEPHONY);
    net.run_for(SECOND);
    net.nodes[B].cut = true;
    let to = net.nodes[B].endpoint.identity();
    net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(SECOND);
    net.nodes[B].cut = false;
    let request = unframed(&net.sent.last().expect("A asked").bytes);
    (net, request)
}

/// Lets B answer a link request; returns both ends of the link.
fn answer(net: &mut Net, request: &[u8]) -> (LinkHandle, LinkHandle) {
    net.inject(B, &framed(request));
    net.run_for(SECOND);
    (LinkHandle(1), net.incoming(B).expect("the link came in"))
}

fn mdu(net: &Net, n: usize, link: LinkHandle) -> usize {
    match net.link_events(n, link)[..] {
        [LinkEvent::Up { mdu, .. } | LinkEvent::Incoming { mdu, .. }, ..] => {
            mdu.expect("an endpoint knows it")
        }
        ref other => panic!("{other:?}"),
    }
}
