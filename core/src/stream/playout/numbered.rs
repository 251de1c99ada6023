//! Numbered frames in the jitter buffer.
//!
//! 1. A missing frame leaves a gap. It is concealed in its place, with the frames after it at hand.
//!    Audio that was concealed already because the buffer ran empty counts for the frames that are
//!    missing.
//! 2. A late frame fills its gap. If the gap was played, the frame is dropped, and the delay grows by
//!    one frame before the next one.
//! 3. After the end of a talk, what is there is played without being held back, and nothing is
//!    concealed.

use super::{Phase, Playout, signed};
use crate::audio::Samples;
use crate::counters::{Counters, count};
use crate::limits::MAX_PREBUFFER;
use crate::outbox::Ticket;
use crate::stream::batches::Arrival;
use crate::stream::order::Place;
use crate::stream::ring::{Dropped, Gap};
use crate::time::Instant;
use crate::wire::Frame;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Numbered {
    /// Delay to add before the next frame.
    wanted: Samples,
    /// Whether the talk is over.
    pub(super) is_over: bool,
}

impl<const RING: usize> Playout<RING> {
    /// Adds a frame of this length in its place.
    pub(in crate::stream) fn on_numbered(
        &mut self,
        now: Instant,
        frame: Frame<'_>,
        samples: Samples,
        place: Place,
        arrival: Arrival,
        counters: &mut Counters,
    ) -> Result<(), ()> {
        match place {
            Place::End { missing } => {
                self.leave_gaps(missing, samples, counters);
                self.on_frame(now, frame, samples, arrival, counters)
            }
            Place::Late { back } => {
                self.on_late(now, frame, samples, back, counters);
                Ok(())
            }
            Place::Nowhere => {
                count(&mut counters.frames_discarded);
                Ok(())
            }
        }
    }

    /// Handles the end of a talk: nothing comes until the next one.
    pub(in crate::stream) fn on_talk_end(&mut self) {
        self.numbered.is_over = true;
        self.stalls.on_talk_end();
    }

    /// Begins to count the missing audio of a new talk.
    pub(in crate::stream) fn on_talk(&mut self) {
        self.missing = Samples::ZERO;
    }

    /// Returns whether the talk is over.
    pub(in crate::stream) const fn is_over(&self) -> bool {
        self.numbered.is_over
    }

    /// Conceals the gap before the oldest frame, if there is one.
    pub(super) fn next_gap(&mut self) -> Option<Ticket> {
        let samples = self.ring.pop_gap()?;
        self.missing = self.missing + samples;
        self.decoding = Some(samples);
        Some(Ticket::Conceal { samples })
    }

    /// Handles a concealment that failed.
    pub(in crate::stream) fn on_unconcealed(&mut self) {
        if let Some(gap) = self.decoding.take() {
            self.on_gap_concealed(gap, Samples::ZERO);
        }
    }

    /// Handles the concealed audio of a gap.
    pub(super) fn on_gap_concealed(&mut self, gap: Samples, samples: Samples) {
        self.shift(signed(samples) - signed(gap));
    }

    fn leave_gaps(&mut self, missing: u16, frame: Samples, counters: &mut Counters) {
        let Phase::Playing { concealed, starved } = self.phase else { return };
        let wanted = core::mem::take(&mut self.numbered.wanted);
        let owed = Samples(frame.0.saturating_mul(missing.into())) - (concealed + starved);
        // To the nearest frame.
        let gaps = (owed + Samples(frame.0 / 2)).0 / frame.0.max(1);
        let mut dropped = Dropped::default();
        for _ in 0..gaps {
            dropped += self.ring.push_gap(Gap::Missing, frame);
        }
        if !wanted.is_zero() {
            dropped += self.ring.push_gap(Gap::Delay, wanted);
        }
        self.on_dropped(dropped, counters);
    }

    fn on_late(
        &mut self,
        now: Instant,
        frame: Frame<'_>,
        samples: Samples,
        back: u16,
        counters: &mut Counters,
    ) {
        let before = self.ready + self.decoding.unwrap_or(Samples::ZERO);
        if let Ok(ahead) = self.ring.fill(back, frame, samples) {
            let passed = signed(self.speaker.passed(now));
            self.headroom.on_late(signed(before + ahead).saturating_sub(passed));
            return;
        }
        count(&mut counters.frames_discarded);
        if matches!(self.phase, Phase::Playing { .. }) && self.held() < MAX_PREBUFFER {
            self.headroom.on_missing(samples);
            self.numbered.wanted = samples;
        }
    }
}
