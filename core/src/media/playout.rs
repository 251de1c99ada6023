//! The receive path: when to decode, how fast to play, when to make audio up. The speaker's
//! consumption is the clock.
//!
//! 1. Playout starts with the first frame. The delay that uneven arrivals need is learnt from
//!    below: what is made up because a frame came late stays as delay.
//! 2. A block that the speaker will lack is made up at the last moment, a quarter of a block ahead.
//! 3. Slack that no frame of the last seconds needed is shed: frames play faster, pauses are left
//!    out. Where slack is all but gone, short frames play slower.
//! 4. When the peer pauses, the delay starts anew: the next frame is held back for as long as
//!    arrivals were spread before.

use core::fmt;

use super::ring::FrameRing;
use super::slack::{Slack, signed};
use crate::limits::{
    BLOCK_MOST, CONCEALMENT, CONCEALMENT_STEP, FRAME_BYTES, HOLD_MOST, PAUSE_LEVEL, PLAYOUT_LEAD,
    PLAYOUT_MOST, SKIP_MOST, SLACK_LEAST, TEMPO_HELD,
};
use crate::outbox::Ticket;
use crate::wire::Frame;
use crate::{Instant, PortChange, Samples, Stats, Tempo};

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Playout<const RING: usize> {
    ring: FrameRing<RING>,
    phase: Phase,
    slack: Slack,
    /// What one frame plays, as it was sent.
    frame: Samples,
    /// What the playout queue holds.
    ready: Samples,
    speaker: Speaker,
    last: Played,
    /// What frames that did not come left to be made up, or silent, in the call.
    missing: Samples,
    /// Whether a decode job is out.
    is_decoding: bool,
    /// The frame of the last one.
    payload: [u8; FRAME_BYTES],
    length: usize,
    /// Whether that frame waits to be written out.
    frame_waits: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing plays. The oldest frame came then, and is held back for so long.
    Holding { since: Option<Instant>, hold: Samples },
    /// Frames are played; so much in a row was made up, and missing after that.
    Playing { concealed: Samples, starved: Samples },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Speaker {
    is_attached: bool,
    /// What it takes at once.
    block: Samples,
    /// When it took the last block.
    took: Instant,
    /// What arrived after that, too late for the next block had there been no slack.
    missed: Samples,
}

/// How playout fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) frame: Samples,
    /// How long what arrives waits until it plays, on the average.
    pub(super) delay: Samples,
    /// How far apart arrivals are spread.
    pub(super) spread: Samples,
    /// What frames that did not come left to be made up, or silent, in the call.
    pub(super) missing: Samples,
}

/// How the last frames were played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Played {
    tempo: Tempo,
    /// How many frames in a row were played as they were sent.
    normal: u8,
    samples: Samples,
    level: u8,
}

impl<const RING: usize> Playout<RING> {
    pub(super) fn open(&mut self, frame: Samples) {
        self.frame = frame;
    }

    pub(super) fn close(&mut self) {
        self.ring.clear();
        self.phase = Phase::START;
        self.slack = Slack::default();
        self.ready = Samples::ZERO;
        self.last = Played::default();
        self.missing = Samples::ZERO;
        self.is_decoding = false;
    }

    pub(super) const fn is_attached(&self) -> bool {
        self.speaker.is_attached
    }

    /// What one frame of the peer plays, as far as known.
    pub(super) const fn frame(&self) -> Samples {
        self.frame
    }

    pub(super) fn heard(&self) -> Heard {
        Heard {
            frame: self.frame,
            delay: self.slack.mean(),
            spread: self.slack.spread(),
            missing: self.missing,
        }
    }

    pub(super) fn on_port(&mut self, change: PortChange, stats: &mut Stats) {
        self.speaker = Speaker { is_attached: change == PortChange::Attached, ..self.speaker };
        self.flush(stats);
    }

    /// Forgets the frames that wait.
    pub(super) fn flush(&mut self, stats: &mut Stats) {
        let waiting = u64::try_from(self.ring.frames()).unwrap_or(u64::MAX);
        stats.frames_unheard = stats.frames_unheard.saturating_add(waiting);
        self.ring.clear();
        self.hold(Samples::ZERO);
    }

