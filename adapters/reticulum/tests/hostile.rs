//! What a bad wire and a bad peer cannot do.

mod common;

use std::time::Duration;

use common::{A, B, Net, START, SeededRng, Wire, announce_of, framed, unframed};
use lxst_reticulum::{
    Class, Destination, DropReason, Endpoint, Ifac, InterfaceConfig, LinkClosed, LinkEvent,
    LinkHandle, limits,
};
use lxst_sim::wire::Conditions;

const SECOND: Duration = Duration::from_secs(1);
const BAD: Wire = Wire {
    conditions: Conditions {
        delay: Duration::from_millis(30),
        jitter: Duration::from_millis(50),
        loss: 0.1,
        duplication: 0.1,
        ..Conditions::NONE
    },
    ..Wire::GOOD
};

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for seed in 0..10 {
        let (first, second) = (call(seed, BAD), call(seed, BAD));
        assert_eq!(first.sent, second.sent);
        for n in [A, B] {
            assert_eq!(first.nodes[n].events, second.nodes[n].events);
            assert_eq!(first.nodes[n].endpoint.counters(), second.nodes[n].endpoint.counters());
        }
    }
    assert_ne!(call(0, BAD).sent, call(1, BAD).sent);
}

#[test]
fn a_bad_wire_neither_doubles_nor_invents_packets() {
    let mut up = 0;
    for seed in 100..300 {
        let net = call(seed, BAD);
        let ours = net.link_events(A, LinkHandle(1));
        let fates = ours.iter().filter(|event| is_fate(event)).count();
        assert_eq!(fates, 1, "an opened link comes up or fails, once: {ours:?}");
        up += usize::from(matches!(ours[0], LinkEvent::Up { .. }));
        for n in [A, B] {
            let mut packets: Vec<_> = net.packets(n, LinkHandle(1));
            let received = packets.len();
            packets.sort_unstable();
            packets.dedup();
            assert_eq!(packets.len(), received, "no packet twice");
            assert!(packets.iter().all(|data| data.len() == 2 && usize::from(data[0]) != n));
            assert_eq!(net.nodes[n].endpoint.poll_timeout(), None, "nothing is left behind");
        }
    }
    assert!(up > 150, "{up} of 200 links came up at 10 % loss");
}

#[test]
fn what_one_link_sends_makes_no_old_packet_of_another_new() {
    let (mut net, ours, theirs) = Net::linked(43, Wire::GOOD);
    net.nodes[A].endpoint.send(net.now, ours, Class::Signal, b"once").unwrap();
    net.run_for(SECOND);
    let recorded = net.sent.last().expect("it was sent").bytes.clone();
    let (now, to) = (net.now, net.nodes[B].endpoint.identity());
    let stranger = net.nodes[A].endpoint.open(now, Destination::telephony(to));
    net.run_for(SECOND);
    for _ in 0..limits::LINK_PACKETS_SEEN + 10 {
        let now = net.now;
        net.nodes[A].endpoint.send(now, stranger, Class::Media, b"x").unwrap();
        net.run_for(Duration::from_millis(1));
    }
    net.inject(B, &recorded);
    assert_eq!(net.packets(B, theirs), [b"once"]);
}

#[test]
fn forged_keepalives_are_no_sign_of_life() {
    let (mut net, ours, _) = Net::linked(45, Wire::GOOD);
    net.run_for(60 * SECOND);
    let keepalive = |sent: &&common::Sent| unframed(&sent.bytes)[18] == 0xfa && sent.node == B;
    let recorded = net.sent.iter().find(keepalive).expect("B answered one").bytes.clone();
    let before = net.link_events(A, ours).len();
    net.nodes[B].cut = true;
    for _ in 0..120 {
        net.inject(A, &recorded);
        net.run_for(SECOND);
    }
    assert_eq!(net.link_events(A, ours).len(), before, "nothing is told that was not proved");
}

