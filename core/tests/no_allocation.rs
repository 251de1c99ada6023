//! A whole call takes nothing from the heap.

use core::time::Duration;

use lxst_core::wire::{self, Codec, Frame, Signal};
use lxst_core::{
    CallId, CallState, Command, Config, Destination, Direction, Event, IdentityHash, Input,
    Instant, JobId, LinkEvent, LinkId, Mode, Outcome, Output, PacketBuf, PortChange, Profile,
    Samples, StreamId, Telephone, Work,
};
use lxst_sim::allocations::{Counting, allocations};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn an_allocation_is_seen() {
    assert_eq!(allocations(|| drop(std::hint::black_box(Box::new(1)))), 1);
}

#[test]
fn a_whole_call_allocates_nothing_as_caller() {
    let mut harness = Harness::new();
    let taken = allocations(|| {
        harness.dial();
        harness.talk(OUT);
        harness.give(Input::Command(Command::HangUp(OUT_CALL)));
    });
    assert_eq!(taken, 0);
    harness.check();
}

#[test]
fn a_whole_call_allocates_nothing_as_callee() {
    let mut harness = Harness::new();
    let taken = allocations(|| {
        harness.answer();
        harness.talk(IN);
        harness.give(Input::Command(Command::HangUp(IN.into())));
    });
    assert_eq!(taken, 0);
    harness.check();
}

#[test]
fn a_call_that_crosses_a_flood_of_others_allocates_nothing() {
    let mut harness = Harness::new();
    let taken = allocations(|| {
        harness.open();
        for number in 0..100 {
            let link = LinkId(100 + u64::from(number));
            harness.incoming(link, IdentityHash([number; 16]));
        }
        harness.incoming(IN, PEER);
        harness.preferences(IN);
        harness.talk(IN);
        harness.give(Input::Command(Command::HangUp(OUT_CALL)));
    });
    assert_eq!(taken, 0);
    harness.check();
}

/// A phone and a driver that does its jobs at once, all of it on the stack.
struct Harness {
    phone: Telephone,
    now: Instant,
    established: u32,
    switched: u32,
    decoded: u32,
    sent: u32,
}

impl Harness {
    fn new() -> Self {
        let phone = Telephone::new(US, Config::default(), Instant::ORIGIN);
        let now = Instant::ORIGIN;
        Self { phone, now, established: 0, switched: 0, decoded: 0, sent: 0 }
    }

    fn dial(&mut self) {
        self.open();
        for signal in [Signal::Available, Signal::Ringing, Signal::Connecting, Signal::Established]
        {
            self.signals(OUT, &[signal]);
        }
    }

    fn open(&mut self) {
        let (profile, mode) = (Profile::MediumQuality, Mode::FullDuplex);
        let dial = Command::Dial { call: OUT_CALL, link: OUT, to: PEER, profile, mode };
        self.give(Input::Command(dial));
        let event = LinkEvent::Up { rtt: Some(RTT), mdu: Some(431) };
        self.give(Input::Link { link: OUT, event });
    }

    fn answer(&mut self) {
        self.incoming(IN, PEER);
        self.give(Input::Command(Command::Answer(IN.into())));
        self.preferences(IN);
    }

    fn incoming(&mut self, link: LinkId, from: IdentityHash) {
        let event =
            LinkEvent::Incoming { on: Destination::telephony(US), rtt: Some(RTT), mdu: Some(431) };
        self.give(Input::Link { link, event });
        self.pass(Duration::from_millis(10));
        let event = LinkEvent::Identified(from);
        let _ = self.phone.handle_input(self.now, Input::Link { link, event });
        self.drain();
    }

    fn preferences(&mut self, link: LinkId) {
        self.signals(link, &[Signal::PreferredProfile(0x40), Signal::PreferredMode(1)]);
    }

