//! Telephones of three lines each, the links between them, and codecs that answer at once.

use core::time::Duration;
use std::collections::BTreeMap;

use lxst_core::wire::{Codec, Frame};
use lxst_core::{
    CallId, CallStatus, Command, Config, Destination, Direction, EndReason, Event, IdentityHash,
    Input, InputError, Instant, JobId, LinkClosed, LinkEvent, LinkId, LinkRequest, Mode, Outcome,
    Output, PacketBuf, PortChange, Profile, Samples, StreamChange, StreamId, Telephone, Work,
    limits,
};
use lxst_sim::agenda::Agenda;
pub(crate) use lxst_sim::calls::quiet;

pub(crate) const LINES: usize = 3;

/// People with telephones, by number.
pub(crate) struct Simulation {
    pub(crate) now: Instant,
    phones: Vec<Handset>,
    /// The two ends of each link: a phone and its name for it. The second is the callee's.
    links: Vec<[(usize, LinkId); 2]>,
    agenda: Agenda<(usize, Arrival)>,
    /// The phones of one stack: what comes in to its destinations is offered to all of them.
    stack: Vec<usize>,
}

pub(crate) struct Handset {
    pub(crate) phone: Telephone<LINES>,
    pub(crate) events: Vec<Event>,
    pub(crate) streams: BTreeMap<StreamId, Audio>,
}

/// What a stream was heard to carry.
#[derive(Debug, Default)]
pub(crate) struct Audio {
    is_open: bool,
    captured: Samples,
    encoded: u8,
    /// Who speaks and the number, of each frame that was decoded.
    pub(crate) heard: Vec<(usize, u8)>,
    /// Jobs that made audio up.
    pub(crate) made_up: usize,
}

enum Arrival {
    Event(LinkId, LinkEvent),
    Packet(LinkId, Vec<u8>),
    Tick(StreamId),
}

impl Simulation {
    pub(crate) fn new(people: usize, config: Config) -> Self {
        let handset = |number| Handset {
            phone: Telephone::with_lines(identity(number), config, Instant::ORIGIN),
            events: Vec::new(),
            streams: BTreeMap::new(),
        };
        Self {
            now: Instant::ORIGIN,
            phones: (0..people).map(handset).collect(),
            links: Vec::new(),
            agenda: Agenda::new(),
            stack: Vec::new(),
        }
    }

    /// Puts phones on one stack, which serves the destinations of all of them.
    pub(crate) fn share_stack(&mut self, phones: &[usize]) {
        self.stack = phones.to_vec();
    }

    pub(crate) fn handset(&self, who: usize) -> &Handset {
        &self.phones[who]
    }

    pub(crate) fn dial(&mut self, from: usize, to: usize) -> CallId {
        let dialled = self.try_dial(from, to);
        dialled.unwrap_or_else(|error| panic!("{from} cannot dial {to}: {error}"))
    }

    pub(crate) fn try_dial(&mut self, from: usize, to: usize) -> Result<CallId, InputError> {
        let (call, link) = (CallId(self.fresh_id()), LinkId(self.fresh_id()));
        let (profile, mode) = (Profile::MediumQuality, Mode::FullDuplex);
        let dial = Command::Dial { call, link, to: identity(to), profile, mode };
        self.give(from, Input::Command(dial))?;
        self.attach(from, call);
        Ok(call)
    }

    pub(crate) fn command(&mut self, who: usize, command: Command) {
        let done = self.give(who, Input::Command(command));
        done.unwrap_or_else(|error| panic!("{who} cannot {command:?}: {error}"));
    }

    /// One dials another, who answers as soon as it rings. Returns the two names of the call.
    pub(crate) fn connect(&mut self, from: usize, to: usize) -> [CallId; 2] {
        let dialled = self.dial(from, to);
        self.run_for(Duration::from_millis(500));
        let came = self.call_with(to, from).expect("it rings").call;
        self.command(to, Command::Answer(came));
        self.run_for(Duration::from_millis(500));
        [dialled, came]
    }

    /// The call that somebody has with another.
    pub(crate) fn call_with(&self, who: usize, peer: usize) -> Option<CallStatus> {
        self.phones[who].phone.calls().find(|call| call.peer == identity(peer))
    }

    /// How somebody's calls ended, in order.
    pub(crate) fn ended(&self, who: usize) -> Vec<(CallId, EndReason)> {
        let events = self.phones[who].events.iter();
        let ended = events.filter_map(|event| match event {
            Event::Ended { call, reason } => Some((*call, *reason)),
            _ => None,
        });
        ended.collect()
    }

