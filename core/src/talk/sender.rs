//! The send path of a radio: captured samples become encode jobs, frames become packets, and each
//! talk spurt ends with a mark.

use core::fmt;

use heapless::Vec;

use super::batch::Batch;
use super::doors::Config;
use super::format::Format;
use crate::audio::Samples;
use crate::counters::{Counters, count};
use crate::error::InputError;
use crate::id::JobId;
use crate::input::{Outcome, PortChange, Talk};
use crate::limits::{CAPTURE_BACKLOG, PACKET_BYTES, SEND_JOBS, TALK_FRAMES};
use crate::output::{SendFormat, Source, Work};
use crate::wire::Frame;

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Sender {
    config: Config,
    gate: Gate,
    microphone: PortChange,
    /// Samples in the capture queue that no job takes yet.
    captured: Samples,
    jobs: Vec<(JobId, SendJob), SEND_JOBS>,
    batch: Batch,
    /// Whether the packet is complete with the frames it has.
    is_flushed: bool,
    spurt: Spurt,
    packet: [u8; PACKET_BYTES],
    length: usize,
}

/// Whether captured audio is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    Open,
    /// The talk button was released. This many frames, at least one, are still encoded.
    Closing(u64),
    Shut,
}

/// Whether the receivers wait for frames of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spurt {
    /// They do not.
    Quiet,
    /// They do.
    Talking,
    /// They do, and no frame is coming.
    Ending,
}

/// A codec job of the send path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SendJob {
    Encode { format: SendFormat, samples: Samples },
    Discard { samples: Samples },
}

/// A packet that is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ready {
    Media,
    TalkEnd,
}

impl Sender {
    pub(super) fn new(config: Config) -> Self {
        Self {
            config,
            gate: Gate::Shut,
            microphone: PortChange::Detached,
            captured: Samples::ZERO,
            jobs: Vec::new(),
            batch: Batch::new(),
            is_flushed: false,
            spurt: Spurt::Quiet,
            packet: [0; PACKET_BYTES],
            length: 0,
        }
    }

    pub(super) fn on_talk(&mut self, talk: Talk) {
        match (talk, self.gate) {
            (Talk::Pressed, _) => self.gate = Gate::Open,
            (Talk::Released, Gate::Open) => {
                let frame = self.format().map_or(1, |(_, frame)| frame.0.max(1));
                self.gate = Gate::closing(self.captured.0.div_ceil(frame));
            }
            (Talk::Released, Gate::Closing(_) | Gate::Shut) => {}
        }
    }

    /// Returns whether the microphone was attached or detached.
    pub(super) fn on_port(&mut self, change: PortChange) -> bool {
        let before = core::mem::replace(&mut self.microphone, change);
        if before == change {
            return false;
        }
        self.captured = Samples::ZERO;
        self.jobs.clear();
        if let Gate::Closing(_) = self.gate {
            self.gate = Gate::Shut;
        }
        true
    }

    /// Adds captured audio; none without a microphone.
    pub(super) fn on_captured(&mut self, samples: Samples) {
        if self.is_attached() {
            self.captured = self.captured + samples;
        }
    }

    pub(super) fn on_overrun(&self, samples: Samples, counters: &mut Counters) {
        if self.gate != Gate::Shut && self.is_attached() {
            counters.capture_dropped = counters.capture_dropped + samples;
        }
    }

    pub(super) fn set_format(&mut self, format: Format) {
        self.config.format = format;
        self.is_flushed |= self.batch.frames() > 0;
    }

    pub(super) fn set_mdu(&mut self, mdu: usize) {
        self.config.mdu = mdu;
        self.is_flushed |= self.batch.frames() > 0;
    }

    pub(super) fn is_attached(&self) -> bool {
        self.microphone == PortChange::Attached
    }

    pub(super) fn has_job(&self, job: JobId) -> bool {
        self.jobs.iter().any(|(id, _)| *id == job)
    }

    /// Handles a job that is out. Returns whether the frames before it became a packet.
    ///
    /// # Errors
    /// [`InputError::OutputFull`] while a packet waits to be polled.
    pub(super) fn on_job_done(
        &mut self,
        job: JobId,
        outcome: Outcome<'_>,
        counters: &mut Counters,
    ) -> Result<bool, InputError> {
        let Some(index) = self.jobs.iter().position(|(id, _)| *id == job) else {
            return Ok(false);
        };
        if matches!(outcome, Outcome::Encoded(_)) && self.length > 0 {
            return Err(InputError::OutputFull);
        }
        match (self.jobs.remove(index).1, outcome) {
            (SendJob::Encode { .. }, Outcome::Encoded(frame)) => {
                return Ok(self.on_encoded(frame, counters));
            }
            (SendJob::Encode { .. }, Outcome::NoVoice) => {
                count(&mut counters.frames_dtx);
                self.end();
            }
            (SendJob::Encode { .. }, _) => count(&mut counters.encodes_failed),
            (SendJob::Discard { .. }, _) => {}
        }
        Ok(false)
    }