#[test]
fn junk_never_panics_nor_harms_a_link() {
    let ifac = Ifac::new(Some("mesh"), None, Ifac::SIZE_SERIAL).expect("a name and a size");
    for config in [
        InterfaceConfig::TCP,
        InterfaceConfig::TCP.with_ifac(ifac),
        InterfaceConfig::SHARED_INSTANCE,
        InterfaceConfig::UDP,
        InterfaceConfig::UDP.with_ifac(ifac),
    ] {
        for seed in 0..20 {
            let (mut net, ours, theirs) = Net::linked(seed, Wire { config, ..Wire::GOOD });
            let mut rng = SeededRng::new(seed);
            net.nodes[A].endpoint.send(net.now, ours, Class::Media, b"packet").unwrap();
            net.nodes[A].endpoint.identify(net.now, ours).unwrap();
            net.run_for(8 * SECOND);
            let seen: Vec<_> = net.sent.iter().map(|sent| sent.bytes.clone()).collect();
            for _ in 0..500 {
                let junk = match rng.0.below(3) {
                    0 => {
                        let len = rng.0.below(600) as usize;
                        rng.0.bytes(len)
                    }
                    1 => {
                        let len = rng.0.below(120) as usize;
                        framed(&rng.0.bytes(len))
                    }
                    _ => {
                        let mut bytes = seen[rng.0.below(seen.len() as u64) as usize].clone();
                        for _ in 0..1 + rng.0.below(3) {
                            let at = rng.0.below(bytes.len() as u64) as usize;
                            bytes[at] ^= 1 << rng.0.below(8);
                        }
                        bytes.truncate(1 + rng.0.below(2 * bytes.len() as u64) as usize);
                        bytes
                    }
                };
                net.inject(rng.0.below(2) as usize, &junk);
            }
            // A broken frame may swallow the flag of the next one, not more.
            net.inject(A, &[0x7e]);
            net.inject(B, &[0x7e]);
            net.nodes[A].endpoint.send(net.now, ours, Class::Signal, b"to b").unwrap();
            net.nodes[B].endpoint.send(net.now, theirs, Class::Signal, b"to a").unwrap();
            net.run_for(SECOND);
            assert_eq!(net.packets(A, ours), [b"to a".to_vec()], "seed {seed}");
            assert_eq!(net.packets(B, theirs), [b"packet".to_vec(), b"to b".to_vec()]);
        }
    }
}

#[test]
fn replayed_packets_are_dropped() {
    let (mut net, ours, theirs) = Net::linked(22, Wire::GOOD);
    net.nodes[A].endpoint.identify(net.now, ours).unwrap();
    net.nodes[A].endpoint.send(net.now, ours, Class::Signal, b"once").unwrap();
    net.run_for(SECOND);
    let before = net.link_events(B, theirs);
    let sent: Vec<_> = net.sent.clone();
    for packet in &sent {
        net.inject(A, &packet.bytes);
        net.inject(B, &packet.bytes);
    }
    net.run_for(SECOND);
    assert_eq!(net.link_events(B, theirs), before);
    assert_eq!(net.sent.len(), sent.len(), "a replay is not answered");

    net.nodes[A].endpoint.close(net.now, ours);
    net.run_for(SECOND);
    assert_eq!(net.link_events(B, theirs).last(), Some(&LinkEvent::Closed(LinkClosed::Peer)));
    let ended = net.nodes[B].events.len();
    for packet in &sent {
        net.inject(B, &packet.bytes);
    }
    assert_eq!(net.nodes[B].events.len(), ended, "a replay opens no link");
}

#[test]
fn an_announce_with_another_key_or_signature_is_refused() {
    let mut net = Net::acquainted(23, Wire::GOOD);
    let of_b = net.sent.iter().find(|sent| sent.node == B);
    let announced = of_b.unwrap().bytes.clone();
    let announce = unframed(&announced);
    let counters = |net: &Net, reason| net.nodes[A].endpoint.counters().dropped(reason);

    let mut other_key = announce.clone();
    other_key[19] ^= 1;
    net.inject(A, &framed(&other_key));
    assert_eq!(counters(&net, DropReason::KeyChange), 1);

    let mut later = announce.clone();
    later[19 + 64 + 10 + 9] += 9;
    net.inject(A, &framed(&later));
    assert_eq!(counters(&net, DropReason::Unauthentic), 1);

    net.inject(A, &announced);
    assert_eq!(counters(&net, DropReason::StaleAnnounce), 1);
    assert_eq!(net.announces(A), 1);
}