    /// The frames that somebody heard in a call, of the peer that they must be of.
    #[track_caller]
    pub(crate) fn heard(&self, who: usize, call: CallId, peer: usize) -> Vec<u8> {
        let heard = &self.phones[who].streams[&call.into()].heard;
        assert!(heard.iter().all(|(speaker, _)| *speaker == peer), "{heard:?} are not of {peer}");
        heard.iter().map(|(_, number)| *number).collect()
    }

    /// Puts a fresh phone in the place of somebody's, as a restart does.
    pub(crate) fn forget_calls_of(&mut self, who: usize) {
        let phone = Telephone::with_lines(identity(who), quiet(), self.now);
        self.phones[who] = Handset { phone, events: Vec::new(), streams: BTreeMap::new() };
        self.agenda.retain(|(whose, _)| *whose != who);
    }

    /// Closes every link that somebody has, as a broken network does.
    pub(crate) fn break_links_of(&mut self, who: usize) {
        for [one, other] in self.links.clone() {
            if one.0 == who || other.0 == who {
                for (phone, link) in [one, other] {
                    let event = LinkEvent::Closed(LinkClosed::Timeout);
                    // Of most links nothing is known any more.
                    let _ = self.give(phone, Input::Link { link, event });
                }
            }
        }
    }

    pub(crate) fn run_for(&mut self, duration: Duration) {
        let until = self.now + duration;
        let mut steps = 0;
        loop {
            let due = self.phones.iter().enumerate();
            let due = due.filter_map(|(who, it)| Some((it.phone.poll_timeout()?.at, who))).min();
            let scheduled = self.agenda.next_at();
            let next = scheduled.into_iter().chain(due.map(|(at, _)| at)).min();
            let Some(at) = next.filter(|at| *at <= until) else { break };
            steps = if at > self.now { 0 } else { steps + 1 };
            assert!(steps < 1_000, "livelock at {at}");
            self.now = self.now.max(at);
            match self.agenda.poll(at) {
                Some((who, arrival)) => self.arrive(who, arrival),
                None => {
                    let (_, who) = due.expect("no event is due, so a phone is");
                    self.give(who, Input::Timeout).expect("a timeout is always taken");
                }
            }
        }
        self.now = until;
    }

    fn arrive(&mut self, who: usize, arrival: Arrival) {
        if let Arrival::Event(link, event @ LinkEvent::Incoming { .. }) = arrival
            && self.stack.contains(&who)
        {
            for other in self.stack.clone().into_iter().filter(|other| *other != who) {
                let taken = self.give(other, Input::Link { link, event });
                assert_eq!(taken, Err(InputError::OtherDestination(link)));
            }
        }
        // What speaks of a link that is closed here is refused.
        let _ = match arrival {
            Arrival::Event(link, event) => self.give(who, Input::Link { link, event }),
            Arrival::Packet(link, data) => self.give(who, Input::Packet { link, data: &data }),
            Arrival::Tick(stream) => self.tick(who, stream),
        };
    }

    /// A block of the audio hardware.
    fn tick(&mut self, who: usize, stream: StreamId) -> Result<(), InputError> {
        let audio = self.phones[who].streams.get_mut(&stream).expect("it was opened");
        if !audio.is_open {
            return Ok(());
        }
        audio.captured = audio.captured + BLOCK;
        self.plan(BLOCK.duration(), who, Arrival::Tick(stream));
        self.give(who, Input::Captured { stream, samples: BLOCK })?;
        self.give(who, Input::Consumed { stream, samples: BLOCK })
    }

    fn attach(&mut self, who: usize, call: CallId) {
        for direction in [Direction::Send, Direction::Receive] {
            let (stream, change) = (call.into(), PortChange::Attached);
            self.give(who, Input::Port { stream, direction, change }).expect("the call is there");
        }
    }

    /// Gives an input and does all that comes of it. A refused one changes nothing, and an accepted
    /// one keeps to its bound.
    fn give(&mut self, who: usize, input: Input<'_>) -> Result<(), InputError> {
        let before = self.phones[who].phone.clone();
        if let Err(error) = self.phones[who].phone.handle_input(self.now, input) {
            assert!(self.phones[who].phone == before, "{input:?} was refused, and did something");
            return Err(error);
        }
        let (mut buf, mut outputs) = (PacketBuf::new(), 0);
        let mut jobs = Vec::new();
        let mut came_in = None;
        while let Some(output) = self.phones[who].phone.poll_output(&mut buf) {
            outputs += 1;
            match output {
                Output::Transmit { link, data, .. } => {
                    if let Some((peer, far)) = self.far_end(who, link) {
                        self.plan(DELAY, peer, Arrival::Packet(far, data.to_vec()));
                    }
                }
                Output::Link { link, request } => self.on_request(who, link, request),
                Output::Stream { stream, direction, change } => {
                    self.on_stream(who, stream, direction, change);
                }
                Output::Job { job, stream, work, .. } => {
                    jobs.push((job, self.phones[who].work(who, stream, work)));
                }
                Output::Event(event) => {
                    if let Event::Incoming { call, .. } = event {
                        came_in = Some(call);
                    }
                    self.phones[who].events.push(event);
                }
                Output::Announce => {}
            }
        }
        assert!(outputs <= limits::OUTPUTS_PER_INPUT, "{input:?} caused {outputs} outputs");
        if let Some(call) = came_in {
            self.attach(who, call);
        }
        for (job, done) in jobs {
            self.job_done(who, job, &done);
        }
        Ok(())
    }