    pub(super) fn on_frame(
        &mut self,
        now: Instant,
        frame: Frame<'_>,
        stats: &mut Stats,
    ) -> Result<(), ()> {
        let found = signed(self.held()).saturating_sub(signed(lasted(now, self.speaker.took)));
        let mut dropped = self.ring.push(frame).map_err(|_| ())?;
        match &mut self.phase {
            Phase::Holding { since, .. } => _ = since.get_or_insert(now),
            Phase::Playing { .. } => self.slack.on_found(found),
        }
        if self.slack.is_watched() && self.speaker.is_about_to_take(now) {
            self.speaker.missed = self.speaker.missed + self.frame;
        }
        while self.ring.frames() > RING_LEAST && self.frames(self.ring.frames()) > PLAYOUT_MOST {
            self.ring.drop_oldest();
            dropped += 1;
        }
        self.slack.shift(signed(self.frames(dropped)).saturating_neg());
        let dropped = u64::try_from(dropped).unwrap_or(u64::MAX);
        stats.frames_shed = stats.frames_shed.saturating_add(dropped);
        Ok(())
    }

    pub(super) fn on_consumed(&mut self, now: Instant, samples: Samples, is_pause: bool) {
        let starved = samples - self.ready;
        self.ready = self.ready - samples;
        let missed = signed(core::mem::take(&mut self.speaker.missed));
        (self.speaker.took, self.speaker.block) = (now, samples.min(BLOCK_MOST));
        if let Phase::Playing { starved: in_a_row, .. } = &mut self.phase {
            *in_a_row = *in_a_row + starved;
            if is_pause && self.held().is_zero() {
                self.hold(self.slack.spread().min(HOLD_MOST));
            } else {
                self.slack.on_left(now, signed(self.held()) - missed.min(signed(self.held())));
            }
        }
    }

    pub(super) fn on_decoded(
        &mut self,
        tempo: Tempo,
        samples: Samples,
        level: u8,
        stats: &mut Stats,
    ) {
        self.is_decoding = false;
        self.ready = self.ready + samples;
        let before = self.last;
        let normal = if tempo == Tempo::Normal { before.normal.saturating_add(1) } else { 0 };
        self.last = Played { tempo, normal, samples, level };
        // The decoder may hold some audio back: only what two frames had in common is their length.
        if normal >= STEADY && before.samples == samples && !samples.is_zero() {
            self.on_length(samples);
        }
        // Over some frames this is exact, though the decoder holds some of one back for another.
        match tempo {
            Tempo::Normal if before.tempo == Tempo::Faster => {
                stats.shed = stats.shed + self.frame - samples;
            }
            Tempo::Normal => {}
            Tempo::Faster | Tempo::Skip => stats.shed = stats.shed + self.frame - samples,
            Tempo::Slower => stats.expanded = stats.expanded + samples - self.frame,
        }
        self.slack.shift(signed(samples) - signed(self.frame));
    }

    /// The frame of the decode job was refused.
    pub(super) fn on_undecodable(&mut self) {
        self.is_decoding = false;
        self.slack.shift(signed(self.frame).saturating_neg());
    }

    pub(super) fn on_concealed(&mut self, samples: Samples, stats: &mut Stats) {
        self.ready = self.ready + samples;
        self.slack.on_missing(samples);
        stats.concealed = stats.concealed + samples;
    }

    pub(super) fn next_job(&mut self, now: Instant, stats: &mut Stats) -> Option<Ticket> {
        if !self.is_attached() || self.is_decoding || self.frame_waits {
            return None;
        }
        if let Some(due) = self.shortage() {
            let Phase::Playing { concealed, .. } = &mut self.phase else { return None };
            if now < due.at {
                return None;
            }
            *concealed = *concealed + due.samples;
            return Some(Ticket::Conceal { samples: due.samples });
        }
        if self.ready >= PLAYOUT_LEAD.max(self.speaker.block) || self.is_held_back(now) {
            return None;
        }
        let (codec, length) = self.ring.pop(&mut self.payload)?;
        let tempo = self.tempo();
        (self.is_decoding, self.length, self.frame_waits) = (true, length, true);
        if let Phase::Playing { concealed, starved } = self.phase {
            // It was no pause.
            self.missing = self.missing + concealed + starved;
            stats.starved = stats.starved + starved;
        }
        self.phase = Phase::Playing { concealed: Samples::ZERO, starved: Samples::ZERO };
        Some(Ticket::Decode { codec, tempo })
    }

