//! Phones that close, at every moment of two calls that cross.

#![cfg(feature = "opus")]

mod common;

use std::time::Duration;

use common::{WALL, Wired, network};
use lxst_core::{Event as CallEvent, Instant, Mode, Profile};
use lxst_engine::{Config, Engine, Event, InterfaceOrigin};
use lxst_reticulum::{EndpointLinks, InterfaceConfig, InterfaceId};

#[test]
fn a_phone_that_closes_while_calls_cross_leaves_no_call_open() {
    for lag in 0..LAGS {
        for steps in 0..STEPS {
            for (first, closing) in [(ALICE, ALICE), (ALICE, BOB), (BOB, ALICE), (BOB, BOB)] {
                let mut pair = Pair::new();
                pair.dial(first);
                pair.run(lag);
                pair.dial(1 - first);
                pair.run(steps);
                let begun = pair.phones[closing].begun.len();
                pair.phones[closing].engine.close(pair.now);
                assert!(!pair.phones[closing].engine.has_links());
                pair.run(STEPS);
                assert_eq!(pair.phones[closing].begun.len(), begun, "nobody rings there");
                pair.phones[1 - closing].engine.close(pair.now);
                pair.run(1);
                for phone in &pair.phones {
                    assert_eq!(phone.begun, phone.ended);
                }
            }
        }
    }
}

#[test]
fn a_phone_that_retires_says_goodbye_before_its_links_close() {
    let mut pair = Pair::new();
    pair.dial(ALICE);
    pair.run(STEPS);
    assert_eq!(pair.phones[BOB].begun.len(), 1, "it rings");
    pair.phones[BOB].engine.retire(pair.now);
    let links = [true, false].map(|_| {
        let has_links = pair.phones[BOB].engine.has_links();
        pair.run(STEPS);
        has_links
    });
    assert_eq!(links, [true, false]);
    let rejected = (pair.phones[ALICE].begun[0], lxst_core::EndReason::Rejected);
    assert_eq!(pair.phones[ALICE].reasons, [rejected]);
}

/// Two engines joined by a wire that takes a step.
struct Pair {
    now: Instant,
    phones: [Handset; 2],
}

struct Handset {
    engine: Engine<EndpointLinks>,
    wire: InterfaceId,
    begun: Vec<lxst_core::CallId>,
    ended: Vec<lxst_core::CallId>,
    reasons: Vec<(lxst_core::CallId, lxst_core::EndReason)>,
}

impl Pair {
    fn new() -> Self {
        let phones = [ALICE, BOB].map(|seed| Handset::new(seed as u64 + 1));
        let mut pair = Self { now: Instant::ORIGIN, phones };
        pair.run(STEPS);
        pair
    }

    fn dial(&mut self, phone: usize) {
        let to = self.phones[1 - phone].engine.identity();
        let Handset { engine, begun, .. } = &mut self.phones[phone];
        let dialled = engine.dial(self.now, to, Profile::MediumQuality, Mode::FullDuplex);
        begun.push(dialled.expect("the line is free"));
    }

    fn run(&mut self, steps: u32) {
        for _ in 0..steps {
            self.now = self.now + STEP;
            let bytes = [ALICE, BOB].map(|phone| self.phones[phone].sent(self.now));
            for (phone, received) in [(BOB, &bytes[ALICE]), (ALICE, &bytes[BOB])] {
                self.phones[phone].live(self.now, received);
            }
        }
    }
}

impl Handset {
    fn new(seed: u64) -> Self {
        let mut engine = Engine::new(Config::default(), network(seed));
        let wire = engine.interface_up(Instant::ORIGIN, InterfaceOrigin(0), InterfaceConfig::TCP);
        Self { engine, wire, begun: Vec::new(), ended: Vec::new(), reasons: Vec::new() }
    }

    fn sent(&mut self, now: Instant) -> Vec<u8> {
        let (mut sent, mut buffer) = (Vec::new(), Vec::new());
        while let Some(bytes) = self.engine.poll_transmit(now, WALL, self.wire, &mut buffer) {
            sent.extend_from_slice(bytes);
        }
        sent
    }

    fn live(&mut self, now: Instant, received: &[u8]) {
        if !received.is_empty() {
            self.engine.handle_bytes(now, self.wire, received);
        }
        self.engine.handle_timeout(now);
        let next = self.engine.poll_timeout();
        assert!(next.is_none_or(|at| at > now), "a deadline that is past would be met for ever");
        while let Some(event) = self.engine.poll_event() {
            match event {
                Event::Call(CallEvent::Incoming { call, .. }) => self.begun.push(call),
                Event::Call(CallEvent::Ended { call, reason }) => {
                    self.ended.push(call);
                    self.reasons.push((call, reason));
                }
                _ => {}
            }
        }
    }
}

const ALICE: usize = 0;
const BOB: usize = 1;
/// So much later one of two calls is dialled, that cross.
const LAGS: u32 = 6;
const STEP: Duration = Duration::from_millis(2);
/// Enough for a call to ring, and for a goodbye.
const STEPS: u32 = 55;
