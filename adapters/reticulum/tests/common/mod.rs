//! Endpoints on a seeded wire in virtual time.

#![allow(dead_code, reason = "each test file uses its own part of the harness")]

use std::collections::BTreeSet;
use std::time::Duration;

use lxst_reticulum::{
    Class, Config, Destination, DestinationConfig, Endpoint, Event, Framing, Identity,
    IdentityHash, Instant, InterfaceConfig, InterfaceId, LinkEvent, LinkHandle, NameHash, Rng,
    UnixTime,
};
use lxst_sim::random::Seeded;
use lxst_sim::wire::{self, Conditions};

pub(crate) const START: Instant = Instant::ORIGIN;

/// What calendars say at [`START`].
pub(crate) const WALL: UnixTime = UnixTime(1_800_000_000);

/// The generator of the simulations as an endpoint's source of bytes.
pub(crate) struct SeededRng(pub(crate) Seeded);

impl SeededRng {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(Seeded(seed))
    }
}

impl Rng for SeededRng {
    fn fill_bytes(&mut self, dest: &mut [u8]) {
        self.0.fill(dest);
    }
}

/// What joins the nodes.
#[derive(Clone, Copy)]
pub(crate) struct Wire {
    pub(crate) config: InterfaceConfig,
    pub(crate) conditions: Conditions,
    /// Whether writers hear themselves.
    pub(crate) echo: bool,
    /// How late the owners of the endpoints wake up.
    pub(crate) late: Duration,
}

impl Wire {
    pub(crate) const GOOD: Self = Self {
        config: InterfaceConfig::TCP,
        conditions: Conditions { delay: Duration::from_millis(20), ..Conditions::NONE },
        echo: false,
        late: Duration::ZERO,
    };

    /// A wire without other impairments.
    pub(crate) const fn of_delay(delay: Duration) -> Self {
        Self { conditions: Conditions { delay, ..Conditions::NONE }, ..Self::GOOD }
    }
}

/// One written packet, as framed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) at: Instant,
    pub(crate) node: usize,
    pub(crate) bytes: Vec<u8>,
}

/// Endpoints, two for the most part, and the wire between them.
pub(crate) struct Net {
    pub(crate) now: Instant,
    pub(crate) nodes: Vec<Node>,
    pub(crate) wire: Wire,
    pub(crate) sent: Vec<Sent>,
    in_flight: wire::Wire<(usize, Vec<u8>)>,
}

pub(crate) struct Node {
    pub(crate) endpoint: Endpoint,
    pub(crate) config: InterfaceConfig,
    pub(crate) interface: Option<InterfaceId>,
    pub(crate) events: Vec<(Instant, Event)>,
    /// A cut node neither hears nor is heard.
    pub(crate) cut: bool,
    /// What its calendar says at [`START`].
    pub(crate) wall: UnixTime,
}

pub(crate) const A: usize = 0;
pub(crate) const B: usize = 1;

impl Net {
    pub(crate) fn new(seed: u64, wire: Wire) -> Self {
        Self::with_configs(seed, wire, &[wire.config; 2])
    }

    /// One endpoint per interface.
    pub(crate) fn with_configs(seed: u64, wire: Wire, configs: &[InterfaceConfig]) -> Self {
        let mut net = Self {
            now: START,
            nodes: (0..).zip(configs).map(|(n, config)| Node::new(seed * 2 + n, *config)).collect(),
            wire,
            sent: vec![],
            in_flight: wire::Wire::new(seed, wire.conditions),
        };
        for n in 0..net.nodes.len() {
            net.plug(n);
        }
        net
    }

    /// Both have announced themselves and heard the other.
    pub(crate) fn acquainted(seed: u64, wire: Wire) -> Self {
        let mut net = Self::new(seed, wire);
        net.nodes[A].endpoint.announce(net.now, TELEPHONY);
        net.nodes[B].endpoint.announce(net.now, TELEPHONY);
        net.run_for(Duration::from_secs(2));
        net
    }

    /// An established link that A opened to B.
    pub(crate) fn linked(seed: u64, wire: Wire) -> (Self, LinkHandle, LinkHandle) {
        Self::acquainted(seed, wire).link()
    }

    /// The same, and B spoke as soon as it was established: A reports the round-trip time once, and
    /// both have measured the same one.
    pub(crate) fn greeted(seed: u64, wire: Wire) -> (Self, LinkHandle, LinkHandle) {
        let mut net = Self::acquainted(seed, wire);
        let to = net.nodes[B].endpoint.identity();
        let ours = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
        net.run_for(wire.conditions.delay * 3);
        let theirs = net.incoming(B).expect("the link came in");
        net.nodes[B].endpoint.send(net.now, theirs, Class::Signal, b"hello").expect("it is up");
        net.run_for(Duration::from_secs(2));
        (net, ours, theirs)
    }

