//! An exhaustive search: two telephones, and every order of the events of two calls.
//!
//! Each side may dial the other once, answer once and hang up once. A link is two queues that keep
//! their order. An item in a queue arrives after any delay, or is lost. A close always arrives, at
//! the latest as a timeout. Between any two events the earliest deadline may pass. One of the two
//! sides may repeat one message that was not answered.
//!
//! States are compared by their [`Lines`], their queues and their budgets. Moments are relative to
//! the present. Those more than [`MAX_AGE`] back count as equal, because no deadline looks back
//! further. Limiters, streams and counters are left out and fresh in each step: nobody calls often
//! enough to reach a limit. A state is stored as a hash of 64 bits, so two states may collide in
//! one case of billions.

use core::hash::{Hash, Hasher};
use core::time::Duration;
use std::collections::{BTreeSet, VecDeque};
use std::eprintln;

use super::Telephone;
use crate::call::{Exchange, Lines};
use crate::config::{AnnouncePolicy, Config};
use crate::id::{CallId, IdentityHash, LinkId};
use crate::input::{Command, Input};
use crate::link::{Destination, LinkClosed, LinkEvent, LinkFailed, LinkRequest};
use crate::output::{Output, PacketBuf};
use crate::profile::{Mode, Profile};
use crate::state::{CallState, CallStatus, Role};
use crate::stream::Session;
use crate::time::Instant;
use crate::timers::{CallTimer, Deadline, LinkTimer, Timer};

#[test]
fn every_state_that_two_phones_can_reach_leads_back_to_two_idle_lines() {
    let mut known = BTreeSet::new();
    let mut open = VecDeque::from([SearchState::new()]);
    let (mut steps, mut glares) = (0_u64, 0_u64);
    while let Some(state) = open.pop_front() {
        state.leads_to_idle();
        state.leads_to_a_call();
        glares += u64::from(state.is_glare());
        state.for_each_next(|next| {
            steps += 1;
            if known.insert(next.key()) {
                open.push_back(next);
            }
        });
    }
    eprintln!("{} states, {steps} steps, {glares} of them in glare", known.len());
    assert!(glares > 100);
}

#[derive(Clone, Debug)]
struct SearchState {
    now: Instant,
    lines: [Phone; 2],
    /// Indexed by who dialled, then by who receives.
    queues: [[Queue; 2]; 2],
    budgets: [Budget; 2],
    /// Whether one of the two sides may still repeat a message that was not answered.
    may_repeat: bool,
    /// Nothing was lost, nobody hung up or let a call ring out, and each item arrived before all
    /// but the shortest deadlines.
    is_fair: bool,
}

/// The parts of a telephone that distinguish states.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Phone {
    lines: Lines<1>,
    exchange: Exchange,
}

impl Phone {
    fn status(&self) -> Option<CallStatus> {
        self.lines.statuses().next()
    }

    fn deadline(&self) -> Option<Deadline> {
        let lines = self.lines.iter().flat_map(|line| line.deadlines(&self.exchange));
        let deadlines = self.exchange.pending_deadlines().chain(lines);
        deadlines.min_by_key(|deadline| deadline.at)
    }

    fn session(&self) -> Option<Session> {
        self.lines.iter().find_map(|line| line.session(&self.exchange.config))
    }
}

/// The items on their way to one end of a link.
#[derive(Clone, Debug, Default, Hash)]
struct Queue {
    items: VecDeque<Item>,
    is_closed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Item {
    Up,
    Incoming,
    Identified,
    Signals(heapless::Vec<u8, 16>),
    Closed,
}

/// What a side may still do.
#[derive(Clone, Copy, Debug, Hash)]
struct Budget {
    may_dial: bool,
    may_answer: bool,
    may_hang_up: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delivery {
    Arrives,
    Lost,
}

impl SearchState {
    fn new() -> Self {
        let now = Instant::from_micros(ORIGIN);
        let line = |phone: usize| Phone {
            lines: Lines::new(),
            exchange: Exchange::new(IDENTITIES[phone], config(), now),
        };
        let budget = Budget { may_dial: true, may_answer: true, may_hang_up: true };
        Self {
            now,
            lines: [line(0), line(1)],
            queues: Default::default(),
            budgets: [budget; 2],
            may_repeat: true,
            is_fair: true,
        }
    }

