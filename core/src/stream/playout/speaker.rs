//! The speaker: the clock of the playout.

use crate::audio::Samples;
use crate::limits::{CONCEALMENT_AHEAD, MAX_BLOCK, SPEAKER_LATE};
use crate::time::Instant;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Speaker {
    pub(super) is_attached: bool,
    /// When it took a block again after its latest stall.
    pub(super) resumed: Option<Instant>,
    /// Length of its latest block.
    pub(super) block: Samples,
    /// When it took that block.
    took: Instant,
    /// Audio that arrived since then, and would miss the next block if there were no headroom.
    pub(super) missed: Samples,
}

impl Speaker {
    /// Records a block. Returns whether the speaker had stalled before it.
    pub(super) fn on_taken(&mut self, now: Instant, samples: Samples) -> bool {
        let lasted = now.since(self.took);
        let was_stalled = !self.block.is_zero() && lasted >= self.block.duration() + SPEAKER_LATE;
        if was_stalled {
            self.resumed = Some(now);
        }
        (self.took, self.block) = (now, samples.min(MAX_BLOCK));
        was_stalled
    }

    /// Returns the part of the latest block that has played.
    pub(super) fn passed(&self, now: Instant) -> Samples {
        Samples::of(now.since(self.took)).min(self.block)
    }

    pub(super) fn is_about_to_take(&self, now: Instant) -> bool {
        now > self.latest_concealment() && now <= self.took + self.block.duration()
    }

    /// Returns the latest moment to conceal the audio that the next block lacks.
    pub(super) fn latest_concealment(&self) -> Instant {
        self.took + self.until_concealment().duration()
    }

    /// Returns the time from its latest block until audio is concealed, if it has so much to take.
    pub(super) fn until_lacking(&self, held: Samples) -> Samples {
        let blocks = held.0.checked_div(self.block.0).unwrap_or(0);
        Samples(blocks * self.block.0) + self.until_concealment()
    }

    /// Returns the length of the blocks that this much audio fills, the last one in part.
    pub(super) fn in_blocks(&self, samples: Samples) -> Samples {
        match self.block.0 {
            0 => samples,
            block => Samples(samples.0.div_ceil(block) * block),
        }
    }

    fn until_concealment(&self) -> Samples {
        self.block - Samples(self.block.0 / 4).min(CONCEALMENT_AHEAD)
    }
}
