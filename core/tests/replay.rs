//! Recorded calls of Python LXST, replayed from either side: a phone that is given what one
//! telephone received, and its user's commands, says what that telephone said, byte for byte.
//!
//! Inputs come in causal order: one is given when every output recorded before it has come out, and
//! time jumps to the next deadline until it has. Where the phone differs from the reference, a test
//! names the difference.

use core::time::Duration;

use lxst_core::{
    Admission, AirBudget, AnnouncePolicy, AnswerMode, CallId, Class, Command, Config, Destination,
    EndReason, Event, IdentityHash, Input, Instant, LinkClosed, LinkEvent, LinkId, LinkRequest,
    Mode, Output, PacketBuf, Profile, ProfileSet, Talk, Telephone,
};
use lxst_interop::{Body, Capture, CapturedPacket, Direction, PacketKind, PeerName};

#[test]
fn a_caller_says_what_python_said() {
    for scenario in scenarios() {
        let replayed = Replay::caller(&scenario).run();
        let reason = match scenario.as_str() {
            "normal_call_callee_hangup" => EndReason::RemoteHangup,
            "caller_hangup_ringing" => EndReason::Cancelled,
            "ring_timeout" => EndReason::NoAnswer,
            "reject" => EndReason::Rejected,
            "blocked" | "busy_external" | "not_allowed" => EndReason::Busy,
            _ => EndReason::LocalHangup,
        };
        assert_eq!(replayed.ended, [reason], "{scenario}");
    }
}

#[test]
fn a_callee_says_what_python_said() {
    for scenario in scenarios() {
        let replayed = Replay::callee(&scenario).run();
        let reasons: &[EndReason] = match scenario.as_str() {
            "normal_call_callee_hangup" => &[EndReason::LocalHangup],
            "caller_hangup_ringing" => &[EndReason::Cancelled],
            "ring_timeout" => &[EndReason::RingTimeout],
            "reject" => &[EndReason::Rejected],
            "blocked" | "busy_external" | "not_allowed" => &[],
            _ => &[EndReason::RemoteHangup],
        };
        assert_eq!(replayed.ended, reasons, "{scenario}");
    }
}

#[test]
fn a_third_party_who_calls_a_busy_phone_says_what_python_said() {
    let replayed = Replay::new("busy_in_call", PeerName::C, config()).run();
    assert_eq!(replayed.ended, [EndReason::Busy]);
}

#[test]
fn an_established_call_has_the_profile_and_mode_that_python_reported() {
    for scenario in scenarios() {
        for replay in [Replay::caller(&scenario), Replay::callee(&scenario)] {
            let peer = replay.peer;
            let mut records = replay.capture.records.iter();
            let reported = records.find_map(|record| match &record.body {
                Body::Event { profile, mode, .. } if record.peer == peer => profile.zip(*mode),
                _ => None,
            });
            let established = replay.run().established;
            let established = established.map(|(profile, mode)| (profile.id(), mode.id()));
            assert_eq!(established, reported, "{scenario} {peer:?}");
        }
    }
}

/// Python sends one key in each packet; the packets of a set-up have one more of ours.
#[test]
fn a_phone_without_copies_says_byte_for_byte_what_python_said_and_others_the_mark_besides() {
    let unmarked = Config { air_budget: AirBudget::NONE, asks_for_copies: false, ..config() };
    for (config, marked) in [(unmarked, [0, 0]), (config(), [2, 2])] {
        let peers = [PeerName::A, PeerName::B];
        let replayed = peers.map(|peer| Replay::new("normal_call", peer, config).run().marked);
        assert_eq!(replayed, marked);
    }
}

/// Python says AVAILABLE or BUSY as soon as the link is up, and its own caller, which hears nothing
/// for the first milliseconds, then misses it.
#[test]
fn the_first_signal_of_a_callee_comes_5_ms_later_than_pythons() {
    for scenario in scenarios() {
        let replayed = Replay::callee(&scenario).run();
        let up = replayed.link_up.expect("a link came in");
        let (first, _) = replayed.signals.first().expect("something was said");
        assert_eq!(first.since(up), Duration::from_millis(5), "{scenario}");
    }
}

