//! Two phones, a network between them and all that a driver does, in virtual time.

use core::time::Duration;
use std::collections::BTreeMap;

use lxst_core::wire::Packet;
use lxst_core::{
    CallId, Command, Config, Direction, EndReason, Event, IdentityHash, Input, InputError, Instant,
    JobId, LinkEnd, LinkEvent, LinkFailure, LinkId, LinkRequest, Mode, Outcome, Output, PortChange,
    Profile, Samples, Source, StreamChange, Telephone, Work,
};

use super::{feed, quiet};

pub(crate) const ALICE: usize = 0;
pub(crate) const BOB: usize = 1;

/// What passes a phone's doors.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Door<'a> {
    In(Input<'a>),
    Out(Output<'a>),
}

/// The network between the two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Network {
    /// One way.
    pub(crate) delay: Duration,
    /// The most that is added to it, by chance: what was sent later may arrive earlier.
    pub(crate) jitter: Duration,
    /// How many of a thousand media packets are lost.
    pub(crate) media_lost_per_mille: u64,
    /// How many of a thousand signals, identifications, link set-ups and closes are lost. Who misses
    /// a close notices it by a timeout.
    pub(crate) signals_lost_per_mille: u64,
    /// How many of a thousand packets arrive twice.
    pub(crate) doubled_per_mille: u64,
    pub(crate) seed: u64,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(20),
            jitter: Duration::ZERO,
            media_lost_per_mille: 0,
            signals_lost_per_mille: 0,
            doubled_per_mille: 0,
            seed: 1,
        }
    }
}

