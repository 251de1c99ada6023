//! One talker without a call: the order of its frames, its jitter buffer, its jobs and its quality.
//!
//! 1. The first frame after a quiet time begins a talk.
//! 2. The talk ends when the talker says so, or when no frame came for a time.
//! 3. What is there of an ended talk still plays.

use core::time::Duration;

use super::arrivals::Arrivals;
use super::batches::{Arrival, Batches};
use super::length::frame_length;
use super::meter::{Meter, Path};
use super::order::{Order, Place};
use super::playout::Playout;
use crate::audio::Samples;
use crate::counters::{Counters, count};
use crate::id::JobId;
use crate::input::{Mute, Outcome, PortChange};
use crate::limits::{MAX_TALK_QUIET, TALK_FRAMES, TALK_QUIET, TALKER_IDLE};
use crate::outbox::Ticket;
use crate::output::{DropReason, Work};
use crate::profile::Profile;
use crate::quality::Quality;
use crate::time::Instant;
use crate::wire::{Frame, Frames, Sequence};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Talker<const RING: usize> {
    profile: Profile,
    receive: Mute,
    phase: Phase,
    order: Order,
    arrivals: Arrivals,
    batches: Batches,
    playout: Playout<RING>,
    meter: Meter,
    /// The codec job that is out.
    job: Option<(JobId, Ticket)>,
    /// Whether the app was told of an undecodable frame in this talk.
    told_undecodable: bool,
    /// Since the start, of all talkers of this place.
    counters: Counters,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Frames come; the latest came at this moment.
    Talking(Instant),
    /// No frames come since this moment.
    Quiet(Instant),
}

/// A timer of a talker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TalkerTimer {
    /// Started when the speaker's next block will lack audio, stopped by a frame. On expiry audio
    /// is concealed (PLC).
    Playout,
    /// Started by the first frame of a talk and by its own expiry, stopped by the end of the talk.
    /// On expiry the app gets [`Quality`](crate::talk::Event::Quality).
    Quality,
    /// Started by each frame, stopped by the end of the talk. On expiry the talk has ended.
    Quiet,
    /// Started by the end of a talk, stopped by a frame. On expiry the talker is forgotten.
    Idle,
}

impl<const RING: usize> Talker<RING> {
    pub(crate) fn new(profile: Profile) -> Self {
        let counters = Counters::default();
        Self {
            profile,
            receive: Mute::Unmuted,
            phase: Phase::Quiet(Instant::ORIGIN),
            order: Order::default(),
            arrivals: Arrivals::default(),
            batches: Batches::default(),
            playout: Playout::default(),
            meter: Meter::new(Instant::ORIGIN, counters),
            job: None,
            told_undecodable: false,
            counters,
        }
    }

    /// Begins with a new talker, with the speaker attached or not.
    pub(crate) fn open(&mut self, now: Instant, speaker: PortChange) {
        self.receive = Mute::Unmuted;
        self.phase = Phase::Quiet(now);
        self.order = Order::default();
        self.arrivals = Arrivals::default();
        self.batches = Batches::default();
        self.playout.open(self.profile.frame());
        self.playout.on_port(speaker, &mut self.counters);
    }

    /// Drops what waits. The job that is out is void.
    pub(crate) fn close(&mut self) {
        self.playout.flush(&mut self.counters);
        self.playout.close();
        self.job = None;
    }

    /// Adds the frames of a packet. Returns why a frame was dropped.
    pub(crate) fn on_frames(
        &mut self,
        now: Instant,
        frames: Frames<'_>,
        mut sequence: Option<Sequence>,
    ) -> Option<DropReason> {
        count(&mut self.counters.media_packets_received);
        let mut packet = Some(self.on_packet(now, frames.clone()));
        let batch = self.batches.longest();
        let mut dropped = None;
        for (index, frame) in frames.enumerate() {
            let kept = match frame {
                Ok(frame) if index < TALK_FRAMES => {
                    let arrival = Arrival { packet: packet.take(), batch };
                    self.on_frame(now, frame, sequence, arrival)
                }
                Ok(_) | Err(_) => Err(()),
            };
            if kept.is_err() {
                dropped = Some(self.counters.drop_for(DropReason::UnknownFrame));
            }
            sequence = sequence.map(|sequence| sequence.plus(1));
        }
        dropped
    }

    /// Handles the end of the talk.
    pub(crate) fn on_talk_end(&mut self, now: Instant) {
        self.phase = Phase::Quiet(now);
        self.playout.on_talk_end();
    }

    pub(crate) fn on_port(&mut self, change: PortChange) {
        self.playout.on_port(change, &mut self.counters);
    }

    pub(crate) fn on_mute(&mut self, mute: Mute) {
        self.receive = mute;
        if mute == Mute::Muted {
            self.playout.flush(&mut self.counters);
        }
    }

    pub(crate) fn on_consumed(&mut self, now: Instant, samples: Samples) {
        let is_pause = self.playout.is_over() || self.arrivals.is_pause(now);
        self.playout.on_consumed(now, samples, is_pause, self.batches.longest());
    }

    /// Counts audio that the speaker's port dropped, if it would have been heard.
    pub(crate) fn on_overrun(&mut self, samples: Samples) {
        if self.receive == Mute::Unmuted && self.playout.is_attached() && self.is_talking() {
            self.counters.playback_dropped = self.counters.playback_dropped + samples;
        }
    }

    /// Returns whether this job is out.
    pub(crate) fn has_job(&self, job: JobId) -> bool {
        self.job.is_some_and(|(id, _)| id == job)
    }

