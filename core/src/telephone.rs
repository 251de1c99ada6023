//! The telephone: calls and their streams behind one door in and one ordered door out.

use core::time::Duration;

use crate::call::{Context, Exchange, Limiter, Lines};
use crate::config::Config;
use crate::counters::{Counters, count};
use crate::error::InputError;
use crate::id::{CallId, IdentityHash, JobId, LinkId, StreamId};
use crate::input::{Input, Outcome};
use crate::limits::{DEADLINES_PER_TIMEOUT, OUTPUTS_PER_DEADLINE, OUTPUTS_PER_INPUT, RING_BYTES};
use crate::link::Class;
use crate::outbox::{Outbox, Queued};
use crate::output::{DropReason, Event, Output, PacketBuf};
use crate::state::CallStatus;
use crate::stream::{self, Gate, Streams};
use crate::time::Instant;
use crate::timers::{Deadline, Timer};
use crate::wire::{self, Packet};

/// A telephone, as a value: the same inputs at the same moments give the same outputs.
///
/// The canonical loop gives an input, drains the outputs, and asks for the next deadline:
///
/// ```
/// # use lxst_core::{CallId, Command, Config, Destination, IdentityHash, Input, Instant, LinkId, Mode};
/// # use lxst_core::{Output, PacketBuf, Profile, Telephone, LinkRequest};
/// let mut phone = Telephone::new(IdentityHash([1; 16]), Config::default(), Instant::ORIGIN);
/// let mut buf = PacketBuf::new();
///
/// let dial = Command::Dial {
///     call: CallId(1),
///     link: LinkId(2),
///     to: IdentityHash([7; 16]),
///     profile: Profile::MediumQuality,
///     mode: Mode::FullDuplex,
/// };
/// phone.handle_input(Instant::from_millis(5), Input::Command(dial))?;
/// while let Some(output) = phone.poll_output(&mut buf) {
///     let open = LinkRequest::Open(Destination::telephony(IdentityHash([7; 16])));
///     assert_eq!(output, Output::Link { link: LinkId(2), request: open });
/// }
/// let deadline = phone.poll_timeout().expect("the phone waits for an answer");
/// // Sleep until deadline.at or until something happens, then give that as the next input.
/// phone.handle_input(deadline.at, Input::Timeout)?;
/// # Ok::<(), lxst_core::InputError>(())
/// ```
///
/// A telephone has one line, or as many as [`with_lines`](Self::with_lines) says. Each line holds
/// one call at most. Commands and events name their call. All lines share the policy and the limits
/// for callers, and the room for callers who wait. There is one call at most with each peer.
///
/// *Bounds*: memory is inline and fixed, and the work of one input is bounded; see
/// [`limits`](crate::limits). A line takes 21 KiB with the default ring. `RING` is the size, in
/// bytes, of each line's ring of received frames, at least
/// [`MIN_RING_BYTES`](crate::limits::MIN_RING_BYTES): see [`with_lines`](Self::with_lines).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telephone<const LINES: usize = 1, const RING: usize = RING_BYTES> {
    lines: Lines<LINES>,
    exchange: Exchange,
    limiter: Limiter,
    streams: [Streams<RING>; LINES],
    outbox: Outbox,
    /// Counters that belong to no line.
    counters: Counters,
    /// Counters of each line's streams.
    line_counters: [Counters; LINES],
    next_job: JobId,
    now: Instant,
}

impl Telephone {
    /// Creates an idle telephone with one line for this identity. Glare is resolved by comparing
    /// this hash with the peer's.
    #[must_use]
    pub fn new(identity: IdentityHash, config: Config, now: Instant) -> Self {
        Self::with_lines(identity, config, now)
    }
}

impl<const RING: usize> Telephone<1, RING> {
    /// Returns the status of the call, `None` if the line is idle.
    #[must_use]
    pub fn call(&self) -> Option<CallStatus> {
        self.calls().next()
    }
}