type Tap = Box<dyn FnMut(usize, Instant, Door<'_>)>;

/// Two phones that can call each other.
pub(crate) struct Pair {
    pub(crate) now: Instant,
    /// Whether microphones and speakers run while a call stands.
    pub(crate) has_audio: bool,
    network: Network,
    is_cut: bool,
    phones: [Handset; 2],
    links: Vec<Link>,
    agenda: BTreeMap<(Instant, u64), (usize, Cause)>,
    /// One counter for links, calls and the agenda's order.
    next_id: u64,
    tap: Tap,
}

/// A phone and its driver.
pub(crate) struct Handset {
    pub(crate) phone: Telephone,
    pub(crate) events: Vec<(Instant, Event)>,
    /// Media packets that went out.
    pub(crate) frames_sent: Vec<u32>,
    /// The numbers of the frames that were decoded, in order.
    pub(crate) frames_heard: Vec<u32>,
    /// Stream generation: what was begun for an earlier one is void.
    stream: u64,
    is_open: bool,
    capture_queue: Samples,
    playout_queue: Samples,
    encoded: u32,
    codec_free_at: [Instant; 2],
}

struct Link {
    ends: [LinkId; 2],
    is_open: [bool; 2],
    /// Whether neither side closed it.
    is_wanted: bool,
}

enum Cause {
    Link(LinkId, LinkEvent),
    Packet(LinkId, Vec<u8>),
    Job(u64, JobId, Answer),
    Tick(u64, Direction),
}

enum Answer {
    Encoded(Vec<u8>),
    Played(Samples),
    Discarded,
}

impl Pair {
    pub(crate) fn new() -> Self {
        Self::with(Network::default(), [quiet(), quiet()], |_, _, _| {})
    }

    pub(crate) fn with(
        network: Network,
        configs: [Config; 2],
        tap: impl FnMut(usize, Instant, Door<'_>) + 'static,
    ) -> Self {
        let mut pair = Self {
            now: Instant::ORIGIN,
            has_audio: true,
            network,
            is_cut: false,
            phones: [ALICE, BOB].map(|phone| Handset::new(phone, configs[phone])),
            links: Vec::new(),
            agenda: BTreeMap::new(),
            next_id: 1,
            tap: Box::new(tap),
        };
        for phone in [ALICE, BOB] {
            for direction in [Direction::Send, Direction::Receive] {
                let change = PortChange::Attached;
                pair.give(phone, Input::Port { direction, change });
            }
        }
        pair
    }

    pub(crate) fn dial(&mut self, from: usize, profile: Profile, mode: Mode) -> CallId {
        let call = CallId(self.fresh_id());
        let link = LinkId(self.fresh_id());
        let to = identity(1 - from);
        self.command(from, Command::Dial { call, link, to, profile, mode });
        call
    }

    /// Alice dials Bob, who answers a second after it rings.
    pub(crate) fn connect(&mut self) -> [CallId; 2] {
        self.connect_with(Profile::MediumQuality, Mode::FullDuplex)
    }

    pub(crate) fn connect_with(&mut self, profile: Profile, mode: Mode) -> [CallId; 2] {
        let call = self.dial(ALICE, profile, mode);
        self.run_for(Duration::from_secs(1));
        let answered = self.call(BOB);
        self.command(BOB, Command::Answer(answered));
        self.run_for(Duration::from_millis(100));
        [call, answered]
    }

    pub(crate) fn command(&mut self, phone: usize, command: Command) {
        self.give(phone, Input::Command(command));
    }

    pub(crate) fn try_command(&mut self, phone: usize, command: Command) -> Result<(), InputError> {
        self.try_give(phone, Input::Command(command))
    }

    /// Lets the world go on; it stops itself when nothing comes to an end.
    pub(crate) fn run_for(&mut self, duration: Duration) {
        let until = self.now + duration;
        let mut steps_at_once = 0;
        loop {
            let due = self.phones.iter().enumerate();
            let due =
                due.filter_map(|(index, handset)| Some((handset.phone.poll_timeout()?.at, index)));
            let due = due.min();
            let planned = self.agenda.keys().next().copied();
            let Some(at) = planned.map(|(at, _)| at).into_iter().chain(due.map(|due| due.0)).min()
            else {
                break;
            };
            if at > until {
                break;
            }
            steps_at_once = if at == self.now { steps_at_once + 1 } else { 0 };
            assert!(steps_at_once < 1_000, "livelock at {at}");
            self.now = self.now.max(at);
            match planned.filter(|(planned_at, _)| *planned_at == at) {
                Some(key) => {
                    let (phone, cause) = self.agenda.remove(&key).expect("the key was just read");
                    self.happen(phone, cause);
                }
                None => {
                    let (_, phone) = due.expect("no plan is due, so a phone is");
                    self.give(phone, Input::Timeout);
                    let next = self.phones[phone].phone.poll_timeout();
                    assert!(next.is_none_or(|next| next.at > at), "{next:?} is over");
                }
            }
        }
        self.now = until;
    }

    pub(crate) fn handset(&self, phone: usize) -> &Handset {
        &self.phones[phone]
    }

    /// The call that a phone has.
    pub(crate) fn call(&self, phone: usize) -> CallId {
        let call = self.phones[phone].phone.call();
        call.expect("the phone has a call").call
    }

    pub(crate) fn ended(&self, phone: usize) -> Vec<EndReason> {
        let events = self.phones[phone].events.iter();
        events
            .filter_map(|(_, event)| match event {
                Event::Ended { reason, .. } => Some(*reason),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn is_established(&self, phone: usize) -> bool {
        let call = self.phones[phone].phone.call();
        call.is_some_and(|call| call.state == lxst_core::CallState::Established)
    }

    /// Breaks all links, as both sides notice at once.
    pub(crate) fn break_links(&mut self, end: LinkEnd) {
        for link in 0..self.links.len() {
            for phone in [ALICE, BOB] {
                let id = self.links[link].ends[phone];
                self.plan(Duration::ZERO, phone, Cause::Link(id, LinkEvent::Closed(end)));
            }
        }
    }

    /// Cuts the network for ever, as each side of a link notices after a while.
    pub(crate) fn cut(&mut self) {
        self.is_cut = true;
        for link in 0..self.links.len() {
            for phone in [ALICE, BOB] {
                let id = self.links[link].ends[phone];
                let closed = LinkEvent::Closed(LinkEnd::Timeout);
                let after = Duration::from_millis(self.random() % 15_000);
                self.plan(after, phone, Cause::Link(id, closed));
            }
        }
    }

    /// The ends of links that a phone's side has open.
    pub(crate) fn open_ends(&self, phone: usize) -> Vec<LinkId> {
        let open = self.links.iter().filter(|link| link.is_open[phone]);
        open.map(|link| link.ends[phone]).collect()
    }

    /// The ends of all links, open or not.
    pub(crate) fn ends(&self, phone: usize) -> Vec<LinkId> {
        self.links.iter().map(|link| link.ends[phone]).collect()
    }

    /// By chance, below a bound.
    pub(crate) fn choose(&mut self, below: u64) -> u64 {
        self.random() % below
    }

    fn happen(&mut self, phone: usize, cause: Cause) {
        match cause {
            Cause::Link(link, event) => {
                let is_cut = self.is_cut;
                let Some(end) = self.end_mut(phone, link) else {
                    return;
                };
                let is_heard = match event {
                    LinkEvent::Incoming { .. } | LinkEvent::Up { .. } => {
                        *end = !is_cut;
                        !is_cut
                    }
                    LinkEvent::Closed(_) => core::mem::take(end),
                    LinkEvent::Identified(_) | LinkEvent::Heard => *end && !is_cut,
                    LinkEvent::Failed(_) => self.is_wanted(phone, link),
                };
                if !is_heard {
                    return;
                }
                self.give(phone, Input::Link { link, event });
            }
            Cause::Packet(link, data) => {
                if !self.is_cut && self.end_mut(phone, link).is_some_and(|end| *end) {
                    self.give(phone, Input::Packet { link, data: &data });
                }
            }
            Cause::Job(stream, job, answer) if stream == self.phones[phone].stream => {
                let outcome = match &answer {
                    Answer::Encoded(payload) => Outcome::Encoded(payload),
                    Answer::Played(samples) => {
                        let handset = &mut self.phones[phone];
                        handset.playout_queue = handset.playout_queue + *samples;
                        let samples = *samples;
                        Outcome::Played { samples, level: 30 }
                    }
                    Answer::Discarded => Outcome::Discarded,
                };
                self.give(phone, Input::JobDone { job, outcome });
            }
            Cause::Tick(stream, direction) if stream == self.phones[phone].stream => {
                self.plan(TICK, phone, Cause::Tick(stream, direction));
                let samples = TICK_SAMPLES;
                let handset = &mut self.phones[phone];
                match direction {
                    Direction::Send => {
                        handset.capture_queue = handset.capture_queue + samples;
                        self.give(phone, Input::Captured { samples });
                    }
                    Direction::Receive => {
                        handset.playout_queue = handset.playout_queue - samples;
                        self.give(phone, Input::Consumed { samples });
                    }
                }
            }
            Cause::Job(..) | Cause::Tick(..) => {}
        }
    }

    fn give(&mut self, phone: usize, input: Input<'_>) {
        if let Err(error) = self.try_give(phone, input) {
            panic!("{input:?} was refused: {error}");
        }
    }

    fn try_give(&mut self, phone: usize, input: Input<'_>) -> Result<(), InputError> {
        (self.tap)(phone, self.now, Door::In(input));
        // The doors borrow the phone, what follows from its outputs needs the whole pair.
        let mut telephone = self.phones[phone].phone.clone();
        let now = self.now;
        feed(&mut telephone, now, input, |output| self.on_output(phone, output))?;
        self.phones[phone].phone = telephone;
        Ok(())
    }

    fn on_output(&mut self, phone: usize, output: &Output<'_>) {
        (self.tap)(phone, self.now, Door::Out(*output));
        match *output {
            Output::Transmit { link, data, .. } => self.on_transmit(phone, link, data),
            Output::Link { link, request } => self.on_link_request(phone, link, request),
            Output::Stream { change, .. } => self.on_stream(phone, change),
            Output::Job { job, direction, work } => self.on_job(phone, job, direction, work),
            Output::Event(event) => self.phones[phone].events.push((self.now, event)),
            Output::Announce => {}
        }
    }

    fn on_transmit(&mut self, phone: usize, link: LinkId, data: &[u8]) {
        let end = self.end_mut(phone, link).map(|end| *end);
        assert_eq!(end, Some(true), "a packet on {link:?}, which is not open");
        let packet = Packet::parse(data).expect("what is sent is well formed");
        let lost = match packet.frames().next() {
            Some(Ok(frame)) => {
                self.phones[phone].frames_sent.push(number(frame.payload));
                self.network.media_lost_per_mille
            }
            _ => self.network.signals_lost_per_mille,
        };
        if self.happens(lost) {
            return;
        }
        let far = self.far_end(phone, link);
        let copies = 1 + usize::from(self.happens(self.network.doubled_per_mille));
        for _ in 0..copies {
            let delay = self.delay();
            self.plan(delay, 1 - phone, Cause::Packet(far, data.to_vec()));
        }
    }

    fn on_link_request(&mut self, phone: usize, link: LinkId, request: LinkRequest) {
        let lost = self.happens(self.network.signals_lost_per_mille);
        match request {
            LinkRequest::Open(to) => {
                assert_eq!(to, identity(1 - phone));
                let far = LinkId(self.fresh_id());
                let mut ends = [link, far];
                ends.rotate_left(phone);
                self.links.push(Link { ends, is_open: [false; 2], is_wanted: true });
                self.open(phone, [link, far], lost);
            }
            LinkRequest::Identify => {
                let far = self.far_end(phone, link);
                let identified = LinkEvent::Identified(identity(phone));
                let delay = self.delay();
                if !lost {
                    self.plan(delay, 1 - phone, Cause::Link(far, identified));
                }
            }
            LinkRequest::Close => {
                let far = self.far_end(phone, link);
                let entry = self.links.iter_mut().find(|entry| entry.ends[phone] == link);
                let entry = entry.expect("the phone knows its links");
                (entry.is_open[phone], entry.is_wanted) = (false, false);
                let (end, after) = match lost {
                    false => (LinkEnd::Peer, self.delay()),
                    true => (LinkEnd::Timeout, LINK_TIMEOUT),
                };
                self.plan(after, 1 - phone, Cause::Link(far, LinkEvent::Closed(end)));
            }
        }
    }

    /// Sets a link up, or loses the request or the last packet of the three.
    fn open(&mut self, phone: usize, [near, far]: [LinkId; 2], is_lost: bool) {
        let delay = self.network.delay;
        let (rtt, mdu) = (delay * 2, 431);
        if self.is_cut || (is_lost && self.choose(2) == 0) {
            let failed = LinkEvent::Failed(LinkFailure::Timeout);
            return self.plan(LINK_TIMEOUT, phone, Cause::Link(near, failed));
        }
        self.plan(delay * 2, phone, Cause::Link(near, LinkEvent::Up { rtt, mdu }));
        if !is_lost {
            let delay = delay * 2 + self.delay();
            self.plan(delay, 1 - phone, Cause::Link(far, LinkEvent::Incoming { rtt, mdu }));
        }
    }

    fn on_stream(&mut self, phone: usize, change: StreamChange) {
        let handset = &mut self.phones[phone];
        let opens = change == StreamChange::Opened;
        if opens == handset.is_open {
            // The second direction.
            return;
        }
        handset.is_open = opens;
        handset.stream += 1;
        (handset.capture_queue, handset.playout_queue) = (Samples::ZERO, Samples::ZERO);
        let stream = handset.stream;
        if opens && self.has_audio {
            for direction in [Direction::Send, Direction::Receive] {
                self.plan(TICK, phone, Cause::Tick(stream, direction));
            }
        }
    }

    fn on_job(&mut self, phone: usize, job: JobId, direction: Direction, work: Work<'_>) {
        let handset = &mut self.phones[phone];
        assert!(handset.is_open, "{work:?} without a stream");
        let answer = match work {
            Work::Encode { source, samples, .. } => {
                assert!(source == Source::Silence || handset.capture_queue >= samples);
                handset.capture_queue = handset.capture_queue - samples;
                handset.encoded += 1;
                let mut payload = handset.encoded.to_le_bytes().to_vec();
                payload.extend(samples.0.to_le_bytes());
                Answer::Encoded(payload)
            }
            Work::Discard { samples } => {
                assert!(handset.capture_queue >= samples);
                handset.capture_queue = handset.capture_queue - samples;
                Answer::Discarded
            }
            Work::Decode { payload, .. } => {
                handset.frames_heard.push(number(payload));
                Answer::Played(Samples(number(&payload[4..])))
            }
            Work::Conceal { samples } => Answer::Played(samples),
        };
        let free_at = &mut handset.codec_free_at[direction as usize];
        *free_at = self.now.max(*free_at) + CODEC_TIME;
        let (wait, stream) = (free_at.since(self.now), handset.stream);
        self.plan(wait, phone, Cause::Job(stream, job, answer));
    }

    fn plan(&mut self, after: Duration, phone: usize, cause: Cause) {
        let order = self.fresh_id();
        self.agenda.insert((self.now + after, order), (phone, cause));
    }

    fn end_mut(&mut self, phone: usize, link: LinkId) -> Option<&mut bool> {
        let link = self.links.iter_mut().find(|entry| entry.ends[phone] == link)?;
        Some(&mut link.is_open[phone])
    }

    fn is_wanted(&self, phone: usize, link: LinkId) -> bool {
        self.links.iter().any(|entry| entry.ends[phone] == link && entry.is_wanted)
    }

    fn far_end(&self, phone: usize, link: LinkId) -> LinkId {
        let link = self.links.iter().find(|entry| entry.ends[phone] == link);
        link.expect("the phone knows its links").ends[1 - phone]
    }

    fn fresh_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    fn delay(&mut self) -> Duration {
        let jitter = u64::try_from(self.network.jitter.as_micros()).unwrap_or(u64::MAX);
        self.network.delay + Duration::from_micros(self.choose(jitter + 1))
    }

    fn happens(&mut self, per_mille: u64) -> bool {
        self.choose(1_000) < per_mille
    }

    /// A linear congruential generator; its high bits will do.
    fn random(&mut self) -> u64 {
        let seed = &mut self.network.seed;
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        *seed >> 33
    }
}

impl Handset {
    fn new(phone: usize, config: Config) -> Self {
        Self {
            phone: Telephone::new(identity(phone), config, Instant::ORIGIN),
            events: Vec::new(),
            frames_sent: Vec::new(),
            frames_heard: Vec::new(),
            stream: 0,
            is_open: false,
            capture_queue: Samples::ZERO,
            playout_queue: Samples::ZERO,
            encoded: 0,
            codec_free_at: [Instant::ORIGIN; 2],
        }
    }
}

fn identity(phone: usize) -> IdentityHash {
    IdentityHash([[0xaa; 16], [0xbb; 16]][phone])
}

fn number(payload: &[u8]) -> u32 {
    let bytes = payload.first_chunk().expect("a test's frame has 8 bytes");
    u32::from_le_bytes(*bytes)
}

const TICK: Duration = Duration::from_millis(20);
const TICK_SAMPLES: Samples = Samples::from_millis(20);
const CODEC_TIME: Duration = Duration::from_millis(1);

/// How long it takes to notice that a link does not come up, or that its other end is gone.
const LINK_TIMEOUT: Duration = Duration::from_secs(15);