    fn key(&self) -> u64 {
        let mut hasher = Relative { now: self.now.as_micros(), hash: 0 };
        (&self.lines, &self.queues, &self.budgets, self.may_repeat, self.is_fair).hash(&mut hasher);
        hasher.finish()
    }

    /// Visits every state that one event leads to.
    fn for_each_next(&self, mut see: impl FnMut(Self)) {
        for phone in [0, 1] {
            let budget = self.budgets[phone];
            if budget.may_dial && self.lines[phone].status().is_none() {
                let mut next = self.clone();
                next.dial(phone);
                see(next);
            }
            if let Some(call) = self.lines[phone].status() {
                if budget.may_answer && (call.role, call.state) == RINGS_HERE {
                    let mut next = self.clone();
                    next.budgets[phone].may_answer = false;
                    next.give(phone, Input::Command(Command::Answer(call.call)));
                    see(next);
                }
                if budget.may_hang_up {
                    let mut next = self.clone();
                    next.budgets[phone].may_hang_up = false;
                    next.is_fair = false;
                    next.give(phone, Input::Command(Command::HangUp(call.call)));
                    see(next);
                }
            }
        }
        for (dialler, hearer) in QUEUES {
            let first = self.queues[dialler][hearer].items.front();
            for delivery in [Delivery::Arrives, Delivery::Lost] {
                // A close is always noticed in the end.
                if first.is_some()
                    && (delivery == Delivery::Arrives || first != Some(&Item::Closed))
                {
                    let mut next = self.clone();
                    next.is_fair &= delivery == Delivery::Arrives;
                    next.deliver(dialler, hearer, delivery);
                    see(next);
                }
            }
        }
        if let Some(timer) = self.next_timer() {
            let mut next = self.clone();
            let is_short = matches!(
                timer,
                Timer::Link(_, LinkTimer::AcceptDelay | LinkTimer::Available | LinkTimer::Goodbye)
                    | Timer::Call(_, CallTimer::Repeat)
            );
            let is_longer =
                matches!(timer, Timer::Call(_, CallTimer::Preferences | CallTimer::Glare));
            next.is_fair &= is_short || (is_longer && self.is_quiet());
            next.pass_time();
            see(next);
        }
    }

    /// Hangs up on both sides and loses all signals: the lines come free.
    fn leads_to_idle(&self) {
        let mut state = self.clone();
        for _ in 0..MAX_STEPS {
            for phone in [0, 1] {
                if let Some(call) = state.lines[phone].status() {
                    state.give(phone, Input::Command(Command::HangUp(call.call)));
                }
            }
            let waiting = QUEUES
                .into_iter()
                .find(|(dialler, hearer)| !state.queues[*dialler][*hearer].items.is_empty());
            if let Some((dialler, hearer)) = waiting {
                state.deliver(dialler, hearer, Delivery::Lost);
            } else if state.next_timer().is_some() {
                state.pass_time();
            } else {
                assert!(state.lines == Self::new().lines, "stuck: {self:?}");
                assert!(state.now.since(self.now) <= MAX_TIME, "slow: {self:?}");
                return;
            }
        }
        panic!("no end: {self:?}");
    }

