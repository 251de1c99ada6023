//! A phone that anything may happen to, and the promises that it keeps.

use core::time::Duration;
use std::collections::BTreeSet;

use lxst_core::wire::{self, Codec, Frame, Signal};
use lxst_core::{
    Admission, CallId, Class, Command, Config, Destination, Direction, Event, Input, InputError,
    Instant, JobId, LinkEvent, LinkId, LinkRequest, Mode, Outcome, Output, PacketBuf, PortChange,
    Profile, Samples, StreamChange, StreamId, Telephone, limits,
};
use proptest::sample::Index;

use super::ops::{Done, Op};
use crate::support::{feed, somebody};

/// A phone, and what an attentive driver would know about it.
pub(super) struct Harness {
    pub(super) phone: Telephone,
    now: Instant,
    /// Whether outputs are drained after each input.
    pub(super) drains: bool,
    next_id: u64,
    links: Vec<LinkId>,
    calls: Vec<CallId>,
    jobs: BTreeSet<JobId>,
    closed: BTreeSet<LinkId>,
    announced: BTreeSet<CallId>,
    ended: BTreeSet<CallId>,
    /// The call that came in and has not ended.
    incoming: Option<CallId>,
    open: [Option<StreamId>; 2],
    /// What came of each input.
    pub(super) outputs: Vec<String>,
}

impl Harness {
    pub(super) fn new(config: Config) -> Self {
        Self {
            phone: Telephone::new(somebody(2), config, Instant::ORIGIN),
            now: Instant::ORIGIN,
            drains: true,
            next_id: 1,
            links: vec![LinkId(0)],
            calls: vec![CallId(0)],
            jobs: BTreeSet::new(),
            closed: BTreeSet::new(),
            announced: BTreeSet::new(),
            ended: BTreeSet::new(),
            incoming: None,
            open: [None; 2],
            outputs: Vec::new(),
        }
    }

    pub(super) fn apply(&mut self, op: &Op) {
        let mut buf = [0; 1_500];
        match op {
            Op::Advance(millis) => self.advance(Duration::from_millis(*millis)),
            Op::SetUp(is_caller, profile, mode) => self.set_up(*is_caller, *profile, *mode),
            Op::Dial(profile, mode) => {
                self.dial(*profile, *mode);
            }
            Op::Cross(profile, mode, signal, peer) => self.cross(*profile, *mode, *signal, *peer),
            Op::Incoming(rtt_ms, mdu) => {
                self.incoming(rtt_ms.map(Duration::from_millis), *mdu);
            }
            Op::Link(link, event) => {
                let link = *link.get(&self.links);
                self.give(Input::Link { link, event: *event });
            }
            Op::Signals(link, values) => {
                let signals: Vec<Signal> = values.iter().copied().map(Signal::from_value).collect();
                let length = wire::encode_signals(&signals, &mut buf).expect("the list is short");
                self.packet(*link.get(&self.links), &buf[..length]);
            }
            Op::Frame(link, codec, length) => {
                let frame = Frame { codec: *codec, payload: &vec![0x55; *length] };
                let length = wire::encode_frame(frame, &mut buf).expect("the frame is short");
                self.packet(*link.get(&self.links), &buf[..length]);
            }
            Op::Copy(link, length, percent) => {
                let payload = vec![*length as u8; *length];
                let frame = Frame { codec: Codec::Opus, payload: &payload };
                let mut before = [0; 300];
                let copy = wire::encode_frame(frame, &mut before).expect("the frame is short");
                let other = Frame { codec: Codec::Codec2, payload: &payload };
                let mut end = wire::encode_frame(other, &mut buf).expect("the frame is short");
                end = wire::append_copy(&before[2..copy], &mut buf, end).expect("there is room");
                end = wire::append_loss(*percent, &mut buf, end).expect("there is room");
                self.packet(*link.get(&self.links), &buf[..end]);
            }
            Op::Bytes(link, data) => self.packet(*link.get(&self.links), data),
            Op::Command(call, command) => {
                self.give(Input::Command(command(*call.get(&self.calls))));
            }
            Op::SetAvailable(available) => {
                self.give(Input::Command(Command::SetAvailable(*available)));
            }
            Op::Port(direction, change) => {
                self.port(*direction, *change);
            }
            Op::Captured(samples) => {
                let (stream, samples) = (self.stream(), Samples(*samples));
                self.give(Input::Captured { stream, samples });
            }
            Op::Consumed(samples) => {
                let (stream, samples) = (self.stream(), Samples(*samples));
                self.give(Input::Consumed { stream, samples });
            }
            Op::Overrun(direction, samples) => {
                let (stream, direction, samples) = (self.stream(), *direction, Samples(*samples));
                self.give(Input::Overrun { stream, direction, samples });
            }
            Op::JobDone(job, done) => self.job_done(*job, *done),
        }
    }

