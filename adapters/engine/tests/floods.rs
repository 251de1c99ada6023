//! Strangers who open links as fast as they may, and a friend on a slow path who calls meanwhile.

#![cfg(feature = "opus")]

mod common;

use std::time::Duration;

use common::{SeededRng, WALL, Wired};
use lxst_core::{
    AnnouncePolicy, CallState, Config as Telephone, IdentityHash, Instant, Mode, Profile,
};
use lxst_engine::{Config, Engine, InterfaceOrigin};
use lxst_reticulum::{
    Config as EndpointConfig, Destination, DestinationConfig, Endpoint, EndpointLinks,
    Event as EndpointEvent, Identity, InterfaceConfig, InterfaceId, LinkEvent, limits,
};
use lxst_sim::random::Seeded;
use lxst_sim::wire::{Conditions, Wire};

const SECOND: Duration = Duration::from_secs(1);
/// As long as it takes to a friend on a path of 4 s round trip.
const SLOW: Duration = Duration::from_secs(2);
const FAST: Duration = Duration::from_millis(10);

#[test]
fn a_friend_on_a_path_of_four_seconds_gets_in_among_strangers_who_complete_their_handshakes() {
    for strangers in [FAST, SLOW] {
        for seed in 0..5 {
            let mut flood = Flood::new(seed, strangers);
            flood.run(30 * SECOND);
            let before = flood.links;
            flood.dial();
            let rang = (0..300).find(|_| {
                flood.run(SECOND / 10);
                flood.friend_rings()
            });
            let rang = rang.map(|tenths| SECOND / 10 * (tenths + 1));
            // Five ways of 2 s each, with a packet or two of them said again.
            assert!(rang.is_some_and(|rang| rang <= 15 * SECOND), "{strangers:?} {seed}: {rang:?}");
            let links = flood.links - before;
            assert!(links >= 50, "{links} links of strangers came up meanwhile");
        }
    }
}

#[test]
fn strangers_who_never_take_up_their_links_have_proofs_repeated_at_a_bounded_rate() {
    let mut flood = Flood::new(9, FAST);
    flood.are_silent = true;
    flood.run(60 * SECOND);
    let before = flood.sent;
    flood.run(60 * SECOND);
    let sent = (flood.sent - before) as u32;
    // A proof for each request, and a greeting with each that is repeated.
    let most = 60 * (limits::LINK_REQUESTS.0 + 2 * limits::PROOFS_AGAIN.0) + 10;
    assert!(sent <= most, "{sent} packets, {most} at most");
}

/// A phone, a friend, and ten new strangers a second on the phone's one interface.
struct Flood {
    now: Instant,
    phone: (Engine<EndpointLinks>, InterfaceId),
    friend: (Engine<EndpointLinks>, InterfaceId),
    strangers: Vec<(Endpoint, InterfaceId)>,
    /// How long packets take to and from strangers.
    delay: Duration,
    /// Strangers hear no proof, and so take up no link.
    are_silent: bool,
    announce: Vec<u8>,
    next_at: Instant,
    in_flight: Wire<(To, Vec<u8>)>,
    /// Packets that the phone sent, announces aside.
    sent: usize,
    /// Links of strangers that came up.
    links: usize,
    rng: Seeded,
}

#[derive(Clone, Copy)]
enum To {
    Phone,
    Friend,
    Strangers,
}

impl Flood {
    fn new(seed: u64, delay: Duration) -> Self {
        let mut rng = Seeded(seed * 1_000);
        let [phone, friend] = [(); 2].map(|()| {
            let announce = AnnouncePolicy { at_start: false, ..AnnouncePolicy::default() };
            let telephone = Telephone { announce, ..Telephone::default() };
            let network = EndpointLinks::new(endpoint(&mut rng));
            let mut engine = Engine::new(Config { telephone, ..Config::default() }, network);
            let up = engine.interface_up(Instant::ORIGIN, InterfaceOrigin(0), InterfaceConfig::TCP);
            (engine, up)
        });
        let mut flood = Self {
            now: Instant::ORIGIN,
            phone,
            friend,
            strangers: Vec::new(),
            delay,
            are_silent: false,
            announce: Vec::new(),
            next_at: Instant::MAX,
            in_flight: Wire::new(seed, Conditions::NONE),
            sent: 0,
            links: 0,
            rng,
        };
        flood.run(5 * SECOND);
        flood.next_at = flood.now;
        flood
    }