    /// If nothing went wrong, one call remains for both sides.
    fn leads_to_a_call(&self) {
        let begun = self.budgets.iter().any(|budget| !budget.may_dial);
        if !self.is_fair || !begun {
            return;
        }
        let mut state = self.clone();
        for _ in 0..MAX_STEPS {
            for phone in [0, 1] {
                if let Some(call) = state.lines[phone].status()
                    && (call.role, call.state) == RINGS_HERE
                {
                    state.give(phone, Input::Command(Command::Answer(call.call)));
                }
            }
            let states = state.lines.each_ref().map(|phone| phone.status().map(|call| call.state));
            let waiting = QUEUES
                .into_iter()
                .find(|(dialler, hearer)| !state.queues[*dialler][*hearer].items.is_empty());
            if let Some((dialler, hearer)) = waiting {
                state.deliver(dialler, hearer, Delivery::Arrives);
            } else if states == [Some(CallState::Established); 2] {
                let links = state.lines.each_ref().map(|line| line.session().map(|s| s.link));
                assert!(LINKS.iter().any(|ends| ends.map(Some) == links), "apart: {self:?}");
                return;
            } else {
                assert!(state.next_timer().is_some(), "no call: {self:?}\nat last {state:?}");
                state.pass_time();
            }
        }
        panic!("no call: {self:?}\nat last {state:?}");
    }

    fn is_glare(&self) -> bool {
        [0, 1].into_iter().any(|phone| {
            let call = self.lines[phone].status();
            call.is_some_and(|call| call.role == Role::Callee && call.call == CALLS[phone])
        })
    }

    fn is_quiet(&self) -> bool {
        QUEUES.into_iter().all(|(dialler, hearer)| self.queues[dialler][hearer].items.is_empty())
    }

    fn dial(&mut self, phone: usize) {
        self.budgets[phone].may_dial = false;
        self.give(
            phone,
            Input::Command(Command::Dial {
                call: CALLS[phone],
                link: LINKS[phone][phone],
                to: IDENTITIES[1 - phone],
                profile: Profile::MediumQuality,
                mode: Mode::FullDuplex,
            }),
        );
    }

    fn deliver(&mut self, dialler: usize, hearer: usize, delivery: Delivery) {
        let Some(item) = self.queues[dialler][hearer].items.pop_front() else { return };
        let link = LINKS[dialler][hearer];
        let (rtt, mdu) = (Some(RTT), Some(431));
        let event = match (item, delivery) {
            (Item::Up, Delivery::Arrives) => {
                self.push(dialler, 1 - hearer, Item::Incoming);
                LinkEvent::Up { rtt, mdu }
            }
            (Item::Up, Delivery::Lost) => LinkEvent::Failed(LinkFailed::Timeout),
            (Item::Incoming, Delivery::Arrives) => {
                let on = Destination::telephony(IDENTITIES[hearer]);
                LinkEvent::Incoming { on, rtt, mdu }
            }
            (Item::Identified, Delivery::Arrives) => LinkEvent::Identified(IDENTITIES[1 - hearer]),
            (Item::Closed, _) => {
                self.queues[dialler][hearer].is_closed = true;
                LinkEvent::Closed(LinkClosed::Peer)
            }
            (Item::Signals(data), Delivery::Arrives) => {
                return self.give(hearer, Input::Packet { link, data: &data });
            }
            (Item::Incoming | Item::Identified | Item::Signals(_), Delivery::Lost) => return,
        };
        self.give(hearer, Input::Link { link, event });
    }

    /// Advances to the earliest deadline of the two.
    fn pass_time(&mut self) {
        let due = self.lines.iter().enumerate();
        let due = due.filter_map(|(phone, line)| Some((line.deadline()?.at, phone))).min();
        if let Some((at, phone)) = due {
            self.now = self.now.max(at);
            let timer = self.next_timer();
            if matches!(
                timer,
                Some(Timer::Call(_, CallTimer::Repeat) | Timer::Link(_, LinkTimer::Available))
            ) {
                self.may_repeat = false;
            }
            self.give(phone, Input::Timeout);
        }
    }

    fn next_timer(&self) -> Option<Timer> {
        let due = self.lines.iter().filter_map(Phone::deadline);
        due.min_by_key(|due| due.at).map(|due| due.timer)
    }

