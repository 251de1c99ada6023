//! The phone: one door in, one ordered door out.

use crate::call::{Context, Limiter, Line};
use crate::config::Config;
use crate::counters::{Counters, count};
use crate::error::InputError;
use crate::id::{IdentityHash, LinkId};
use crate::input::Input;
use crate::limits::{DEADLINES_PER_TIMEOUT, RING_BYTES};
use crate::link::Class;
use crate::outbox::{Outbox, Queued};
use crate::output::{DropReason, Event, Output, PacketBuf};
use crate::state::CallStatus;
use crate::stream::Streams;
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
/// *Bounds*: memory is inline and fixed, and work for each call is bounded; see
/// [`limits`](crate::limits). `RING` is the bytes of received frames that wait for playout, at least
/// [`MIN_RING_BYTES`](crate::limits::MIN_RING_BYTES): see [`with_ring`](Self::with_ring).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telephone<const RING: usize = RING_BYTES> {
    line: Line,
    limiter: Limiter,
    streams: Streams<RING>,
    outbox: Outbox,
    counters: Counters,
    now: Instant,
}

impl Telephone {
    /// Makes an idle phone of the person with this identity, by which calls that cross are told
    /// apart.
    #[must_use]
    pub fn new(identity: IdentityHash, config: Config, now: Instant) -> Self {
        Self::with_ring(identity, config, now)
    }
}

impl<const RING: usize> Telephone<RING> {
    /// Makes an idle phone with another size of its ring, as firmware does that has less memory:
    /// `Telephone::<4_096>::with_ring(..)`. What the ring does not hold of a network's stalls is not
    /// heard; at Medium Quality a second takes 1 KiB, at Super High Quality 4 KiB.
    #[must_use]
    pub fn with_ring(identity: IdentityHash, config: Config, now: Instant) -> Self {
        Self {
            line: Line::new(identity, config, now),
            limiter: Limiter::default(),
            streams: Streams::new(&config),
            outbox: Outbox::default(),
            counters: Counters::default(),
            now,
        }
    }

