//! Two phones in virtual time, on a wire that a test spoils.

use std::time::Duration;

use lxst_core::{CallId, Command, Direction, Event as CallEvent, Instant, Mode, PortChange};
use lxst_engine::{Coder, Config, Engine, Event, InterfaceOrigin, ProfileChoice};
use lxst_reticulum::{EndpointLinks, InterfaceConfig, InterfaceId};
use lxst_sim::random::Seeded;
use lxst_sim::wire::{Conditions, Order, Wire};

use super::{WALL, Wired, network};

/// Two engines joined by a wire of 2 ms, with tireless coders and noisy microphones. The second
/// answers.
pub(crate) struct Pair {
    pub(crate) now: Instant,
    pub(crate) phones: [Handset; 2],
}

pub(crate) struct Handset {
    pub(crate) engine: Engine<EndpointLinks>,
    /// What the app was told of calls.
    pub(crate) told: Vec<CallEvent>,
    /// And of anything else.
    pub(crate) others: Vec<Event>,
    /// The blocks of the microphone and the speaker.
    pub(crate) blocks: Blocks,
    /// Samples that were heard, of those that the speaker took.
    pub(crate) heard: usize,
    coder: Coder,
    wire: InterfaceId,
    /// Packets that are on their way from here.
    sent: Wire<Vec<u8>>,
    noise: Seeded,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocks {
    pub(crate) microphone: Duration,
    pub(crate) speaker: Duration,
}

/// What a wire does to a packet; nothing overtakes.
pub(crate) enum Delivery {
    Immediate,
    Lost,
    At(Instant),
}

pub(crate) const ALICE: usize = 0;
pub(crate) const BOB: usize = 1;

impl Pair {
    pub(crate) fn new(config: impl Fn(usize) -> Config) -> Self {
        let phones = [ALICE, BOB].map(|seed| Handset::new(seed as u64 + 1, config(seed)));
        let mut pair = Self { now: Instant::ORIGIN, phones };
        pair.run(Duration::from_millis(100));
        pair
    }

    pub(crate) fn dial(&mut self, profile: impl Into<ProfileChoice>) -> CallId {
        let to = self.phones[BOB].engine.identity();
        let engine = &mut self.phones[ALICE].engine;
        engine.dial(self.now, to, profile, Mode::FullDuplex).expect("the line is free")
    }

    pub(crate) fn command(&mut self, phone: usize, command: Command) {
        let done = self.phones[phone].engine.command(self.now, command);
        done.expect("the call stands");
    }

    pub(crate) fn run(&mut self, duration: Duration) {
        self.run_on(duration, |_, _, _| Delivery::Immediate);
    }

    /// Lets time pass in steps of 2 ms, on a wire that decides on each packet of a phone.
    pub(crate) fn run_on(
        &mut self,
        duration: Duration,
        mut wire: impl FnMut(Instant, usize, &[u8]) -> Delivery,
    ) {
        let end = self.now + duration;
        while self.now < end {
            self.now = self.now + STEP;
            for phone in [ALICE, BOB] {
                self.phones[phone].send(self.now, |packet| wire(self.now, phone, packet));
            }
            let arrived = [ALICE, BOB].map(|phone| self.phones[phone].arrived(self.now));
            for (phone, received) in [(BOB, &arrived[ALICE]), (ALICE, &arrived[BOB])] {
                self.phones[phone].live(self.now, received);
            }
        }
    }
}

impl Handset {
    fn new(seed: u64, config: Config) -> Self {
        let coder = Coder::new(config.codecs.clone());
        let mut engine = Engine::new(config, network(seed));
        let wire = engine.interface_up(Instant::ORIGIN, InterfaceOrigin(0), InterfaceConfig::TCP);
        for direction in [Direction::Send, Direction::Receive] {
            engine.port(Instant::ORIGIN, direction, PortChange::Attached);
        }
        let (told, others) = (Vec::new(), Vec::new());
        let sent = Wire::new(seed, Conditions { order: Order::Kept, ..Conditions::NONE });
        let blocks = Blocks { microphone: BLOCK, speaker: BLOCK };
        let noise = Seeded(seed);
        Self { engine, told, others, blocks, heard: 0, coder, wire, sent, noise }
    }

    fn send(&mut self, now: Instant, mut wire: impl FnMut(&[u8]) -> Delivery) {
        let mut buffer = Vec::new();
        while let Some(packet) = self.engine.poll_transmit(now, WALL, self.wire, &mut buffer) {
            let at = match wire(packet) {
                Delivery::Lost => continue,
                Delivery::Immediate => now,
                Delivery::At(at) => at,
            };
            self.sent.deliver_at(at, packet.to_vec());
        }
    }

    fn arrived(&mut self, now: Instant) -> Vec<u8> {
        std::iter::from_fn(|| self.sent.poll(now)).flatten().collect()
    }

    fn live(&mut self, now: Instant, received: &[u8]) {
        if !received.is_empty() {
            self.engine.handle_bytes(now, self.wire, received);
        }
        self.engine.handle_timeout(now);
        let is_due = |block: Duration| now.as_micros().is_multiple_of(block.as_micros() as u64);
        let length = |block: Duration| block.as_millis() as usize * 48;
        if is_due(self.blocks.microphone) {
            let length = length(self.blocks.microphone);
            let noise: Vec<f32> = (0..length).map(|_| sample(&mut self.noise)).collect();
            if let Some(stream) = self.engine.stream() {
                self.engine.capture(now, stream, &noise);
            }
        }
        if is_due(self.blocks.speaker)
            && let Some(stream) = self.engine.stream()
        {
            let mut block = vec![0.0; length(self.blocks.speaker)];
            self.heard += self.engine.play(now, stream, &mut block);
        }
        while let Some(event) = self.engine.poll_event() {
            let Event::Call(event) = event else {
                self.others.push(event);
                continue;
            };
            if let CallEvent::Incoming { call, .. } = event {
                self.engine.command(now, Command::Answer(call)).expect("it rings");
            }
            self.told.push(event);
        }
        while let Some(task) = self.engine.poll_task() {
            if let Some(done) = self.coder.run(task) {
                self.engine.handle_done(now, done);
            }
        }
    }
}

/// Noise below -6 dBov.
fn sample(noise: &mut Seeded) -> f32 {
    f32::from(noise.next() as i16) / 65_536.0
}

const STEP: Duration = Duration::from_millis(2);
const BLOCK: Duration = Duration::from_millis(20);