    fn give(&mut self, phone: usize, input: Input<'_>) {
        let mut telephone = Telephone::new(IDENTITIES[phone], config(), self.now);
        let session = self.lines[phone].session();
        Phone { lines: telephone.lines, exchange: telephone.exchange } = self.lines[phone].clone();
        let (streams, mut cx) = telephone.streams_of(0, self.now);
        streams.follow(session, &mut cx);
        let taken = telephone.handle_input(self.now, input);
        // A link that we closed may still report.
        assert!(taken.is_ok() || matches!(input, Input::Link { .. } | Input::Packet { .. }));
        let mut buf = PacketBuf::new();
        while let Some(output) = telephone.poll_output(&mut buf) {
            self.on_output(phone, &output);
        }
        if !self.may_repeat {
            telephone.lines.give_up_repeats(&mut telephone.exchange);
        }
        self.lines[phone] = Phone { lines: telephone.lines, exchange: telephone.exchange };
    }

    fn on_output(&mut self, phone: usize, output: &Output<'_>) {
        match *output {
            Output::Transmit { link, data, .. } => {
                let signals = heapless::Vec::from_slice(data).expect("two signals are short");
                self.push(dialler(phone, link), 1 - phone, Item::Signals(signals));
            }
            Output::Link { link, request: LinkRequest::Open(_) } => {
                self.push(dialler(phone, link), phone, Item::Up);
            }
            Output::Link { link, request: LinkRequest::Identify } => {
                self.push(dialler(phone, link), 1 - phone, Item::Identified);
            }
            Output::Link { link, request: LinkRequest::Close } => {
                let dialler = dialler(phone, link);
                let near = &mut self.queues[dialler][phone];
                near.is_closed = true;
                // A link that comes up after that is closed again.
                near.items.retain(|item| *item == Item::Up);
                self.push(dialler, 1 - phone, Item::Closed);
            }
            Output::Announce | Output::Stream { .. } | Output::Job { .. } | Output::Event(_) => {}
        }
    }

    fn push(&mut self, dialler: usize, hearer: usize, item: Item) {
        let queue = &mut self.queues[dialler][hearer];
        if !queue.is_closed {
            queue.items.push_back(item);
        }
    }
}

/// Hashes moments relative to the present. A number from [`ORIGIN`] on is a moment.
struct Relative {
    now: u64,
    hash: u64,
}

impl Hasher for Relative {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, number: u64) {
        let oldest = self.now - u64::try_from(MAX_AGE.as_micros()).unwrap_or(u64::MAX);
        let is_moment = number >= ORIGIN / 2;
        self.mix(if is_moment { number.max(oldest) - oldest } else { number });
    }

    fn finish(&self) -> u64 {
        self.hash
    }
}

impl Relative {
    fn mix(&mut self, word: u64) {
        let mixed = (self.hash.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.hash = mixed ^ (mixed >> 29);
    }
}

fn config() -> Config {
    Config { announce: AnnouncePolicy::ON_COMMAND, ..Config::default() }
}

fn dialler(phone: usize, link: LinkId) -> usize {
    let dialler = LINKS.iter().position(|ends| ends[phone] == link);
    dialler.expect("each link was dialled by one of the two")
}

const IDENTITIES: [IdentityHash; 2] = [IdentityHash([0xaa; 16]), IdentityHash([0xbb; 16])];
const CALLS: [CallId; 2] = [CallId(1), CallId(4)];

/// The ends of the links, indexed by who dialled, then by the side.
const LINKS: [[LinkId; 2]; 2] = [[LinkId(2), LinkId(3)], [LinkId(6), LinkId(5)]];
const QUEUES: [(usize, usize); 4] = [(0, 0), (0, 1), (1, 0), (1, 1)];
const RINGS_HERE: (Role, CallState) = (Role::Callee, CallState::Ringing);
const RTT: Duration = Duration::from_millis(20);

/// The first moment: larger than any id.
const ORIGIN: u64 = 1 << 40;
const MAX_AGE: Duration = Duration::from_secs(60);
const MAX_STEPS: usize = 100;
const MAX_TIME: Duration = Duration::from_secs(90);
