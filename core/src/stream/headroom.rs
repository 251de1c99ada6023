//! Headroom of the jitter buffer: the audio left after the speaker took a block.
//!
//! The minimum of the last seconds is delay that no frame needed. The jitter is the difference
//! between the largest and the smallest headroom that frames meet on arrival. Both include the
//! network, the drift of the two clocks and the speaker's blocks.

use crate::audio::Samples;
use crate::limits::{HEADROOM_BUCKET, HEADROOM_BUCKETS};
use crate::time::Instant;

/// *Units*: samples; a negative value is missing audio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Headroom {
    buckets: [Bucket; HEADROOM_BUCKETS],
    newest: usize,
    /// Number of full buckets.
    full: usize,
    /// When the newest bucket is full; `None` while it is empty.
    ends: Option<Instant>,
    /// Moving average of the headroom that frames meet.
    mean: Option<i32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bucket {
    /// Smallest headroom.
    low: i32,
    /// Smallest and largest headroom that a frame met.
    found: (i32, i32),
    /// How early the latest frame came, before what it brings would have been concealed.
    early: i32,
}

impl Headroom {
    /// Records the headroom after the speaker took a block, where a batch is this long at most.
    pub(super) fn on_block_taken(&mut self, now: Instant, left: i32, batch: Samples) {
        // The headroom is least before a batch comes.
        let bucket = HEADROOM_BUCKET.max(batch.duration());
        let ends = *self.ends.get_or_insert(now + bucket);
        if now >= ends {
            self.ends = Some(now + bucket);
            self.newest = (self.newest + 1) % HEADROOM_BUCKETS;
            self.full = (self.full + 1).min(HEADROOM_BUCKETS - 1);
            *self.bucket() = Bucket::EMPTY;
        }
        let bucket = self.bucket();
        bucket.low = bucket.low.min(left);
    }

    /// Returns whether any headroom was recorded.
    pub(super) fn is_watched(&self) -> bool {
        self.ends.is_some()
    }

    /// Records audio that was missing: negative headroom.
    pub(super) fn on_missing(&mut self, samples: Samples) {
        let bucket = self.bucket();
        bucket.low = bucket.low.min(signed(samples).saturating_neg());
    }

    /// Records how early a frame came, before what it brings would have been concealed.
    pub(super) fn on_early(&mut self, early: i32) {
        let bucket = self.bucket();
        bucket.early = bucket.early.min(early);
    }

    /// Records the headroom that a frame met on arrival.
    pub(super) fn on_found(&mut self, found: i32) {
        let (least, most) = &mut self.bucket().found;
        (*least, *most) = (found.min(*least), found.max(*most));
        self.mean = Some(self.mean.map_or(found, |mean| mean + found.saturating_sub(mean) / 8));
    }

    /// Records the headroom that a frame met that came after later ones: the audio behind its place
    /// was no headroom.
    pub(super) fn on_late(&mut self, found: i32) {
        let bucket = self.bucket();
        bucket.low = bucket.low.min(found);
        self.on_found(found);
    }

    /// Forgets everything but the average.
    pub(super) fn restart(&mut self) {
        *self = Self { mean: self.mean, ..Self::default() };
    }

    /// Adds to all recorded headroom.
    pub(super) fn shift(&mut self, by: i32) {
        for bucket in &mut self.buckets {
            bucket.low = bucket.low.saturating_add(by);
            bucket.found = (bucket.found.0.saturating_add(by), bucket.found.1.saturating_add(by));
            bucket.early = bucket.early.saturating_add(by);
        }
        self.mean = self.mean.map(|mean| mean.saturating_add(by));
    }

    /// Returns the smallest headroom, if enough buckets are full.
    pub(super) fn least(&self) -> Option<i32> {
        let least = self.buckets.iter().map(|bucket| bucket.low).min()?;
        (self.full >= MIN_FULL).then_some(least)
    }

