//! A phone and its model, fed the same.

use core::time::Duration;

use lxst_core::wire::{self, Codec, Frame, Signal};
use lxst_core::{
    Admission, AnswerMode, CallId, CallState, CallerLimits, Command, Config, Destination, Event,
    Input, Instant, LinkClosed, LinkEvent, LinkFailed, LinkId, Mode, Profile, ProfileSet, Role,
    ScreeningTime, Telephone, ThinPath, limits,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::model::Model;
use crate::support::{OwnedOutput, feed, quiet, somebody};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn the_phone_and_its_model_agree_on_state_and_line_and_who_hears_what(
        config in settings(),
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let mut both = Agreement::new(config);
        for (micros, op) in &steps {
            both.apply(*micros, op);
        }
    }
}

/// What may happen; the number picks the link or call that it happens to.
#[derive(Clone, Debug)]
enum Op {
    Dial(u8, Profile, Mode),
    Incoming(Option<Duration>),
    Up(Index, Option<Duration>),
    Failed(Index, LinkFailed),
    Identified(Index, u8),
    Heard(Index),
    Closed(Index, LinkClosed),
    Signals(Index, Vec<u64>),
    Frame(Index),
    Command(Index, fn(CallId) -> Command),
    /// What leads our call on.
    Onward,
    /// Whom we talk with, or want to, is on a link of its own.
    PeerIdentified(Index),
}

/// Something that happens, and how many microseconds pass before it.
fn step() -> impl Strategy<Value = (u64, Op)> {
    let times = prop_oneof![
        40 => 1..20_000_u64,
        10 => 1..700_000_u64,
        4 => 1..7_000_000_u64,
        1 => 1..90_000_000_u64,
    ];
    (times, op())
}

fn op() -> impl Strategy<Value = Op> {
    let any_index = any::<Index>;
    let millis = || prop_oneof![0..200_u64, 0..5_000_u64];
    let rtt = || prop::option::of(millis().prop_map(Duration::from_millis));
    let ends = [LinkClosed::Peer, LinkClosed::Timeout, LinkClosed::Interface, LinkClosed::Unknown];
    let failures =
        [LinkFailed::NoPath, LinkFailed::NoNetwork, LinkFailed::Timeout, LinkFailed::Refused];
    let signals = prop_oneof![
        4 => prop::collection::vec(0..7_u64, 1..2),
        4 => prop::collection::vec(2..7_u64, 1..5),
        3 => prop::collection::vec(signal(), 1..6),
    ];
    prop_oneof![
        3 => (select(vec![1, 3]), select(&Profile::ALL[..]), mode())
            .prop_map(|(who, profile, mode)| Op::Dial(who, profile, mode)),
        4 => rtt().prop_map(Op::Incoming),
        4 => (any_index(), rtt()).prop_map(|(link, rtt)| Op::Up(link, rtt)),
        1 => (any_index(), select(failures.to_vec())).prop_map(|(link, why)| Op::Failed(link, why)),
        6 => (any_index(), 1..5_u8).prop_map(|(link, who)| Op::Identified(link, who)),
        1 => any_index().prop_map(Op::Heard),
        1 => (any_index(), select(ends.to_vec())).prop_map(|(link, end)| Op::Closed(link, end)),
        6 => (any_index(), signals).prop_map(|(link, signals)| Op::Signals(link, signals)),
        2 => any_index().prop_map(Op::Frame),
        5 => (any_index(), select(COMMANDS)).prop_map(|(call, command)| Op::Command(call, command)),
        12 => Just(Op::Onward),
        6 => any_index().prop_map(Op::PeerIdentified),
    ]
}

fn signal() -> impl Strategy<Value = u64> {
    let profile = select(&Profile::ALL[..]).prop_map(|profile| 0xff + u64::from(profile.id()));
    prop_oneof![2 => 0..8_u64, 2 => 0xf1..0xf3_u64, 1 => profile]
}

fn mode() -> impl Strategy<Value = Mode> {
    select(vec![Mode::FullDuplex, Mode::HalfDuplex])
}

/// Settings of a phone that announces nothing and limits nobody.
fn settings() -> impl Strategy<Value = Config> {
    let time =
        |most: u64| prop_oneof![1 => 1..most / 20, 3 => 1..most].prop_map(Duration::from_millis);
    let callers = vec![Some(Admission::Ring), Some(Admission::Ring), None, Some(Admission::Busy)];
    let verdicts = vec![Admission::Ring, Admission::Busy, Admission::Reject, Admission::Drop];
    (
        select(vec![AnswerMode::App, AnswerMode::App, AnswerMode::Automatic]),
        select(callers),
        (time(90_000), time(90_000), time(3_000)),
        select(verdicts),
        any::<bool>(),
        (select(vec![ProfileSet::OPUS, every_profile()]), any::<bool>()),
    )
        .prop_map(|(answer, callers, times, screening_default, opens, (profiles, accepts))| {
            Config {
                answer,
                callers,
                ring_time: times.0,
                wait_time: times.1,
                screening_time: ScreeningTime::new(times.2).expect("within its bounds"),
                screening_default,
                peer_may_open_microphone: opens,
                profiles,
                thin_path: if accepts { ThinPath::Accept } else { ThinPath::Refuse },
                limits: CallerLimits {
                    one_caller: u16::MAX,
                    strangers: u16::MAX,
                    ..quiet().limits
                },
                ..quiet()
            }
        })
}

