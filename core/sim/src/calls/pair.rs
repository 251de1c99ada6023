//! Two phones, a network between them and all that a driver does, in virtual time.

mod network;

use core::time::Duration;

use lxst_core::wire::{Codec, Frame};
use lxst_core::{
    Boundary, CallId, Command, Config, Direction, EndReason, Event, IdentityHash, Input,
    InputError, Instant, JobId, LinkEvent, LinkId, Mode, Outcome, Output, PortChange, Profile,
    Samples, Source, StreamChange, StreamId, Telephone, Tempo, Work,
};

use super::{feed, quiet};
use crate::agenda::Agenda;
use crate::random::Pinned;
use network::Link;

pub use network::{LinkFacts, Network};

pub const ALICE: usize = 0;
pub const BOB: usize = 1;

type Tap = Box<dyn FnMut(usize, Instant, Boundary<'_>)>;

/// Two phones that can call each other.
pub struct Pair {
    pub now: Instant,
    /// Whether microphones and speakers run while a call stands.
    pub has_audio: bool,
    pub network: Network,
    random: Pinned,
    is_cut: bool,
    phones: [Handset; 2],
    links: Vec<Link>,
    agenda: Agenda<(usize, Trigger)>,
    tap: Tap,
}

/// A phone and its driver.
pub struct Handset {
    pub phone: Telephone,
    pub events: Vec<(Instant, Event)>,
    /// Media packets that went out.
    pub frames_sent: Vec<u32>,
    /// The numbers of the frames that were decoded, in order.
    pub frames_heard: Vec<u32>,
    /// Stream generation: what was begun for an earlier one is void.
    stream: u64,
    open: Option<StreamId>,
    /// A call that came in, whose ports are to be attached.
    came_in: Option<CallId>,
    capture_queue: Samples,
    playout_queue: Samples,
    encoded: u32,
    media_to_lose: u32,
    codec_free_at: [Instant; 2],
}

enum Trigger {
    Link(LinkId, LinkEvent),
    Packet(LinkId, Vec<u8>),
    Job(u64, JobId, Answer),
    Tick(u64, Direction),
}

enum Answer {
    Encoded(Codec, Vec<u8>),
    Played(Samples),
    Discarded,
}

impl Pair {
    pub fn new() -> Self {
        Self::with(Network::default(), [quiet(), quiet()], |_, _, _| {})
    }

    pub fn with(
        network: Network,
        configs: [Config; 2],
        tap: impl FnMut(usize, Instant, Boundary<'_>) + 'static,
    ) -> Self {
        Self {
            now: Instant::ORIGIN,
            has_audio: true,
            network,
            random: Pinned { state: network.seed, increment: 1 },
            is_cut: false,
            phones: [ALICE, BOB].map(|phone| Handset::new(phone, configs[phone])),
            links: Vec::new(),
            agenda: Agenda::new(),
            tap: Box::new(tap),
        }
    }

    pub fn dial(&mut self, from: usize, profile: Profile, mode: Mode) -> CallId {
        let call = CallId(self.fresh_id());
        let link = LinkId(self.fresh_id());
        let to = identity(1 - from);
        self.command(from, Command::Dial { call, link, to, profile, mode });
        self.attach(from, call);
        call
    }

    fn attach(&mut self, phone: usize, call: CallId) {
        for direction in [Direction::Send, Direction::Receive] {
            let (stream, change) = (call.into(), PortChange::Attached);
            self.give(phone, Input::Port { stream, direction, change });
        }
    }

    /// Alice dials Bob, who answers a second after it rings.
    pub fn connect(&mut self) -> [CallId; 2] {
        self.connect_with(Profile::MediumQuality, Mode::FullDuplex)
    }

    pub fn connect_with(&mut self, profile: Profile, mode: Mode) -> [CallId; 2] {
        let call = self.dial(ALICE, profile, mode);
        self.run_for(Duration::from_secs(1));
        let answered = self.call(BOB);
        self.command(BOB, Command::Answer(answered));
        self.run_for(Duration::from_millis(100));
        [call, answered]
    }

    pub fn command(&mut self, phone: usize, command: Command) {
        self.give(phone, Input::Command(command));
    }

    pub fn try_command(&mut self, phone: usize, command: Command) -> Result<(), InputError> {
        self.try_give(phone, Input::Command(command))
    }

    /// Lets time go on. A livelock fails.
    pub fn run_for(&mut self, duration: Duration) {
        let until = self.now + duration;
        let mut steps_at_once = 0;
        loop {
            let due = self.phones.iter().enumerate();
            let due =
                due.filter_map(|(index, handset)| Some((handset.phone.poll_timeout()?.at, index)));
            let due = due.min();
            let scheduled = self.agenda.next_at();
            let next = scheduled.into_iter().chain(due.map(|due| due.0)).min();
            let Some(at) = next.filter(|at| *at <= until) else { break };
            steps_at_once = if at == self.now { steps_at_once + 1 } else { 0 };
            assert!(steps_at_once < 1_000, "livelock at {at}");
            self.now = self.now.max(at);
            match self.agenda.poll(at) {
                Some((phone, cause)) => self.happen(phone, cause),
                None => {
                    let (_, phone) = due.expect("no event is due, so a phone is");
                    self.give(phone, Input::Timeout);
                    let next = self.phones[phone].phone.poll_timeout();
                    assert!(next.is_none_or(|next| next.at > at), "{next:?} is over");
                }
            }
        }
        self.now = until;
    }

    pub fn handset(&self, phone: usize) -> &Handset {
        &self.phones[phone]
    }

    /// The call that a phone has.
    pub fn call(&self, phone: usize) -> CallId {
        let call = self.phones[phone].phone.call();
        call.expect("the phone has a call").call
    }

    pub fn ended(&self, phone: usize) -> Vec<EndReason> {
        let events = self.phones[phone].events.iter();
        events
            .filter_map(|(_, event)| match event {
                Event::Ended { reason, .. } => Some(*reason),
                _ => None,
            })
            .collect()
    }

    pub fn is_established(&self, phone: usize) -> bool {
        let call = self.phones[phone].phone.call();
        call.is_some_and(|call| call.state == lxst_core::CallState::Established)
    }

    fn happen(&mut self, phone: usize, cause: Trigger) {
        match cause {
            Trigger::Link(link, event) => {
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
            Trigger::Packet(link, data) => {
                if !self.is_cut && self.end_mut(phone, link).is_some_and(|end| *end) {
                    self.give(phone, Input::Packet { link, data: &data });
                }
            }
            Trigger::Job(stream, job, answer) if stream == self.phones[phone].stream => {
                let outcome = match &answer {
                    Answer::Encoded(codec, payload) => {
                        Outcome::Encoded(Frame { codec: *codec, payload })
                    }
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
            Trigger::Tick(generation, direction) if generation == self.phones[phone].stream => {
                self.plan(TICK, phone, Trigger::Tick(generation, direction));
                let samples = TICK_SAMPLES;
                let handset = &mut self.phones[phone];
                let Some(stream) = handset.open else { return };
                match direction {
                    Direction::Send => {
                        handset.capture_queue = handset.capture_queue + samples;
                        self.give(phone, Input::Captured { stream, samples });
                    }
                    Direction::Receive => {
                        handset.playout_queue = handset.playout_queue - samples;
                        self.give(phone, Input::Consumed { stream, samples });
                    }
                }
            }
            Trigger::Job(..) | Trigger::Tick(..) => {}
        }
    }

    fn give(&mut self, phone: usize, input: Input<'_>) {
        if let Err(error) = self.try_give(phone, input) {
            panic!("{input:?} was refused: {error}");
        }
    }

    fn try_give(&mut self, phone: usize, input: Input<'_>) -> Result<(), InputError> {
        (self.tap)(phone, self.now, Boundary::In(input));
        // The doors borrow the phone, what follows from its outputs needs the whole pair.
        let mut telephone = self.phones[phone].phone.clone();
        let now = self.now;
        feed(&mut telephone, now, input, |output| self.on_output(phone, output))?;
        self.phones[phone].phone = telephone;
        if let Some(call) = self.phones[phone].came_in.take() {
            self.attach(phone, call);
        }
        Ok(())
    }

    fn on_output(&mut self, phone: usize, output: &Output<'_>) {
        (self.tap)(phone, self.now, Boundary::Out(*output));
        match *output {
            Output::Transmit { link, data, .. } => self.on_transmit(phone, link, data),
            Output::Link { link, request } => self.on_link_request(phone, link, request),
            Output::Stream { stream, change, .. } => self.on_stream(phone, stream, change),
            Output::Job { job, direction, work, .. } => self.on_job(phone, job, direction, work),
            Output::Event(event) => {
                if let Event::Incoming { call, .. } = event {
                    self.phones[phone].came_in = Some(call);
                }
                self.phones[phone].events.push((self.now, event));
            }
            Output::Announce => {}
        }
    }

    fn on_stream(&mut self, phone: usize, id: StreamId, change: StreamChange) {
        let handset = &mut self.phones[phone];
        let opens = change == StreamChange::Opened;
        if opens == handset.open.is_some() {
            // The second direction.
            return;
        }
        handset.open = opens.then_some(id);
        handset.stream += 1;
        (handset.capture_queue, handset.playout_queue) = (Samples::ZERO, Samples::ZERO);
        let stream = handset.stream;
        if opens && self.has_audio {
            for direction in [Direction::Send, Direction::Receive] {
                self.plan(TICK, phone, Trigger::Tick(stream, direction));
            }
        }
    }

    fn on_job(&mut self, phone: usize, job: JobId, direction: Direction, work: Work<'_>) {
        let handset = &mut self.phones[phone];
        assert!(handset.open.is_some(), "{work:?} without a stream");
        let answer = match work {
            Work::Encode { format, source, samples } => {
                assert!(source == Source::Silence || handset.capture_queue >= samples);
                handset.capture_queue = handset.capture_queue - samples;
                handset.encoded += 1;
                let mut payload = vec![head(samples)];
                payload.extend(handset.encoded.to_le_bytes());
                payload.extend((samples.0 as u32).to_le_bytes());
                if samples > Samples::from_millis(60) {
                    payload.resize(1 + samples.0 as usize / 960 * 8, 0);
                }
                Answer::Encoded(format.codec(), payload)
            }
            Work::Discard { samples } => {
                assert!(handset.capture_queue >= samples);
                handset.capture_queue = handset.capture_queue - samples;
                Answer::Discarded
            }
            Work::Decode { payload, tempo, .. } => {
                handset.frames_heard.push(number(&payload[1..]));
                let frame = u64::from(number(&payload[5..]));
                Answer::Played(Samples(match tempo {
                    Tempo::Normal => frame,
                    Tempo::Faster { .. } => frame * 4 / 5,
                    Tempo::Skip => 0,
                    Tempo::Slower => frame * 6 / 5,
                }))
            }
            Work::Conceal { samples } => Answer::Played(samples),
        };
        let free_at = &mut handset.codec_free_at[direction as usize];
        *free_at = self.now.max(*free_at) + CODEC_TIME;
        let (wait, stream) = (free_at.since(self.now), handset.stream);
        self.plan(wait, phone, Trigger::Job(stream, job, answer));
    }

    fn plan(&mut self, after: Duration, phone: usize, cause: Trigger) {
        self.agenda.schedule(self.now + after, (phone, cause));
    }

    fn fresh_id(&mut self) -> u64 {
        // The first is 2.
        self.agenda.next_number() + 1
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
            open: None,
            came_in: None,
            capture_queue: Samples::ZERO,
            playout_queue: Samples::ZERO,
            encoded: 0,
            media_to_lose: 0,
            codec_free_at: [Instant::ORIGIN; 2],
        }
    }
}

fn identity(phone: usize) -> IdentityHash {
    IdentityHash([[0xaa; 16], [0xbb; 16]][phone])
}

/// The byte by which a frame tells its length: of Opus, or of Codec2 where it is longer.
fn head(samples: Samples) -> u8 {
    match samples.0 {
        480 => 0x40,
        960 => 0x48,
        2_880 => 0x58,
        _ => 6,
    }
}

fn number(payload: &[u8]) -> u32 {
    let bytes = payload.first_chunk().expect("a test's frame has 8 bytes");
    u32::from_le_bytes(*bytes)
}

const TICK: Duration = Duration::from_millis(20);
const TICK_SAMPLES: Samples = Samples::from_millis(20);
const CODEC_TIME: Duration = Duration::from_millis(1);