    fn dial(&mut self) {
        let to = self.phone.0.identity();
        let dialled = self.friend.0.dial(self.now, to, Profile::MediumQuality, Mode::FullDuplex);
        dialled.expect("the line is free");
    }

    fn friend_rings(&self) -> bool {
        let friend: IdentityHash = self.friend.0.identity();
        let rings =
            |call: lxst_core::CallStatus| call.state == CallState::Ringing && call.peer == friend;
        self.phone.0.call().is_some_and(rings)
    }

    fn run(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            self.collect();
            let arrival = self.in_flight.next_at();
            let engines = [&self.phone.0, &self.friend.0].into_iter();
            let strangers = self.strangers.iter().filter_map(|(end, _)| end.poll_timeout());
            let due = engines.filter_map(Engine::poll_timeout).chain(strangers);
            let next = due.chain(arrival).chain([self.next_at]).min();
            let Some(next) = next.filter(|at| *at <= end) else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            while let Some((to, bytes)) = self.in_flight.poll(self.now) {
                self.deliver(to, &bytes);
            }
            for (engine, _) in [&mut self.phone, &mut self.friend] {
                engine.handle_timeout(self.now);
            }
            for (endpoint, _) in &mut self.strangers {
                if endpoint.poll_timeout().is_some_and(|at| at <= self.now) {
                    endpoint.handle_timeout(self.now);
                }
            }
            if self.next_at <= self.now {
                self.next_at = self.now + SECOND / limits::LINK_REQUESTS.0;
                self.stranger();
            }
        }
    }

    /// One more stranger asks for a link. Whoever did long ago has gone without a word.
    fn stranger(&mut self) {
        let mut endpoint = endpoint(&mut self.rng);
        let up = endpoint.interface_up(self.now, InterfaceConfig::TCP);
        endpoint.handle_bytes(self.now, up, &self.announce);
        let to = Destination::telephony(self.phone.0.identity());
        endpoint.open(self.now, to);
        if self.strangers.len() == STRANGERS {
            self.strangers.remove(0);
        }
        self.strangers.push((endpoint, up));
    }

    fn deliver(&mut self, to: To, bytes: &[u8]) {
        match to {
            To::Phone => self.phone.0.handle_bytes(self.now, self.phone.1, bytes),
            To::Friend => self.friend.0.handle_bytes(self.now, self.friend.1, bytes),
            To::Strangers if self.are_silent => {}
            To::Strangers => {
                for (endpoint, up) in &mut self.strangers {
                    endpoint.handle_bytes(self.now, *up, bytes);
                }
            }
        }
    }

    fn collect(&mut self) {
        let (now, mut buffer, mut sent) = (self.now, Vec::new(), Vec::new());
        let (phone, up) = &mut self.phone;
        while phone.poll_event().is_some() {}
        while let Some(bytes) = phone.poll_transmit(now, WALL, *up, &mut buffer) {
            if self.announce.is_empty() {
                self.announce = bytes.to_vec();
            }
            let is_announce = bytes[1] & 0b11 == 1;
            self.sent += usize::from(!is_announce);
            sent.push((SLOW, To::Friend, bytes.to_vec()));
            sent.push((self.delay, To::Strangers, bytes.to_vec()));
        }
        let (friend, up) = &mut self.friend;
        while friend.poll_event().is_some() {}
        while let Some(bytes) = friend.poll_transmit(now, WALL, *up, &mut buffer) {
            sent.push((SLOW, To::Phone, bytes.to_vec()));
        }
        for (endpoint, up) in &mut self.strangers {
            while let Some(event) = endpoint.poll_event() {
                let is_up =
                    matches!(event, EndpointEvent::Link { event: LinkEvent::Up { .. }, .. });
                self.links += usize::from(is_up);
            }
            while let Some(bytes) = endpoint.poll_transmit(now, WALL, *up, &mut buffer) {
                sent.push((self.delay, To::Phone, bytes.to_vec()));
            }
        }
        for (delay, to, bytes) in sent {
            self.in_flight.deliver_at(now + delay, (to, bytes));
        }
    }
}

fn endpoint(rng: &mut Seeded) -> Endpoint {
    let mut own = SeededRng(Seeded(rng.next()));
    let identity = Identity::generate(&mut own);
    let mut endpoint = Endpoint::new(identity, EndpointConfig::default(), Box::new(own));
    endpoint.register(DestinationConfig::telephony()).expect("it is the first");
    endpoint
}

/// Strangers that listen: as many as ask within the longest wait of theirs for anything.
const STRANGERS: usize = 120;
