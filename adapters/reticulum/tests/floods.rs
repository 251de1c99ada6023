//! What a flood cannot do: each sender has a share, and all that is kept has a bound.

mod common;

use std::time::Duration;

use common::{A, B, Net, SeededRng, TELEPHONY, Wire, announce_of, framed, unframed};
use lxst_reticulum::{
    Class, Destination, DestinationHash, DropReason, Event, IdentityHash, Ifac, InterfaceConfig,
    LinkClosed, LinkEvent, limits,
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_flood_of_link_requests_is_bounded_and_spares_established_links() {
    let (mut net, ours, theirs) = Net::linked(20, Wire::GOOD);
    let mut request = requests(&net, 20);
    let before = net.proofs();
    for _ in 0..1000 {
        net.inject(B, &request());
    }
    assert_eq!(net.proofs() - before, limits::LINK_REQUESTS.1 as usize);
    let refused = 1000 - u64::from(limits::LINK_REQUESTS.1);
    assert_eq!(net.nodes[B].endpoint.counters().dropped(DropReason::RateLimited), refused);
    for _ in 0..300 {
        net.run_for(SECOND / 10);
        net.inject(B, &request());
    }
    let evicted = net.nodes[B].endpoint.counters().dropped(DropReason::LinksFull);
    assert_eq!(evicted as usize, net.proofs() - before - limits::HALF_OPEN_LINKS);

    net.run_for(SECOND);
    let now = net.now;
    let to = net.nodes[B].endpoint.identity();
    let another = net.nodes[A].endpoint.open(now, Destination::telephony(to));
    net.nodes[A].endpoint.send(now, ours, Class::Signal, b"still here").unwrap();
    net.run_for(SECOND);
    assert!(matches!(net.link_events(A, another)[..], [LinkEvent::Up { .. }, ..]));
    assert!(net.packets(B, theirs).contains(&b"still here".to_vec()));
    net.nodes[A].endpoint.close(net.now, ours);
    net.nodes[A].endpoint.close(net.now, another);
    net.run_for(400 * SECOND);
    assert_eq!(net.nodes[B].endpoint.poll_timeout(), None, "half-open links go away");
}

#[test]
fn what_is_replayed_or_malformed_costs_nobody_an_allowance() {
    let mut net = Net::acquainted(40, Wire::GOOD);
    let recorded = requests(&net, 40)();
    let own = DestinationHash::telephony(net.nodes[B].endpoint.identity());
    let path_request = net.path_request_to(B);
    let mut cut = unframed(&recorded);
    cut.truncate(60);
    let floods: [(&[u8], DropReason); 5] = [
        (&recorded, DropReason::Duplicate),
        (&path_request, DropReason::Duplicate),
        (&framed(&cut), DropReason::Malformed),
        (&framed(b"junk!"), DropReason::Malformed),
        (&framed(&[&[0x0b, 0][..], &own.0, &[0], &[7; 200]].concat()), DropReason::NotForUs),
    ];
    for (packet, reason) in floods {
        // 60 kB/s, for 10 s, while somebody calls.
        let before = net.nodes[B].endpoint.counters().dropped(reason);
        let times = 600_000 / packet.len();
        let to = net.nodes[B].endpoint.identity();
        for n in 0..times {
            net.inject(B, packet);
            if n == times / 2 {
                let now = net.now;
                let link = net.nodes[A].endpoint.open(now, Destination::telephony(to));
                net.run_for(SECOND / 10);
                let events = net.link_events(A, link);
                assert!(matches!(events[..], [LinkEvent::Up { .. }, ..]), "{reason:?}: {events:?}");
                net.nodes[A].endpoint.close(net.now, link);
            }
            net.run_for(10 * SECOND / times as u32);
        }
        let counters = net.nodes[B].endpoint.counters();
        assert!(counters.dropped(reason) - before >= times as u64 - 1);
        assert_eq!(counters.dropped(DropReason::RateLimited), 0, "{reason:?}");
    }
}

#[test]
fn a_flood_on_one_interface_is_not_noticed_on_another() {
    let mut net = Net::acquainted(41, Wire::GOOD);
    let mut request = requests(&net, 41);
    let now = net.now;
    let floods: Vec<_> =
        (0..64).map(|_| net.nodes[B].endpoint.interface_up(now, InterfaceConfig::TCP)).collect();
    let to = net.nodes[B].endpoint.identity();
    for second in 0..20 {
        for (n, flood) in floods.iter().enumerate() {
            let announce = announce_of(100_000 + 64 * second + n as u64).1;
            for _ in 0..20 {
                let (now, bytes) = (net.now, request());
                net.nodes[B].endpoint.handle_bytes(now, *flood, &bytes);
                net.nodes[B].endpoint.handle_bytes(now, *flood, &announce);
            }
        }
        if second % 10 == 9 {
            let now = net.now;
            let link = net.nodes[A].endpoint.open(now, Destination::telephony(to));
            net.run_for(SECOND / 10);
            let events = net.link_events(A, link);
            assert!(matches!(events[..], [LinkEvent::Up { .. }, ..]), "{second} s: {events:?}");
            net.nodes[A].endpoint.close(net.now, link);
        }
        net.run_for(SECOND);
    }
}

#[test]
fn one_address_leaves_others_their_share_of_an_interface_over_udp() {
    let mut net = Net::acquainted(46, Wire { config: InterfaceConfig::UDP, ..Wire::GOOD });
    let mut request = requests(&net, 46);
    let mut asks = |net: &mut Net, last: u8| {
        let interface = net.nodes[B].interface.expect("it is plugged in");
        let (from, now) = ([10, 0, 0, last].into(), net.now);
        let endpoint = &mut net.nodes[B].endpoint;
        let before = endpoint.counters().dropped(DropReason::RateLimited);
        endpoint.handle_datagram(now, interface, from, &unframed(&request()));
        endpoint.counters().dropped(DropReason::RateLimited) == before
    };
    let answered = (0..1_000).filter(|_| asks(&mut net, 1)).count();
    assert_eq!(answered, (limits::LINK_REQUESTS.1 / limits::ADDRESS_PART) as usize);
    assert!(asks(&mut net, 2));
    // However many there are, the interface has one share.
    let answered = (3..=255).filter(|last| asks(&mut net, *last)).count();
    assert!(answered < limits::LINK_REQUESTS.1 as usize, "{answered}");
}

#[test]
fn a_friend_on_a_path_of_four_seconds_gets_in_during_a_flood_at_the_allowed_rate() {
    let slow = Wire::of_delay(2 * SECOND);
    let mut net = Net::new(42, slow);
    net.nodes[B].endpoint.announce(net.now, TELEPHONY);
    net.run_for(5 * SECOND);
    let mut request = requests(&net, 42);
    let mut flood = |net: &mut Net, tenths: u32| {
        for _ in 0..tenths {
            net.inject(B, &request());
            net.run_for(SECOND / limits::LINK_REQUESTS.0);
        }
    };
    flood(&mut net, 300);
    let (now, to) = (net.now, net.nodes[B].endpoint.identity());
    let link = net.nodes[A].endpoint.open(now, Destination::telephony(to));
    flood(&mut net, 120);
    assert!(matches!(net.link_events(A, link)[..], [LinkEvent::Up { .. }, ..]));
    let theirs = net.incoming(B).expect("the link came in");
    net.nodes[A].endpoint.send(net.now, link, Class::Signal, b"hello").unwrap();
    flood(&mut net, 30);
    assert_eq!(net.packets(B, theirs), [b"hello"]);
}

#[test]
fn junk_with_an_access_code_costs_no_signature_and_forged_ones_have_a_bound() {
    let ifac = Ifac::new(Some("mesh"), None, Ifac::SIZE).expect("a name and a size");
    let wire = Wire { config: InterfaceConfig::TCP.with_ifac(ifac), ..Wire::GOOD };
    let (mut net, ours, theirs) = Net::linked(44, wire);
    let mut rng = SeededRng::new(44);
    for _ in 0..20_000 {
        let mut junk = rng.0.bytes(60);
        junk[0] |= 0x80;
        net.inject(B, &framed(&junk));
    }
    let counters = net.nodes[B].endpoint.counters();
    let sampled = u64::from(limits::ACCESS_CODES_SAMPLED.1);
    let dropped =
        [DropReason::Ifac, DropReason::RateLimited].map(|reason| counters.dropped(reason));
    assert_eq!(dropped, [sampled, 0]);

    // Of a packet that was recorded, all but the header may be changed before the code is looked
    // at.
    net.nodes[A].endpoint.send(net.now, ours, Class::Signal, b"once").unwrap();
    net.run_for(SECOND);
    let recorded = unframed(&net.sent.last().expect("it was sent").bytes);
    for n in 0..10_000_u32 {
        let mut forged = recorded.clone();
        let end = forged.len() - 4;
        forged[end..].copy_from_slice(&n.to_be_bytes());
        net.inject(B, &framed(&forged));
    }
    let counters = net.nodes[B].endpoint.counters();
    assert_eq!(counters.dropped(DropReason::Ifac) - sampled, u64::from(limits::ACCESS_CODES.1));
    net.run_for(SECOND);
    net.nodes[A].endpoint.send(net.now, ours, Class::Signal, b"twice").unwrap();
    net.run_for(SECOND);
    assert_eq!(net.packets(B, theirs), [b"once".to_vec(), b"twice".to_vec()]);
}

#[test]
fn twenty_phones_that_call_one_at_once_all_get_through() {
    let mut net = Net::with_configs(34, Wire::GOOD, &[InterfaceConfig::TCP; 21]);
    let (called, callers) = (0, 1..21);
    net.nodes[called].endpoint.announce(net.now, TELEPHONY);
    net.run_for(SECOND);
    let to = net.nodes[called].endpoint.identity();
    let links: Vec<_> = callers
        .map(|n| (n, net.nodes[n].endpoint.open(net.now, Destination::telephony(to))))
        .collect();
    net.run_for(SECOND);
    for (n, link) in links {
        assert!(matches!(net.link_events(n, link)[..], [LinkEvent::Up { .. }]), "caller {n}");
    }
}

#[test]
fn a_flood_of_path_requests_is_answered_at_its_rate() {
    let mut net = Net::new(21, Wire::GOOD);
    let destination = DestinationHash::telephony(net.nodes[B].endpoint.identity());
    // The request that A sends, with a tag of its own each time.
    let to = net.nodes[B].endpoint.identity();
    let link = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
    net.run_for(SECOND);
    net.nodes[A].endpoint.close(net.now, link);
    let asked = unframed(&net.sent[0].bytes);
    assert_eq!(asked[19..35], destination.0);
    net.run_for(SECOND);
    let before = net.sent.len();
    for tag in 0..1000_u16 {
        let mut request = asked.clone();
        request[35..37].copy_from_slice(&tag.to_be_bytes());
        net.inject(B, &framed(&request));
    }
    assert_eq!(net.sent.len() - before, limits::PATH_REQUESTS.1 as usize);
    net.run_for(SECOND);
    let before = net.sent.len();
    net.inject(B, &framed(&asked));
    assert_eq!(net.sent.len(), before, "one tag is answered once");
}

#[test]
fn announces_are_verified_at_their_rate_unless_a_search_waits_for_one() {
    let mut net = Net::new(26, Wire::GOOD);
    let now = net.now;
    let announces: Vec<_> =
        (0..=limits::ANNOUNCES.1 + 1).map(|n| announce_of(1000 + u64::from(n))).collect();
    let (wanted, others) = announces.split_last().unwrap();
    net.nodes[A].endpoint.open(now, Destination::telephony(wanted.0));
    for (_, announce) in others {
        net.inject(A, announce);
    }
    assert_eq!(net.announces(A), limits::ANNOUNCES.1 as usize);
    assert_eq!(net.nodes[A].endpoint.counters().dropped(DropReason::RateLimited), 1);
    net.inject(A, &wanted.1);
    assert_eq!(net.announces(A), limits::ANNOUNCES.1 as usize + 1);
}

#[test]
fn events_that_nobody_polls_are_bounded() {
    let (mut net, ours, _) = Net::linked(28, Wire::GOOD);
    let id = net.nodes[B].interface.take().expect("B is plugged in");
    let mut packets = vec![];
    for n in 0..limits::EVENTS + 10 {
        let now = net.now;
        let data = n.to_be_bytes();
        net.nodes[A].endpoint.send(now, ours, Class::Media, &data).unwrap();
        net.run_for(Duration::ZERO);
        packets.push(net.sent.last().unwrap().bytes.clone());
    }
    let b = &mut net.nodes[B].endpoint;
    for packet in &packets {
        b.handle_bytes(net.now, id, packet);
    }
    b.interface_down(net.now, id);
    assert_eq!(b.counters().dropped(DropReason::EventOverflow), 10);
    let events: Vec<_> = std::iter::from_fn(|| b.poll_event()).collect();
    assert_eq!(events.len(), limits::EVENTS + 1);
    let closed = LinkEvent::Closed(LinkClosed::Interface);
    assert!(matches!(events.last(), Some(Event::Link { event, .. }) if *event == closed));
}

#[test]
fn known_phones_are_bounded_and_the_oldest_make_room() {
    let mut net = Net::new(29, Wire::GOOD);
    let phones: Vec<_> = (0..limits::KEYS as u64 + 1).map(|n| announce_of(10_000 + n)).collect();
    for (_, announce) in &phones {
        net.inject(A, announce);
        net.run_for(SECOND / 20);
    }
    assert_eq!(net.announces(A), phones.len());
    for (_, announce) in &phones[..2] {
        let mut other_key = unframed(announce);
        other_key[19] ^= 1;
        net.inject(A, &framed(&other_key));
    }
    let counters = net.nodes[A].endpoint.counters();
    assert_eq!(counters.dropped(DropReason::Unauthentic), 1, "the first is forgotten");
    assert_eq!(counters.dropped(DropReason::KeyChange), 1, "the second is not");
    let mut first_packet = |(phone, _): &(IdentityHash, _)| {
        let sent = net.sent.len();
        net.nodes[A].endpoint.open(net.now, Destination::telephony(*phone));
        net.run_for(Duration::ZERO);
        net.sent[sent].bytes[1]
    };
    assert_eq!(first_packet(&phones[0]), 0x08, "the path is asked for");
    assert_eq!(first_packet(&phones[1]), 0x02, "the link is asked for");
}

/// Link requests to B of nobody, as framed.
fn requests(net: &Net, seed: u64) -> impl FnMut() -> Vec<u8> + use<> {
    let destination = DestinationHash::telephony(net.nodes[B].endpoint.identity());
    let mut rng = SeededRng::new(seed);
    move || framed(&[&[0x02, 0][..], &destination.0, &[0], &rng.0.bytes(64)].concat())
}
