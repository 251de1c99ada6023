//! A phone of three lines: each call has queues, codecs and ports of its own.

#![cfg(feature = "opus")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lxst_core::{
    CallId, CallState, Command, Direction, EndReason, Event as CallEvent, IdentityHash, InputError,
    Instant, LinkClosed, LinkEvent, LinkId, LinkRequest, Mode, PortChange, Profile, Quality,
    Samples, StackEvent, StreamId,
};
use lxst_engine::{Coder, Config, Engine, Event, Ids, LinkCommand, LinkQueue, Tap};
use lxst_sim::tone::{amplitude, tone};
use lxst_trace::{Ending, Payloads, Reader, Recorder, Replay};

#[test]
fn three_calls_at_once_are_heard_by_those_who_are_in_them() {
    let mut simulation = Simulation::new();
    simulation.connect();
    simulation.run(Duration::from_secs(3));
    for peer in 0..PEERS {
        assert_eq!(pitch(&simulation.peers[peer].heard_last()), desk_tone(peer), "at {peer}");
        let stream = simulation.stream_with(peer);
        assert_eq!(pitch(&simulation.desk.heard[&stream]), peer_tone(peer), "of {peer}");
    }
}

#[test]
fn a_call_without_ports_is_silent_and_those_with_ports_of_their_own_go_on() {
    let mut simulation = Simulation::new();
    simulation.connect();
    let [own, none] = [0, 1].map(|peer| simulation.call_with(peer));
    for direction in [Direction::Send, Direction::Receive] {
        let (engine, now) = (&mut simulation.desk.engine, simulation.now);
        let attached = engine.own_port(now, own, direction, PortChange::Attached);
        attached.expect("the call stands");
        engine.port(now, direction, PortChange::Detached);
    }
    simulation.run(Duration::from_secs(1));
    simulation.forget_what_was_heard();
    simulation.run(Duration::from_secs(1));
    assert_eq!(pitch(&simulation.peers[0].heard_last()), desk_tone(0));
    assert_eq!(pitch(&simulation.desk.heard[&own.into()]), peer_tone(0));
    assert!(
        is_silent(&simulation.peers[1].heard_last())
            && is_silent(&simulation.desk.heard[&none.into()])
    );

    // The port of all calls counts beside its own, which it gives up.
    for direction in [Direction::Send, Direction::Receive] {
        let (engine, now) = (&mut simulation.desk.engine, simulation.now);
        engine.port(now, direction, PortChange::Attached);
        let detached = engine.own_port(now, own, direction, PortChange::Detached);
        detached.expect("the call stands");
    }
    simulation.run(Duration::from_secs(1));
    for peer in 0..PEERS {
        assert_eq!(pitch(&simulation.peers[peer].heard_last()), desk_tone(peer), "at {peer}");
    }
    let (change, over) = (PortChange::Attached, CallId(1_000));
    let refused = simulation.desk.engine.own_port(simulation.now, over, Direction::Send, change);
    assert_eq!(refused, Err(InputError::UnknownStream(over.into())));
}

#[test]
fn the_end_of_one_call_leaves_no_gap_in_the_others() {
    let mut simulation = Simulation::new();
    simulation.connect();
    simulation.run(Duration::from_millis(1_500));
    let before = [0, 2].map(|peer| simulation.quality_with(peer));
    let ended = simulation.call_with(1);
    let now = simulation.now;
    simulation.desk.engine.command(now, Command::HangUp(ended)).expect("the call stands");
    simulation.run(Duration::from_secs(2));
    assert_eq!(simulation.desk.ended, [(ended, EndReason::LocalHangup)]);
    assert_eq!(simulation.peers[1].engine.call(), None);
    assert_eq!(simulation.desk.engine.play(simulation.now, ended.into(), &mut [0.0; BLOCK]), 0);
    for (peer, before) in [0, 2].into_iter().zip(before) {
        assert_eq!(pitch(&simulation.peers[peer].heard_last()), desk_tone(peer), "at {peer}");
        assert_eq!(pitch(&simulation.desk.heard[&simulation.stream_with(peer)]), peer_tone(peer));
        for (before, after) in before.iter().zip(simulation.quality_with(peer)) {
            assert!(after.frames_received > before.frames_received + 30, "{before:?} {after:?}");
            assert_eq!(missing(&after), missing(before), "{before:?} {after:?}");
        }
    }
}

