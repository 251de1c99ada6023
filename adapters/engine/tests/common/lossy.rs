//! Two phones in virtual time and a wire that loses packets: how calls come about.

use std::collections::BTreeMap;
use std::time::Duration;

use lxst_core::{
    AnnouncePolicy, CallId, CallState, CallStatus, Command, Config as Telephone, Direction,
    Event as CallEvent, Instant, Mode, PortChange, Profile,
};
use lxst_engine::{Config, Done, Engine, Event, InterfaceOrigin, Task};
use lxst_reticulum::{EndpointLinks, InterfaceConfig, InterfaceId};
use lxst_sim::wire::{Conditions, Wire};

use super::{WALL, Wired, network};

pub(crate) const CALLER: usize = 0;
pub(crate) const CALLEE: usize = 1;

/// Two engines, each with its endpoint. The callee answers at once.
pub(crate) struct Line {
    pub(crate) now: Instant,
    pub(crate) phones: [Phone; 2],
    /// What was sent since the call was dialled, lost packets included.
    pub(crate) sent: Vec<Sent>,
    /// The bytes of these.
    pub(crate) recorded: Vec<Vec<u8>>,
    /// What left towards somebody else than the other phone, where there is somebody.
    pub(crate) strayed: Vec<Sent>,
    in_flight: Wire<(usize, Vec<u8>)>,
}

pub(crate) struct Phone {
    pub(crate) engine: Engine<EndpointLinks>,
    /// What the app was told of calls, and when.
    pub(crate) told: Vec<(Instant, CallEvent)>,
    pub(crate) answers_after: Duration,
    wire: InterfaceId,
    /// An interface behind which somebody else is.
    beside: Option<InterfaceId>,
    rings: Option<(Instant, CallId)>,
    microphone_at: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) at: Instant,
    pub(crate) by: usize,
    pub(crate) kind: Kind,
}

/// A packet, as far as a wire can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    PathRequest,
    Announce,
    LinkRequest,
    LinkProof,
    LinkRtt,
    Identify,
    /// A signal or a frame.
    Data,
    /// A keepalive or a close.
    Other,
}

/// Where a packet comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Peer,
    Beside,
}

/// Whether the caller has heard of the callee before it dials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    Known,
    Unknown,
}

impl Line {
    pub(crate) fn new(seed: u64, path: Path, rtt: Duration) -> Self {
        Self::of(Telephone::default(), seed, path, rtt)
    }

    /// Two phones with these settings; they announce on command alone.
    pub(crate) fn of(telephone: Telephone, seed: u64, path: Path, rtt: Duration) -> Self {
        let telephone = Telephone { announce: AnnouncePolicy::ON_COMMAND, ..telephone };
        let phones = [CALLER, CALLEE].map(|phone| Phone::new(telephone, seed * 2 + phone as u64));
        let mut line = Self {
            now: Instant::ORIGIN,
            phones,
            sent: Vec::new(),
            recorded: Vec::new(),
            strayed: Vec::new(),
            in_flight: Wire::new(seed, one_way(Duration::from_millis(1))),
        };
        if path == Path::Known {
            let announced = line.phones[CALLEE].engine.command(line.now, Command::Announce);
            announced.expect("a phone may announce itself");
        }
        line.run(Duration::from_millis(1_500), |_, _| true);
        (line.sent, line.recorded) = (Vec::new(), Vec::new());
        line.in_flight.conditions = one_way(rtt / 2);
        line
    }

    /// Connects both phones to somebody else as well.
    pub(crate) fn connect_beside(&mut self) {
        for Phone { engine, beside, .. } in &mut self.phones {
            *beside = Some(engine.interface_up(self.now, InterfaceOrigin(1), InterfaceConfig::UDP));
        }
    }

    /// Lets a packet arrive at a phone, from the other phone's side or from somebody else's.
    pub(crate) fn inject(&mut self, to: usize, from: Side, packet: &[u8]) {
        let Phone { engine, wire, beside, .. } = &mut self.phones[to];
        let interface = match from {
            Side::Peer => *wire,
            Side::Beside => beside.expect("somebody is connected"),
        };
        engine.handle_bytes(self.now, interface, packet);
    }

    pub(crate) fn dial(&mut self, profile: Profile, mode: Mode) -> CallId {
        let to = self.phones[CALLEE].engine.identity();
        let dialled = self.phones[CALLER].engine.dial(self.now, to, profile, mode);
        let call = dialled.expect("the line is free");
        self.phones[CALLER].live(self.now);
        call
    }

    /// Lets time pass, on a wire that says of the n-th packet of the call whether it arrives.
    pub(crate) fn run(&mut self, span: Duration, wire: impl FnMut(usize, Sent) -> bool) {
        self.run_until(self.now + span, wire, |_| false);
    }

    /// Lets time pass until `is_done`; tells when that was.
    pub(crate) fn run_until(
        &mut self,
        end: Instant,
        mut wire: impl FnMut(usize, Sent) -> bool,
        is_done: impl Fn(&Self) -> bool,
    ) -> Option<Instant> {
        loop {
            self.collect(&mut wire);
            if is_done(self) {
                return Some(self.now);
            }
            let arrival = self.in_flight.next_at();
            let due = self.phones.iter().filter_map(Phone::deadline);
            let next = due.chain(arrival).min().filter(|at| *at <= end);
            let Some(next) = next else {
                self.now = end;
                return None;
            };
            self.now = self.now.max(next);
            while let Some((to, bytes)) = self.in_flight.poll(self.now) {
                let Phone { engine, wire, .. } = &mut self.phones[to];
                engine.handle_bytes(self.now, *wire, &bytes);
            }
            for phone in &mut self.phones {
                phone.live(self.now);
            }
        }
    }