    /// Takes one input, whole or not at all.
    ///
    /// A moment before that of an earlier input is taken as the latter.
    ///
    /// # Errors
    /// The input was refused and nothing changed: [`InputError::OutputFull`] until the outputs are
    /// drained, the others for misuse.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) -> Result<(), InputError> {
        if !self.outbox.has_room() {
            return Err(InputError::OutputFull);
        }
        let now = now.max(self.now);
        match input {
            Input::Timeout => self.on_timeout(now),
            Input::Packet { link, data } => self.on_packet(now, link, data)?,
            Input::Link { link, event } => {
                let (line, _, mut cx) = self.parts(now);
                line.on_link(link, event, &mut cx)?;
            }
            Input::InterfaceUp => self.line.on_interface_up(&mut self.outbox),
            Input::Command(command) => {
                let (line, _, mut cx) = self.parts(now);
                line.on_command(command, &mut cx)?;
            }
            Input::Captured { stream, samples } => {
                let (line, streams, mut cx) = self.parts(now);
                let state = line.stream_state(stream)?;
                let taken = streams.on_captured(samples, &mut cx.of_stream());
                taken.map_err(|_| InputError::NotAllowed { state })?;
            }
            Input::Consumed { stream, samples } => {
                let (line, streams, mut cx) = self.parts(now);
                let state = line.stream_state(stream)?;
                let taken = streams.on_consumed(samples, &mut cx.of_stream());
                taken.map_err(|_| InputError::NotAllowed { state })?;
            }
            Input::Overrun { stream, direction, samples } => {
                let (line, streams, cx) = self.parts(now);
                let state = line.stream_state(stream)?;
                let taken = streams.on_overrun(direction, samples, cx.counters);
                taken.map_err(|_| InputError::NotAllowed { state })?;
            }
            Input::Port { stream, direction, change } => {
                self.line.on_port(stream, direction, change)?;
            }
            Input::JobDone { job, outcome } => {
                let (_, streams, mut cx) = self.parts(now);
                streams.on_job_done(job, outcome, &mut cx.of_stream())?;
            }
        }
        self.now = now;
        self.reconcile(now);
        Ok(())
    }

    /// Hands out the next output, its bytes in `buf`, or `None` when all are drained.
    pub fn poll_output<'b>(&mut self, buf: &'b mut PacketBuf) -> Option<Output<'b>> {
        let buf = &mut buf.0;
        Some(match self.outbox.pop()? {
            Queued::Signals { link, signals } => {
                // Two signals take at most 22 bytes.
                let length = wire::encode_signals(&signals, buf).unwrap_or(0);
                Output::Transmit { link, class: Class::Signal, data: &buf[..length] }
            }
            Queued::Media { link } => {
                let data = self.streams.write_packet(buf);
                Output::Transmit { link, class: Class::Media, data }
            }
            Queued::Link { link, request } => Output::Link { link, request },
            Queued::Announce => Output::Announce,
            Queued::Stream { stream, direction, change } => {
                Output::Stream { stream, direction, change }
            }
            Queued::Job { job, stream, direction, ticket } => {
                let work = self.streams.write_work(ticket, buf);
                Output::Job { job, stream, direction, work }
            }
            Queued::Event(event) => Output::Event(event),
        })
    }

    /// Tells when [`Input::Timeout`] is due next, and why.
    ///
    /// # Panics
    /// With debug assertions, while outputs wait: a deadline counts only when they are drained.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Deadline> {
        debug_assert!(self.outbox.is_empty(), "drain poll_output before poll_timeout");
        self.deadline()
    }

    /// Tells of the call, `None` when the line is idle.
    #[must_use]
    pub fn call(&self) -> Option<CallStatus> {
        self.line.status()
    }

    /// Tells what was counted since the start.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Takes every deadline that is due, the earliest first: a late timeout gives what timely ones
    /// would have given.
    fn on_timeout(&mut self, now: Instant) {
        for _ in 0..DEADLINES_PER_TIMEOUT {
            let Some(due) = self.deadline().filter(|due| due.at <= now) else { return };
            let (line, streams, mut cx) = self.parts(now);
            match due.timer {
                Timer::Call(timer) => line.on_call_timeout(timer, &mut cx),
                Timer::Link(_) => line.on_pending_timeout(&mut cx),
                Timer::Stream(timer) => streams.on_timeout(timer, &mut cx.of_stream()),
                Timer::Announce => line.on_announce_timeout(&mut cx),
            }
            self.reconcile(now);
        }
    }

    /// Takes the frames and then the signals of a packet, in the order of the reference.
    fn on_packet(&mut self, now: Instant, link: LinkId, data: &[u8]) -> Result<(), InputError> {
        if !self.line.knows(link) {
            return Err(InputError::UnknownLink(link));
        }
        if !self.line.is_call_link(link) {
            // The caller is not accepted: its packets are not heard.
            return Ok(());
        }
        let (line, streams, mut cx) = self.parts(now);
        line.on_heard(now);
        let dropped = match Packet::parse(data) {
            Ok(packet) => {
                let frames = packet.frames();
                let mut dropped = None;
                if let Some(first) = frames.clone().next() {
                    count(&mut cx.counters.media_packets_received);
                    if first.is_ok() {
                        line.on_media(&mut cx);
                    }
                    streams.follow(line.session(), &mut cx.of_stream());
                    dropped = streams.on_frames(frames, &mut cx.of_stream());
                }
                dropped.or(line.on_signals(link, &packet, &mut cx))
            }
            Err(_) => Some(cx.counters.drop_for(DropReason::MalformedPacket)),
        };
        if let Some(reason) = dropped {
            cx.out.event(Event::Dropped { link, reason });
        }
        Ok(())
    }

    /// Lets the streams follow the line, tells of a call's end last, and then of the call that takes
    /// its place.
    fn reconcile(&mut self, now: Instant) {
        let (line, streams, mut cx) = self.parts(now);
        line.end_glare_wait(&mut cx);
        streams.follow(line.session(), &mut cx.of_stream());
        if let Some((call, reason)) = line.take_ended() {
            cx.out.event(Event::Ended { call, reason });
        }
        line.release_held(&mut cx);
    }

    fn deadline(&self) -> Option<Deadline> {
        let deadlines = self.line.deadline().into_iter().chain(self.streams.deadline());
        // What is due at the end of time would be due again and again.
        deadlines.min_by_key(|deadline| deadline.at).filter(|deadline| deadline.at < Instant::MAX)
    }

    fn parts(&mut self, now: Instant) -> (&mut Line, &mut Streams<RING>, Context<'_>) {
        let Self { line, limiter, streams, outbox: out, counters, .. } = self;
        (line, streams, Context { now, limiter, counters, out })
    }
}

#[cfg(test)]
mod search;
