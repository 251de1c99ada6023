//! Excess delay: how much headroom is not needed, and how it is shed.

use super::{Playout, signed};
use crate::audio::Samples;
use crate::counters::Counters;
use crate::limits::{
    CATCH_UP, COPIES_AWAITED, MAX_EXCESS, MAX_SKIP, MIN_HEADROOM, MIN_SHED, PAUSE_LEVEL,
    PLAYOUT_LEAD, TEMPO_HELD, UNHELD_FRAME,
};
use crate::output::Tempo;
use crate::stream::ring::Dropped;
use crate::stream::stalls::DetectedStall;
use crate::time::Instant;

/// What happens to excess delay that time-compression does not shed in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum CatchingUp {
    /// It stays until time-compression sheds it.
    #[default]
    No,
    /// It is dropped [`CATCH_UP`] after its size is known.
    Soon,
    /// It is dropped at this moment.
    Until(Instant),
}

/// How the latest frames played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Played {
    pub(super) tempo: Tempo,
    /// Frames in a row at normal tempo.
    pub(super) normal: u8,
    pub(super) level: u8,
}

impl Played {
    pub(super) const fn is_faster(&self) -> bool {
        matches!(self.tempo, Tempo::Faster { .. })
    }
}

impl<const RING: usize> Playout<RING> {
    /// Returns the headroom that neither a recent frame nor a repeated stall needed, nor a copy
    /// will need.
    pub(super) fn least(&self, now: Instant) -> Option<i32> {
        let expected = self.stalls.repeated(now).map(|(_, low)| low);
        let least = match (self.headroom.least(), expected) {
            (Some(least), Some(expected)) => Some(least.min(expected)),
            (least, expected) => least.or(expected),
        };
        least.map(|least| least.saturating_sub(signed(self.for_copies(now))))
    }

    /// Returns the delay of copies: one frame while the peer sends them.
    pub(super) fn for_copies(&self, now: Instant) -> Samples {
        match self.copied {
            Some(copied) if now.since(copied) < COPIES_AWAITED => self.frame,
            _ => Samples::ZERO,
        }
    }

    /// Drops the excess delay that time-compression cannot shed in time. Returns the headroom left.
    pub(super) fn catch_up(
        &mut self,
        now: Instant,
        mut least: i32,
        counters: &mut Counters,
    ) -> i32 {
        let frame = signed(self.frame);
        if least < HEADROOM_KEPT + signed(MIN_SHED).min(frame / 4) {
            self.sheds_stall = false;
        }
        if least < HEADROOM_KEPT + frame {
            self.catching_up = CatchingUp::No;
            return least;
        }
        let until = match self.catching_up {
            CatchingUp::No if least < HEADROOM_KEPT + frame + signed(MAX_EXCESS) => return least,
            CatchingUp::No | CatchingUp::Soon => now + CATCH_UP,
            CatchingUp::Until(until) => until,
        };
        self.catching_up = CatchingUp::Until(until);
        let can_be_shed = signed(Samples::of(until.since(now))) / SHED_SHARE;
        let mut dropped = Dropped::default();
        while least >= HEADROOM_KEPT + frame + can_be_shed && self.ring.frames() > 1 {
            let before = dropped.samples;
            self.ring.drop_oldest(&mut dropped);
            least -= signed(dropped.samples - before);
        }
        self.on_dropped(dropped, counters);
        least
    }

    /// Returns the tempo of the next frame, given the headroom that is not needed.
    pub(super) fn tempo(&self, headroom: i32, frame: Samples) -> Tempo {
        let most_shed = signed(frame) / 4;
        let keep = HEADROOM_KEPT.min(most_shed);
        // Of long frames the decoder holds nothing: there it is a margin, except after a stall.
        let is_begun = if frame >= UNHELD_FRAME { self.sheds_stall } else { self.last.is_faster() };
        let to_hold = if is_begun { 0 } else { signed(TEMPO_HELD) };
        let to_shed = headroom.saturating_sub(keep + to_hold);
        let is_pause = self.last.level >= PAUSE_LEVEL && frame <= MAX_SKIP;
        // How early frames come is known better than once a block, if they are what needs headroom.
        let is_of_frames = self.headroom.least() == Some(headroom);
        let beyond = if is_of_frames { self.headroom.early_beyond_least() } else { 0 };
        let early = headroom.saturating_add(beyond);
        if early >= keep + signed(self.speaker.in_blocks(frame)) && is_pause {
            Tempo::Skip
        } else if to_shed >= signed(MIN_SHED).min(most_shed) {
            let most = u64::try_from(to_shed).unwrap_or(0);
            Tempo::Faster { most: Samples(most) }
        } else if (0..keep).contains(&headroom)
            && early < keep
            && most_shed <= signed(PLAYOUT_LEAD)
            && self.last.normal >= STEADY
        {
            Tempo::Slower
        } else {
            Tempo::Normal
        }
    }

    /// Handles frames that arrived many at once: the network or our own process stalled.
    pub(super) fn on_stall(
        &mut self,
        now: Instant,
        found: i32,
        shown: DetectedStall,
        counters: &mut Counters,
    ) {
        // After a rare stall short frames need what they needed before it.
        let is_known = self.stalls.is_rare(now, &shown)
            && shown.length >= self.frame + self.frame
            && self.frame <= MAX_SKIP;
        self.sheds_stall = is_known && self.before_gap.is_some();
        match &self.before_gap {
            Some(before) if is_known => {
                self.headroom = before.headroom.clone();
                self.headroom.shift(signed(before.made_up.min(shown.length)));
                self.speaker.missed = Samples::ZERO;
            }
            _ => self.headroom.restart(),
        }
        self.catching_up = CatchingUp::Soon;
        // The silence was no pause.
        let silent = self.silent.min(shown.grown);
        self.silent = self.silent - silent;
        self.missing = self.missing + silent;
        counters.starved = counters.starved + silent;
        // If the speaker stalled too, more delay would not have helped.
        if self.speaker.resumed.is_none_or(|resumed| resumed < shown.began) {
            self.stalls.remember(now, shown, found.saturating_sub(signed(shown.length)));
        }
    }
}

/// Frames in a row at normal tempo before one is time-stretched.
const STEADY: u8 = 2;

/// [`MIN_HEADROOM`] in the units of [`Headroom`](crate::stream::headroom::Headroom).
const HEADROOM_KEPT: i32 = MIN_HEADROOM.0 as i32;

/// Time-compression sheds a fifth of the playing time.
const SHED_SHARE: i32 = 5;
