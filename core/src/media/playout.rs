//! The receive path: when to decode, when to make audio up, when to let it go.
//!
//! A fixed depth: playout starts when the depth is held, makes audio up while frames are missing,
//! and waits for the depth again after that. The speaker's consumption is the clock.

use core::fmt;

use super::ring::FrameRing;
use crate::limits::{
    CONCEALMENT, CONCEALMENT_STEP, FRAME_BYTES, PLAYOUT_DEPTH, PLAYOUT_EXCESS, PLAYOUT_LEAD,
};
use crate::outbox::Ticket;
use crate::stats::count;
use crate::wire::Frame;
use crate::{PortChange, Samples, Stats};

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Playout {
    ring: FrameRing,
    phase: Phase,
    /// What one frame plays, as the last decoded one did.
    frame: Samples,
    /// What the playout queue holds.
    ready: Samples,
    attached: bool,
    /// The frame of the decode job that is out.
    decoding: [u8; FRAME_BYTES],
    decoding_length: usize,
    /// Whether that frame waits to be written out.
    frame_waits: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Frames are held back; the oldest has been for this long.
    Filling { waited: Samples },
    /// Frames are played; so much in a row was made up.
    Playing { concealed: Samples },
}

impl Playout {
    pub(super) fn open(&mut self, frame: Samples) {
        self.frame = frame;
    }

    pub(super) fn close(&mut self) {
        self.ring.clear();
        self.phase = Phase::START;
        self.ready = Samples::ZERO;
    }

    pub(super) const fn is_attached(&self) -> bool {
        self.attached
    }

    pub(super) fn on_port(&mut self, change: PortChange, stats: &mut Stats) {
        self.attached = change == PortChange::Attached;
        self.flush(stats);
    }

    /// Forgets the frames that wait.
    pub(super) fn flush(&mut self, stats: &mut Stats) {
        let waiting = u64::try_from(self.ring.frames()).unwrap_or(u64::MAX);
        stats.frames_unheard = stats.frames_unheard.saturating_add(waiting);
        self.ring.clear();
        self.phase = Phase::START;
    }

    pub(super) fn on_frame(&mut self, frame: Frame<'_>, stats: &mut Stats) -> Result<(), ()> {
        let mut shed = self.ring.push(frame).map_err(|_| ())?;
        let most = self.depth_frames() + self.frames_in(PLAYOUT_EXCESS);
        while self.ring.frames() > most {
            self.ring.drop_oldest();
            shed += 1;
        }
        count(&mut stats.frames_received);
        let shed = u64::try_from(shed).unwrap_or(u64::MAX);
        stats.frames_shed = stats.frames_shed.saturating_add(shed);
        Ok(())
    }

    pub(super) fn on_consumed(&mut self, samples: Samples, stats: &mut Stats) {
        let starved = samples - self.ready;
        self.ready = self.ready - samples;
        match &mut self.phase {
            Phase::Filling { waited } if self.ring.frames() > 0 => *waited = *waited + samples,
            Phase::Filling { .. } => {}
            Phase::Playing { .. } => stats.starved = stats.starved + starved,
        }
    }

    pub(super) fn on_decoded(&mut self, samples: Samples) {
        self.frame = if samples.is_zero() { self.frame } else { samples };
        self.ready = self.ready + samples;
    }

    pub(super) fn on_concealed(&mut self, samples: Samples, stats: &mut Stats) {
        self.ready = self.ready + samples;
        stats.concealed = stats.concealed + samples;
    }

    pub(super) fn next_job(&mut self) -> Option<Ticket> {
        if !self.attached || self.frame_waits || self.ready >= PLAYOUT_LEAD {
            return None;
        }
        let concealed = match self.phase {
            Phase::Filling { waited } if waited < self.depth() && !self.has_depth() => return None,
            Phase::Filling { .. } => Samples::ZERO,
            Phase::Playing { concealed } => concealed,
        };
        if let Some((codec, length)) = self.ring.pop(&mut self.decoding) {
            (self.decoding_length, self.frame_waits) = (length, true);
            self.phase = Phase::Playing { concealed: Samples::ZERO };
            return Some(Ticket::Decode { codec });
        }
        let samples = self.frame.clamp(CONCEALMENT_STEP, PLAYOUT_LEAD);
        if concealed + samples > CONCEALMENT.max(self.frame) {
            self.phase = Phase::START;
            return None;
        }
        self.phase = Phase::Playing { concealed: concealed + samples };
        Some(Ticket::Conceal { samples })
    }

    pub(super) fn write_frame<'b>(&mut self, buf: &'b mut [u8]) -> &'b [u8] {
        self.frame_waits = false;
        // A frame is at most FRAME_BYTES, and a caller's buffer PACKET_BYTES, which is more.
        let payload = &mut buf[..self.decoding_length];
        payload.copy_from_slice(&self.decoding[..self.decoding_length]);
        payload
    }

    fn has_depth(&self) -> bool {
        self.ring.frames() >= self.depth_frames()
    }

    fn depth_frames(&self) -> usize {
        self.frames_in(PLAYOUT_DEPTH).max(2)
    }

    fn depth(&self) -> Samples {
        PLAYOUT_DEPTH.max(self.frame + self.frame)
    }

    fn frames_in(&self, samples: Samples) -> usize {
        samples.0.div_ceil(self.frame.0.max(1)) as usize
    }
}

impl Phase {
    const START: Self = Self::Filling { waited: Samples::ZERO };
}

impl Default for Playout {
    fn default() -> Self {
        Self {
            ring: FrameRing::new(),
            phase: Phase::START,
            frame: Samples::ZERO,
            ready: Samples::ZERO,
            attached: false,
            decoding: [0; FRAME_BYTES],
            decoding_length: 0,
            frame_waits: false,
        }
    }
}

impl fmt::Debug for Playout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Playout")
            .field("ring", &self.ring)
            .field("phase", &self.phase)
            .field("frame", &self.frame)
            .field("ready", &self.ready)
            .field("attached", &self.attached)
            .finish()
    }
}