    /// Opens a link from A to B.
    pub(crate) fn link(mut self) -> (Self, LinkHandle, LinkHandle) {
        let net = &mut self;
        let to = net.nodes[B].endpoint.identity();
        let ours = net.nodes[A].endpoint.open(net.now, Destination::telephony(to));
        net.run_for(Duration::from_secs(2));
        let up = net.link_events(A, ours);
        assert!(matches!(up[..], [LinkEvent::Up { .. }]), "{up:?}");
        let theirs = net.incoming(B).expect("the link came in");
        (self, ours, theirs)
    }

    pub(crate) fn plug(&mut self, n: usize) {
        let node = &mut self.nodes[n];
        node.interface = Some(node.endpoint.interface_up(self.now, node.config));
    }

    pub(crate) fn unplug(&mut self, n: usize) {
        if let Some(id) = self.nodes[n].interface.take() {
            self.nodes[n].endpoint.interface_down(self.now, id);
        }
        self.collect();
    }

    /// Sleeps exactly to each next deadline or arrival, until `span` has passed.
    pub(crate) fn run_for(&mut self, span: Duration) {
        let end = self.now + span;
        for _ in 0..100_000 {
            self.collect();
            let arrival = self.in_flight.next_at();
            let timeout = self.nodes.iter().filter_map(Node::timeout).min();
            let timeout = timeout.map(|at| at + self.wire.late);
            let next = arrival.into_iter().chain(timeout).min();
            let Some(next) = next.filter(|at| *at <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            self.deliver();
            for node in &mut self.nodes {
                if node.timeout().is_some_and(|at| at + self.wire.late <= self.now) {
                    node.endpoint.handle_timeout(self.now);
                    let after = node.timeout();
                    assert!(after.is_none_or(|at| at > self.now), "a deadline goes away");
                }
            }
        }
        panic!("livelock: {} steps did not pass {span:?}", 100_000);
    }

    pub(crate) fn link_events(&self, n: usize, link: LinkHandle) -> Vec<LinkEvent> {
        self.all_link_events(n)
            .filter(|(_, of, _)| *of == link)
            .map(|(_, _, event)| *event)
            .collect()
    }

    /// When the first such event came.
    pub(crate) fn event_time(
        &self,
        n: usize,
        wanted: impl Fn(&LinkEvent) -> bool,
    ) -> Option<Instant> {
        self.all_link_events(n).find(|(_, _, event)| wanted(event)).map(|(at, _, _)| at)
    }

    /// When the first packet came.
    pub(crate) fn packet_time(&self, n: usize) -> Option<Instant> {
        let is_packet = |(_, event): &&(Instant, Event)| matches!(event, Event::Packet { .. });
        self.nodes[n].events.iter().find(is_packet).map(|(at, _)| *at)
    }

    /// The link that came in last.
    pub(crate) fn incoming(&self, n: usize) -> Option<LinkHandle> {
        self.all_link_events(n)
            .filter(|(_, _, event)| matches!(event, LinkEvent::Incoming { .. }))
            .last()
            .map(|(_, link, _)| link)
    }

    fn all_link_events(&self, n: usize) -> impl Iterator<Item = (Instant, LinkHandle, &LinkEvent)> {
        self.nodes[n].events.iter().filter_map(|(at, event)| {
            let Event::Link { link, event } = event else {
                return None;
            };
            Some((*at, *link, event))
        })
    }

    /// The plaintexts that arrived on a link.
    pub(crate) fn packets(&self, n: usize, link: LinkHandle) -> Vec<Vec<u8>> {
        let data = |(_, event): &(Instant, Event)| match event {
            Event::Packet { link: of, data } if *of == link => Some(data.clone()),
            _ => None,
        };
        self.nodes[n].events.iter().filter_map(data).collect()
    }

    pub(crate) fn announces(&self, n: usize) -> usize {
        let announced = |(_, event): &&(Instant, Event)| matches!(event, Event::Announced { .. });
        self.nodes[n].events.iter().filter(announced).count()
    }

    /// How many link requests were proved; repeats of a proof do not count.
    pub(crate) fn proofs(&self) -> usize {
        let proofs = self.sent.iter().filter(|sent| sent.bytes[1] == 0x0f);
        proofs.map(|sent| &sent.bytes).collect::<BTreeSet<_>>().len()
    }

    /// A path request to a node, as framed.
    pub(crate) fn path_request_to(&self, n: usize) -> Vec<u8> {
        let mut asking = Node::new(0xa5c, self.wire.config);
        let id = asking.endpoint.interface_up(self.now, self.wire.config);
        asking.endpoint.open(self.now, Destination::telephony(self.nodes[n].endpoint.identity()));
        let mut buffer = vec![];
        let sent = asking.endpoint.poll_transmit(self.now, WALL, id, &mut buffer);
        sent.expect("the path is asked for").to_vec()
    }

    /// Hands bytes to a node as if the wire had.
    pub(crate) fn inject(&mut self, n: usize, bytes: &[u8]) {
        if let Some(id) = self.nodes[n].interface {
            self.nodes[n].endpoint.handle_bytes(self.now, id, bytes);
        }
        self.collect();
    }

    fn deliver(&mut self) {
        while let Some((n, bytes)) = self.in_flight.poll(self.now) {
            let node = &mut self.nodes[n];
            let Some(id) = node.interface.filter(|_| !node.cut) else {
                continue;
            };
            // A stream arrives in pieces of any size; a datagram stays whole.
            let size = match node.config.framing {
                Framing::Datagram => bytes.len(),
                Framing::Hdlc | Framing::Kiss => {
                    1 + self.in_flight.random().below(bytes.len() as u64) as usize
                }
            };
            for piece in bytes.chunks(size) {
                node.endpoint.handle_bytes(self.now, id, piece);
            }
        }
    }

    fn collect(&mut self) {
        let mut buffer = vec![];
        for n in 0..self.nodes.len() {
            let node = &mut self.nodes[n];
            while let Some(event) = node.endpoint.poll_event() {
                node.events.push((self.now, event));
            }
            let Some(id) = node.interface else { continue };
            let (now, wall) = (self.now, self.nodes[n].wall(self.now));
            while let Some(bytes) = self.nodes[n].endpoint.poll_transmit(now, wall, id, &mut buffer)
            {
                let bytes = bytes.to_vec();
                self.write(n, bytes);
            }
        }
    }

    fn write(&mut self, from: usize, bytes: Vec<u8>) {
        self.sent.push(Sent { at: self.now, node: from, bytes: bytes.clone() });
        if self.nodes[from].cut {
            return;
        }
        for to in 0..self.nodes.len() {
            if to != from || self.wire.echo {
                self.in_flight.send(self.now, (to, bytes.clone()));
            }
        }
    }
}

impl Node {
    /// What its calendar says.
    pub(crate) fn wall(&self, now: Instant) -> UnixTime {
        UnixTime(self.wall.0 + now.since(START).as_secs())
    }