    /// Brings a call about, if the line is free, so that the rest of the list meets one.
    fn set_up(&mut self, is_caller: bool, profile: Profile, mode: Mode) {
        let rtt = Duration::from_millis(10);
        let mut buf = [0; 30];
        if is_caller {
            let link = self.dial(profile, mode);
            self.attach();
            let event = LinkEvent::Up { rtt: Some(rtt), mdu: Some(431) };
            self.give(Input::Link { link, event });
            for value in [3, 4, 5, 6] {
                let signal = Signal::from_value(value);
                let length = wire::encode_signals(&[signal], &mut buf).expect("one fits");
                self.packet(link, &buf[..length]);
            }
        } else {
            let link = self.incoming(Some(rtt), Some(431));
            let event = LinkEvent::Identified(somebody(1));
            self.give(Input::Link { link, event });
            self.give(Input::Command(Command::Screen(link.into(), Admission::Ring)));
            self.attach();
            self.give(Input::Command(Command::Answer(link.into())));
            self.advance(limits::PREFERENCES_FROM_RINGING + rtt * limits::SET_UP_TRIPS);
        }
    }

    fn attach(&mut self) {
        for direction in [Direction::Send, Direction::Receive] {
            self.port(direction, PortChange::Attached);
        }
    }

    fn port(&mut self, direction: Direction, change: PortChange) {
        let stream = self.stream();
        self.give(Input::Port { stream, direction, change });
    }

    /// The stream of the call that there is, or one that nobody knows.
    fn stream(&self) -> StreamId {
        self.phone.call().map_or(StreamId(0), |call| call.call.into())
    }

    /// Dials, hears a signal, and is called by somebody.
    fn cross(&mut self, profile: Profile, mode: Mode, signal: u64, peer: u8) {
        let rtt = Duration::from_millis(10);
        let link = self.dial(profile, mode);
        let event = LinkEvent::Up { rtt: Some(rtt), mdu: Some(431) };
        self.give(Input::Link { link, event });
        let incoming = self.incoming(Some(rtt), Some(431));
        let mut buf = [0; 30];
        let signal = Signal::from_value(signal);
        let length = wire::encode_signals(&[signal], &mut buf).expect("one fits");
        self.packet(link, &buf[..length]);
        let event = LinkEvent::Identified(somebody(peer));
        self.give(Input::Link { link: incoming, event });
    }

    fn dial(&mut self, profile: Profile, mode: Mode) -> LinkId {
        let [call, link] = [self.next_id, self.next_id + 1];
        self.next_id += 2;
        let (call, link) = (CallId(call), LinkId(link));
        // One has a lower hash than we, the other a higher one.
        let to = somebody([1, 3][call.0 as usize / 2 % 2]);
        let dial = Command::Dial { call, link, to, profile, mode };
        if self.give(Input::Command(dial)) {
            self.announced.insert(call);
            self.links.push(link);
            self.calls.push(call);
        }
        link
    }

    fn incoming(&mut self, rtt: Option<Duration>, mdu: Option<usize>) -> LinkId {
        let link = LinkId(self.next_id);
        self.next_id += 1;
        self.links.push(link);
        self.calls.push(link.into());
        let event = LinkEvent::Incoming { on: Destination::telephony(somebody(2)), rtt, mdu };
        self.give(Input::Link { link, event });
        link
    }

    fn packet(&mut self, link: LinkId, data: &[u8]) {
        self.give(Input::Packet { link, data });
    }

    fn job_done(&mut self, job: Index, done: Done) {
        // One id more than there are jobs: the next one is known to nobody.
        let job = JobId(job.index(self.jobs.len() + 1) as u64);
        let payload;
        let outcome = match done {
            Done::Encoded(length) => {
                payload = vec![0x55; length];
                Outcome::Encoded(Frame { codec: Codec::Opus, payload: &payload })
            }
            Done::NoVoice => Outcome::NoVoice,
            Done::Played(samples, level) => Outcome::Played { samples: Samples(samples), level },
            Done::Discarded => Outcome::Discarded,
            Done::Failed => Outcome::Failed,
        };
        self.give(Input::JobDone { job, outcome });
    }

