//! Voice without a call: the core's radio, codec jobs and PCM on any way for packets.

use std::collections::VecDeque;

use bytes::Bytes;
use lxst_core::talk::{self, Command, Config, Event, Input, Output, SEND_STREAM};
use lxst_core::{
    Class, Counters, Direction, InputError, Instant, JobId, LinkId, Outcome, PacketBuf, PortChange,
    Samples, StreamChange, StreamId, limits,
};

use crate::audio::samples;
use crate::coder::{Done, Task};
use crate::streams::Streams;

/// A radio without a runtime: it sends talk spurts, and plays those of up to `TALKERS` others, mixed.
/// Moments count from an origin that the owner chooses.
///
/// Packets come from links, and from PLAIN and GROUP destinations, which the owner numbers like
/// links. Each packet of [`poll_packet`](Self::poll_packet) is for all of them: it is encoded once.
///
/// *Inputs* take effect at once. After each input, the owner drains
/// [`poll_packet`](Self::poll_packet), [`poll_task`](Self::poll_task) and
/// [`poll_event`](Self::poll_event). It then sleeps until [`poll_timeout`](Self::poll_timeout) or
/// the next input. Tasks are for a [`Coder`](crate::Coder), which holds a decoder for each talker.
///
/// ```
/// use lxst_core::talk::{Command, Config, Event};
/// use lxst_core::{Direction, Instant, LinkId, PortChange, Talk};
/// use lxst_engine::{Coder, RadioEngine, RadioEvent};
///
/// let now = Instant::from_millis(60);
/// let (mut alice, mut bob) = (RadioEngine::<0>::new(Config::default()), RadioEngine::<4>::new(Config::default()));
/// alice.port(now, Direction::Send, PortChange::Attached);
/// bob.port(now, Direction::Receive, PortChange::Attached);
/// alice.command(now, Command::Talk(Talk::Pressed))?;
/// alice.capture(now, &[0.1; 2_880]);
/// let mut coder = Coder::default();
/// while let Some(task) = alice.poll_task() {
///     if let Some(done) = coder.run(task) {
///         alice.handle_done(now, done);
///     }
/// }
/// while let Some(packet) = alice.poll_packet() {
///     bob.handle_packet(now, LinkId(1), &packet.data);
/// }
/// let talking = bob.poll_event();
/// assert!(matches!(talking, Some(RadioEvent::Talk(Event::Talking { link: LinkId(1), .. }))));
/// # Ok::<(), lxst_core::InputError>(())
/// ```
///
/// *Bounds*: as those of [`Radio`](talk::Radio).
#[derive(Debug)]
pub struct RadioEngine<const TALKERS: usize = { limits::TALKERS }> {
    radio: Box<talk::Radio<TALKERS>>,
    streams: Streams,
    /// The talkers whose streams are open.
    talkers: Vec<StreamId>,
    /// Jobs that are done without the coder, and of which the radio is not told yet.
    discarded: VecDeque<JobId>,
    packets: VecDeque<RadioPacket>,
    tasks: VecDeque<Task>,
    events: VecDeque<RadioEvent>,
}

/// A packet of a radio, for each of its links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RadioPacket {
    /// How the packet is treated when the network stalls.
    pub class: Class,
    /// The plaintext.
    pub data: Bytes,
}

/// An event of a radio. The enum is exhaustive by intent: an owner handles each variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RadioEvent {
    /// An event of the talks.
    Talk(talk::Event),
    /// The coder panicked, which is a bug. One frame is lost, and the codecs start with fresh
    /// state.
    CoderCrashed,
}

impl<const TALKERS: usize> RadioEngine<TALKERS> {
    /// Creates a radio whose talk button is released, with both ports detached.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            radio: Box::new(talk::Radio::new(config, Instant::ORIGIN)),
            streams: Streams::default(),
            talkers: Vec::new(),
            discarded: VecDeque::new(),
            packets: VecDeque::new(),
            tasks: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// Handles a packet: the plaintext that arrived on a link.
    pub fn handle_packet(&mut self, now: Instant, link: LinkId, data: &[u8]) {
        self.give(now, Input::Packet { link, data });
    }

    /// Handles the end of a link. The talks of its talkers end.
    pub fn handle_closed(&mut self, now: Instant, link: LinkId) {
        self.give(now, Input::Closed { link });
    }

