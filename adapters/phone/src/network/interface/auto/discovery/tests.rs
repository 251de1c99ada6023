use super::super::group::{DiscoveryScope, MulticastAddressType};
use super::*;

const ETHERNET: LinkIndex = LinkIndex(2);
const WIFI: LinkIndex = LinkIndex(3);

#[test]
fn two_nodes_find_each_other_and_exchange_packets() {
    let mut segment = Segment::new(2);
    segment.run_for(ms(1));
    assert_eq!(segment.peers_of(0), [address(1)]);
    assert_eq!(segment.peers_of(1), [address(0)]);
    let now = segment.now;
    let found = segment.nodes[1].handle_packet(now, ETHERNET, address(0), &packet(1));
    assert_eq!(found, Ok(PeerId(0)));
}

#[test]
fn the_token_is_sent_to_the_group_at_its_interval_on_each_network_interface() {
    let (begin, mut discovery) = node();
    discovery.open(begin, WIFI, address(100));
    let mut announced = Vec::new();
    while discovery.poll_timeout() <= begin + ms(3_200) {
        let now = discovery.poll_timeout();
        discovery.handle_timeout(now);
        while let Some(output) = discovery.poll_output() {
            if let Output::Announce { link, token } = output {
                let own = if link == WIFI { address(100) } else { address(0) };
                assert!(group().admits(own, &token));
                announced.push(((now - begin).as_millis(), link.0));
            }
        }
    }
    assert_eq!(announced, [(0, 2), (0, 3), (1_600, 2), (1_600, 3), (3_200, 2), (3_200, 3)]);
}

#[test]
fn a_peer_that_is_silent_is_given_up_and_found_again() {
    let mut segment = Segment::new(2);
    segment.run_for(ms(4_000));
    segment.is_cut = true;
    segment.run_for(ms(20_000));
    assert_eq!(segment.peers_of(0), [address(1)]);
    segment.run_for(ms(8_000));
    assert!(segment.peers_of(0).is_empty() && segment.peers_of(1).is_empty());
    segment.is_cut = false;
    segment.run_for(ms(1_600));
    assert_eq!(segment.peers_of(0), [address(1)]);
}

#[test]
fn a_peer_that_sends_packets_stays_without_a_token() {
    let (begin, mut discovery) = with_peers(1);
    for second in 1..60 {
        let now = begin + ms(second * 1_000);
        let from = address(1);
        discovery.handle_packet(now, ETHERNET, from, &packet(second)).unwrap();
        discovery.handle_timeout(now);
    }
    assert!(discovery.has_peers());
}

#[test]
fn a_peer_gets_tokens_of_its_own_for_where_multicasts_are_lost() {
    let (begin, mut discovery) = with_peers(1);
    let mut greeted = Vec::new();
    for second in 1..=20 {
        let now = begin + ms(second * 1_000);
        admit(&mut discovery, now, 1).unwrap();
        discovery.handle_timeout(now);
        greeted.extend(drain(&mut discovery).into_iter().filter_map(|output| match output {
            Output::AnnounceTo { link, peer, token } => {
                assert!(
                    link == ETHERNET && peer == address(1) && token == group().token(address(0))
                );
                Some(second)
            }
            _ => None,
        }));
    }
    assert_eq!(greeted, [8, 16]);
}

#[test]
fn own_tokens_make_no_peer_on_any_network_interface() {
    let (now, mut discovery) = node();
    discovery.open(now, WIFI, address(100));
    let token = group().token(address(100));
    assert_eq!(discovery.handle_token(now, ETHERNET, address(100), &token), Ok(()));
    assert!(!discovery.has_peers());

    // Also where the other network interface comes up after its token was heard.
    admit(&mut discovery, now, 7).unwrap();
    drain(&mut discovery);
    discovery.open(now, LinkIndex(4), address(7));
    assert_eq!(drain(&mut discovery), [Output::PeerDown { peer: PeerId(0) }]);
}

#[test]
fn multicasts_that_do_not_come_back_are_told_once_and_that_they_do_again() {
    let (begin, mut discovery) = node();
    let mut told = Vec::new();
    for second in 0..40 {
        let now = begin + ms(second * 1_000);
        if second >= 20 {
            admit(&mut discovery, now, 0).unwrap();
        }
        discovery.handle_timeout(now);
        told.extend(drain(&mut discovery).into_iter().filter_map(|output| match output {
            Output::Echo { is_heard, .. } => Some((second, is_heard)),
            _ => None,
        }));
    }
    assert_eq!(told, [(8, false), (20, true)]);
}

#[test]
fn what_is_no_token_makes_no_peer_and_whoever_is_none_sends_no_packets() {
    let (now, mut discovery) = node();
    let token = group().token(address(1));
    let taken = discovery.handle_token(now, ETHERNET, address(2), &token);
    assert_eq!(taken, Err(Dropped::NoToken));
    assert_eq!(discovery.handle_token(now, ETHERNET, address(1), b""), Err(Dropped::NoToken));
    let taken = discovery.handle_packet(now, ETHERNET, address(1), &packet(1));
    assert_eq!(taken, Err(Dropped::NoPeer));
    // A peer on one network interface is none on another.
    admit(&mut discovery, now, 1).unwrap();
    discovery.open(now, WIFI, address(100));
    let taken = discovery.handle_packet(now, WIFI, address(1), &packet(1));
    assert_eq!(taken, Err(Dropped::NoPeer));
}

