//! Voice: frames, codec jobs, jitter buffer and amounts of audio. PCM stays outside.
//!
//! After every input [`Streams::follow`] opens, retunes or closes the two streams of a line, so
//! that they fit the line's session. Nothing here knows a call.

mod arrivals;
mod batches;
mod copies;
mod emodel;
mod headroom;
mod jobs;
mod joined;
mod length;
mod meter;
mod order;
mod playout;
mod recovery;
mod ring;
mod session;
mod stalls;
mod talker;
mod tx;

use crate::audio::{Direction, Samples};
use crate::config::{Config, TransmitCodec};
use crate::counters::{Counters, count};
use crate::error::InputError;
use crate::id::JobId;
use crate::input::{Mute, Outcome, PortChange};
use crate::limits::{FRAMES_PER_PACKET, PRESENCE, REPORT_ALONE};
use crate::outbox::{Outbox, Queued, Ticket};
use crate::output::{DropReason, Event, StreamChange, Work};
use crate::time::Instant;
use crate::timers::{Deadline, StreamTimer, Timer};
use crate::wire::{BadFrame, Frame, Frames};
use arrivals::Arrivals;
use batches::Arrival;
use jobs::Jobs;
pub use length::frame_length;
use meter::{Meter, Path};
use playout::Playout;
use recovery::Recovery;
pub(crate) use session::{Gate, Session};
pub(crate) use talker::Talker;
pub use talker::TalkerTimer;
use tx::Transmitter;
pub(crate) use tx::raw_frame;

/// The context of one input: its moment, the settings, and where its effects go.
pub(crate) struct Context<'a> {
    pub(crate) now: Instant,
    /// The id of the two streams.
    pub(crate) line: usize,
    pub(crate) counters: &'a mut Counters,
    pub(crate) next_job: &'a mut JobId,
    pub(crate) out: &'a mut Outbox,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Streams<const RING: usize> {
    transmit: TransmitCodec,
    asks_for_copies: bool,
    session: Option<Session>,
    /// Whether the app was told of an undecodable frame in this session.
    told_undecodable: bool,
    /// When a frame of ours was last sent, or the stream opened.
    sent: Instant,
    jobs: Jobs,
    tx: Transmitter,
    arrivals: Arrivals,
    recovery: Recovery,
    /// When a report of loss was last sent without media.
    reported_alone: Option<Instant>,
    playout: Playout<RING>,
    meter: Meter,
}