    /// When audio is made up if no frame comes before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.shortage().filter(|_| self.is_attached()).map(|shortage| shortage.at)
    }

    pub(super) fn write_frame<'b>(&mut self, buf: &'b mut [u8]) -> &'b [u8] {
        self.frame_waits = false;
        // A frame is at most FRAME_BYTES, and a caller's buffer PACKET_BYTES, which is more.
        let payload = &mut buf[..self.length];
        payload.copy_from_slice(&self.payload[..self.length]);
        payload
    }

    /// How fast the next frame is to play.
    fn tempo(&self) -> Tempo {
        let Some(slack) = self.slack.least() else { return Tempo::Normal };
        let frame = signed(self.frame);
        let most_shed = frame / 4;
        let keep = signed(SLACK_LEAST).min(most_shed);
        let is_faster = self.last.tempo == Tempo::Faster;
        let to_hold = if is_faster { 0 } else { signed(TEMPO_HELD) };
        let is_pause = self.last.level >= PAUSE_LEVEL && self.frame <= SKIP_MOST;
        if slack >= keep + frame && is_pause {
            Tempo::Skip
        } else if slack >= keep + most_shed + to_hold {
            Tempo::Faster
        } else if (0..keep).contains(&slack)
            && most_shed <= signed(PLAYOUT_LEAD)
            && self.last.normal >= STEADY
        {
            Tempo::Slower
        } else {
            Tempo::Normal
        }
    }

    /// What is to be made up for the speaker's next block, and when.
    fn shortage(&self) -> Option<Shortage> {
        let Phase::Playing { concealed, .. } = self.phase else { return None };
        if self.ring.frames() > 0 || self.is_decoding || self.ready >= self.speaker.block {
            return None;
        }
        let lacking = (self.speaker.block - self.ready).max(CONCEALMENT_STEP);
        let samples = lacking.min(CONCEALMENT.max(self.frame) - concealed);
        (!samples.is_zero()).then(|| Shortage { at: self.speaker.last_moment(), samples })
    }

    fn is_held_back(&self, now: Instant) -> bool {
        match self.phase {
            Phase::Holding { since: Some(since), hold } => {
                now < since + hold.duration() && self.held() < hold + self.frame
            }
            Phase::Holding { since: None, .. } | Phase::Playing { .. } => false,
        }
    }

    fn on_length(&mut self, frame: Samples) {
        if core::mem::replace(&mut self.frame, frame) != frame {
            self.slack = Slack::default();
        }
    }

    fn hold(&mut self, hold: Samples) {
        self.phase = Phase::Holding { since: None, hold };
        self.slack = Slack::default();
    }

    /// All that is there to be played.
    fn held(&self) -> Samples {
        let decoding = usize::from(self.is_decoding);
        self.ready + self.frames(self.ring.frames() + decoding)
    }

    fn frames(&self, number: usize) -> Samples {
        Samples(self.frame.0.saturating_mul(u64::try_from(number).unwrap_or(u64::MAX)))
    }
}

struct Shortage {
    at: Instant,
    samples: Samples,
}

impl Speaker {
    fn is_about_to_take(&self, now: Instant) -> bool {
        now > self.last_moment() && now <= self.took + self.block.duration()
    }

    /// When what the next block lacks has to be made up.
    fn last_moment(&self) -> Instant {
        self.took + Samples(self.block.0 / 4 * 3).duration()
    }
}

impl Phase {
    const START: Self = Self::Holding { since: None, hold: Samples::ZERO };
}

impl<const RING: usize> Default for Playout<RING> {
    fn default() -> Self {
        Self {
            ring: FrameRing::new(),
            phase: Phase::START,
            slack: Slack::default(),
            frame: Samples::ZERO,
            ready: Samples::ZERO,
            speaker: Speaker::default(),
            last: Played::default(),
            missing: Samples::ZERO,
            is_decoding: false,
            payload: [0; FRAME_BYTES],
            length: 0,
            frame_waits: false,
        }
    }
}

impl<const RING: usize> fmt::Debug for Playout<RING> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Playout")
            .field("ring", &self.ring)
            .field("phase", &self.phase)
            .field("slack", &self.slack)
            .field("frame", &self.frame)
            .field("ready", &self.ready)
            .field("speaker", &self.speaker)
            .field("last", &self.last)
            .field("missing", &self.missing)
            .field("is_decoding", &self.is_decoding)
            .finish_non_exhaustive()
    }
}

/// The audio that plays from one moment to another.
fn lasted(now: Instant, since: Instant) -> Samples {
    let micros = now.as_micros().saturating_sub(since.as_micros());
    Samples(micros / 125 * 6 + micros % 125 * 6 / 125)
}

/// Frames in a row, played as they were sent, that tell how long they are.
const STEADY: u8 = 2;

/// Frames that are kept however long they are.
const RING_LEAST: usize = 4;