#[test]
fn a_packet_over_two_network_interfaces_counts_once() {
    let (now, mut discovery) = with_peers(1);
    discovery.open(now, WIFI, address(100));
    let token = group().token(address(2));
    discovery.handle_token(now, WIFI, address(2), &token).unwrap();
    assert_eq!(discovery.handle_packet(now, ETHERNET, address(1), &packet(1)), Ok(PeerId(0)));
    let again = discovery.handle_packet(now, WIFI, address(2), &packet(1));
    assert_eq!(again, Err(Dropped::Duplicate));
}

#[test]
fn the_end_of_a_network_interface_ends_its_peers_and_no_others() {
    let (now, mut discovery) = with_peers(2);
    discovery.open(now, WIFI, address(100));
    let token = group().token(address(2));
    discovery.handle_token(now, WIFI, address(2), &token).unwrap();
    drain(&mut discovery);
    discovery.close(ETHERNET);
    let [one, other] = [PeerId(0), PeerId(1)].map(|peer| Output::PeerDown { peer });
    assert_eq!(drain(&mut discovery), [one, other]);
    assert!(discovery.has_peers());
}

#[test]
fn strangers_take_the_places_of_those_who_never_spoke_and_not_at_once() {
    let (begin, mut discovery) = with_peers(MAX_PEERS as u16);
    let friend = address(1);
    discovery.handle_packet(begin, ETHERNET, friend, &packet(0)).unwrap();
    drain(&mut discovery);
    assert_eq!(admit(&mut discovery, begin, 5_000), Ok(()));
    let changes = drain(&mut discovery);
    assert!(matches!(changes[..], [Output::PeerDown { .. }, Output::PeerUp { .. }]), "{changes:?}");
    assert_eq!(admit(&mut discovery, begin, 5_001), Err(Dropped::PeersFull));

    // A flood for a minute, of strangers that send packets as well.
    for step in 0..6_000_u64 {
        let now = begin + ms(step * 10);
        let stranger = 6_000 + step as u16;
        if admit(&mut discovery, now, stranger).is_ok() {
            let from = address(stranger);
            discovery.handle_packet(now, ETHERNET, from, &packet(step)).unwrap();
        }
        if step % 500 == 0 {
            discovery.handle_packet(now, ETHERNET, friend, &packet(10_000 + step)).unwrap();
        }
        assert!(discovery.links[&ETHERNET].peers.len() <= MAX_PEERS);
    }
    assert!(discovery.links[&ETHERNET].peers.contains_key(&friend));
}

/// Nodes on one segment, in virtual time: each multicast reaches all at once, its sender included.
struct Segment {
    nodes: Vec<Discovery>,
    now: Moment,
    is_cut: bool,
}

impl Segment {
    fn new(nodes: u16) -> Self {
        let now = Moment::now();
        let node = |number| {
            let mut node = Discovery::new(group(), now);
            node.open(now, ETHERNET, address(number));
            node
        };
        Self { nodes: (0..nodes).map(node).collect(), now, is_cut: false }
    }

    fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        for _ in 0..10_000 {
            let due = self.nodes.iter().map(Discovery::poll_timeout).min().unwrap();
            if due > end {
                self.now = end;
                return;
            }
            self.now = due;
            for node in &mut self.nodes {
                node.handle_timeout(due);
            }
            self.deliver();
        }
        panic!("nothing comes to rest");
    }

    fn deliver(&mut self) {
        for sender in 0..self.nodes.len() {
            while let Some(output) = self.nodes[sender].poll_output() {
                let (token, to) = match output {
                    Output::Announce { token, .. } => (token, None),
                    Output::AnnounceTo { token, peer, .. } => (token, Some(peer)),
                    _ => continue,
                };
                for receiver in 0..self.nodes.len() {
                    let is_reached = !self.is_cut || receiver == sender;
                    if is_reached && to.is_none_or(|to| to == address(receiver as u16)) {
                        let from = address(sender as u16);
                        self.nodes[receiver]
                            .handle_token(self.now, ETHERNET, from, &token)
                            .unwrap();
                    }
                }
            }
        }
    }

    fn peers_of(&self, node: usize) -> Vec<Ipv6Addr> {
        self.nodes[node].links[&ETHERNET].peers.keys().copied().collect()
    }
}

fn node() -> (Moment, Discovery) {
    let now = Moment::now();
    let mut discovery = Discovery::new(group(), now);
    discovery.open(now, ETHERNET, address(0));
    (now, discovery)
}

fn with_peers(count: u16) -> (Moment, Discovery) {
    let (now, mut discovery) = node();
    for number in 1..=count {
        admit(&mut discovery, now, number).unwrap();
    }
    drain(&mut discovery);
    (now, discovery)
}

fn admit(discovery: &mut Discovery, now: Moment, number: u16) -> Result<(), Dropped> {
    let from = address(number);
    discovery.handle_token(now, ETHERNET, from, &group().token(from))
}

fn drain(discovery: &mut Discovery) -> Vec<Output> {
    std::iter::from_fn(|| discovery.poll_output()).collect()
}

fn group() -> Group {
    Group::new("reticulum", DiscoveryScope::Link, MulticastAddressType::Temporary)
}

fn address(number: u16) -> Ipv6Addr {
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, number + 1)
}

fn packet(number: u64) -> Bytes {
    Bytes::from(number.to_be_bytes().to_vec())
}

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