#[test]
fn calls_at_once_are_one_trace_that_replays() {
    let mut simulation = Simulation::new();
    simulation.connect();
    simulation.run(Duration::from_secs(1));
    let ended = simulation.call_with(0);
    let now = simulation.now;
    simulation.desk.engine.command(now, Command::HangUp(ended)).expect("the call stands");
    simulation.run(Duration::from_secs(1));
    let trace = simulation.desk.trace.lock().expect("no test has failed in it").clone();
    let trace = trace + &Ending::Closed.line();
    let mut reader = Reader::new(trace.as_bytes()).expect("it is a trace");
    assert_eq!(reader.header().lines, PEERS);
    let mut replay = Replay::new(reader.header());
    while let Some(record) = reader.next_record().expect("it is whole") {
        replay.step(&record).expect("the telephone does the same again");
    }
    replay.end(reader.line(), Ending::Closed).expect("nothing is left");
}

struct Simulation {
    now: Instant,
    desk: Phone<PEERS>,
    peers: [Phone<1>; PEERS],
    /// The peer, and the names of the link at the desk and there.
    links: Vec<(usize, LinkId, LinkId)>,
}

struct Phone<const LINES: usize> {
    engine: Engine<LinkQueue, LINES>,
    ids: Ids,
    coder: Coder,
    /// The tone of each call's microphone, by peer.
    tones: BTreeMap<IdentityHash, u32>,
    captured: usize,
    heard: BTreeMap<StreamId, Vec<f32>>,
    quality: BTreeMap<CallId, Quality>,
    ended: Vec<(CallId, EndReason)>,
    trace: Arc<Mutex<String>>,
}

impl Simulation {
    fn new() -> Self {
        let desk_tones = (0..PEERS).map(|peer| (identity(peer), desk_tone(peer)));
        let peers = core::array::from_fn(|peer| {
            Phone::new(identity(peer), [(DESK, peer_tone(peer))].into_iter())
        });
        let desk = Phone::new(DESK, desk_tones);
        Self { now: Instant::ORIGIN, desk, peers, links: Vec::new() }
    }

    /// The desk dials two, and is called by the third.
    fn connect(&mut self) {
        let (profile, mode) = (Profile::MediumQuality, Mode::FullDuplex);
        for peer in [0, 1] {
            let dialled = self.desk.engine.dial(self.now, identity(peer), profile, mode);
            dialled.expect("a line is free");
        }
        self.peers[2].engine.dial(self.now, DESK, profile, mode).expect("the line is free");
        self.run(Duration::from_millis(500));
        for peer in &mut self.peers {
            peer.answer(self.now);
        }
        self.desk.answer(self.now);
        self.run(Duration::from_millis(500));
        let states: Vec<_> = self.desk.engine.calls().map(|call| call.state).collect();
        assert_eq!(states, [CallState::Established; PEERS]);
    }

    fn call_with(&self, peer: usize) -> CallId {
        let call = self.desk.engine.calls().find(|call| call.peer == identity(peer));
        call.expect("the call stands").call
    }

    /// The latest reports of a call's quality, at the desk and at the peer.
    fn quality_with(&self, peer: usize) -> [Quality; 2] {
        let there = self.peers[peer].quality.values().next_back();
        [self.desk.quality[&self.call_with(peer)], *there.expect("it is a second old")]
    }

    fn stream_with(&self, peer: usize) -> StreamId {
        self.call_with(peer).into()
    }

    fn forget_what_was_heard(&mut self) {
        self.desk.heard.clear();
        self.peers.iter_mut().for_each(|peer| peer.heard.clear());
    }

