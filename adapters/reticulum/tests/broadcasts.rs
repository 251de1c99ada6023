//! Broadcast channels of two endpoints, in virtual time.

mod common;

use std::time::Duration;

use common::{A, B, Net, Wire, framed, unframed};
use lxst_reticulum::{
    Attachment, BroadcastError, Channel, Class, Destination, DestinationHash, DropReason, Event,
    GroupKey, GroupKeyError, IdentityHash, InterfaceConfig, LinkEvent, limits, name_hash,
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn plain_packets_go_both_ways_in_the_clear() {
    let mut net = Net::new(90, Wire::GOOD);
    let channel = join(&mut net, plain);
    assert_eq!(send(&mut net, A, channel, b"hello"), Ok(1));
    assert_eq!(send(&mut net, B, channel, b"who is there?"), Ok(1));
    assert_eq!(send(&mut net, A, channel, b"hello"), Ok(1));
    net.run_for(SECOND);
    assert_eq!(heard(&net, B, channel), [&b"hello"[..], b"hello"], "as often as it was sent");
    assert_eq!(heard(&net, A, channel), [b"who is there?"]);
    let packet = unframed(&net.sent[0].bytes);
    let header = [&[0x08, 0][..], &channel.0, &[0]].concat();
    assert_eq!(packet, [&header[..], b"hello"].concat());
}

#[test]
fn group_packets_go_both_ways_between_holders_of_the_key() {
    for key in [&[7_u8; 64][..], &[7; 32]] {
        let mut net = Net::with_configs(91, Wire::GOOD, &[InterfaceConfig::TCP; 3]);
        let channel = join(&mut net, || group(key));
        net.nodes[2].endpoint.join(group(&[8; 64])).unwrap();
        send(&mut net, A, channel, b"to all of us").unwrap();
        send(&mut net, B, channel, b"").unwrap();
        net.run_for(SECOND);
        assert_eq!(heard(&net, B, channel), [b"to all of us"]);
        assert_eq!(heard(&net, A, channel), [b""]);
        assert_eq!(heard(&net, 2, channel), [] as [&[u8]; 0], "another key");
        let counters = net.nodes[2].endpoint.counters();
        assert_eq!(counters.dropped(DropReason::Unauthentic), 2);
        assert!(!net.sent.iter().any(|sent| contains(&sent.bytes, b"to all")), "encrypted");
    }
}

#[test]
fn a_group_packet_counts_once_and_our_own_echo_not_at_all() {
    let mut wire = Wire { echo: true, ..Wire::GOOD };
    wire.conditions.duplication = 1.0;
    let mut net = Net::new(92, wire);
    let channel = join(&mut net, || group(&[7; 64]));
    send(&mut net, A, channel, b"once").unwrap();
    net.run_for(SECOND);
    assert_eq!(heard(&net, B, channel), [b"once"]);
    assert_eq!(heard(&net, A, channel), [] as [&[u8]; 0]);
    let recorded = net.sent[0].bytes.clone();
    net.run_for(100 * SECOND);
    net.inject(B, &recorded);
    assert_eq!(heard(&net, B, channel), [b"once"], "a replay is no news");
}

#[test]
fn packets_that_a_node_handed_on_are_dropped_unless_it_is_our_shared_instance() {
    let mut local = InterfaceConfig::TCP;
    local.attachment = Attachment::SharedInstance;
    let mut net = Net::with_configs(93, Wire::GOOD, &[InterfaceConfig::TCP, local]);
    for channel in [join(&mut net, plain), join(&mut net, || group(&[7; 64]))] {
        send(&mut net, A, channel, b"from afar").unwrap();
        let mut packet = unframed(&net.sent.last().unwrap().bytes);
        net.run_for(SECOND);
        for (n, farthest) in [(A, 0), (B, 1)] {
            let before = heard(&net, n, channel).len();
            packet[1] = farthest + 1;
            net.inject(n, &framed(&packet));
            assert_eq!(heard(&net, n, channel).len(), before);
        }
    }
    let mut packet = unframed(&net.sent[0].bytes);
    packet[1] = 1;
    let before = heard(&net, B, plain().hash()).len();
    net.inject(B, &framed(&packet));
    assert_eq!(heard(&net, B, plain().hash()).len(), before + 1);
}

#[test]
fn a_broadcast_beyond_its_bounds_is_refused_and_the_longest_fit_a_packet() {
    let mut net = Net::new(94, Wire::GOOD);
    let (open, closed) = (join(&mut net, plain), join(&mut net, || group(&[7; 64])));
    for (channel, mdu) in [(open, limits::PLAIN_MDU), (closed, limits::GROUP_MDU)] {
        let too_long = BroadcastError::TooLong { len: mdu + 1, mdu };
        assert_eq!(send(&mut net, A, channel, &vec![1; mdu + 1]), Err(too_long));
        assert_eq!(send(&mut net, A, channel, &vec![1; mdu]), Ok(1));
        assert!(unframed(&net.sent.last().unwrap().bytes).len() < 500 - 16);
    }
    assert_eq!(send(&mut net, A, open, b""), Err(BroadcastError::Empty));
    net.nodes[A].endpoint.leave(open);
    assert_eq!(send(&mut net, A, open, b"x"), Err(BroadcastError::Unknown));
    assert_eq!(GroupKey::from_bytes(&[7; 63]).unwrap_err(), GroupKeyError(63));

    let named = |n: usize| Channel::Plain(lxst_reticulum::NameHash([n as u8; 10]));
    let endpoint = &mut net.nodes[A].endpoint;
    let refused = (0..=limits::CHANNELS).find_map(|n| endpoint.join(named(n)).err());
    let refused = refused.expect("there is a bound").to_string();
    assert_eq!(refused, "broadcast channels: 17 is not within 0 to 16");
}

#[test]
fn a_flood_on_a_channel_is_bounded_and_leaves_another_and_calls_alone() {
    let mut net = Net::acquainted(95, Wire::of_delay(Duration::ZERO));
    let (open, closed) = (join(&mut net, plain), join(&mut net, || group(&[7; 64])));
    let junk = |channel: DestinationHash, kind: u8, n: u16| {
        let data = [&n.to_be_bytes()[..], &[0; 94]].concat();
        framed(&[&[kind, 0][..], &channel.0, &[0], &data].concat())
    };
    for n in 0..1_000 {
        net.inject(B, &junk(open, 0x08, n));
    }
    assert_eq!(heard(&net, B, open).len(), limits::BROADCASTS.1 as usize);
    let to = Destination::telephony(net.nodes[B].endpoint.identity());
    let link = net.nodes[A].endpoint.open(net.now, to);
    send(&mut net, A, closed, b"heard").unwrap();
    net.run_for(SECOND / 10);
    assert_eq!(heard(&net, B, closed), [b"heard"]);
    assert!(matches!(net.link_events(A, link)[..], [LinkEvent::Up { .. }]));
}

#[test]
fn a_channel_that_was_not_joined_is_not_heard() {
    let mut net = Net::new(96, Wire::GOOD);
    let channel = net.nodes[A].endpoint.join(plain()).unwrap();
    send(&mut net, A, channel, b"hello").unwrap();
    net.run_for(SECOND);
    assert_eq!(heard(&net, B, channel), [] as [&[u8]; 0]);
    assert_eq!(net.nodes[B].endpoint.counters().dropped(DropReason::NotForUs), 1);
}

fn plain() -> Channel {
    Channel::Plain(name_hash("lxst.intercom"))
}

fn group(key: &[u8]) -> Channel {
    let destination = Destination { identity: IdentityHash([3; 16]), name: name_hash("lxst.net") };
    Channel::Group(destination, GroupKey::from_bytes(key).expect("within its bounds"))
}

fn join(net: &mut Net, channel: impl Fn() -> Channel) -> DestinationHash {
    [A, B].map(|n| net.nodes[n].endpoint.join(channel()).expect("within its bounds"))[0]
}

fn send(
    net: &mut Net,
    from: usize,
    channel: DestinationHash,
    data: &[u8],
) -> Result<usize, BroadcastError> {
    let sent = net.nodes[from].endpoint.broadcast(net.now, channel, Class::Media, data);
    net.run_for(Duration::ZERO);
    sent
}

fn heard(net: &Net, n: usize, channel: DestinationHash) -> Vec<Vec<u8>> {
    let data = |(_, event): &(_, Event)| match event {
        Event::Broadcast { channel: on, data, .. } if *on == channel => Some(data.clone()),
        _ => None,
    };
    net.nodes[n].events.iter().filter_map(data).collect()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
