//! The jitter buffer: when to decode, how fast to play, when to conceal (PLC). The speaker's
//! consumption is the playout clock.
//!
//! 1. Playout starts with the first frame. The delay grows to what jitter needs: audio that is
//!    concealed because a frame came late stays as delay.
//! 2. Audio that the speaker's next block will lack is concealed at the last moment, a quarter of a
//!    block ahead.
//! 3. Headroom that no frame of the last seconds needed is shed: frames are time-compressed, and
//!    frames in pauses are skipped. When frames come at the last moment, short ones are
//!    time-stretched.
//! 4. After one stall the delay that it left is shed. After one of the network that is at once: short
//!    frames then need what they needed before it. After one of the speaker or of our own process,
//!    what they need is measured first. What time-compression cannot shed in time is dropped and
//!    counted. Delay that repeated stalls of the network need is kept.
//! 5. When the peer pauses (DTX), the delay starts anew: the first frame of the next talk spurt is
//!    held back for the jitter measured before the pause.
//! 6. While packets bring a copy of the frame before, headroom of one frame is kept for it.
//! 7. A batch of a talker's frames comes at once and is held whole.

mod decoding;
mod excess;
mod numbered;
mod speaker;

use super::batches::Arrival;
use super::headroom::{Headroom, signed};
use super::ring::{Dropped, FrameRing};
use super::stalls::Stalls;
use crate::audio::Samples;
use crate::counters::Counters;
use crate::input::PortChange;
use crate::limits::{MAX_PLAYOUT, MAX_PREBUFFER};
use crate::time::Instant;
use crate::wire::Frame;
use excess::{CatchingUp, Played};
use numbered::Numbered;
use speaker::Speaker;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Playout<const RING: usize> {
    ring: FrameRing<RING>,
    phase: Phase,
    headroom: Headroom,
    /// Known while frames are missing, and while a stall is watched.
    before_gap: Option<BeforeGap>,
    stalls: Stalls,
    catching_up: CatchingUp,
    /// Whether the delay that one stall left is shed.
    sheds_stall: bool,
    /// When the latest packet with a copy of the frame before arrived.
    copied: Option<Instant>,
    /// Length of the latest frame, at normal tempo.
    frame: Samples,
    /// Audio in the playout queue.
    ready: Samples,
    speaker: Speaker,
    last: Played,
    /// Audio missing because frames were lost or dropped, concealed or silent, in this session.
    missing: Samples,
    /// Silence before the audio that plays. It becomes missing audio if there was no pause.
    silent: Samples,
    /// Length of the frame, or of the gap, that is with the decoder.
    decoding: Option<Samples>,
    numbered: Numbered,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing plays. The oldest frame arrived at `since` and is held back for `prebuffer`.
    /// `silent` is the silence since the peer seemed to pause.
    Prebuffering { since: Option<Instant>, prebuffer: Samples, silent: Option<Samples> },
    /// Frames play. `concealed` was concealed in a row; `starved` was silent after that.
    Playing { concealed: Samples, starved: Samples },
}

/// What was known when audio began to lack.
#[derive(Clone, Debug, PartialEq, Eq)]
struct BeforeGap {
    headroom: Headroom,
    /// Audio that was concealed or silent since then.
    made_up: Samples,
}

/// The jitter buffer's part of the quality report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PlayoutQuality {
    pub(super) frame: Samples,
    /// Average wait of a frame between arrival and playout.
    pub(super) delay: Samples,
    /// Difference between the earliest and the latest arrival.
    pub(super) jitter: Samples,
    /// Audio missing because frames were lost or dropped, concealed or silent, in this session.
    pub(super) missing: Samples,
}

impl<const RING: usize> Playout<RING> {
    pub(super) fn open(&mut self, frame: Samples) {
        self.frame = frame;
    }