/// Python tears the link down right behind BUSY and REJECTED, and its peer may see only that.
#[test]
fn a_callee_closes_some_time_after_busy_or_rejected_where_python_does_so_at_once() {
    for (scenario, millis) in
        [("reject", 100), ("not_allowed", 1_000), ("blocked", 1_000), ("busy_external", 1_000)]
    {
        let replayed = Replay::callee(scenario).run();
        let (sent, _) = replayed.signals.last().expect("a goodbye was said");
        let closed = replayed.closed.expect("the link was closed");
        assert_eq!(closed.since(*sent), Duration::from_millis(millis), "{scenario}");
    }
}

/// Python says BUSY at link-up where the line is taken, and after the identification where the
/// caller is blocked; and its own caller takes a BUSY that comes late, and not behind RINGING, for
/// an end.
#[test]
fn a_busy_and_a_blocking_callee_say_the_same_where_python_lets_its_caller_tell_them_apart() {
    for scenario in ["not_allowed", "blocked", "busy_external"] {
        let replayed = Replay::callee(scenario).run();
        let sent = replayed.signals.iter().map(|(_, data)| data.as_slice());
        assert_eq!(sent.collect::<Vec<_>>(), [AVAILABLE, RINGING_AND_BUSY], "{scenario}");
    }
}

/// Python waits for the callee's teardown; ours does not depend on it.
#[test]
fn a_caller_who_hears_busy_or_rejected_closes_the_link_where_python_waits_for_the_callee() {
    for scenario in ["reject", "not_allowed", "blocked", "busy_external"] {
        let replayed = Replay::caller(scenario).run();
        assert!(replayed.closed.is_some(), "{scenario}");
        let capture = Capture::load(scenario).unwrap_or_else(|error| panic!("{error}"));
        let mut sent = capture.packets(PeerName::A, Direction::Tx);
        assert!(sent.all(|(_, packet)| packet.kind != PacketKind::LinkClose));
    }
}

/// A peer that switches back to full duplex opens Python's microphone.
#[test]
fn a_microphone_that_the_peer_closed_stays_so_where_python_lets_the_peer_open_it() {
    for (allowed, mode) in [(false, Mode::HalfDuplex), (true, Mode::FullDuplex)] {
        let config = Config { peer_may_open_microphone: allowed, ..config() };
        let replayed = Replay::new("mode_switch_by_caller", PeerName::B, config).run();
        assert_eq!(replayed.modes.last(), Some(&mode));
    }
}

/// A phone in the place of a recorded telephone.
struct Replay {
    capture: Capture,
    peer: PeerName,
    phone: Telephone,
    now: Instant,
    call: CallId,
    sent: Vec<Sent>,
    known: Replayed,
}

/// What became of a replay.
#[derive(Debug, Default)]
struct Replayed {
    link_up: Option<Instant>,
    identified: Vec<LinkId>,
    signals: Vec<(Instant, Vec<u8>)>,
    /// How many of these had the mark behind them, which Python does not send.
    marked: usize,
    closed: Option<Instant>,
    established: Option<(Profile, Mode)>,
    modes: Vec<Mode>,
    ended: Vec<EndReason>,
}

/// Something that goes out to the network and is no media.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sent {
    LinkRequest,
    Identify(LinkId),
    Signal(LinkId, Vec<u8>),
    Close(LinkId),
}

impl Replay {
    fn caller(scenario: &str) -> Self {
        Self::new(scenario, PeerName::A, config())
    }

    /// A callee with the settings that the scenario tells of.
    fn callee(scenario: &str) -> Self {
        let mut config = config();
        match scenario {
            "ring_timeout" => config.ring_time = Duration::from_secs(5),
            "auto_answer" => config.answer = AnswerMode::Automatic,
            "not_allowed" => config.callers = Some(Admission::Busy),
            "blocked" => {
                config.callers = None;
                config.screening_default = Admission::Busy;
            }
            _ => {}
        }
        let mut replay = Self::new(scenario, PeerName::B, config);
        if scenario == "busy_external" {
            replay.give(Input::Command(Command::SetAvailable(false)));
        }
        replay
    }

    fn new(scenario: &str, peer: PeerName, config: Config) -> Self {
        let capture = Capture::load(scenario).unwrap_or_else(|error| panic!("{error}"));
        let us = IdentityHash(capture.identities[&peer]);
        Self {
            capture,
            peer,
            phone: Telephone::new(us, config, Instant::ORIGIN),
            now: Instant::ORIGIN,
            call: DIALLED,
            sent: Vec::new(),
            known: Replayed::default(),
        }
    }