#[test]
fn packets_of_guarded_networks_and_other_nodes_are_dropped() {
    let mut net = Net::acquainted(24, Wire::GOOD);
    let to = net.nodes[B].endpoint.identity();
    net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(Duration::from_millis(1));
    let request = unframed(&net.sent.last().unwrap().bytes);
    let mut guarded = request.clone();
    guarded[0] |= 0x80;
    net.inject(B, &framed(&guarded));
    assert_eq!(net.nodes[B].endpoint.counters().dropped(DropReason::Ifac), 1);
    let transported = [&[0x52, 0][..], &[7; 16], &request[2..]].concat();
    net.inject(B, &framed(&transported));
    assert_eq!(net.nodes[B].endpoint.counters().dropped(DropReason::NotForUs), 1);
    assert_eq!(net.proofs(), 0);
}

#[test]
fn a_link_packet_on_another_interface_is_dropped_and_may_still_arrive_on_its_own() {
    let (mut net, ours, theirs) = Net::linked(25, Wire::GOOD);
    let now = net.now;
    let elsewhere = net.nodes[B].endpoint.interface_up(now, InterfaceConfig::TCP);
    net.nodes[B].cut = true;
    net.nodes[A].endpoint.send(now, ours, Class::Signal, b"hello").unwrap();
    net.run_for(SECOND / 20);
    let packet = net.sent.last().unwrap().bytes.clone();
    net.nodes[B].endpoint.handle_bytes(net.now, elsewhere, &packet);
    assert_eq!(net.packets(B, theirs), [] as [Vec<u8>; 0]);
    assert_eq!(net.nodes[B].endpoint.counters().dropped(DropReason::WrongInterface), 1);
    net.inject(B, &packet);
    assert_eq!(net.packets(B, theirs), [b"hello"]);
}

#[test]
fn announces_of_other_applications_and_of_oneself_are_ignored() {
    let mut net = Net::acquainted(27, Wire::GOOD);
    let own = net.sent.iter().find(|sent| sent.node == A);
    let own = own.unwrap().bytes.clone();
    net.inject(A, &own);
    let mut foreign = unframed(&announce_of(1).1);
    foreign[19 + 64] ^= 1;
    net.inject(A, &framed(&foreign));
    assert_eq!(net.nodes[A].endpoint.counters().dropped(DropReason::NotForUs), 2);
    assert_eq!(net.announces(A), 1);
}

#[test]
fn an_endpoint_may_move_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<Endpoint>();
}

/// A whole call over a bad wire: announce, link, identify, 50 packets each way, close, and time
/// enough for all that lingers.
fn call(seed: u64, wire: Wire) -> Net {
    let mut net = Net::acquainted(seed, wire);
    let to = net.nodes[B].endpoint.identity();
    let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    // Two link requests and a path search between them may run out of time.
    net.run_for(40 * SECOND);
    for n in 0..50 {
        let now = net.now;
        if net.nodes[A].endpoint.send(now, link, Class::Media, &[0, n]).is_ok() && n == 0 {
            net.nodes[A].endpoint.identify(now, link).expect("the link is up");
        }
        if let Some(theirs) = net.incoming(B) {
            // The link may have been lost meanwhile.
            let _ = net.nodes[B].endpoint.send(now, theirs, Class::Media, &[1, n]);
        }
        net.run_for(Duration::from_millis(60));
    }
    net.nodes[A].endpoint.close(net.now, link);
    net.run_for(800 * SECOND);
    assert!(net.now > START + 800 * SECOND);
    net
}

fn is_fate(event: &LinkEvent) -> bool {
    matches!(event, LinkEvent::Up { .. } | LinkEvent::Failed(_))
}
