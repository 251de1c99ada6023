//! The radio: a sender and a few talkers behind one door in and one ordered door out.

use heapless::Deque;

use super::doors::{Command, Config, Deadline, Event, Input, Output};
use super::sender::{Ready, SendJob, Sender};
use super::talkers::{Name, Seat, Talkers};
use crate::audio::{Direction, Samples};
use crate::counters::{Counters, count};
use crate::error::InputError;
use crate::id::{JobId, LinkId, StreamId};
use crate::input::{Outcome, PortChange};
use crate::limits::{
    DEADLINES_PER_TIMEOUT, MAX_TALKERS, OUTBOX, OUTPUTS_PER_DEADLINE, OUTPUTS_PER_INPUT,
    RING_BYTES, TALK_FRAMES, TALKERS as DEFAULT_TALKERS,
};
use crate::link::Class;
use crate::outbox::Ticket;
use crate::output::{DropReason, PacketBuf, StreamChange};
use crate::stream::TalkerTimer;
use crate::time::Instant;
use crate::wire::{self, Packet, Signal, TalkEnd};

/// A radio, as a value: it sends talk spurts, and plays those of up to `TALKERS` others. The same
/// inputs at the same moments give the same outputs.
///
/// *Bounds*: memory is inline and fixed, and the work of one input is bounded; see
/// [`limits`](crate::limits). There are at most [`MAX_TALKERS`]. `Radio<0>` sends only, in 14 KiB.
/// Each talker takes 18 KiB more with the default `RING`, the size in bytes of its ring of received
/// frames, at least [`MIN_RING_BYTES`](crate::limits::MIN_RING_BYTES). A frame takes five bytes
/// there besides its payload: a packet of [`TALK_FRAMES`] frames is heard whole if they have at most
/// 251 bytes each. Of a longer one the oldest frames are dropped and counted
/// ([`Counters::frames_shed`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Radio<const TALKERS: usize = DEFAULT_TALKERS, const RING: usize = RING_BYTES> {
    config: Config,
    sender: Sender,
    talkers: Talkers<TALKERS, RING>,
    speaker: PortChange,
    outbox: Deque<Queued, OUTBOX>,
    /// Counters that belong to no talker.
    counters: Counters,
    next_job: JobId,
    now: Instant,
}

/// The stream of what we send. The streams of talkers have the numbers after it, each used once.
pub const SEND_STREAM: StreamId = StreamId(0);

/// An output whose bytes are not written yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Queued {
    Media,
    TalkEnd,
    Signal(Signal),
    Stream { stream: StreamId, change: StreamChange },
    SendJob { job: JobId, work: SendJob },
    ReceiveJob { index: usize, stream: StreamId, job: JobId, ticket: Ticket },
    Event(Event),
}

impl<const TALKERS: usize, const RING: usize> Radio<TALKERS, RING> {
    /// Creates a radio whose talk button is released, with both ports detached.
    #[must_use]
    pub fn new(config: Config, now: Instant) -> Self {
        const { assert!(TALKERS <= MAX_TALKERS, "a radio has at most MAX_TALKERS") };
        Self {
            config,
            sender: Sender::new(config),
            talkers: Talkers::new(config.format.rating(), StreamId(SEND_STREAM.0 + 1)),
            speaker: PortChange::Detached,
            outbox: Deque::new(),
            counters: Counters::default(),
            next_job: JobId(0),
            now,
        }
    }