    /// Returns how much earlier the latest of the recent frames came than the smallest headroom
    /// tells, which is measured once a block.
    pub(super) fn early_beyond_least(&self) -> i32 {
        let early = self.buckets.iter().map(|bucket| bucket.early).min().unwrap_or(0);
        let least = self.buckets.iter().map(|bucket| bucket.low).min().unwrap_or(0);
        if early < i32::MAX / 4 { early.saturating_sub(least).max(0) } else { 0 }
    }

    /// Returns the average headroom that frames meet.
    pub(super) fn mean(&self) -> Samples {
        Samples(self.mean.and_then(|mean| u64::try_from(mean).ok()).unwrap_or(0))
    }

    /// Returns the difference between the largest and the smallest headroom that frames met.
    pub(super) fn jitter(&self) -> Samples {
        let least = self.buckets.iter().map(|bucket| bucket.found.0).min().unwrap_or(0);
        let most = self.buckets.iter().map(|bucket| bucket.found.1).max().unwrap_or(0);
        Samples(u64::try_from(most.saturating_sub(least)).unwrap_or(0))
    }

    fn bucket(&mut self) -> &mut Bucket {
        // `newest` is taken modulo the number of buckets.
        &mut self.buckets[self.newest]
    }
}

impl Default for Headroom {
    fn default() -> Self {
        Self {
            buckets: [Bucket::EMPTY; HEADROOM_BUCKETS],
            newest: 0,
            full: 0,
            ends: None,
            mean: None,
        }
    }
}

impl Bucket {
    const EMPTY: Self =
        Self { low: i32::MAX / 2, found: (i32::MAX / 2, i32::MIN / 2), early: i32::MAX / 2 };
}

pub(super) fn signed(samples: Samples) -> i32 {
    i32::try_from(samples.0).unwrap_or(i32::MAX)
}

/// Full buckets that a minimum needs.
const MIN_FULL: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_headroom_is_known_after_a_while_and_forgotten_after_the_window() {
        let mut headroom = Headroom::default();
        let bucket = HEADROOM_BUCKET.as_millis() as u64;
        let window = bucket * HEADROOM_BUCKETS as u64;
        for now in (0..window * 3).step_by(20) {
            let left = if now == 100 { 7 } else { 500 };
            headroom.on_block_taken(Instant::from_millis(now), left, Samples::ZERO);
            let expected = match now {
                now if now < 2 * bucket => None,
                now if now < window => Some(7),
                _ => Some(500),
            };
            assert_eq!(headroom.least(), expected, "{now}");
        }
        headroom.shift(-100);
        assert_eq!(headroom.least(), Some(400));
        headroom.on_missing(Samples(3));
        assert_eq!(headroom.least(), Some(-3));
    }

    #[test]
    fn the_least_headroom_of_batches_is_known_after_two_of_them() {
        let mut headroom = Headroom::default();
        let batch = Samples::from_millis(4_000);
        for now in (0..12_000).step_by(20) {
            // Each batch comes when the one before it has played.
            let left = signed(Samples::from_millis(4_000 - now % 4_000));
            headroom.on_block_taken(Instant::from_millis(now), left, batch);
            let expected = (now >= 8_000).then_some(signed(Samples::from_millis(20)));
            assert_eq!(headroom.least(), expected, "{now}");
        }
    }

    #[test]
    fn jitter_is_the_difference_of_the_headroom_that_frames_met() {
        let mut headroom = Headroom::default();
        assert_eq!(headroom.jitter(), Samples::ZERO);
        headroom.on_block_taken(Instant::ORIGIN, 5, Samples::ZERO);
        headroom.on_found(900);
        assert_eq!(headroom.jitter(), Samples::ZERO);
        headroom.on_found(300);
        headroom.shift(-100);
        headroom.on_found(700);
        assert_eq!(headroom.jitter(), Samples(600));
    }
}