    /// Handles the job that is out. Returns why a frame was dropped, once a talk.
    pub(crate) fn on_job_done(&mut self, outcome: Outcome<'_>) -> Option<DropReason> {
        let (_, ticket) = self.job.take()?;
        match (ticket, outcome) {
            (Ticket::Decode { tempo, .. }, Outcome::Played { samples, level }) => {
                self.playout.on_decoded(tempo, samples, level, &mut self.counters);
            }
            (Ticket::Decode { .. }, _) => {
                self.playout.on_undecodable();
                let reason = self.counters.drop_for(DropReason::UndecodableFrame);
                let told = core::mem::replace(&mut self.told_undecodable, true);
                return (!told).then_some(reason);
            }
            (Ticket::Conceal { .. }, Outcome::Played { samples, .. }) => {
                self.playout.on_concealed(samples, &mut self.counters);
            }
            (Ticket::Conceal { .. }, _) => self.playout.on_unconcealed(),
            (Ticket::Encode { .. } | Ticket::Discard { .. }, _) => {}
        }
        None
    }

    /// Returns the next job, under the next id.
    pub(crate) fn next_job(&mut self, now: Instant, next: &mut JobId) -> Option<(JobId, Ticket)> {
        if self.job.is_some() || self.receive == Mute::Muted {
            return None;
        }
        let ticket = self.playout.next_job(now, &mut self.counters)?;
        let job = *next;
        next.0 += 1;
        self.job = Some((job, ticket));
        self.job
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

    /// Returns the earliest deadline.
    pub(crate) fn deadline(&self) -> (Instant, TalkerTimer) {
        let (end, quality) = match self.phase {
            Phase::Talking(last) => {
                ((last + self.quiet_time(), TalkerTimer::Quiet), Some(self.meter.due()))
            }
            Phase::Quiet(since) => ((since + TALKER_IDLE, TalkerTimer::Idle), None),
        };
        let quality = quality.map_or(end, |at| (at, TalkerTimer::Quality));
        let playout = self.playout.deadline().filter(|_| self.job.is_none());
        let playout = playout.map_or(end, |at| (at, TalkerTimer::Playout));
        [quality, end].into_iter().fold(playout, |a, b| if b.0 < a.0 { b } else { a })
    }

    /// Makes a report of the quality of the talk.
    pub(crate) fn quality(&mut self, now: Instant) -> Quality {
        let path = Path { profile: self.profile, rtt: Duration::ZERO };
        self.meter.tell(now, &path, self.playout.heard(), &self.counters)
    }

    pub(crate) const fn is_talking(&self) -> bool {
        matches!(self.phase, Phase::Talking(_))
    }

    /// Returns since when the talker is quiet; `None` while it talks.
    pub(crate) const fn quiet_since(&self) -> Option<Instant> {
        match self.phase {
            Phase::Talking(_) => None,
            Phase::Quiet(since) => Some(since),
        }
    }

    pub(crate) const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Records a packet. Returns the length of its frames together.
    fn on_packet(&mut self, now: Instant, frames: Frames<'_>) -> Samples {
        if !self.is_talking() {
            self.batches.on_talk();
        }
        let lengths = frames.take(TALK_FRAMES).flatten().map(|frame| self.length_of(frame));
        let (frames, length) =
            lengths.fold((0, Samples::ZERO), |(frames, sum), length| (frames + 1, sum + length));
        self.batches.on_packet(now, frames, length);
        length
    }

    /// Returns the length of a frame. One of unknown length counts as long as the frame before.
    fn length_of(&self, frame: Frame<'_>) -> Samples {
        frame_length(frame).unwrap_or(self.playout.frame())
    }

    fn on_frame(
        &mut self,
        now: Instant,
        frame: Frame<'_>,
        sequence: Option<Sequence>,
        arrival: Arrival,
    ) -> Result<(), ()> {
        let samples = self.length_of(frame);
        let place = match sequence {
            Some(sequence) => {
                let is_pause = self.playout.is_over() || self.arrivals.is_pause(now);
                self.order.on_frame(sequence, is_pause)
            }
            None => Place::End { missing: 0 },
        };
        if self.receive == Mute::Unmuted && self.playout.is_attached() {
            let counters = &mut self.counters;
            self.playout.on_numbered(now, frame, samples, place, arrival, counters)?;
        } else {
            count(&mut self.counters.frames_unheard);
        }
        let lost = match place {
            Place::End { missing } => {
                self.on_talk(now);
                i64::from(missing)
            }
            Place::Late { .. } => -1,
            Place::Nowhere => return Ok(()),
        };
        let estimated = self.arrivals.on_frame(now, samples);
        let lost = if sequence.is_some() { lost } else { estimated };
        self.meter.on_frame(now, frame.codec);
        let counters = &mut self.counters;
        count(&mut counters.frames_received);
        counters.frames_lost = counters.frames_lost.saturating_add_signed(lost);
        let bytes = u64::try_from(frame.payload.len()).unwrap_or(u64::MAX);
        counters.bytes_received = counters.bytes_received.saturating_add(bytes).saturating_add(1);
        Ok(())
    }

    fn on_talk(&mut self, now: Instant) {
        if !self.is_talking() {
            self.playout.on_talk();
            self.told_undecodable = false;
            self.meter = Meter::new(now, self.counters);
        }
        self.phase = Phase::Talking(now);
    }

    fn quiet_time(&self) -> Duration {
        let batch = self.batches.longest();
        // One lost batch leaves a gap of two.
        let batches = batch + batch + Samples(batch.0 / 2);
        self.arrivals.pause().max(batches.duration()).clamp(TALK_QUIET, MAX_TALK_QUIET)
    }
}