    /// Handles what is due. An early or late call does no harm.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.radio.poll_timeout().is_some_and(|deadline| deadline.at <= now) {
            self.give(now, Input::Timeout);
        }
        self.tell_captured(now);
    }

    /// Applies a command of the app.
    ///
    /// # Errors
    /// [`InputError::UnknownStream`]: the talker is gone. Nothing changed.
    pub fn command(&mut self, now: Instant, command: Command) -> Result<(), InputError> {
        self.input(now, Input::Command(command))
    }

    /// Attaches or detaches the microphone or the speaker.
    pub fn port(&mut self, now: Instant, direction: Direction, change: PortChange) {
        self.give(now, Input::Port { direction, change });
    }

    /// Takes captured 48 kHz mono PCM, in blocks of up to 2 s, as
    /// [`Engine::capture`](crate::Engine::capture) does.
    ///
    /// *Bounds*: beyond [`CAPTURE_QUEUE`](crate::CAPTURE_QUEUE) the oldest audio is dropped and
    /// counted.
    pub fn capture(&mut self, now: Instant, pcm: &[f32]) {
        let dropped = self.streams.capture(SEND_STREAM, pcm);
        self.overrun(now, Direction::Send, dropped);
        self.tell_captured(now);
    }

    /// Counts audio that an audio port of the owner dropped.
    pub fn overrun(&mut self, now: Instant, direction: Direction, samples: Samples) {
        if !samples.is_zero() {
            self.give(now, Input::Overrun { direction, samples });
        }
    }

    /// Fills a block of 48 kHz mono PCM for the speaker with the sum of all talkers, clipped to -1
    /// to 1. Returns how many samples the talker with the most audio had; the rest is silence. This
    /// is the playout clock: call it at the speaker's pace, in blocks of up to 2 s.
    pub fn play(&mut self, now: Instant, pcm: &mut [f32]) -> usize {
        pcm.fill(0.0);
        let (mut heard, mut voice) = (0, vec![0.0; pcm.len()]);
        for talker in &self.talkers {
            heard = heard.max(self.streams.play(*talker, &mut voice));
            pcm.iter_mut().zip(&voice).for_each(|(sum, sample)| *sum += sample);
        }
        pcm.iter_mut().for_each(|sample| *sample = sample.clamp(-1.0, 1.0));
        self.give(now, Input::Consumed { samples: samples(pcm.len()) });
        heard
    }

    /// Returns whether a block of this length would lack audio only because the coder has not
    /// finished a frame, as [`Engine::awaits_audio`](crate::Engine::awaits_audio) does.
    #[must_use]
    pub fn awaits_audio(&self, length: usize) -> bool {
        self.talkers.iter().any(|talker| self.streams.is_awaited(*talker, length))
    }

    /// Takes the result of a task.
    pub fn handle_done(&mut self, now: Instant, done: Done) {
        self.streams.on_done(&done);
        if matches!(done, Done::Crashed { .. }) {
            self.events.push_back(RadioEvent::CoderCrashed);
        }
        self.give(now, Input::JobDone { job: done.job(), outcome: done.outcome() });
    }

    /// Returns the next packet, for each link.
    pub fn poll_packet(&mut self) -> Option<RadioPacket> {
        self.packets.pop_front()
    }

    /// Returns the next task for the coder.
    pub fn poll_task(&mut self) -> Option<Task> {
        self.tasks.pop_front()
    }

    /// Returns the next event for the app.
    pub fn poll_event(&mut self) -> Option<RadioEvent> {
        self.events.pop_front()
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let radio = self.radio.poll_timeout().map(|deadline| deadline.at);
        radio.into_iter().chain(self.streams.due()).min()
    }

    /// Returns the streams of the talkers that have a place, in the order in which they got it.
    pub fn talkers(&self) -> impl Iterator<Item = StreamId> {
        self.talkers.iter().copied()
    }

    /// Returns the counters since the start, of the sender and all talkers together.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.radio.counters()
    }

    /// Returns the captured audio dropped because too much waited for the coder.
    #[must_use]
    pub const fn capture_dropped(&self) -> Samples {
        self.streams.dropped()
    }

    /// Returns the captured samples that are not encoded.
    #[must_use]
    pub fn capture_unsent(&self) -> u64 {
        self.streams.unsent(SEND_STREAM) as u64
    }

    fn tell_captured(&mut self, now: Instant) {
        while let Some((_, samples)) = self.streams.captured(now) {
            self.give(now, Input::Captured { samples });
        }
    }

    /// Gives an input that the radio does not refuse.
    fn give(&mut self, now: Instant, input: Input<'_>) {
        let refused = self.input(now, input).err();
        debug_assert_eq!(refused, None, "outputs are drained, and jobs are the radio's");
    }

    fn input(&mut self, now: Instant, input: Input<'_>) -> Result<(), InputError> {
        self.radio.handle_input(now, input)?;
        self.drain();
        while let Some(job) = self.discarded.pop_front() {
            self.radio.handle_input(now, Input::JobDone { job, outcome: Outcome::Discarded })?;
            self.drain();
        }
        Ok(())
    }

    fn drain(&mut self) {
        let mut buf = PacketBuf::new();
        while let Some(output) = self.radio.poll_output(&mut buf) {
            match output {
                Output::Transmit { class, data } => {
                    let data = Bytes::copy_from_slice(data);
                    self.packets.push_back(RadioPacket { class, data });
                }
                Output::Stream { stream, direction, change } => {
                    self.tasks.push_back(self.streams.on_stream(stream, direction, change));
                    match (direction, change) {
                        (Direction::Receive, StreamChange::Opened) => self.talkers.push(stream),
                        (Direction::Receive, StreamChange::Closed) => {
                            self.talkers.retain(|talker| *talker != stream);
                        }
                        (Direction::Send, _) => {}
                    }
                }
                Output::Job { job, stream, work, .. } => {
                    match self.streams.on_job(stream, job, work) {
                        Some(task) => self.tasks.push_back(task),
                        None => self.discarded.push_back(job),
                    }
                }
                Output::Event(event) => {
                    match event {
                        Event::Talking { stream, .. } => {
                            self.streams.set_told_silent(stream, false)
                        }
                        Event::TalkEnded { stream } => self.streams.set_told_silent(stream, true),
                        Event::Quality { .. } | Event::Signal { .. } | Event::Dropped { .. } => {}
                    }
                    self.events.push_back(RadioEvent::Talk(event));
                }
            }
        }
    }
}
