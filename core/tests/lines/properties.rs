//! Whatever happens to a telephone of three lines, in whatever order: no line is stuck, and every
//! call ends once.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use lxst_core::wire::{self, Codec, Frame, Signal};
use lxst_core::{
    Admission, AnswerMode, CallId, CallState, Command, Config, Destination, Direction, Event,
    IdentityHash, Input, Instant, JobId, LinkClosed, LinkEvent, LinkFailed, LinkId, LinkRequest,
    Mode, Mute, Outcome, Output, PacketBuf, PortChange, Profile, Role, Samples, StreamChange,
    StreamId, Telephone, limits,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::simulation::{LINES, identity, quiet};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_line_is_stuck_and_every_call_ends_once(
        config in config(),
        ops in prop::collection::vec(op(), 1..200),
    ) {
        let mut driver = Driver::new(config);
        for op in &ops {
            driver.apply(op);
        }
        driver.check_end();
    }

    #[test]
    fn two_telephones_that_are_given_the_same_say_the_same_and_are_equal(
        config in config(),
        ops in prop::collection::vec(op(), 1..80),
    ) {
        let mut drivers = [Driver::new(config), Driver::new(config)];
        for op in &ops {
            for driver in &mut drivers {
                driver.apply(op);
            }
        }
        let [one, other] = drivers;
        prop_assert_eq!(one.outputs, other.outputs);
        prop_assert!(one.phone == other.phone);
    }
}

/// What may happen; the index picks the link, call or job that it happens to.
#[derive(Clone, Debug)]
enum Op {
    Advance(u64),
    /// Brings a call about with somebody, if it can be.
    SetUp(bool, u8),
    Dial(u8),
    Incoming(u64),
    Identified(Index, u8),
    Link(Index, LinkEvent),
    Signals(Index, Vec<u64>),
    Frame(Index),
    /// What leads a call on.
    Onward(Index),
    Command(Index, fn(CallId) -> Command),
    SetAvailable(bool),
    Port(Index, Direction, PortChange),
    Captured(Index, u64),
    Consumed(Index, u64),
    JobDone(Index, bool),
}

fn op() -> impl Strategy<Value = Op> {
    let index = any::<Index>;
    let who = || 1..8_u8;
    prop_oneof![
        6 => prop_oneof![6 => 0..30_u64, 2 => 0..2_000_u64, 1 => 0..100_000_u64]
            .prop_map(Op::Advance),
        3 => (any::<bool>(), who()).prop_map(|(dials, who)| Op::SetUp(dials, who)),
        2 => who().prop_map(Op::Dial),
        4 => (0..500_u64).prop_map(Op::Incoming),
        6 => (index(), who()).prop_map(|(link, who)| Op::Identified(link, who)),
        3 => (index(), link_event()).prop_map(|(link, event)| Op::Link(link, event)),
        4 => (index(), prop::collection::vec(signal(), 1..5))
            .prop_map(|(link, signals)| Op::Signals(link, signals)),
        6 => index().prop_map(Op::Frame),
        10 => index().prop_map(Op::Onward),
        5 => (index(), select(COMMANDS)).prop_map(|(call, command)| Op::Command(call, command)),
        1 => any::<bool>().prop_map(Op::SetAvailable),
        1 => (index(), select(DIRECTIONS), select(CHANGES))
            .prop_map(|(call, direction, change)| Op::Port(call, direction, change)),
        6 => (index(), 0..5_000_u64).prop_map(|(call, samples)| Op::Captured(call, samples)),
        6 => (index(), 0..5_000_u64).prop_map(|(call, samples)| Op::Consumed(call, samples)),
        8 => (index(), any::<bool>()).prop_map(|(job, works)| Op::JobDone(job, works)),
    ]
}

fn config() -> impl Strategy<Value = Config> {
    let callers = vec![Some(Admission::Ring), Some(Admission::Ring), None];
    let default = vec![Admission::Ring, Admission::Busy, Admission::Reject, Admission::Drop];
    (select(vec![AnswerMode::App, AnswerMode::Automatic]), select(callers), select(default))
        .prop_map(|(answer, callers, screening_default)| Config {
            answer,
            callers,
            screening_default,
            ..quiet()
        })
}

fn signal() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 0..8_u64, 1 => 0xf1..0xf3_u64, 1 => Just(0x13f_u64)]
}