    fn run(mut self) -> Replayed {
        let records = core::mem::take(&mut self.capture.records);
        let peer = self.peer;
        let mut expected = Vec::new();
        for record in records.iter().filter(|record| record.peer == peer) {
            match &record.body {
                Body::Packet(packet) if packet.direction == Direction::Tx => {
                    match sent_by(packet) {
                        Some(Sent::Signal(link, data)) if peer == PeerName::B && data == BUSY => {
                            self.turn_away(link, &mut expected);
                        }
                        sent => expected.extend(sent),
                    }
                }
                Body::Packet(packet) => {
                    self.catch_up(&expected);
                    self.on_packet(packet, &mut expected);
                }
                Body::Command { name, profile, mode } => {
                    self.catch_up(&expected);
                    self.on_command(name, *profile, *mode);
                }
                Body::Note(note) => {
                    let talk = match note.as_str() {
                        "A unsquelch (push to talk)" => Talk::Pressed,
                        "A squelch" => Talk::Released,
                        _ => continue,
                    };
                    self.catch_up(&expected);
                    self.give(Input::Command(Command::Talk(self.call, talk)));
                }
                Body::Event { .. } => {}
            }
        }
        self.catch_up(&expected);
        while self.phone.poll_timeout().is_some() {
            self.jump();
        }
        assert_eq!(self.sent, expected, "{} {:?}", self.capture.scenario, self.peer);
        assert_eq!(self.phone.call(), None, "{}", self.capture.scenario);
        self.known
    }

    /// The difference of a callee who turns a caller away.
    fn turn_away(&mut self, link: LinkId, expected: &mut Vec<Sent>) {
        if !self.known.identified.contains(&link) {
            expected.push(Sent::Signal(link, AVAILABLE.to_vec()));
            self.catch_up(expected);
            let dialler = if link == LinkId(1) { PeerName::A } else { PeerName::C };
            let who = self.peer(dialler);
            self.give(Input::Link { link, event: LinkEvent::Identified(who) });
        }
        expected.push(Sent::Signal(link, RINGING_AND_BUSY.to_vec()));
    }

    /// Lets time go on until all that is expected was said.
    fn catch_up(&mut self, expected: &[Sent]) {
        let scenario = self.capture.scenario.clone();
        while self.sent.len() < expected.len() {
            let missing = &expected[self.sent.len()];
            let timeouts = self.phone.poll_timeout();
            assert!(timeouts.is_some(), "{scenario}: {missing:?} never came");
            self.jump();
        }
        let (sent, _) = self.sent.split_at(expected.len());
        assert_eq!(sent, expected, "{scenario} {:?}", self.peer);
    }

    fn jump(&mut self) {
        let due = self.phone.poll_timeout().expect("the phone waits for something");
        self.now = self.now.max(due.at);
        self.give(Input::Timeout);
    }

    fn peer(&self, name: PeerName) -> IdentityHash {
        IdentityHash(self.capture.identities[&name])
    }

    fn on_packet(&mut self, packet: &CapturedPacket, expected: &mut Vec<Sent>) {
        let link = LinkId(packet.link.expect("only a link request has no link").into());
        let (rtt, mdu) = (Some(Duration::from_millis(1)), Some(431));
        let event = match packet.kind {
            PacketKind::LinkProof => LinkEvent::Up { rtt, mdu },
            PacketKind::LinkRtt => {
                self.known.link_up.get_or_insert(self.now);
                LinkEvent::Incoming { on: Destination::telephony(self.peer(PeerName::B)), rtt, mdu }
            }
            PacketKind::Identify => {
                self.known.identified.push(link);
                LinkEvent::Identified(self.peer(PeerName::A))
            }
            PacketKind::LinkClose if self.sent.contains(&Sent::Close(link)) => return,
            PacketKind::LinkClose => LinkEvent::Closed(LinkClosed::Peer),
            PacketKind::Keepalive => LinkEvent::Heard,
            PacketKind::Signal | PacketKind::Media => {
                let data = packet.bytes.as_deref().expect("link data is in the capture");
                if !self.sent.contains(&Sent::Close(link)) {
                    self.give(Input::Packet { link, data });
                }
                if self.peer != PeerName::B && matches!(packet.signals[..], [0 | 1]) {
                    // The difference of a caller who hears BUSY or REJECTED.
                    expected.push(Sent::Close(link));
                }
                return;
            }
            PacketKind::LinkRequest | PacketKind::Proof | PacketKind::Data => {
                panic!("a telephone was sent {packet:?}")
            }
        };
        self.give(Input::Link { link, event });
    }