    /// Applies one input whole, or refuses it.
    ///
    /// If `now` is earlier than the moment of the last input, the input counts as given at that
    /// moment.
    ///
    /// # Errors
    /// The input was refused and nothing changed. [`InputError::OutputFull`]: drain the outputs,
    /// then give it again. [`InputError::UnknownJob`] and [`InputError::UnknownStream`] are misuse.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) -> Result<(), InputError> {
        if OUTBOX - self.outbox.len() < OUTPUTS_PER_INPUT {
            return Err(InputError::OutputFull);
        }
        let now = now.max(self.now);
        match input {
            Input::Timeout => self.on_timeout(now),
            Input::Packet { link, data } => self.on_packet(now, link, data),
            Input::Closed { link } => self.on_closed(now, link),
            Input::Captured { samples } => self.sender.on_captured(samples),
            Input::Consumed { samples } => {
                self.talkers.taken_mut().for_each(|talker| talker.on_consumed(now, samples));
            }
            Input::Overrun { direction, samples } => self.on_overrun(direction, samples),
            Input::Port { direction, change } => self.on_port(direction, change),
            Input::JobDone { job, outcome } => self.on_job_done(job, outcome)?,
            Input::Command(command) => self.on_command(command)?,
        }
        self.now = now;
        self.work();
        Ok(())
    }

    /// Returns the next output, with its bytes in `buf`, or `None` when the queue is drained.
    pub fn poll_output<'b>(&mut self, buf: &'b mut PacketBuf) -> Option<Output<'b>> {
        let buf = &mut buf.0;
        Some(match self.outbox.pop_front()? {
            Queued::Media => {
                let data = self.sender.write_packet(buf);
                // A packet may have waited for this one.
                self.send();
                Output::Transmit { class: Class::Media, data }
            }
            Queued::TalkEnd => {
                // Three bytes.
                let length = wire::encode_talk_end(TalkEnd { speaker: None }, buf).unwrap_or(0);
                Output::Transmit { class: Class::Signal, data: &buf[..length] }
            }
            Queued::Signal(signal) => {
                // One signal takes at most 12 bytes.
                let length = wire::encode_signals(&[signal], buf).unwrap_or(0);
                Output::Transmit { class: Class::Signal, data: &buf[..length] }
            }
            Queued::Stream { stream, change } => {
                let is_ours = stream == SEND_STREAM;
                let direction = if is_ours { Direction::Send } else { Direction::Receive };
                Output::Stream { stream, direction, change }
            }
            Queued::SendJob { job, work } => {
                let (direction, work) = (Direction::Send, work.work());
                Output::Job { job, stream: SEND_STREAM, direction, work }
            }
            Queued::ReceiveJob { index, stream, job, ticket } => {
                let work = self.talkers.talker_mut(index).write_work(ticket, buf);
                Output::Job { job, stream, direction: Direction::Receive, work }
            }
            Queued::Event(event) => Output::Event(event),
        })
    }

    /// Returns when [`Input::Timeout`] is due next, and for which timer. `None` while nobody talks
    /// or has talked.
    ///
    /// # Panics
    /// With debug assertions, if outputs wait: the deadline is only valid when they are drained.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Deadline> {
        debug_assert!(self.outbox.is_empty(), "drain poll_output before poll_timeout");
        self.deadline()
    }

    /// Returns the counters since the start, of the sender and all talkers together.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.talkers.counters().fold(self.counters, Counters::plus)
    }

    /// Handles every due deadline in order, so a late call has the same effect as timely calls.
    fn on_timeout(&mut self, now: Instant) {
        for _ in 0..DEADLINES_PER_TIMEOUT {
            if OUTBOX - self.outbox.len() < MAX_TALKERS + OUTPUTS_PER_DEADLINE {
                return;
            }
            let Some(due) = self.deadline().filter(|due| due.at <= now) else { return };
            let Some(index) = self.talkers.of_stream(due.stream) else { return };
            match due.timer {
                // The jobs conceal what is missing.
                TalkerTimer::Playout => {}
                TalkerTimer::Quality => self.tell(now, index, due.stream),
                TalkerTimer::Quiet => self.end_talk(now, index),
                TalkerTimer::Idle => self.free(index),
            }
            self.receive(now);
        }
    }

    /// Handles the frames of a packet, then the end of a talk, then the signals.
    fn on_packet(&mut self, now: Instant, link: LinkId, data: &[u8]) {
        let Ok(packet) = Packet::parse(data) else {
            return self.drop_for(link, DropReason::MalformedPacket);
        };
        let name = Name { link, speaker: packet.speaker() };
        self.on_frames(now, name, &packet);
        if let Some(end) = packet.talk_end() {
            let speaker = end.speaker.or(name.speaker);
            if let Some(index) = self.talkers.find(Name { speaker, ..name }) {
                self.end_talk(now, index);
            }
        }
        for signal in packet.signals() {
            self.push(Queued::Event(Event::Signal { link, signal }));
        }
        let dropped = packet.signals_dropped();
        if dropped > 0 {
            self.drop_for(link, DropReason::UnknownSignal);
            let signals = &mut self.counters.signals_unknown;
            *signals = signals.saturating_add(dropped - 1);
        }
    }

    fn on_frames(&mut self, now: Instant, name: Name, packet: &Packet<'_>) {
        let frames = packet.frames().known(self.config.codecs);
        let Some(first) = frames.clone().next() else { return };
        if first.is_err() && self.talkers.find(name).is_none() {
            return self.drop_for(name.link, DropReason::UnknownFrame);
        }
        let Some(seat) = self.talkers.seat(now, name, self.speaker) else {
            let frames = frames.filter(Result::is_ok).take(TALK_FRAMES).count();
            let refused = &mut self.counters.frames_refused;
            *refused = refused.saturating_add(u64::try_from(frames).unwrap_or(u64::MAX));
            return;
        };
        let Seat { index, stream, left } = seat;
        if let Some(left) = left {
            if let Some(stream) = left.stream {
                self.push(Queued::Stream { stream, change: StreamChange::Closed });
            }
            self.push(Queued::Stream { stream, change: StreamChange::Opened });
        }
        let talker = self.talkers.talker_mut(index);
        let was_talking = talker.is_talking();
        let dropped = talker.on_frames(now, frames, packet.sequence());
        if !was_talking && talker.is_talking() {
            let Name { link, speaker } = name;
            self.push(Queued::Event(Event::Talking { stream, link, speaker }));
        }
        if let Some(reason) = dropped {
            self.push(Queued::Event(Event::Dropped { link: name.link, reason }));
        }
    }

    fn on_closed(&mut self, now: Instant, link: LinkId) {
        for index in 0..TALKERS {
            if self.talkers.name(index).is_some_and(|name| name.link == link) {
                self.end_talk(now, index);
            }
        }
    }

    fn on_overrun(&mut self, direction: Direction, samples: Samples) {
        match direction {
            Direction::Send => self.sender.on_overrun(samples, &mut self.counters),
            Direction::Receive => {
                self.talkers.taken_mut().for_each(|talker| talker.on_overrun(samples));
            }
        }
    }

    fn on_port(&mut self, direction: Direction, change: PortChange) {
        match direction {
            Direction::Send => {
                if self.sender.on_port(change) {
                    let change = match change {
                        PortChange::Attached => StreamChange::Opened,
                        PortChange::Detached => StreamChange::Closed,
                    };
                    self.push(Queued::Stream { stream: SEND_STREAM, change });
                }
            }
            Direction::Receive => {
                self.speaker = change;
                self.talkers.taken_mut().for_each(|talker| talker.on_port(change));
            }
        }
    }

    fn on_job_done(&mut self, job: JobId, outcome: Outcome<'_>) -> Result<(), InputError> {
        if job >= self.next_job {
            return Err(InputError::UnknownJob(job));
        }
        if self.sender.has_job(job) {
            if self.sender.on_job_done(job, outcome, &mut self.counters)? {
                self.push(Queued::Media);
            }
        } else if let Some(index) = self.talkers.of_job(job) {
            let reason = self.talkers.talker_mut(index).on_job_done(outcome);
            if let Some((reason, name)) = reason.zip(self.talkers.name(index)) {
                self.push(Queued::Event(Event::Dropped { link: name.link, reason }));
            }
        } else {
            count(&mut self.counters.jobs_void);
        }
        Ok(())
    }

    fn on_command(&mut self, command: Command) -> Result<(), InputError> {
        match command {
            Command::Talk(talk) => self.sender.on_talk(talk),
            Command::Mute(stream, mute) => {
                let index = self.talkers.of_stream(stream);
                let index = index.ok_or(InputError::UnknownStream(stream))?;
                self.talkers.talker_mut(index).on_mute(mute);
            }
            Command::SetFormat(format) => self.sender.set_format(format),
            Command::SetMdu(mdu) => self.sender.set_mdu(mdu),
            Command::Signal(signal) => self.push(Queued::Signal(signal)),
        }
        Ok(())
    }

    fn end_talk(&mut self, now: Instant, index: usize) {
        let Some(stream) = self.talkers.stream(index) else { return };
        if self.talkers.talker_mut(index).is_talking() {
            self.tell(now, index, stream);
            self.talkers.talker_mut(index).on_talk_end(now);
            self.push(Queued::Event(Event::TalkEnded { stream }));
        }
    }

    fn tell(&mut self, now: Instant, index: usize, stream: StreamId) {
        let quality = self.talkers.talker_mut(index).quality(now);
        self.push(Queued::Event(Event::Quality { stream, quality }));
    }

    fn free(&mut self, index: usize) {
        if let Some(stream) = self.talkers.free(index) {
            self.push(Queued::Stream { stream, change: StreamChange::Closed });
        }
    }

    fn drop_for(&mut self, link: LinkId, reason: DropReason) {
        let reason = self.counters.drop_for(reason);
        self.push(Queued::Event(Event::Dropped { link, reason }));
    }

    /// Sends what is ready, and hands out the jobs that are ready.
    fn work(&mut self) {
        self.send();
        while let Some((job, work)) = self.sender.next_job(&mut self.next_job, &mut self.counters) {
            self.push(Queued::SendJob { job, work });
        }
        self.receive(self.now);
    }

    fn send(&mut self) {
        while let Some(ready) = self.sender.next_packet(&mut self.counters) {
            self.push(match ready {
                Ready::Media => Queued::Media,
                Ready::TalkEnd => Queued::TalkEnd,
            });
        }
    }

    fn receive(&mut self, now: Instant) {
        for index in 0..TALKERS {
            let Some(stream) = self.talkers.stream(index) else { continue };
            let next = self.talkers.talker_mut(index).next_job(now, &mut self.next_job);
            if let Some((job, ticket)) = next {
                self.push(Queued::ReceiveJob { index, stream, job, ticket });
            }
        }
    }

    fn push(&mut self, output: Queued) {
        // handle_input refuses an input unless OUTPUTS_PER_INPUT places are free.
        let refused = self.outbox.push_back(output);
        debug_assert!(refused.is_ok(), "an input caused more than {OUTPUTS_PER_INPUT} outputs");
    }

    fn deadline(&self) -> Option<Deadline> {
        let deadlines = self.talkers.taken().map(|(stream, talker)| {
            let (at, timer) = talker.deadline();
            Deadline { at, stream, timer }
        });
        // Instant::MAX is never due.
        deadlines.min_by_key(|deadline| deadline.at).filter(|deadline| deadline.at < Instant::MAX)
    }
}