impl<const LINES: usize, const RING: usize> Telephone<LINES, RING> {
    /// Creates an idle telephone with another number of lines, `Telephone::<3>::with_lines(..)`, or
    /// with another size of ring, for firmware with less memory, `Telephone::<1,
    /// 4_096>::with_lines(..)`.
    ///
    /// *Bounds*: a full ring drops its oldest frame, so a stall longer than the ring loses audio.
    /// One second takes 1 KiB at Medium Quality and 4 KiB at Super High Quality.
    #[must_use]
    pub fn with_lines(identity: IdentityHash, config: Config, now: Instant) -> Self {
        Self {
            lines: Lines::new(),
            exchange: Exchange::new(identity, config, now),
            limiter: Limiter::default(),
            streams: core::array::from_fn(|_| Streams::new(&config)),
            outbox: Outbox::default(),
            counters: Counters::default(),
            line_counters: [Counters::default(); LINES],
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
    /// then give it again. The other errors are misuse.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) -> Result<(), InputError> {
        if !self.outbox.has_room() {
            return Err(InputError::OutputFull);
        }
        let now = now.max(self.now);
        // The line of the input. Its streams go on even if the state of its call does not change.
        let mut line = None;
        match input {
            Input::Timeout => self.on_timeout(now),
            Input::Packet { link, data } => line = self.on_packet(now, link, data)?,
            Input::Link { link, event } => {
                line = self.lines.of_link(link);
                let (lines, mut cx) = self.parts(now);
                lines.on_link(link, event, &mut cx)?;
            }
            Input::InterfaceUp => self.exchange.on_interface_up(&mut self.outbox),
            Input::Command(command) => {
                let (lines, mut cx) = self.parts(now);
                lines.on_command(command, &mut cx)?;
            }
            Input::Captured { stream, samples } => {
                let (index, state) = self.lines.of_stream(stream)?;
                let (streams, mut cx) = self.streams_of(index, now);
                let taken = streams.on_captured(samples, &mut cx);
                taken.map_err(|_| InputError::NotAllowed { state })?;
                line = Some(index);
            }
            Input::Consumed { stream, samples } => {
                let (index, state) = self.lines.of_stream(stream)?;
                let (streams, mut cx) = self.streams_of(index, now);
                let taken = streams.on_consumed(samples, &mut cx);
                taken.map_err(|_| InputError::NotAllowed { state })?;
                line = Some(index);
            }
            Input::Overrun { stream, direction, samples } => {
                let (index, state) = self.lines.of_stream(stream)?;
                let (streams, cx) = self.streams_of(index, now);
                let taken = streams.on_overrun(direction, samples, cx.counters);
                taken.map_err(|_| InputError::NotAllowed { state })?;
            }
            Input::Port { stream, direction, change } => {
                self.lines.on_port(stream, direction, change)?;
            }
            Input::JobDone { job, outcome } => line = self.on_job_done(now, job, outcome)?,
        }
        self.now = now;
        self.reconcile(now, line);
        Ok(())
    }

    /// Returns the next output, with its bytes in `buf`, or `None` when the queue is drained.
    pub fn poll_output<'b>(&mut self, buf: &'b mut PacketBuf) -> Option<Output<'b>> {
        let buf = &mut buf.0;
        Some(match self.outbox.pop()? {
            Queued::Signals { link, signals, has_mark } => {
                // Two signals and the mark take at most 24 bytes.
                let mut length = wire::encode_signals(&signals, buf).unwrap_or(0);
                if has_mark {
                    length = wire::append_loss(0, buf, length).unwrap_or(length);
                }
                Output::Transmit { link, class: Class::Signal, data: &buf[..length] }
            }
            Queued::LossReport { link, percent } => {
                // It takes three bytes.
                let length = wire::encode_loss(percent, buf).unwrap_or(0);
                Output::Transmit { link, class: Class::Media, data: &buf[..length] }
            }
            Queued::Media { line, link } => {
                let data = self.streams[line].write_packet(buf);
                Output::Transmit { link, class: Class::Media, data }
            }
            Queued::Link { link, request } => Output::Link { link, request },
            Queued::Announce => Output::Announce,
            Queued::Stream { stream, direction, change } => {
                Output::Stream { stream, direction, change }
            }
            Queued::Job { line, job, stream, direction, ticket } => {
                let work = self.streams[line].write_work(ticket, buf);
                Output::Job { job, stream, direction, work }
            }
            Queued::Event(event) => Output::Event(event),
        })
    }

    /// Returns when [`Input::Timeout`] is due next, and for which timer.
    ///
    /// # Panics
    /// With debug assertions, if outputs wait: the deadline is only valid when they are drained.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Deadline> {
        debug_assert!(self.outbox.is_empty(), "drain poll_output before poll_timeout");
        self.deadline()
    }

    /// Returns the status of each call, in the order of the lines.
    pub fn calls(&self) -> impl Iterator<Item = CallStatus> {
        self.lines.statuses()
    }

    /// Returns the round trip time of a call's link, as the stack told it or the core measured it;
    /// `None` if neither happened yet.
    #[must_use]
    pub fn round_trip(&self, call: CallId) -> Option<Duration> {
        self.lines.iter().find_map(|line| line.round_trip(call))
    }

    /// Tells whether what is captured for a stream is sent as voice: the call is not muted, and in
    /// half duplex the user talks.
    #[must_use]
    pub fn sends_voice(&self, stream: StreamId) -> bool {
        let mut sessions = self.lines.iter().filter_map(|it| it.session(&self.exchange.config));
        sessions.any(|session| session.stream() == stream && session.gate == Gate::Voice)
    }

    /// Returns the counters since the start, of all lines together.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.line_counters.iter().fold(self.counters, Counters::plus)
    }

    /// Handles every due deadline in order, so a late call has the same effect as timely calls.
    fn on_timeout(&mut self, now: Instant) {
        let most = self.outbox.len() + OUTPUTS_PER_INPUT - OUTPUTS_PER_DEADLINE;
        for _ in 0..DEADLINES_PER_TIMEOUT {
            if self.outbox.len() > most {
                return;
            }
            let Some(due) = self.deadline().filter(|due| due.at <= now) else { return };
            let line = self.on_deadline(now, due.timer);
            self.reconcile(now, line);
        }
    }

    /// Handles one due deadline and returns its line.
    fn on_deadline(&mut self, now: Instant, timer: Timer) -> Option<usize> {
        match timer {
            Timer::Call(call, timer) => {
                let index = self.lines.of_call(call)?;
                let (lines, mut cx) = self.parts(now);
                lines.line_mut(index).on_call_timeout(timer, &mut cx);
                Some(index)
            }
            Timer::Link(link, _) => {
                let (lines, mut cx) = self.parts(now);
                lines.on_pending_timeout(link, &mut cx);
                None
            }
            Timer::Stream(stream, timer) => {
                let (index, _) = self.lines.of_stream(stream).ok()?;
                let (streams, mut cx) = self.streams_of(index, now);
                streams.on_timeout(timer, &mut cx);
                Some(index)
            }
            Timer::Announce => {
                self.exchange.on_announce_timeout(now, &mut self.outbox);
                None
            }
        }
    }

    /// Handles the frames of a packet, then its signals: the order of the reference.
    fn on_packet(
        &mut self,
        now: Instant,
        link: LinkId,
        data: &[u8],
    ) -> Result<Option<usize>, InputError> {
        let Some(index) = self.lines.of_link(link) else {
            // Packets of a caller who is not accepted are ignored.
            let is_known = self.lines.knows(link, &self.exchange);
            return if is_known { Ok(None) } else { Err(InputError::UnknownLink(link)) };
        };
        let streams = &mut self.streams[index];
        let Self { lines, exchange, limiter, outbox: out, counters, next_job, .. } = self;
        let mut cx = Context { now, exchange, limiter, counters, next_job, out };
        let line = lines.line_mut(index);
        line.on_heard(now);
        let dropped = match Packet::parse(data) {
            Ok(packet) => {
                line.on_mark(&packet);
                let frames = packet.frames().known(cx.exchange.config.codecs);
                let mut dropped = None;
                if let Some(first) = frames.clone().next() {
                    let counters = &mut self.line_counters[index];
                    count(&mut counters.media_packets_received);
                    if first.is_ok() {
                        line.on_media(&mut cx);
                    }
                    let session = line.session(&cx.exchange.config);
                    streams.follow(session, &mut cx.of_stream(index, counters));
                    let copies = packet.copies().known(cx.exchange.config.codecs);
                    let mut cx = cx.of_stream(index, counters);
                    dropped = streams.on_packet(frames, copies, &mut cx);
                }
                if let Some(percent) = packet.loss() {
                    streams.on_loss_reported(now, percent);
                }
                dropped.or(line.on_signals(link, &packet, &mut cx))
            }
            Err(_) => Some(cx.counters.drop_for(DropReason::MalformedPacket)),
        };
        if let Some(reason) = dropped {
            cx.out.event(Event::Dropped { link, reason });
        }
        Ok(Some(index))
    }

    fn on_job_done(
        &mut self,
        now: Instant,
        job: JobId,
        outcome: Outcome<'_>,
    ) -> Result<Option<usize>, InputError> {
        if job >= self.next_job {
            return Err(InputError::UnknownJob(job));
        }
        let line = self.streams.iter().position(|streams| streams.has_job(job));
        match line {
            Some(index) => {
                let (streams, mut cx) = self.streams_of(index, now);
                streams.on_job_done(job, outcome, &mut cx)?;
            }
            None => count(&mut self.counters.jobs_void),
        }
        Ok(line)
    }

    /// Fits the streams to their lines, then reports ended calls, then releases held callers: one
    /// of them may take the line of a call that ended.
    fn reconcile(&mut self, now: Instant, touched: Option<usize>) {
        let (lines, mut cx) = self.parts(now);
        lines.end_glare_wait(&mut cx);
        for index in 0..LINES {
            let line = self.lines.line_mut(index);
            let session = line.session(&self.exchange.config);
            let ended = line.take_ended();
            if touched == Some(index) || !self.streams[index].follows(session.as_ref()) {
                let (streams, mut cx) = self.streams_of(index, now);
                streams.follow(session, &mut cx);
            }
            if let Some((call, reason)) = ended {
                self.outbox.event(Event::Ended { call, reason });
            }
        }
        let (lines, mut cx) = self.parts(now);
        lines.release_held(&mut cx);
    }

    fn deadline(&self) -> Option<Deadline> {
        let lines = self.lines.iter().flat_map(|line| line.deadlines(&self.exchange));
        let streams = self.streams.iter().filter_map(Streams::deadline);
        let deadlines = self.exchange.pending_deadlines().chain(lines);
        let deadlines = deadlines.chain(self.exchange.announce_deadline()).chain(streams);
        // Instant::MAX is never due.
        deadlines.min_by_key(|deadline| deadline.at).filter(|deadline| deadline.at < Instant::MAX)
    }

    fn parts(&mut self, now: Instant) -> (&mut Lines<LINES>, Context<'_>) {
        let Self { lines, exchange, limiter, outbox: out, counters, next_job, .. } = self;
        (lines, Context { now, exchange, limiter, counters, next_job, out })
    }

    /// Returns the streams of a line. `line` is below LINES.
    fn streams_of(
        &mut self,
        line: usize,
        now: Instant,
    ) -> (&mut Streams<RING>, stream::Context<'_>) {
        let Self { streams, outbox: out, line_counters, next_job, .. } = self;
        let counters = &mut line_counters[line];
        (&mut streams[line], stream::Context { now, line, counters, next_job, out })
    }
}

#[cfg(test)]
mod search;