    fn on_command(&mut self, name: &str, profile: Option<u8>, mode: Option<u8>) {
        let call = self.call;
        let profile = profile.map_or(Profile::MediumQuality, |id| {
            Profile::from_id(id.into()).expect("Python knows its profiles")
        });
        let mode =
            mode.map_or(Mode::FullDuplex, |id| Mode::from_id(id).expect("Python knows its modes"));
        self.give(Input::Command(match name {
            "call" => {
                Command::Dial { call, link: LinkId(1), to: self.peer(PeerName::B), profile, mode }
            }
            "answer" => Command::Answer(call),
            "hangup" => Command::HangUp(call),
            "switch_profile" => Command::SetProfile(call, profile),
            "switch_mode" => Command::SetMode(call, mode),
            other => panic!("{other} is no command of the captures"),
        }));
    }

    fn give(&mut self, input: Input<'_>) {
        let taken = self.phone.handle_input(self.now, input);
        taken.unwrap_or_else(|error| panic!("{} {input:?}: {error}", self.capture.scenario));
        let mut buf = PacketBuf::new();
        while let Some(output) = self.phone.poll_output(&mut buf) {
            match output {
                Output::Transmit { link, class, data } => {
                    assert_eq!(class, Class::Signal, "nobody encodes here");
                    let unmarked = without_mark(data);
                    self.known.marked += usize::from(unmarked.is_some());
                    let data = unmarked.as_deref().unwrap_or(data);
                    self.known.signals.push((self.now, data.to_vec()));
                    self.sent.push(Sent::Signal(link, data.to_vec()));
                }
                Output::Link { link, request } => self.sent.push(match request {
                    LinkRequest::Open(_) => Sent::LinkRequest,
                    LinkRequest::Identify => Sent::Identify(link),
                    LinkRequest::Close => {
                        self.known.closed = Some(self.now);
                        Sent::Close(link)
                    }
                }),
                Output::Event(event) => match event {
                    Event::Incoming { call, .. } => self.call = call,
                    Event::Established { profile, mode, .. } => {
                        self.known.established = Some((profile, mode));
                    }
                    Event::ModeChanged { mode, .. } => self.known.modes.push(mode),
                    Event::Ended { reason, .. } => self.known.ended.push(reason),
                    _ => {}
                },
                Output::Announce | Output::Stream { .. } | Output::Job { .. } => {}
            }
        }
    }
}

fn sent_by(packet: &CapturedPacket) -> Option<Sent> {
    let link = packet.link.map(|link| LinkId(link.into()));
    match packet.kind {
        PacketKind::LinkRequest => Some(Sent::LinkRequest),
        PacketKind::Identify => Some(Sent::Identify(link?)),
        PacketKind::Signal => Some(Sent::Signal(link?, packet.bytes.clone()?)),
        PacketKind::LinkClose => Some(Sent::Close(link?)),
        PacketKind::LinkProof
        | PacketKind::LinkRtt
        | PacketKind::Media
        | PacketKind::Keepalive
        | PacketKind::Proof
        | PacketKind::Data => None,
    }
}

/// The packet without the mark of a phone that knows loss reports, if it has it.
fn without_mark(data: &[u8]) -> Option<Vec<u8>> {
    let signals = data.strip_prefix(&[0x82])?.strip_suffix(&[0x20, 0x00])?;
    Some([&[0x81], signals].concat())
}

fn scenarios() -> Vec<String> {
    let scenarios = Capture::scenarios().unwrap_or_else(|error| panic!("{error}"));
    assert!(scenarios.len() >= 20, "{scenarios:?}");
    scenarios
}

fn config() -> Config {
    Config {
        announce: AnnouncePolicy::ON_COMMAND,
        profiles: Profile::ALL.into_iter().fold(ProfileSet::EMPTY, ProfileSet::with),
        ..Config::default()
    }
}

const BUSY: &[u8] = &[0x81, 0x00, 0x91, 0x00];
const AVAILABLE: &[u8] = &[0x81, 0x00, 0x91, 0x03];
const RINGING_AND_BUSY: &[u8] = &[0x81, 0x00, 0x92, 0x04, 0x00];
const DIALLED: CallId = CallId(1_000);