    /// Lets time pass. Without draining, the phone is told late.
    fn advance(&mut self, duration: Duration) {
        let target = self.now + duration;
        while self.drains {
            self.drain();
            let Some(due) = self.phone.poll_timeout().filter(|due| due.at <= target) else {
                break;
            };
            self.now = self.now.max(due.at);
            self.give(Input::Timeout);
            let next = self.phone.poll_timeout();
            assert!(next.is_none_or(|next| next.at > self.now), "{next:?} is over");
        }
        self.now = target;
    }

    fn give(&mut self, input: Input<'_>) -> bool {
        if !self.drains {
            let before = self.phone.clone();
            let taken = self.phone.handle_input(self.now, input);
            assert!(taken.is_ok() || self.phone == before);
            if taken == Err(InputError::OutputFull) {
                self.drain();
            }
            return taken.is_ok();
        }
        self.drain();
        if let Input::Link { link, event: LinkEvent::Closed(_) } = input {
            self.closed.insert(link);
        }
        let mut phone = self.phone.clone();
        let taken = feed(&mut phone, self.now, input, |output| self.look_at(output));
        self.phone = phone;
        self.outputs.extend(taken.iter().map(|done| format!("{done:?}")));
        taken.is_ok()
    }

    pub(super) fn drain(&mut self) {
        let mut phone = self.phone.clone();
        let mut buf = PacketBuf::new();
        while let Some(output) = phone.poll_output(&mut buf) {
            self.look_at(&output);
        }
        self.phone = phone;
    }

    fn look_at(&mut self, output: &Output<'_>) {
        match *output {
            Output::Transmit { link, class, data } => {
                assert!(!self.closed.contains(&link), "a packet on closed {link:?}");
                assert!(wire::Packet::parse(data).is_ok());
                assert!(class == Class::Signal || data.len() <= 500);
            }
            Output::Link { link, request: LinkRequest::Close } => {
                self.closed.insert(link);
            }
            Output::Link { link, .. } => assert!(!self.closed.contains(&link)),
            Output::Announce => {}
            Output::Stream { stream, direction, change } => {
                let open = &mut self.open[direction as usize];
                let (from, to) = match change {
                    StreamChange::Opened => (None, Some(stream)),
                    StreamChange::Closed => (Some(stream), None),
                };
                assert_eq!(*open, from);
                *open = to;
            }
            Output::Job { job, direction, .. } => {
                assert!(self.jobs.insert(job), "{job:?} was given out before");
                assert!(self.open[direction as usize].is_some(), "{job:?} has no stream");
            }
            Output::Event(event) => self.look_at_event(event),
        }
    }

    fn look_at_event(&mut self, event: Event) {
        let call = match event {
            Event::Screening { .. }
            | Event::CallerLimited { .. }
            | Event::CallerTurnedAway { .. }
            | Event::CallerGone { .. }
            | Event::Dropped { .. } => return,
            Event::Incoming { call, .. } => {
                assert_eq!(self.incoming.replace(call), None, "{call:?} came in during another");
                assert!(self.announced.insert(call), "{call:?} came in twice");
                return;
            }
            Event::Ended { call, .. } => {
                assert!(!self.open.contains(&Some(call.into())), "{call:?} ended with a stream");
                assert!(self.ended.insert(call), "{call:?} ended twice");
                let other = self.incoming.take().filter(|incoming| *incoming != call);
                assert_eq!(other, None, "it came in before {call:?} ended");
                assert!(self.announced.contains(&call));
                return;
            }
            Event::Ringing { call }
            | Event::Connecting { call }
            | Event::Established { call, .. }
            | Event::ProfileChanged { call, .. }
            | Event::ProfileUnavailable { call, .. }
            | Event::ModeChanged { call, .. }
            | Event::Quality { call, .. }
            | Event::PeerSilent { call }
            | Event::PeerAudible { call } => call,
        };
        assert!(self.announced.contains(&call) && !self.ended.contains(&call), "{event:?}");
    }

    pub(super) fn check_end(&self) {
        let mut open: BTreeSet<CallId> = self.phone.call().iter().map(|call| call.call).collect();
        open.extend(&self.ended);
        assert_eq!(open, self.announced, "each call but the last ended");
    }
}