    /// Returns the next job, under the next id.
    pub(super) fn next_job(
        &mut self,
        next: &mut JobId,
        counters: &mut Counters,
    ) -> Option<(JobId, SendJob)> {
        if self.jobs.is_full() {
            return None;
        }
        let work = self.next_work(counters)?;
        let job = *next;
        next.0 += 1;
        let kept = self.jobs.push((job, work));
        debug_assert!(kept.is_ok(), "there is room");
        Some((job, work))
    }

    /// Makes the next packet, if one is ready and the one before it was polled.
    pub(super) fn next_packet(&mut self, counters: &mut Counters) -> Option<Ready> {
        let is_encoding = self.jobs.iter().any(|(_, job)| matches!(job, SendJob::Encode { .. }));
        if self.gate == Gate::Shut && !is_encoding {
            self.end();
        }
        let is_complete = self.is_flushed || self.batch.frames() >= self.frames_wanted();
        if self.batch.frames() > 0 && is_complete && self.length == 0 {
            return self.make_packet(counters).then_some(Ready::Media);
        }
        if self.batch.frames() == 0 && self.spurt == Spurt::Ending {
            self.spurt = Spurt::Quiet;
            return self.config.ends.then_some(Ready::TalkEnd);
        }
        None
    }

    pub(super) fn write_packet<'b>(&mut self, buf: &'b mut [u8]) -> &'b [u8] {
        let length = core::mem::take(&mut self.length);
        // A packet has at most PACKET_BYTES, which both buffers hold.
        let data = &mut buf[..length];
        data.copy_from_slice(&self.packet[..length]);
        data
    }

    fn next_work(&mut self, counters: &mut Counters) -> Option<SendJob> {
        let format = self.format().filter(|_| self.is_attached());
        let (Gate::Open | Gate::Closing(_), Some((format, frame))) = (self.gate, format) else {
            self.gate = if self.gate == Gate::Open { Gate::Open } else { Gate::Shut };
            return self.discard(self.captured, &mut counters.capture_discarded);
        };
        if self.gate == Gate::Open && self.captured > CAPTURE_BACKLOG + frame {
            return self.discard(self.captured - frame, &mut counters.capture_dropped);
        }
        if self.captured < frame {
            return None;
        }
        self.captured = self.captured - frame;
        if let Gate::Closing(frames) = self.gate {
            self.gate = Gate::closing(frames - 1);
        }
        Some(SendJob::Encode { format, samples: frame })
    }

    /// Adds a frame to the next packet. Returns whether the frames before it became a packet.
    fn on_encoded(&mut self, frame: Frame<'_>, counters: &mut Counters) -> bool {
        let mut is_made = false;
        let mut pushed = self.batch.push(frame, self.room());
        if pushed.is_err() && self.batch.frames() > 0 {
            is_made = self.make_packet(counters);
            pushed = self.batch.push(frame, self.room());
        }
        match pushed {
            Ok(()) => self.spurt = Spurt::Talking,
            Err(_) => count(&mut counters.frames_unsent),
        }
        is_made
    }

    /// Ends the talk spurt, with the packet that is begun.
    fn end(&mut self) {
        if self.spurt == Spurt::Talking {
            self.spurt = Spurt::Ending;
            self.is_flushed |= self.batch.frames() > 0;
        }
    }

    fn make_packet(&mut self, counters: &mut Counters) -> bool {
        self.is_flushed = false;
        let is_numbered = self.config.numbers.apply_to(self.config.format);
        // The room of a packet is at most PACKET_BYTES.
        let room = self.room();
        let Some((length, bytes)) = self.batch.write(is_numbered, &mut self.packet[..room]) else {
            return false;
        };
        self.length = length;
        count(&mut counters.media_packets_sent);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        counters.bytes_sent = counters.bytes_sent.saturating_add(bytes);
        true
    }

    /// Returns how to encode and the length of a frame, or `None` if no raw frame fits a packet.
    fn format(&self) -> Option<(SendFormat, Samples)> {
        let format = self.config.format;
        Some((format.send(), format.frame(self.room())?))
    }

    fn frames_wanted(&self) -> usize {
        let frame = self.format().map_or(1, |(_, frame)| frame.0.max(1));
        let frames = usize::try_from(self.config.batch.0 / frame).unwrap_or(TALK_FRAMES);
        frames.clamp(1, TALK_FRAMES)
    }

    fn room(&self) -> usize {
        self.config.mdu.min(PACKET_BYTES)
    }

    fn discard(&mut self, samples: Samples, counter: &mut Samples) -> Option<SendJob> {
        if samples.is_zero() {
            return None;
        }
        self.captured = self.captured - samples;
        *counter = *counter + samples;
        Some(SendJob::Discard { samples })
    }
}

impl Gate {
    const fn closing(frames: u64) -> Self {
        match frames {
            0 => Self::Shut,
            1.. => Self::Closing(frames),
        }
    }
}

impl SendJob {
    pub(super) const fn work(self) -> Work<'static> {
        match self {
            Self::Encode { format, samples } => {
                Work::Encode { format, source: Source::Captured, samples }
            }
            Self::Discard { samples } => Work::Discard { samples },
        }
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("gate", &self.gate)
            .field("captured", &self.captured)
            .field("jobs", &self.jobs)
            .field("batch", &self.batch)
            .field("spurt", &self.spurt)
            .field("packet_bytes", &self.length)
            .finish_non_exhaustive()
    }
}
