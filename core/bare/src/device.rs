//! What a board does around a telephone: give an input, drain the outputs, run the codec jobs.

use heapless::{Deque, Vec};
use lxst_core::wire::{Codec, Frame};
use lxst_core::{
    AnnouncePolicy, CallId, Command, Config, Direction, EndReason, Event, IdentityHash, Input,
    InputError, Instant, JobId, LinkId, Outcome, Output, PacketBuf, PortChange, Samples,
    StreamChange, StreamId, Telephone, Work,
};

use crate::air::{Air, Arrival, Side, What};

/// A telephone and the board around it.
pub(crate) struct Device {
    side: Side,
    identity: IdentityHash,
    telephone: Telephone<1, RING>,
    /// Carries the bytes of one output.
    buf: PacketBuf,
    jobs: Deque<(JobId, Job), JOBS>,
    sending: Option<StreamId>,
    receiving: Option<StreamId>,
    /// The call that rings here.
    ringing: Option<CallId>,
    pub(crate) story: Story,
}

/// What happened.
#[derive(Default)]
pub(crate) struct Story {
    pub(crate) rang: bool,
    pub(crate) established: bool,
    /// Frames in which the peer's voice was.
    pub(crate) frames_heard: u32,
    pub(crate) ended: Option<EndReason>,
}

/// A codec job, kept until the outputs are drained.
enum Job {
    Encode,
    Decode(Vec<u8, FRAME_BYTES>),
    Conceal(Samples),
    Discard,
}

impl Device {
    pub(crate) fn new(side: Side, identity: IdentityHash, now: Instant) -> Self {
        let config = Config { announce: AnnouncePolicy::ON_COMMAND, ..Config::default() };
        Self {
            side,
            identity,
            telephone: Telephone::with_lines(identity, config, now),
            buf: PacketBuf::new(),
            jobs: Deque::new(),
            sending: None,
            receiving: None,
            ringing: None,
            story: Story::default(),
        }
    }

    /// Attaches microphone and speaker to a call.
    pub(crate) fn attach(
        &mut self,
        now: Instant,
        call: CallId,
        air: &mut Air,
    ) -> Result<(), InputError> {
        for direction in [Direction::Send, Direction::Receive] {
            let (stream, change) = (call.into(), PortChange::Attached);
            self.give(now, Input::Port { stream, direction, change }, air)?;
        }
        Ok(())
    }

    /// When the telephone wants [`Input::Timeout`].
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.telephone.poll_timeout().map(|deadline| deadline.at)
    }

    /// Gives an input and does all that comes of it.
    pub(crate) fn give(
        &mut self,
        now: Instant,
        input: Input<'_>,
        air: &mut Air,
    ) -> Result<(), InputError> {
        self.telephone.handle_input(now, input)?;
        self.drain(now, air);
        // A board whose codec takes its time goes on here, and gives `JobDone` when it is.
        while let Some((job, work)) = self.jobs.pop_front() {
            let outcome = self.run(work);
            self.telephone.handle_input(now, Input::JobDone { job, outcome })?;
            self.drain(now, air);
        }
        match self.ringing.take() {
            Some(call) => {
                self.attach(now, call, air)?;
                self.give(now, Input::Command(Command::Answer(call)), air)
            }
            None => Ok(()),
        }
    }

    /// Takes what the network brought. What speaks of a link that is closed here is refused.
    pub(crate) fn on_arrival(&mut self, now: Instant, arrival: &Arrival, air: &mut Air) {
        let _ = match &arrival.what {
            What::Event(event) => self.give(now, Input::Link { link: LINK, event: *event }, air),
            What::Packet(data) => self.give(now, Input::Packet { link: LINK, data }, air),
        };
    }

    /// Takes a block of the audio hardware: so much was recorded, and so much was played.
    pub(crate) fn on_block(
        &mut self,
        now: Instant,
        block: Samples,
        air: &mut Air,
    ) -> Result<(), InputError> {
        if let Some(stream) = self.sending {
            self.give(now, Input::Captured { stream, samples: block }, air)?;
        }
        if let Some(stream) = self.receiving {
            self.give(now, Input::Consumed { stream, samples: block }, air)?;
        }
        Ok(())
    }

    fn drain(&mut self, now: Instant, air: &mut Air) {
        while let Some(output) = self.telephone.poll_output(&mut self.buf) {
            match output {
                Output::Transmit { data, .. } => air.transmit(now, self.side, data),
                Output::Link { request, .. } => {
                    air.request(now, self.side, self.identity, request);
                }
                Output::Stream { stream, direction, change } => {
                    let open = (change == StreamChange::Opened).then_some(stream);
                    match direction {
                        Direction::Send => self.sending = open,
                        Direction::Receive => self.receiving = open,
                    }
                }
                Output::Job { job, work, .. } => {
                    let work = match work {
                        Work::Encode { .. } => Job::Encode,
                        Work::Decode { payload, .. } => {
                            Job::Decode(Vec::from_slice(payload).unwrap_or_default())
                        }
                        Work::Conceal { samples } => Job::Conceal(samples),
                        Work::Discard { .. } => Job::Discard,
                    };
                    let kept = self.jobs.push_back((job, work));
                    assert!(kept.is_ok(), "one input causes no more outputs than there is room");
                }
                Output::Event(event) => match event {
                    Event::Incoming { call, .. } => {
                        self.story.rang = true;
                        self.ringing = Some(call);
                    }
                    Event::Ringing { .. } => self.story.rang = true,
                    Event::Established { .. } => self.story.established = true,
                    Event::Ended { reason, .. } => self.story.ended = Some(reason),
                    _ => {}
                },
                Output::Announce => {}
            }
        }
    }

    /// The codec, which makes a frame of who speaks. A real one takes the samples that a job names
    /// off the queue of the microphone, and appends to that of the speaker.
    fn run(&mut self, job: Job) -> Outcome<'static> {
        match job {
            Job::Encode => {
                Outcome::Encoded(Frame { codec: Codec::Opus, payload: voice(self.side) })
            }
            Job::Decode(payload) => {
                self.story.frames_heard += u32::from(payload == voice(self.side.other()));
                Outcome::Played { samples: FRAME, level: SPEECH }
            }
            Job::Conceal(samples) => Outcome::Played { samples, level: SILENCE },
            Job::Discard => Outcome::Discarded,
        }
    }
}

/// What the codec makes of somebody's speech.
const fn voice(side: Side) -> &'static [u8] {
    match side {
        Side::Alice => b"alice speaks",
        Side::Bob => b"bob speaks",
    }
}

/// How both sides name their only link.
pub(crate) const LINK: LinkId = LinkId(2);
/// The audio of a frame: that of Medium Quality.
const FRAME: Samples = Samples::from_millis(60);
/// The bytes of the longest frame.
const FRAME_BYTES: usize = 64;
/// Bytes of received frames that wait: nearly two seconds of Medium Quality.
const RING: usize = 3_072;
/// Jobs that wait. The telephone has a few out at most, each for a stretch of audio that it counts.
const JOBS: usize = lxst_core::limits::OUTPUTS_PER_INPUT;
/// Levels in -dBov.
const SPEECH: u8 = 20;
const SILENCE: u8 = 127;