    /// What both sides have, where both talk.
    pub(crate) fn established(&self) -> Option<[CallStatus; 2]> {
        let calls = self.phones.each_ref().map(|phone| phone.engine.call());
        let [Some(caller), Some(callee)] = calls else { return None };
        let both = [caller, callee];
        both.iter().all(|call| call.state == CallState::Established).then_some(both)
    }

    /// What a phone sent since the call was dialled, media and keepalives left out.
    pub(crate) fn set_up_packets(&self, by: usize) -> Vec<(Kind, u64)> {
        let mut counts = BTreeMap::new();
        for sent in self.sent.iter().filter(|sent| sent.by == by && sent.kind != Kind::Other) {
            *counts.entry(sent.kind).or_insert(0) += 1;
        }
        if let Some(data) = counts.get_mut(&Kind::Data) {
            *data -= self.phones[by].engine.counters().media_packets_sent;
        }
        counts.into_iter().collect()
    }

    fn collect(&mut self, wire: &mut impl FnMut(usize, Sent) -> bool) {
        let mut buffer = Vec::new();
        for by in [CALLER, CALLEE] {
            let Phone { engine, wire: id, .. } = &mut self.phones[by];
            while let Some(bytes) = engine.poll_transmit(self.now, WALL, *id, &mut buffer) {
                let sent = Sent { at: self.now, by, kind: Kind::of(bytes) };
                self.sent.push(sent);
                self.recorded.push(bytes.to_vec());
                if wire(self.sent.len() - 1, sent) {
                    self.in_flight.send(self.now, (1 - by, bytes.to_vec()));
                }
            }
            let Phone { engine, beside, .. } = &mut self.phones[by];
            while let Some(bytes) =
                beside.and_then(|beside| engine.poll_transmit(self.now, WALL, beside, &mut buffer))
            {
                self.strayed.push(Sent { at: self.now, by, kind: Kind::of(bytes) });
            }
        }
    }
}

impl Phone {
    fn new(telephone: Telephone, seed: u64) -> Self {
        let mut engine = Engine::new(Config { telephone, ..Config::default() }, network(seed));
        let wire = engine.interface_up(Instant::ORIGIN, InterfaceOrigin(0), InterfaceConfig::UDP);
        for direction in [Direction::Send, Direction::Receive] {
            engine.port(Instant::ORIGIN, direction, PortChange::Attached);
        }
        let (told, answers_after) = (Vec::new(), Duration::ZERO);
        Self { engine, told, answers_after, wire, beside: None, rings: None, microphone_at: None }
    }

    fn deadline(&self) -> Option<Instant> {
        let answer = self.rings.map(|(at, _)| at);
        self.engine.poll_timeout().into_iter().chain(answer).chain(self.microphone_at).min()
    }

    fn live(&mut self, now: Instant) {
        self.engine.handle_timeout(now);
        if let Some((at, call)) = self.rings
            && at <= now
        {
            self.rings = None;
            // It may be over.
            let _ = self.engine.command(now, Command::Answer(call));
        }
        if self.microphone_at.is_some_and(|at| at <= now) {
            self.microphone_at = Some(now + BLOCK);
            if let Some(stream) = self.engine.stream() {
                self.engine.capture(now, stream, &[0.25; 960]);
                self.engine.play(now, stream, &mut [0.0; 960]);
            }
        }
        while let Some(event) = self.engine.poll_event() {
            let Event::Call(event) = event else { continue };
            match event {
                CallEvent::Incoming { call, .. } => {
                    self.rings = Some((now + self.answers_after, call));
                }
                CallEvent::Established { .. } => self.microphone_at = Some(now + BLOCK),
                CallEvent::Ended { .. } => self.microphone_at = None,
                _ => {}
            }
            self.told.push((now, event));
        }
        while let Some(task) = self.engine.poll_task() {
            if let Some(done) = done(task) {
                self.engine.handle_done(now, done);
            }
        }
        if self.rings.is_some_and(|(at, _)| at <= now) {
            self.live(now);
        }
    }
}

impl Kind {
    fn of(packet: &[u8]) -> Self {
        let context = packet[if packet[0] & 0x40 == 0 { 18 } else { 34 }];
        match (packet[0] & 0b11, packet[0] >> 2 & 0b11, context) {
            (0, 2, _) => Self::PathRequest,
            (1, ..) => Self::Announce,
            (2, ..) => Self::LinkRequest,
            (3, _, 0xff) => Self::LinkProof,
            (0, 3, 0xfe) => Self::LinkRtt,
            (0, 3, 0xfb) => Self::Identify,
            (0, 3, 0x00) => Self::Data,
            _ => Self::Other,
        }
    }
}

fn one_way(delay: Duration) -> Conditions {
    Conditions { delay, ..Conditions::NONE }
}

/// A coder that takes no time and makes no sound.
fn done(task: Task) -> Option<Done> {
    Some(match task {
        Task::Open { .. } | Task::Close { .. } => return None,
        Task::Encode { job, format, .. } | Task::EncodeSilence { job, format, .. } => {
            Done::Encoded { job, codec: format.codec(), payload: vec![0x38; 40].into() }
        }
        Task::Decode { job, .. } | Task::Conceal { job, .. } => {
            Done::Played { job, pcm: vec![0.0; 2_880], level: 127 }
        }
    })
}

const BLOCK: Duration = Duration::from_millis(20);