    /// What it would keep over a restart.
    pub(crate) fn export(&self, now: Instant) -> Vec<u8> {
        self.endpoint.export(now, self.wall(now))
    }

    fn timeout(&self) -> Option<Instant> {
        self.endpoint.poll_timeout()
    }

    fn new(seed: u64, config: InterfaceConfig) -> Self {
        let mut rng = SeededRng::new(seed);
        let identity = Identity::generate(&mut rng);
        let endpoint = phone(identity, Config::default(), rng);
        Self { endpoint, config, interface: None, events: vec![], cut: false, wall: WALL }
    }
}

/// An endpoint that serves telephony alone.
pub(crate) fn phone(
    identity: Identity,
    config: Config,
    rng: impl Rng + Send + 'static,
) -> Endpoint {
    let mut endpoint = Endpoint::new(identity, config, Box::new(rng));
    endpoint.register(DestinationConfig::new(TELEPHONY)).expect("it is the first");
    endpoint
}

/// Some phone and its announce, as framed.
pub(crate) fn announce_of(seed: u64) -> (IdentityHash, Vec<u8>) {
    let mut rng = SeededRng::new(seed);
    let identity = Identity::generate(&mut rng);
    let mut endpoint = phone(identity, Config::default(), rng);
    let interface = endpoint.interface_up(START, InterfaceConfig::TCP);
    endpoint.announce(START, TELEPHONY);
    let mut buffer = vec![];
    endpoint.poll_transmit(START, WALL, interface, &mut buffer);
    (endpoint.identity(), buffer)
}

pub(crate) const TELEPHONY: NameHash = NameHash::TELEPHONY;

/// A packet as a stream interface carries it.
pub(crate) fn framed(packet: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x7e];
    for byte in packet {
        match byte {
            0x7d | 0x7e => frame.extend([0x7d, byte ^ 0x20]),
            _ => frame.push(*byte),
        }
    }
    frame.push(0x7e);
    frame
}

/// The packet in a frame.
pub(crate) fn unframed(frame: &[u8]) -> Vec<u8> {
    let mut packet = vec![];
    let mut bytes = frame[1..frame.len() - 1].iter();
    while let Some(byte) = bytes.next() {
        match byte {
            0x7d => packet.push(bytes.next().expect("an escaped byte") ^ 0x20),
            _ => packet.push(*byte),
        }
    }
    packet
}