    fn job_done(&mut self, who: usize, job: JobId, done: &Done) {
        let outcome = match done {
            Done::Encoded(payload) => Outcome::Encoded(Frame { codec: Codec::Opus, payload }),
            Done::Played(samples) => Outcome::Played { samples: *samples, level: 30 },
            Done::Discarded => Outcome::Discarded,
        };
        self.give(who, Input::JobDone { job, outcome }).expect("the job is out");
    }

    fn on_request(&mut self, who: usize, link: LinkId, request: LinkRequest) {
        let (rtt, mdu) = (Some(DELAY * 2), Some(431));
        match request {
            LinkRequest::Open(to) => {
                let peer =
                    (0..self.phones.len()).find(|who| Destination::telephony(identity(*who)) == to);
                let peer = peer.expect("only its phones are dialled");
                let far = LinkId(self.fresh_id());
                self.links.push([(who, link), (peer, far)]);
                self.plan(DELAY * 2, who, Arrival::Event(link, LinkEvent::Up { rtt, mdu }));
                self.plan(
                    DELAY * 3,
                    peer,
                    Arrival::Event(far, LinkEvent::Incoming { on: to, rtt, mdu }),
                );
            }
            LinkRequest::Identify => {
                let event = LinkEvent::Identified(identity(who));
                if let Some((peer, far)) = self.far_end(who, link) {
                    self.plan(DELAY, peer, Arrival::Event(far, event));
                }
            }
            LinkRequest::Close => {
                let event = LinkEvent::Closed(LinkClosed::Peer);
                if let Some((peer, far)) = self.far_end(who, link) {
                    self.plan(DELAY, peer, Arrival::Event(far, event));
                }
            }
        }
    }

    fn on_stream(
        &mut self,
        who: usize,
        stream: StreamId,
        direction: Direction,
        change: StreamChange,
    ) {
        let audio = self.phones[who].streams.entry(stream).or_default();
        audio.is_open = change == StreamChange::Opened;
        if audio.is_open && direction == Direction::Send {
            self.plan(BLOCK.duration(), who, Arrival::Tick(stream));
        }
    }

    fn far_end(&self, who: usize, link: LinkId) -> Option<(usize, LinkId)> {
        self.links.iter().find_map(|[one, other]| match (who, link) {
            end if end == *one => Some(*other),
            end if end == *other => Some(*one),
            _ => None,
        })
    }

    fn plan(&mut self, after: Duration, who: usize, arrival: Arrival) {
        self.agenda.schedule(self.now + after, (who, arrival));
    }

    fn fresh_id(&mut self) -> u64 {
        self.agenda.next_number()
    }
}

/// How a job ended.
enum Done {
    Encoded(Vec<u8>),
    Played(Samples),
    Discarded,
}

impl Handset {
    /// The codec. Its frames say who speaks, and count.
    fn work(&mut self, who: usize, stream: StreamId, work: Work<'_>) -> Done {
        let audio = self.streams.get_mut(&stream).expect("a job has a stream");
        assert!(audio.is_open, "{work:?} without a stream");
        match work {
            Work::Encode { samples, .. } => {
                audio.captured = audio.captured - samples;
                audio.encoded += 1;
                let who = u8::try_from(who).expect("they are few");
                Done::Encoded(vec![OPUS_60_MS, who, audio.encoded])
            }
            Work::Discard { samples } => {
                audio.captured = audio.captured - samples;
                Done::Discarded
            }
            Work::Decode { payload, .. } => {
                let [_, speaker, number] = *payload else { panic!("{payload:?} is no frame") };
                audio.heard.push((speaker.into(), number));
                Done::Played(Profile::MediumQuality.frame())
            }
            Work::Conceal { samples } => {
                audio.made_up += 1;
                Done::Played(samples)
            }
        }
    }
}

/// Who somebody is. Glare is decided by it: the higher number is the higher hash.
pub(crate) fn identity(number: usize) -> IdentityHash {
    IdentityHash([u8::try_from(number).expect("they are few"); 16])
}

const BLOCK: Samples = Samples::from_millis(20);
const DELAY: Duration = Duration::from_millis(10);
/// The first byte of an Opus frame of 60 ms.
const OPUS_60_MS: u8 = 0x58;