    pub(super) fn close(&mut self) {
        self.ring.clear();
        self.phase = Phase::START;
        self.headroom = Headroom::default();
        self.before_gap = None;
        self.stalls = Stalls::default();
        self.catching_up = CatchingUp::No;
        self.sheds_stall = false;
        self.copied = None;
        self.ready = Samples::ZERO;
        self.last = Played::default();
        self.missing = Samples::ZERO;
        self.silent = Samples::ZERO;
        self.decoding = None;
        self.numbered = Numbered::default();
    }

    pub(super) const fn is_attached(&self) -> bool {
        self.speaker.is_attached
    }

    /// Returns the length of one frame of the peer, as far as known.
    pub(super) const fn frame(&self) -> Samples {
        self.frame
    }

    pub(super) fn heard(&self) -> PlayoutQuality {
        PlayoutQuality {
            frame: self.frame,
            delay: self.headroom.mean() + self.speaker.block,
            jitter: self.headroom.jitter(),
            missing: self.missing,
        }
    }

    pub(super) fn on_port(&mut self, change: PortChange, counters: &mut Counters) {
        if self.is_attached() == (change == PortChange::Attached) {
            return;
        }
        self.speaker.is_attached = change == PortChange::Attached;
        self.flush(counters);
    }

    /// Drops the frames that wait.
    pub(super) fn flush(&mut self, counters: &mut Counters) {
        let waiting = u64::try_from(self.ring.frames()).unwrap_or(u64::MAX);
        counters.frames_unheard = counters.frames_unheard.saturating_add(waiting);
        self.ring.clear();
        self.before_gap = None;
        self.prebuffer(Samples::ZERO, None);
    }

    /// Adds a frame of this length.
    pub(super) fn on_frame(
        &mut self,
        now: Instant,
        frame: Frame<'_>,
        samples: Samples,
        arrival: Arrival,
        counters: &mut Counters,
    ) -> Result<(), ()> {
        let (held, passed) = (self.held(), signed(self.speaker.passed(now)));
        let found = signed(held).saturating_sub(passed);
        let early = signed(self.speaker.until_lacking(held)).saturating_sub(passed);
        let mut dropped = self.ring.push(frame, samples).map_err(|_| ())?;
        self.numbered.is_over = false;
        self.on_length(samples);
        match &mut self.phase {
            Phase::Prebuffering { since, .. } => _ = since.get_or_insert(now),
            Phase::Playing { .. } => {
                self.headroom.on_found(found);
                self.headroom.on_early(early);
            }
        }
        if self.headroom.is_watched() && self.speaker.is_about_to_take(now) {
            self.speaker.missed = self.speaker.missed + samples;
        }
        let most = MAX_PLAYOUT + arrival.batch.max(samples) + self.speaker.block;
        while self.ring.frames() > 1 && self.held() > most {
            self.ring.drop_oldest(&mut dropped);
        }
        let found = found.saturating_sub(signed(dropped.samples));
        self.on_dropped(dropped, counters);
        let Arrival { packet, batch } = arrival;
        let shown = packet.and_then(|length| self.stalls.on_arrival(now, length, batch));
        if let Some(shown) = shown {
            self.on_stall(now, found, shown, counters);
        }
        if !self.stalls.is_watching() {
            self.before_gap = None;
        }
        Ok(())
    }

    /// Handles a packet with copies: a lost frame will come with the one after it.
    pub(super) const fn await_copies(&mut self, now: Instant) {
        self.copied = Some(now);
    }

    /// Adds a copy of a missing frame of this length. The frame after it follows.
    pub(super) fn on_copy(
        &mut self,
        now: Instant,
        frame: Frame<'_>,
        samples: Samples,
        counters: &mut Counters,
    ) -> Result<(), ()> {
        let dropped = self.ring.push(frame, samples).map_err(|_| ())?;
        if let Phase::Prebuffering { since, .. } = &mut self.phase {
            since.get_or_insert(now);
        }
        self.on_dropped(dropped, counters);
        Ok(())
    }