fn link_event() -> impl Strategy<Value = LinkEvent> {
    let rtt = Duration::from_millis(10);
    select(vec![
        LinkEvent::Up { rtt: Some(rtt), mdu: Some(431) },
        LinkEvent::Failed(LinkFailed::NoPath),
        LinkEvent::Failed(LinkFailed::Timeout),
        LinkEvent::Heard,
        LinkEvent::Closed(LinkClosed::Peer),
        LinkEvent::Closed(LinkClosed::Timeout),
    ])
}

/// A telephone, and what an attentive driver knows of it.
struct Driver {
    phone: Telephone<LINES>,
    now: Instant,
    next_id: u64,
    links: Vec<LinkId>,
    calls: Vec<CallId>,
    /// The link of a call that we dialled.
    dialled: BTreeMap<CallId, LinkId>,
    jobs: Vec<(JobId, Direction)>,
    closed: BTreeSet<LinkId>,
    /// The calls that began, and how often each ended.
    ends: BTreeMap<CallId, usize>,
    open: BTreeSet<(StreamId, bool)>,
    outputs: Vec<String>,
}

impl Driver {
    fn new(config: Config) -> Self {
        Self {
            phone: Telephone::with_lines(US, config, Instant::ORIGIN),
            now: Instant::ORIGIN,
            next_id: 0,
            links: vec![LinkId(0)],
            calls: vec![CallId(0)],
            dialled: BTreeMap::new(),
            jobs: Vec::new(),
            closed: BTreeSet::new(),
            ends: BTreeMap::new(),
            open: BTreeSet::new(),
            outputs: Vec::new(),
        }
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Advance(millis) => self.advance(Duration::from_millis(*millis)),
            Op::SetUp(dials, who) => self.set_up(*dials, *who),
            Op::Dial(who) => _ = self.dial(*who),
            Op::Incoming(rtt) => _ = self.incoming(Duration::from_millis(*rtt)),
            Op::Identified(link, who) => {
                let link = recent(&self.links, *link);
                let event = LinkEvent::Identified(identity((*who).into()));
                self.give(Input::Link { link, event });
            }
            Op::Link(link, event) => {
                let link = recent(&self.links, *link);
                self.give(Input::Link { link, event: *event });
            }
            Op::Signals(link, values) => self.signals(recent(&self.links, *link), values),
            Op::Frame(link) => self.frame(recent(&self.links, *link)),
            Op::Onward(index) => self.onward(*index),
            Op::Command(call, command) => {
                let call = recent(&self.calls, *call);
                self.give(Input::Command(command(call)));
            }
            Op::SetAvailable(available) => {
                self.give(Input::Command(Command::SetAvailable(*available)));
            }
            Op::Port(call, direction, change) => {
                let (stream, direction, change) = (self.stream(*call), *direction, *change);
                self.give(Input::Port { stream, direction, change });
            }
            Op::Captured(call, samples) => {
                let (stream, samples) = (self.stream(*call), Samples(*samples));
                self.give(Input::Captured { stream, samples });
            }
            Op::Consumed(call, samples) => {
                let (stream, samples) = (self.stream(*call), Samples(*samples));
                self.give(Input::Consumed { stream, samples });
            }
            Op::JobDone(job, works) => self.job_done(*job, *works),
        }
    }

    fn set_up(&mut self, dials: bool, who: u8) {
        if dials {
            let Some(call) = self.dial(who) else { return };
            self.attach(call);
            let link = self.dialled[&call];
            self.give(Input::Link { link, event: UP });
            for value in [3, 4, 5, 6] {
                self.signals(link, &[value]);
            }
        } else {
            let link = self.incoming(Duration::from_millis(10));
            self.advance(limits::ACCEPT_DELAY);
            let event = LinkEvent::Identified(identity(who.into()));
            self.give(Input::Link { link, event });
            self.give(Input::Command(Command::Screen(link.into(), Admission::Ring)));
            self.attach(link.into());
            self.give(Input::Command(Command::Answer(link.into())));
            self.signals(link, &[0x13f, 0xf1]);
        }
    }

    fn dial(&mut self, who: u8) -> Option<CallId> {
        let (call, link) = (CallId(self.fresh_id()), LinkId(self.fresh_id()));
        let (to, profile, mode) = (identity(who.into()), Profile::MediumQuality, Mode::FullDuplex);
        let is_free = self.phone.calls().count() < LINES;
        let is_new = self.phone.calls().all(|call| call.peer != to);
        let taken = self.give(Input::Command(Command::Dial { call, link, to, profile, mode }));
        assert_eq!(taken, is_free && is_new, "{call:?} to {to:?}");
        taken.then(|| {
            self.ends.insert(call, 0);
            self.links.push(link);
            self.calls.push(call);
            self.dialled.insert(call, link);
            call
        })
    }

    fn incoming(&mut self, rtt: Duration) -> LinkId {
        let link = LinkId(self.fresh_id());
        self.links.push(link);
        self.calls.push(link.into());
        let on = Destination::telephony(US);
        self.give(Input::Link {
            link,
            event: LinkEvent::Incoming { on, rtt: Some(rtt), mdu: None },
        });
        link
    }

    fn attach(&mut self, call: CallId) {
        for direction in [Direction::Send, Direction::Receive] {
            let (stream, change) = (call.into(), PortChange::Attached);
            self.give(Input::Port { stream, direction, change });
        }
    }

    fn onward(&mut self, index: Index) {
        let calls: Vec<_> = self.phone.calls().collect();
        if calls.is_empty() {
            return;
        }
        let call = index.get(&calls);
        let ours = self.dialled.get(&call.call).copied();
        let link = ours.filter(|_| call.role == Role::Caller).unwrap_or(LinkId(call.call.0));
        match (call.role, call.state) {
            (_, CallState::Calling) => _ = self.give(Input::Link { link, event: UP }),
            (Role::Caller, CallState::Linked) => self.signals(link, &[3]),
            (Role::Caller, CallState::Identified) => self.signals(link, &[4]),
            (Role::Caller, CallState::Ringing) => self.signals(link, &[5]),
            (Role::Caller, CallState::Connecting) => self.signals(link, &[6]),
            (Role::Callee, CallState::Ringing) => {
                self.give(Input::Command(Command::Answer(call.call)));
            }
            (Role::Callee, CallState::Connecting) => self.signals(link, &[0x13f]),
            _ => self.frame(link),
        }
    }

    fn signals(&mut self, link: LinkId, values: &[u64]) {
        let signals: Vec<_> = values.iter().map(|value| Signal::from_value(*value)).collect();
        let mut buf = [0; 100];
        let length = wire::encode_signals(&signals, &mut buf).expect("the list is short");
        self.give(Input::Packet { link, data: &buf[..length] });
    }

    fn frame(&mut self, link: LinkId) {
        let mut buf = [0; 100];
        let frame = Frame { codec: Codec::Opus, payload: &[0x58, 1, 2] };
        let length = wire::encode_frame(frame, &mut buf).expect("the frame is short");
        self.give(Input::Packet { link, data: &buf[..length] });
    }

    fn job_done(&mut self, job: Index, works: bool) {
        if self.jobs.is_empty() {
            return;
        }
        let (job, direction) = self.jobs.remove(job.index(self.jobs.len()));
        let outcome = match (direction, works) {
            (_, false) => Outcome::Failed,
            (Direction::Send, true) => {
                Outcome::Encoded(Frame { codec: Codec::Opus, payload: &[0x58, 3, 4] })
            }
            (Direction::Receive, true) => {
                Outcome::Played { samples: Samples::from_millis(60), level: 30 }
            }
        };
        assert!(self.give(Input::JobDone { job, outcome }), "{job:?} is out");
    }

    fn fresh_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// The stream of one of the latest calls.
    fn stream(&self, call: Index) -> StreamId {
        let calls: Vec<_> = self.phone.calls().map(|call| call.call).collect();
        match calls[..] {
            [] => recent(&self.calls, call).into(),
            _ => (*call.get(&calls)).into(),
        }
    }

    fn advance(&mut self, duration: Duration) {
        let target = self.now + duration;
        while let Some(due) = self.phone.poll_timeout().filter(|due| due.at <= target) {
            self.now = self.now.max(due.at);
            self.give(Input::Timeout);
            let next = self.phone.poll_timeout();
            assert!(next.is_none_or(|next| next.at > self.now), "{next:?} is over");
        }
        self.now = target;
    }

    /// Gives an input, drains the outputs, and checks what the doors promise.
    fn give(&mut self, input: Input<'_>) -> bool {
        if let Input::Link { link, event: LinkEvent::Closed(_) } = input {
            self.closed.insert(link);
        }
        let before = self.phone.clone();
        if self.phone.handle_input(self.now, input).is_err() {
            assert!(self.phone == before, "{input:?} was refused and changed something");
            return false;
        }
        let (mut buf, mut outputs) = (PacketBuf::new(), 0);
        while let Some(output) = self.phone.poll_output(&mut buf) {
            outputs += 1;
            self.outputs.push(format!("{output:?}"));
            self.look_at(&output);
        }
        assert!(outputs <= limits::OUTPUTS_PER_INPUT, "{input:?} caused {outputs} outputs");
        let mut peers: Vec<IdentityHash> = self.phone.calls().map(|call| call.peer).collect();
        let lines = peers.len();
        peers.sort_unstable();
        peers.dedup();
        assert_eq!(peers.len(), lines, "two calls with one person");
        true
    }

    fn look_at(&mut self, output: &Output<'_>) {
        match *output {
            Output::Transmit { link, .. } => {
                assert!(!self.closed.contains(&link), "a packet on closed {link:?}");
            }
            Output::Link { link, request: LinkRequest::Close } => _ = self.closed.insert(link),
            Output::Link { link, .. } => assert!(!self.closed.contains(&link)),
            Output::Announce => {}
            Output::Stream { stream, direction, change } => {
                let end = (stream, direction == Direction::Send);
                let is_new = match change {
                    StreamChange::Opened => self.open.insert(end),
                    StreamChange::Closed => self.open.remove(&end),
                };
                assert!(is_new, "{stream:?} {change:?} twice");
            }
            Output::Job { job, stream, direction, .. } => {
                assert!(self.open.contains(&(stream, direction == Direction::Send)));
                self.jobs.push((job, direction));
            }
            Output::Event(Event::Incoming { call, .. }) => {
                assert_eq!(self.ends.insert(call, 0), None, "{call:?} came in twice");
            }
            Output::Event(Event::Ended { call, .. }) => {
                let is_open = [true, false].map(|end| self.open.contains(&(call.into(), end)));
                assert_eq!(is_open, [false; 2], "{call:?} ended with a stream");
                *self.ends.get_mut(&call).expect("a call that began") += 1;
            }
            Output::Event(_) => {}
        }
    }

    /// The people hang up, and no network answers: all lines come free, and nothing is waited for.
    fn check_end(mut self) {
        for call in self.phone.calls().map(|call| call.call).collect::<Vec<_>>() {
            assert!(self.give(Input::Command(Command::HangUp(call))));
        }
        self.advance(Duration::from_secs(600));
        // A caller who waited for the end of a call may have rung since.
        for call in self.phone.calls().map(|call| call.call).collect::<Vec<_>>() {
            assert!(self.give(Input::Command(Command::HangUp(call))));
        }
        self.advance(Duration::from_secs(600));
        assert_eq!(self.phone.calls().count(), 0);
        assert_eq!(self.phone.poll_timeout(), None);
        assert!(self.open.is_empty());
        assert!(self.ends.values().all(|ends| *ends == 1), "{:?}", self.ends);
        for who in 101..=103 {
            assert!(self.dial(who).is_some(), "a line is stuck");
        }
    }
}

/// Picks one of the six latest most of the time.
fn recent<T: Copy>(list: &[T], index: Index) -> T {
    let last = list.len().saturating_sub(6);
    *index.get(if index.index(8) == 0 { list } else { &list[last..] })
}

/// Our identity. Those of the others are lower, or higher.
const US: IdentityHash = IdentityHash([4; 16]);
const UP: LinkEvent = LinkEvent::Up { rtt: Some(Duration::from_millis(10)), mdu: Some(431) };
const DIRECTIONS: &[Direction] = &[Direction::Send, Direction::Receive];
const CHANGES: &[PortChange] = &[PortChange::Attached, PortChange::Detached];
const COMMANDS: &[fn(CallId) -> Command] = &[
    Command::Answer,
    Command::Answer,
    Command::HangUp,
    |call| Command::Screen(call, Admission::Ring),
    |call| Command::Screen(call, Admission::Busy),
    |call| Command::SetProfile(call, Profile::LowLatency),
    |call| Command::SetMode(call, Mode::HalfDuplex),
    |call| Command::SetMode(call, Mode::FullDuplex),
    |call| Command::Mute(call, Direction::Receive, Mute::Muted),
    |call| Command::Mute(call, Direction::Send, Mute::Muted),
];