impl<const RING: usize> Streams<RING> {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            transmit: config.transmit,
            asks_for_copies: config.asks_for_copies,
            session: None,
            told_undecodable: false,
            sent: Instant::ORIGIN,
            jobs: Jobs::default(),
            tx: Transmitter::new(config),
            arrivals: Arrivals::default(),
            recovery: Recovery::default(),
            reported_alone: None,
            playout: Playout::default(),
            meter: Meter::new(Instant::ORIGIN, Counters::default()),
        }
    }

    /// Fits the streams to the line's session.
    pub(crate) fn follow(&mut self, session: Option<Session>, cx: &mut Context<'_>) {
        let had = core::mem::replace(&mut self.session, session);
        let call = |session: Option<Session>| session.map(|session| session.call);
        if call(had) != call(session) {
            if let Some(old) = had {
                self.tell(&old, cx);
                self.jobs.void_all();
                self.tx.close(cx.counters);
                self.playout.close();
                streams(old, StreamChange::Closed, cx.out);
            }
            if let Some(new) = session {
                self.sent = cx.now;
                self.told_undecodable = false;
                self.arrivals = Arrivals::default();
                self.reported_alone = None;
                self.playout.open(new.profile.frame());
                self.meter = Meter::new(cx.now, *cx.counters);
                streams(new, StreamChange::Opened, cx.out);
            }
        }
        let profile = |session: Option<Session>| session.map(|s| (s.call, s.profile));
        if profile(had) != profile(session) {
            self.tx.copies.on_switched();
            self.recovery = Recovery::open(counted(cx.counters));
        }
        if let Some(session) = session {
            self.playout.on_port(session.speaker, cx.counters);
            if session.receive == Mute::Muted {
                self.playout.flush(cx.counters);
            }
            self.work(session, cx);
        }
    }

    /// Adds the frames of a packet to the jitter buffer, and before them those of the packet before
    /// if they are missing. Returns why a frame was dropped.
    pub(crate) fn on_packet(
        &mut self,
        frames: Frames<'_>,
        copies: Frames<'_>,
        cx: &mut Context<'_>,
    ) -> Option<DropReason> {
        let session = self.session?;
        let is_replaced =
            session.knows_copies && self.on_copies(session, frames.clone(), copies, cx);
        let mut dropped = None;
        for frame in frames {
            let kept = match frame {
                Ok(frame) => self.on_frame(session, frame, is_replaced, cx),
                Err(BadFrame::NotBinary | BadFrame::Empty | BadFrame::UnknownCodec(_)) => Err(()),
            };
            if kept.is_err() {
                dropped = Some(cx.counters.drop_for(DropReason::UnknownFrame));
            }
        }
        self.work(session, cx);
        dropped
    }

    /// Adds the frames of the packet before that one, if they are missing. Returns whether the
    /// frames of this one were replaced already.
    fn on_copies(
        &mut self,
        session: Session,
        frames: Frames<'_>,
        copies: Frames<'_>,
        cx: &mut Context<'_>,
    ) -> bool {
        let arrived = self.recovery.on_packet(frames, copies.clone());
        if !self.hears(&session) {
            return arrived.is_replaced;
        }
        let mut copies = copies.flatten().take(FRAMES_PER_PACKET).peekable();
        if copies.peek().is_some() {
            self.playout.await_copies(cx.now);
        }
        for frame in copies.filter(|_| arrived.has_missing) {
            let samples = frame_length(frame).unwrap_or(self.playout.frame());
            if self.playout.on_copy(cx.now, frame, samples, cx.counters).is_ok() {
                count(&mut cx.counters.frames_recovered);
            }
        }
        arrived.is_replaced
    }

    fn on_frame(
        &mut self,
        session: Session,
        frame: Frame<'_>,
        is_replaced: bool,
        cx: &mut Context<'_>,
    ) -> Result<(), ()> {
        let counters = &mut *cx.counters;
        // A frame of unknown length counts as long as the frame before.
        let samples = frame_length(frame).unwrap_or(self.playout.frame());
        let lost = self.arrivals.on_frame(cx.now, samples);
        if !self.hears(&session) {
            count(&mut counters.frames_unheard);
        } else if !is_replaced {
            self.playout.on_frame(cx.now, frame, samples, Arrival::alone(samples), counters)?;
        }
        self.meter.on_frame(cx.now, frame.codec);
        count(&mut counters.frames_received);
        counters.frames_lost = counters.frames_lost.saturating_add_signed(lost);
        let bytes = u64::try_from(frame.payload.len()).unwrap_or(u64::MAX);
        counters.bytes_received = counters.bytes_received.saturating_add(bytes).saturating_add(1);
        Ok(())
    }

    pub(crate) fn on_captured(
        &mut self,
        samples: Samples,
        cx: &mut Context<'_>,
    ) -> Result<(), Closed> {
        let session = self.session.ok_or(Closed)?;
        self.tx.on_captured(samples);
        self.work(session, cx);
        Ok(())
    }

    pub(crate) fn on_consumed(
        &mut self,
        samples: Samples,
        cx: &mut Context<'_>,
    ) -> Result<(), Closed> {
        let session = self.session.ok_or(Closed)?;
        let is_pause = self.arrivals.is_pause(cx.now);
        self.playout.on_consumed(cx.now, samples, is_pause, Samples::ZERO);
        self.work(session, cx);
        Ok(())
    }

    /// Counts audio that a port dropped, if it would have been heard.
    pub(crate) fn on_overrun(
        &mut self,
        direction: Direction,
        samples: Samples,
        counters: &mut Counters,
    ) -> Result<(), Closed> {
        let session = self.session.ok_or(Closed)?;
        match direction {
            Direction::Send
                if session.gate == Gate::Voice && session.microphone == PortChange::Attached =>
            {
                counters.capture_dropped = counters.capture_dropped + samples;
            }
            Direction::Receive
                if session.receive == Mute::Unmuted && self.playout.is_attached() =>
            {
                counters.playback_dropped = counters.playback_dropped + samples;
            }
            Direction::Send | Direction::Receive => {}
        }
        Ok(())
    }

    /// Handles a report of the peer: it loses this share of our packets.
    pub(crate) fn on_loss_reported(&mut self, now: Instant, percent: u8) {
        if self.session.is_some() && percent > 0 {
            self.tx.copies.on_reported(now, percent);
        }
    }

    /// Returns whether this job is out.
    pub(crate) fn has_job(&self, job: JobId) -> bool {
        self.jobs.has(job)
    }

    /// Returns whether the streams fit this session.
    pub(crate) fn follows(&self, session: Option<&Session>) -> bool {
        self.session.as_ref() == session
    }

    pub(crate) fn on_job_done(
        &mut self,
        job: JobId,
        outcome: Outcome<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), InputError> {
        if matches!(outcome, Outcome::Encoded(_)) && self.tx.packet_waits() {
            return Err(InputError::OutputFull);
        }
        let ticket = self.jobs.finish(job);
        let (Some(ticket), Some(session)) = (ticket, self.session) else {
            count(&mut cx.counters.jobs_void);
            return Ok(());
        };
        match (ticket, outcome) {
            (Ticket::Encode { source, .. }, Outcome::Encoded(frame)) => {
                let is_made = self.tx.on_encoded(cx.now, &session, source, frame, cx.counters);
                self.send(is_made, &session, cx);
            }
            (Ticket::Encode { .. }, Outcome::NoVoice) => {
                count(&mut cx.counters.frames_dtx);
                self.tx.pause();
            }
            (Ticket::Encode { .. }, _) => count(&mut cx.counters.encodes_failed),
            (Ticket::Decode { tempo, .. }, Outcome::Played { samples, level }) => {
                self.playout.on_decoded(tempo, samples, level, cx.counters);
            }
            (Ticket::Decode { .. }, _) => {
                self.playout.on_undecodable();
                let reason = cx.counters.drop_for(DropReason::UndecodableFrame);
                if !core::mem::replace(&mut self.told_undecodable, true) {
                    cx.out.event(Event::Dropped { link: session.link, reason });
                }
            }
            (Ticket::Conceal { .. }, Outcome::Played { samples, .. }) => {
                self.playout.on_concealed(samples, cx.counters);
            }
            (Ticket::Conceal { .. } | Ticket::Discard { .. }, _) => {}
        }
        self.work(session, cx);
        Ok(())
    }

    /// Returns the earliest deadline: presence, the quality report, or concealment.
    pub(crate) fn deadline(&self) -> Option<Deadline> {
        let session = self.session?;
        let presence = (session.gate != Gate::Shut).then(|| self.sent + PRESENCE);
        let playout = self.playout.deadline().filter(|_| self.jobs.has_room(Direction::Receive));
        let deadlines = [
            (presence, StreamTimer::Presence),
            (Some(self.meter.due()), StreamTimer::Quality),
            (playout, StreamTimer::Playout),
        ];
        let deadlines = deadlines.into_iter().filter_map(|(at, timer)| Some((at?, timer)));
        let deadline = |(at, timer)| Deadline { at, timer: Timer::Stream(session.stream(), timer) };
        deadlines.map(deadline).min_by_key(|deadline| deadline.at)
    }

    /// Handles the earliest deadline, which is due.
    pub(crate) fn on_timeout(&mut self, timer: StreamTimer, cx: &mut Context<'_>) {
        let Some(session) = self.session else { return };
        match timer {
            StreamTimer::Presence => self.on_presence(&session, cx),
            StreamTimer::Quality => {
                self.tell(&session, cx);
                self.report_loss(&session, cx);
            }
            // The jobs conceal what is missing.
            StreamTimer::Playout => self.work(session, cx),
        }
    }

    /// Writes the packet that waits.
    pub(crate) fn write_packet<'b>(&mut self, buf: &'b mut [u8]) -> &'b [u8] {
        self.tx.write_packet(buf)
    }

    /// Writes a job, with its frame if it has one.
    pub(crate) fn write_work<'b>(&mut self, ticket: Ticket, buf: &'b mut [u8]) -> Work<'b> {
        match ticket {
            Ticket::Encode { format, source, samples } => Work::Encode { format, source, samples },
            Ticket::Discard { samples } => Work::Discard { samples },
            Ticket::Decode { codec, tempo } => {
                Work::Decode { codec, payload: self.playout.write_frame(buf), tempo }
            }
            Ticket::Conceal { samples } => Work::Conceal { samples },
        }
    }

    /// Sends one frame of silence, which shows that we are there.
    fn on_presence(&mut self, session: &Session, cx: &mut Context<'_>) {
        self.sent = cx.now;
        if self.jobs.has_room(Direction::Send)
            && let Some(ticket) = self.tx.silence(session, self.transmit)
        {
            self.jobs.issue(session.stream(), Direction::Send, ticket, cx);
        }
    }

    fn send(&mut self, is_made: bool, session: &Session, cx: &mut Context<'_>) {
        if is_made {
            self.sent = cx.now;
            cx.out.push(Queued::Media { line: cx.line, link: session.link });
        }
    }

    fn tell(&mut self, session: &Session, cx: &mut Context<'_>) {
        let path = Path { profile: session.profile, rtt: session.rtt };
        let quality = self.meter.tell(cx.now, &path, self.playout.heard(), cx.counters);
        cx.out.event(Event::Quality { call: session.call, quality });
    }

    /// Tells a peer who knows copies which share of its packets is lost: with the next media packet,
    /// or alone if no media went since the report before.
    fn report_loss(&mut self, session: &Session, cx: &mut Context<'_>) {
        let (lost, received) = counted(cx.counters);
        let share = self.recovery.on_interval(lost, received);
        let is_asked = self.asks_for_copies && session.knows_copies && self.hears(session);
        let Some(percent) = share.filter(|_| is_asked) else {
            self.tx.copies.take_report();
            return;
        };
        let waited = self.tx.copies.report(percent).is_some();
        let is_rare = self.reported_alone.is_none_or(|at| cx.now.since(at) >= REPORT_ALONE);
        if waited && is_rare && self.tx.copies.may_take_air() {
            self.tx.copies.take_report();
            self.reported_alone = Some(cx.now);
            cx.out.push(Queued::LossReport { link: session.link, percent });
        }
    }

    fn hears(&self, session: &Session) -> bool {
        session.receive == Mute::Unmuted && self.playout.is_attached()
    }

    /// Sends complete packets and hands out the jobs that are ready.
    fn work(&mut self, session: Session, cx: &mut Context<'_>) {
        let is_made = self.tx.next_packet(cx.now, &session, cx.counters);
        self.send(is_made, &session, cx);
        while self.jobs.has_room(Direction::Send) {
            let Some(ticket) = self.tx.next_job(&session, self.transmit, cx.counters) else {
                break;
            };
            self.jobs.issue(session.stream(), Direction::Send, ticket, cx);
        }
        if self.jobs.has_room(Direction::Receive)
            && session.receive == Mute::Unmuted
            && let Some(ticket) = self.playout.next_job(cx.now, cx.counters)
        {
            self.jobs.issue(session.stream(), Direction::Receive, ticket, cx);
        }
    }
}

/// There is no stream: no session is established.
pub(crate) struct Closed;

/// Returns the frames lost and received so far.
const fn counted(counters: &Counters) -> (u64, u64) {
    (counters.frames_lost, counters.frames_received)
}

fn streams(session: Session, change: StreamChange, out: &mut Outbox) {
    for direction in [Direction::Send, Direction::Receive] {
        out.push(Queued::Stream { stream: session.stream(), direction, change });
    }
}
