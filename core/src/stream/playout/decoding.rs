//! Jobs of the jitter buffer: what is decoded or concealed next, and what became of it.

use super::excess::Played;
use super::{Phase, Playout, signed};
use crate::audio::Samples;
use crate::counters::Counters;
use crate::limits::{CONCEALMENT, CONCEALMENT_STEP, PLAYOUT_LEAD};
use crate::outbox::Ticket;
use crate::output::Tempo;
use crate::time::Instant;

impl<const RING: usize> Playout<RING> {
    pub(in crate::stream) fn next_job(
        &mut self,
        now: Instant,
        counters: &mut Counters,
    ) -> Option<Ticket> {
        if !self.is_attached() || self.decoding.is_some() || self.ring.has_reserved() {
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
        if let Some(gap) = self.next_gap() {
            return Some(gap);
        }
        let least = self.least(now).map(|least| self.catch_up(now, least, counters));
        let kept = self.ring.reserve()?;
        let tempo = least.map_or(Tempo::Normal, |least| self.tempo(least, kept.samples));
        self.decoding = Some(kept.samples);
        match self.phase {
            Phase::Playing { concealed, starved } => {
                // There was no pause.
                self.missing = self.missing + concealed + starved;
                counters.starved = counters.starved + starved;
            }
            Phase::Prebuffering { silent, .. } => self.silent = silent.unwrap_or(Samples::ZERO),
        }
        self.phase = Phase::Playing { concealed: Samples::ZERO, starved: Samples::ZERO };
        Some(Ticket::Decode { codec: kept.codec, tempo })
    }

    /// Returns when audio is concealed if no frame comes before.
    pub(in crate::stream) fn deadline(&self) -> Option<Instant> {
        self.shortage().filter(|_| self.is_attached()).map(|shortage| shortage.at)
    }

    pub(in crate::stream) fn write_frame<'b>(&mut self, buf: &'b mut [u8]) -> &'b [u8] {
        self.ring.copy_reserved(buf)
    }

    pub(in crate::stream) fn on_decoded(
        &mut self,
        tempo: Tempo,
        samples: Samples,
        level: u8,
        counters: &mut Counters,
    ) {
        let frame = self.decoding.take().unwrap_or(self.frame);
        self.ready = self.ready + samples;
        let was_faster = self.last.is_faster();
        let normal = if tempo == Tempo::Normal { self.last.normal.saturating_add(1) } else { 0 };
        self.last = Played { tempo, normal, level };
        // Exact over several frames: the decoder may hold back audio of one for the next.
        match tempo {
            Tempo::Normal if was_faster => counters.shed = counters.shed + frame - samples,
            Tempo::Normal => {}
            Tempo::Faster { .. } | Tempo::Skip => counters.shed = counters.shed + frame - samples,
            Tempo::Slower => counters.expanded = counters.expanded + samples - frame,
        }
        self.shift(signed(samples) - signed(frame));
    }

    /// Handles a frame that the decoder refused.
    pub(in crate::stream) fn on_undecodable(&mut self) {
        let frame = self.decoding.take().unwrap_or(self.frame);
        self.shift(signed(frame).saturating_neg());
    }

    pub(in crate::stream) fn on_concealed(&mut self, samples: Samples, counters: &mut Counters) {
        self.ready = self.ready + samples;
        self.silent = Samples::ZERO;
        counters.concealed = counters.concealed + samples;
        match self.decoding.take() {
            Some(gap) => self.on_gap_concealed(gap, samples),
            None => {
                self.on_gap(samples);
                self.headroom.on_missing(samples);
            }
        }
    }

    /// Returns the audio to conceal for the speaker's next block, and when.
    fn shortage(&self) -> Option<Shortage> {
        let Phase::Playing { concealed, .. } = self.phase else { return None };
        let is_fed = self.ring.frames() > 0 || self.decoding.is_some();
        if is_fed || self.ready >= self.speaker.block || self.is_over() {
            return None;
        }
        let lacking = (self.speaker.block - self.ready).max(CONCEALMENT_STEP);
        let samples = lacking.min(CONCEALMENT.max(self.frame) - concealed);
        (!samples.is_zero()).then(|| Shortage { at: self.speaker.latest_concealment(), samples })
    }

    fn is_held_back(&self, now: Instant) -> bool {
        match self.phase {
            Phase::Prebuffering { since: Some(since), prebuffer, .. } if !self.is_over() => {
                now < since + prebuffer.duration() && self.held() < prebuffer + self.frame
            }
            Phase::Prebuffering { .. } | Phase::Playing { .. } => false,
        }
    }
}

struct Shortage {
    at: Instant,
    samples: Samples,
}
