//! Networks with an interface access code.

mod common;

use std::time::Duration;

use common::{A, B, Net, START, TELEPHONY, Wire, framed, unframed};
use lxst_reticulum::{
    Class, Destination, DestinationHash, DropReason, Event, Framing, Ifac, InterfaceConfig,
    LinkEvent,
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn an_announce_that_rns_masked_is_heard() {
    let masked: Vec<u8> = (0..ANNOUNCE.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&ANNOUNCE[at..at + 2], 16).unwrap())
        .collect();
    for config in [InterfaceConfig::TCP, InterfaceConfig::UDP] {
        let is_stream = config.framing == Framing::Hdlc;
        let bytes = if is_stream { framed(&masked) } else { masked.clone() };
        let mut net = Net::new(1, wire(config.with_ifac(ifac("secret", 16))));
        net.inject(A, &bytes);
        let Some((START, Event::Announced { identity, .. })) = net.nodes[A].events.first() else {
            panic!("A heard {:?}", net.nodes[A].endpoint.counters());
        };
        assert_eq!(identity.to_string(), "aca31af0441d81dbec71e82da0b4b5f5");
    }
}

#[test]
fn members_call_each_other_and_others_see_only_masked_packets() {
    let open = [InterfaceConfig::TCP, InterfaceConfig::UDP, InterfaceConfig::TCP_ACCEPTED];
    for (config, size) in open.into_iter().zip([Ifac::SIZE, Ifac::SIZE_SERIAL, 64]) {
        let wire = wire(config.with_ifac(ifac("secret", size)));
        let (mut net, ours, theirs) = Net::linked(2, wire);
        let Some(LinkEvent::Up { mdu: Some(mdu), .. }) = net.link_events(A, ours).pop() else {
            panic!("the link is up");
        };
        let expected = if config.framing == Framing::Datagram { 431 } else { 16_303 };
        assert_eq!(mdu, expected, "the access code is no part of the MTU");
        let longest = vec![7; mdu];
        net.nodes[A].endpoint.send(net.now, ours, Class::Signal, &longest).unwrap();
        net.nodes[B].endpoint.send(net.now, theirs, Class::Media, &longest).unwrap();
        net.run_for(SECOND);
        assert_eq!(net.packets(A, ours), [&longest[..]]);
        assert_eq!(net.packets(B, theirs), [&longest[..]]);

        let packets: Vec<_> = net.sent.iter().map(|sent| packet(config, &sent.bytes)).collect();
        let destination = DestinationHash::telephony(net.nodes[B].endpoint.identity()).0;
        for packet in &packets {
            assert_eq!(packet[0] & 0x80, 0x80);
            assert!(!packet.windows(16).any(|window| window == destination));
        }
        for (n, counters) in net.nodes.iter().map(|node| node.endpoint.counters()).enumerate() {
            let sent = net.sent.iter().zip(&packets).filter(|(sent, _)| sent.node == n);
            let bytes: usize = sent.map(|(_, packet)| packet.len()).sum();
            assert_eq!(counters.bytes_out, bytes as u64);
            assert_eq!(counters.dropped(DropReason::Ifac), 0);
        }
    }
}

#[test]
fn whoever_has_another_code_or_none_is_not_heard() {
    for open in [InterfaceConfig::TCP, InterfaceConfig::UDP] {
        let ours = open.with_ifac(ifac("secret", 16));
        let size = open.with_ifac(ifac("secret", 8));
        let passphrase = open.with_ifac(ifac("Secret", 16));
        for theirs in [open, size, passphrase] {
            let mut net = Net::with_configs(3, wire(open), &[ours, theirs]);
            net.nodes[A].endpoint.announce(net.now, TELEPHONY);
            net.nodes[B].endpoint.announce(net.now, TELEPHONY);
            let to = net.nodes[B].endpoint.identity();
            let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
            net.run_for(SECOND);
            assert_eq!((net.announces(A), net.announces(B)), (0, 0));
            assert_eq!(net.link_events(A, link), []);
            for (node, received) in net.nodes.iter().zip([1, 2]) {
                assert_eq!(node.endpoint.counters().dropped(DropReason::Ifac), received);
            }
        }
    }
}

#[test]
fn a_masked_packet_is_dropped_on_an_open_interface_next_to_the_masked_one() {
    let masked = InterfaceConfig::TCP.with_ifac(ifac("secret", 16));
    let mut net = Net::new(4, wire(masked));
    net.nodes[A].cut = true;
    net.nodes[A].endpoint.announce(net.now, TELEPHONY);
    net.run_for(SECOND);
    let announce = net.sent[0].bytes.clone();
    let open = net.nodes[B].endpoint.interface_up(net.now, InterfaceConfig::TCP);
    net.nodes[B].endpoint.handle_bytes(net.now, open, &announce);
    assert_eq!(net.nodes[B].endpoint.counters().dropped(DropReason::Ifac), 1);
    net.inject(B, &announce);
    assert_eq!(net.announces(B), 1);
}

fn ifac(passphrase: &str, size: usize) -> Ifac {
    Ifac::new(Some("mesh"), Some(passphrase), size).expect("a passphrase and a size within bounds")
}

fn wire(config: InterfaceConfig) -> Wire {
    Wire { config, ..Wire::GOOD }
}

fn packet(config: InterfaceConfig, sent: &[u8]) -> Vec<u8> {
    if config.framing == Framing::Hdlc { unframed(sent) } else { sent.to_vec() }
}

/// The announce of the identity whose private keys are the bytes 0 to 63, made and masked by RNS
/// 1.5.7 for the network "mesh" with the passphrase "secret" and a code of 16 bytes.
const ANNOUNCE: &str = "\
    d3dfe6c77f4db48e739f5f0ccf568d676b0470c4ac88872e20069f6966556036712659063913091d17bfe0b14a8c\
    c13d61592893be4fa7138d7a22af10977be8a3b29338f1b5ae468187c4e2ddb540d41f2ec6753a1d05b8d97134e9\
    8b572a41f1d70f3c0e24a83d015be0fe3b4b351772b6d49fc1b5238409747a17c9f3892b5e1292961a10220529ad\
    f85eb0ea223549840033d908a1f032dc8b3c1b3efd1838dd11ec2b3a2c76e30f911673e58b1e7f7dda731b1878";