    fn run(&mut self, duration: Duration) {
        let until = self.now + duration;
        while self.now < until {
            self.now = self.now + Duration::from_millis(20);
            self.desk.tick(self.now);
            self.peers.iter_mut().for_each(|peer| peer.tick(self.now));
            while self.carry() {}
        }
    }

    /// Does what the phones want of the network, and tells whether there was anything.
    fn carry(&mut self) -> bool {
        let mut is_any = false;
        while let Some(command) = self.desk.engine.stack_mut().poll_command() {
            is_any = true;
            self.on_desk_command(command);
        }
        for peer in 0..PEERS {
            while let Some(command) = self.peers[peer].engine.stack_mut().poll_command() {
                is_any = true;
                self.on_peer_command(peer, command);
            }
        }
        is_any
    }

    fn on_desk_command(&mut self, command: LinkCommand) {
        if let LinkCommand::Link { link, request: LinkRequest::Open(to) } = command {
            let peer = (0..PEERS).find(|peer| identity(*peer) == to.identity);
            let peer = peer.expect("the desk dials its peers");
            let far = self.peers[peer].ids.next_link();
            self.links.push((peer, link, far));
            self.desk.on_link(self.now, link, UP);
            let (on, rtt, mdu) = (to, Some(RTT), Some(431));
            return self.peers[peer].on_link(self.now, far, LinkEvent::Incoming { on, rtt, mdu });
        }
        let near = link_of(&command);
        let link = self.links.iter().find(|(_, link, _)| Some(*link) == near);
        if let Some((peer, _, far)) = link.copied() {
            self.peers[peer].hear(self.now, far, command, DESK);
        }
    }

    fn on_peer_command(&mut self, peer: usize, command: LinkCommand) {
        if let LinkCommand::Link { link, request: LinkRequest::Open(to) } = command {
            let far = self.desk.ids.next_link();
            self.links.push((peer, far, link));
            self.peers[peer].on_link(self.now, link, UP);
            let (on, rtt, mdu) = (to, Some(RTT), Some(431));
            return self.desk.on_link(self.now, far, LinkEvent::Incoming { on, rtt, mdu });
        }
        let near = link_of(&command);
        let link =
            self.links.iter().find(|(of, _, link)| *of == peer && Some(*link) == near).copied();
        if let Some((_, far, _)) = link {
            self.desk.hear(self.now, far, command, identity(peer));
        }
    }
}

impl<const LINES: usize> Phone<LINES> {
    fn new(us: IdentityHash, tones: impl Iterator<Item = (IdentityHash, u32)>) -> Self {
        let ids = Ids::default();
        let trace = Arc::default();
        let config = Config { ids: ids.clone(), tap: Some(recorded(&trace)), ..Config::default() };
        let mut engine = Engine::with_lines(config, LinkQueue::new(us));
        for direction in [Direction::Send, Direction::Receive] {
            engine.port(Instant::ORIGIN, direction, PortChange::Attached);
        }
        Self {
            engine,
            ids,
            coder: Coder::default(),
            tones: tones.collect(),
            captured: 0,
            heard: BTreeMap::new(),
            quality: BTreeMap::new(),
            ended: Vec::new(),
            trace,
        }
    }

    /// Answers what rings here.
    fn answer(&mut self, now: Instant) {
        let calls: Vec<_> = self.engine.calls().map(|call| call.call).collect();
        for call in calls {
            // What we dialled is not ours to answer.
            let _ = self.engine.command(now, Command::Answer(call));
        }
    }