fn every_profile() -> ProfileSet {
    Profile::ALL.into_iter().fold(ProfileSet::EMPTY, ProfileSet::with)
}

struct Agreement {
    phone: Telephone,
    model: Model,
    now: Instant,
    next_id: u64,
    dialled: Vec<LinkId>,
    incoming: Vec<LinkId>,
    calls: Vec<CallId>,
    /// What was given and what came of it.
    log: Vec<String>,
}

impl Agreement {
    fn new(config: Config) -> Self {
        Self {
            phone: Telephone::new(somebody(2), config, Instant::ORIGIN),
            model: Model::new(somebody(2), config),
            now: Instant::ORIGIN,
            next_id: 1,
            dialled: Vec::new(),
            incoming: Vec::new(),
            calls: Vec::new(),
            log: Vec::new(),
        }
    }

    fn apply(&mut self, micros: u64, op: &Op) {
        self.advance(Duration::from_micros(micros));
        match op {
            Op::Dial(who, profile, mode) => {
                let (call, link) = (CallId(self.next_id), LinkId(self.next_id + 1));
                self.next_id += 2;
                let (to, profile, mode) = (somebody(*who), *profile, *mode);
                self.dialled.push(link);
                self.calls.push(call);
                self.command(Command::Dial { call, link, to, profile, mode });
            }
            Op::Incoming(rtt) if self.model.pending() + 1 < limits::PENDING_LINKS => {
                let link = LinkId(self.next_id);
                self.next_id += 1;
                self.incoming.push(link);
                self.calls.push(link.into());
                self.link(
                    link,
                    LinkEvent::Incoming {
                        on: Destination::telephony(somebody(2)),
                        rtt: *rtt,
                        mdu: None,
                    },
                );
            }
            Op::Incoming(_) => {}
            Op::Up(link, rtt) => self.opened(*link, LinkEvent::Up { rtt: *rtt, mdu: None }),
            Op::Failed(link, why) => self.opened(*link, LinkEvent::Failed(*why)),
            Op::Identified(link, who) => {
                if let Some(link) = recent(&self.incoming, *link) {
                    self.link(link, LinkEvent::Identified(somebody(*who)));
                }
            }
            Op::Heard(link) => self.active(*link, |it, link| it.link(link, LinkEvent::Heard)),
            Op::Closed(link, end) => {
                self.any(*link, |it, link| it.link(link, LinkEvent::Closed(*end)));
            }
            Op::Signals(link, values) => self.active(*link, |it, link| {
                let signals: Vec<_> =
                    values.iter().map(|value| Signal::from_value(*value)).collect();
                it.packet(link, &signals);
            }),
            Op::Frame(link) => self.active(*link, |it, link| it.packet(link, &[])),
            Op::Onward => self.onward(),
            Op::PeerIdentified(link) => {
                let peer = self.model.status().map_or(somebody(1), |call| call.peer);
                if let Some(link) = recent(&self.incoming, *link) {
                    self.link(link, LinkEvent::Identified(peer));
                }
            }
            Op::Command(call, command) => {
                if let Some(call) = recent(&self.calls, *call) {
                    self.command(command(call));
                }
            }
        }
    }

    fn onward(&mut self) {
        let Some(call) = self.model.status() else { return };
        let link = self.model.link();
        let signal = match (call.role, call.state) {
            (_, CallState::Calling) => {
                let event = LinkEvent::Up { rtt: Some(Duration::from_millis(10)), mdu: None };
                return self.link(link, event);
            }
            (Role::Caller, CallState::Linked) => Signal::Available,
            (Role::Caller, CallState::Identified) => Signal::Ringing,
            (Role::Caller, CallState::Ringing) => Signal::Connecting,
            (Role::Caller, CallState::Connecting) => Signal::Established,
            (Role::Callee, CallState::Ringing) => return self.command(Command::Answer(call.call)),
            (Role::Callee, CallState::Connecting) => Signal::PreferredProfile(0x50),
            _ => return,
        };
        self.packet(link, &[signal]);
    }

    /// A link that we opened is up or not, once.
    fn opened(&mut self, link: Index, event: LinkEvent) {
        let Some(link) = recent(&self.dialled, link) else { return };
        if !self.model.knows(link) || self.is_calling() {
            self.link(link, event);
        }
    }