    /// Ten seconds of audio both ways, a switch of the profile and one of the mode.
    fn talk(&mut self, link: LinkId) {
        assert_eq!(self.phone.call().map(|call| call.state), Some(CallState::Established));
        let stream: StreamId = self.phone.call().expect("it stands").call.into();
        for direction in [Direction::Send, Direction::Receive] {
            let change = PortChange::Attached;
            self.give(Input::Port { stream, direction, change });
        }
        let mut buf = [0; 500];
        let frame = Frame { codec: Codec::Opus, payload: &[0x55; 60] };
        let length = wire::encode_frame(frame, &mut buf).expect("500 bytes hold 60");
        for tick in 0..167_u32 {
            let samples = Samples::from_millis(60);
            self.give(Input::Captured { stream, samples });
            self.give(Input::Packet { link, data: &buf[..length] });
            self.give(Input::Consumed { stream, samples });
            self.pass(Duration::from_millis(60));
            if tick == 80 {
                self.signals(link, &[Signal::PreferredProfile(0x50)]);
            }
            if tick == 120 {
                self.signals(link, &[Signal::PreferredMode(2)]);
            }
        }
        self.give(Input::Packet { link, data: b"\xc1" });
        self.give(Input::Link { link, event: LinkEvent::Heard });
        self.pass(Duration::from_secs(30));
    }

    fn signals(&mut self, link: LinkId, signals: &[Signal]) {
        let mut buf = [0; 100];
        let length = wire::encode_signals(signals, &mut buf).expect("100 bytes hold them");
        self.give(Input::Packet { link, data: &buf[..length] });
    }

    fn pass(&mut self, duration: Duration) {
        let until = self.now + duration;
        while let Some(due) = self.phone.poll_timeout().filter(|due| due.at <= until) {
            self.now = self.now.max(due.at);
            self.give(Input::Timeout);
        }
        self.now = until;
    }

    fn give(&mut self, input: Input<'_>) {
        self.phone.handle_input(self.now, input).expect("the phone takes it");
        self.drain();
    }

    fn drain(&mut self) {
        let mut buf = PacketBuf::new();
        while let Some(output) = self.phone.poll_output(&mut buf) {
            let done = match output {
                Output::Transmit { .. } => {
                    self.sent += 1;
                    continue;
                }
                Output::Event(Event::Established { .. }) => {
                    self.established += 1;
                    continue;
                }
                Output::Event(Event::ProfileChanged { .. } | Event::ModeChanged { .. }) => {
                    self.switched += 1;
                    continue;
                }
                Output::Job { job, work, .. } => (job, self.work(work)),
                _ => continue,
            };
            self.job_done(done);
        }
    }

    fn work(&mut self, work: Work<'_>) -> Outcome<'static> {
        match work {
            Work::Encode { format, .. } => {
                Outcome::Encoded(Frame { codec: format.codec(), payload: &[0x55; 60] })
            }
            Work::Discard { .. } => Outcome::Discarded,
            Work::Decode { .. } => {
                self.decoded += 1;
                Outcome::Played { samples: Samples::from_millis(60), level: 30 }
            }
            Work::Conceal { samples } => Outcome::Played { samples, level: 127 },
        }
    }

    fn job_done(&mut self, (job, outcome): (JobId, Outcome<'_>)) {
        self.phone.handle_input(self.now, Input::JobDone { job, outcome }).expect("it is out");
    }

    fn check(&self) {
        assert_eq!((self.established, self.switched, self.phone.call()), (1, 2, None));
        assert!(self.decoded > 150 && self.sent > 100, "{} {}", self.decoded, self.sent);
    }
}

const US: IdentityHash = IdentityHash([0xaa; 16]);
const PEER: IdentityHash = IdentityHash([0x99; 16]);
const OUT: LinkId = LinkId(2);
const OUT_CALL: CallId = CallId(1);
const IN: LinkId = LinkId(3);
const RTT: Duration = Duration::from_millis(20);