    fn tick(&mut self, now: Instant) {
        self.engine.handle_timeout(now);
        let calls: Vec<_> = self.engine.calls().collect();
        for call in calls {
            let (stream, hz) = (call.call.into(), self.tones[&call.peer]);
            let samples = self.captured..self.captured + BLOCK;
            let block: Vec<f32> = samples.map(|index| tone(index, hz, 48_000)).collect();
            self.engine.capture(now, stream, &block);
            let mut block = [0.0; BLOCK];
            self.engine.play(now, stream, &mut block);
            self.heard.entry(stream).or_default().extend(block);
        }
        self.captured += BLOCK;
        while let Some(task) = self.engine.poll_task() {
            if let Some(done) = self.coder.run(task) {
                self.engine.handle_done(now, done);
            }
        }
        while let Some(event) = self.engine.poll_event() {
            match event {
                Event::Call(CallEvent::Quality { call, quality }) => {
                    self.quality.insert(call, quality);
                }
                Event::Call(CallEvent::Ended { call, reason }) => self.ended.push((call, reason)),
                _ => {}
            }
        }
    }

    fn on_link(&mut self, now: Instant, link: LinkId, event: LinkEvent) {
        self.engine.with_stack(now, |stack| stack.push(now, StackEvent::Link { link, event }));
    }

    fn hear(&mut self, now: Instant, link: LinkId, command: LinkCommand, from: IdentityHash) {
        match command {
            LinkCommand::Send { data, .. } => {
                self.engine
                    .with_stack(now, |stack| stack.push(now, StackEvent::Packet { link, data }));
            }
            LinkCommand::Link { request: LinkRequest::Identify, .. } => {
                self.on_link(now, link, LinkEvent::Identified(from));
            }
            LinkCommand::Link { request: LinkRequest::Close, .. } => {
                self.on_link(now, link, LinkEvent::Closed(LinkClosed::Peer));
            }
            other => panic!("{other:?} is not heard"),
        }
    }

    /// What the latest call brought.
    fn heard_last(&self) -> Vec<f32> {
        self.heard.values().next_back().cloned().unwrap_or_default()
    }
}

/// Records what passes a telephone's doors.
fn recorded(trace: &Arc<Mutex<String>>) -> Tap {
    let (mut recorder, trace) = (Recorder::new(Payloads::Kept), Arc::clone(trace));
    Tap::new(move |now, boundary| {
        let line = recorder.line(now, boundary);
        trace.lock().expect("no test has failed in it").push_str(&line);
    })
}

const fn link_of(command: &LinkCommand) -> Option<LinkId> {
    match command {
        LinkCommand::Link { link, .. } | LinkCommand::Send { link, .. } => Some(*link),
        _ => None,
    }
}

/// Which of all tones the last half second is, which must stand out.
fn pitch(pcm: &[f32]) -> u32 {
    let tones = (0..PEERS).flat_map(|peer| [desk_tone(peer), peer_tone(peer)]);
    let amplitude = |hz| amplitude(last(pcm), hz, 48_000);
    let mut found: Vec<(f32, u32)> = tones.map(|hz| (amplitude(hz), hz)).collect();
    found.sort_by(|one, other| other.0.total_cmp(&one.0));
    assert!(found[0].0 > 5.0 * found[1].0, "{found:?}");
    found[0].1
}

/// What was not heard as it was said.
fn missing(quality: &Quality) -> (u64, Samples) {
    (quality.frames_lost, quality.concealed + quality.starved + quality.dropped)
}

fn is_silent(pcm: &[f32]) -> bool {
    last(pcm).iter().all(|sample| sample.abs() < 0.001)
}

fn last(pcm: &[f32]) -> &[f32] {
    &pcm[pcm.len().saturating_sub(24_000)..]
}

fn identity(peer: usize) -> IdentityHash {
    IdentityHash([peer as u8 + 1; 16])
}

/// What the desk says to a peer, in Hz.
fn desk_tone(peer: usize) -> u32 {
    300 + 200 * peer as u32
}

/// What a peer says, in Hz.
fn peer_tone(peer: usize) -> u32 {
    1_000 + 300 * peer as u32
}

const PEERS: usize = 3;
const DESK: IdentityHash = IdentityHash([9; 16]);
/// 20 ms at 48 kHz.
const BLOCK: usize = 960;
const RTT: Duration = Duration::from_millis(20);
const UP: LinkEvent = LinkEvent::Up { rtt: Some(RTT), mdu: Some(431) };