    /// Something arrives on a link that is up, half of the time on the call's.
    fn active(&mut self, link: Index, then: impl FnOnce(&mut Self, LinkId)) {
        let is_calls = self.model.status().is_some() && link.index(2) == 0;
        self.any(link, |it, link| {
            let link = if is_calls { it.model.link() } else { link };
            if !(it.dialled.contains(&link) && it.is_calling()) {
                then(it, link);
            }
        });
    }

    fn any(&mut self, link: Index, then: impl FnOnce(&mut Self, LinkId)) {
        let mut links = [&self.dialled[..], &self.incoming[..]].concat();
        links.sort_unstable();
        if let Some(link) = recent(&links, link) {
            then(self, link);
        }
    }

    fn is_calling(&self) -> bool {
        self.model.status().is_some_and(|call| call.state == CallState::Calling)
    }

    fn command(&mut self, command: Command) {
        let taken = self.model.on_command(self.now, command);
        self.agree(Input::Command(command), taken);
    }

    fn link(&mut self, link: LinkId, event: LinkEvent) {
        let taken = self.model.on_link(self.now, link, event);
        self.agree(Input::Link { link, event }, taken);
    }

    fn packet(&mut self, link: LinkId, signals: &[Signal]) {
        let mut buf = [0; 100];
        let frame = Frame { codec: Codec::Opus, payload: b"voice" };
        let length = match signals {
            [] => wire::encode_frame(frame, &mut buf),
            signals => wire::encode_signals(signals, &mut buf),
        };
        let data = &buf[..length.expect("the packet is short")];
        let taken = self.model.on_packet(self.now, link, signals);
        self.log.push(format!("{signals:?}"));
        self.agree(Input::Packet { link, data }, taken);
    }

    /// Lets time pass, with a timeout whenever either of the two wants one.
    fn advance(&mut self, duration: Duration) {
        let target = self.now + duration;
        loop {
            let phone = self.phone.poll_timeout().map(|due| due.at);
            let next = phone.into_iter().chain(self.model.due()).min();
            let Some(at) = next.filter(|at| *at <= target) else { break };
            self.now = at;
            self.model.on_timeout(at);
            self.agree(Input::Timeout, true);
        }
        self.now = target;
    }

    fn agree(&mut self, input: Input<'_>, taken: bool) {
        let before = self.phone.call();
        let done = feed(&mut self.phone, self.now, input, |_| {});
        let expected = self.model.take();
        self.log.push(format!("{:?} {input:?} > {done:?}", self.now));
        let log = || self.log[self.log.len().saturating_sub(12)..].join("\n");
        let context = format!("{input:?} at {:?} in {before:?}", self.now);
        assert_eq!(done.is_ok(), taken, "{context}: {done:?}\n{}", log());
        let outputs = done.unwrap_or_default().into_iter().filter(is_modelled).collect();
        assert_eq!(by_listener(outputs), by_listener(expected), "{context}\n{}", log());
        assert_eq!(self.phone.call(), self.model.status(), "{context}\n{}", log());
    }
}

/// Picks one of the three latest most of the time.
fn recent<T: Copy>(list: &[T], index: Index) -> Option<T> {
    let last = list.len().saturating_sub(3);
    let list = if index.index(8) == 0 { list } else { &list[last..] };
    (!list.is_empty()).then(|| *index.get(list))
}

fn is_modelled(output: &OwnedOutput) -> bool {
    matches!(output, OwnedOutput::Tx(..) | OwnedOutput::Link(..) | OwnedOutput::Event(_))
        && !matches!(output, OwnedOutput::Event(Event::Dropped { .. } | Event::Quality { .. }))
}

/// In the order in which each link, and the app, hears it.
fn by_listener(mut outputs: Vec<OwnedOutput>) -> Vec<OwnedOutput> {
    outputs.sort_by_key(|output| match output {
        OwnedOutput::Tx(link, _) | OwnedOutput::Link(link, _) => Some(*link),
        _ => None,
    });
    outputs
}

const COMMANDS: &[fn(CallId) -> Command] = &[
    Command::Answer,
    Command::Answer,
    Command::HangUp,
    |call| Command::Screen(call, Admission::Ring),
    |call| Command::Screen(call, Admission::Busy),
    |call| Command::Screen(call, Admission::Reject),
    |call| Command::Screen(call, Admission::Drop),
    |call| Command::SetProfile(call, Profile::LowLatency),
    |call| Command::SetMode(call, Mode::HalfDuplex),
    |call| Command::SetMode(call, Mode::FullDuplex),
    |_| Command::SetAvailable(false),
    |_| Command::SetAvailable(true),
    |_| Command::SetAvailable(true),
];