    /// Handles a block that the speaker took, where a batch is this long at most.
    pub(super) fn on_consumed(
        &mut self,
        now: Instant,
        samples: Samples,
        is_pause: bool,
        batch: Samples,
    ) {
        let starved = samples - self.ready;
        self.ready = self.ready - samples;
        let missed = signed(core::mem::take(&mut self.speaker.missed));
        if self.speaker.on_taken(now, samples) {
            self.headroom.restart();
            self.before_gap = None;
            self.catching_up = CatchingUp::Soon;
            self.sheds_stall = true;
        }
        if !starved.is_zero() {
            self.on_gap(starved);
        }
        match &mut self.phase {
            Phase::Prebuffering { silent, .. } => {
                *silent = silent.map(|silent| silent + starved);
            }
            Phase::Playing { starved: in_a_row, .. } => {
                *in_a_row = *in_a_row + starved;
                let silent = *in_a_row;
                if is_pause && self.held().is_zero() {
                    let learnt =
                        self.stalls.repeated(now).map_or(0, |(length, _)| length.0 / 4 * 3);
                    let jitter = self.headroom.jitter().min(MAX_PREBUFFER);
                    let prebuffer = jitter.max(Samples(learnt)).max(self.for_copies(now));
                    self.prebuffer(prebuffer, Some(silent));
                } else {
                    let held = signed(self.held());
                    self.headroom.on_block_taken(now, held - missed.min(held), batch);
                }
            }
        }
    }

    fn on_dropped(&mut self, dropped: Dropped, counters: &mut Counters) {
        if !dropped.samples.is_zero() {
            counters.frames_shed = counters.frames_shed.saturating_add(dropped.frames);
            counters.dropped = counters.dropped + dropped.samples;
            self.missing = self.missing + dropped.samples;
            self.shift(signed(dropped.samples).saturating_neg());
        }
    }

    /// Adds to all recorded headroom.
    fn shift(&mut self, by: i32) {
        if by != 0 {
            self.headroom.shift(by);
            if let Some(before) = &mut self.before_gap {
                before.headroom.shift(by);
            }
            self.stalls.shift(by);
        }
    }

    fn on_length(&mut self, frame: Samples) {
        if core::mem::replace(&mut self.frame, frame) != frame {
            self.headroom.restart();
            self.before_gap = None;
            self.catching_up = CatchingUp::Soon;
        }
    }

    fn prebuffer(&mut self, prebuffer: Samples, silent: Option<Samples>) {
        self.phase = Phase::Prebuffering { since: None, prebuffer, silent };
        self.headroom = Headroom::default();
    }

    /// Records audio that was made up, or silent: frames that come now meet more headroom.
    fn on_gap(&mut self, samples: Samples) {
        let before = self.before_gap.get_or_insert_with(|| BeforeGap {
            headroom: self.headroom.clone(),
            made_up: Samples::ZERO,
        });
        before.made_up = before.made_up + samples;
    }

    /// Returns all audio that waits to play: decoded, with the decoder, and in the ring.
    fn held(&self) -> Samples {
        self.ready + self.ring.samples() + self.decoding.unwrap_or(Samples::ZERO)
    }
}

impl Phase {
    const START: Self = Self::Prebuffering { since: None, prebuffer: Samples::ZERO, silent: None };
}

impl<const RING: usize> Default for Playout<RING> {
    fn default() -> Self {
        Self {
            ring: FrameRing::new(),
            phase: Phase::START,
            headroom: Headroom::default(),
            before_gap: None,
            stalls: Stalls::default(),
            catching_up: CatchingUp::No,
            sheds_stall: false,
            copied: None,
            frame: Samples::ZERO,
            ready: Samples::ZERO,
            speaker: Speaker::default(),
            last: Played::default(),
            missing: Samples::ZERO,
            silent: Samples::ZERO,
            decoding: None,
            numbered: Numbered::default(),
        }
    }
}
