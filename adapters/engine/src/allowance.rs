//! A token bucket for samples.

use lxst_core::{Instant, Samples};

/// A token bucket for samples: a burst at once, then a rate in thousandths of real time.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    per_mille: u64,
    burst: usize,
    left: usize,
    since: Instant,
}

impl Allowance {
    /// Creates a full bucket.
    #[must_use]
    pub const fn new(per_mille: u64, burst: usize) -> Self {
        Self { per_mille, burst, left: burst, since: Instant::ORIGIN }
    }

    /// Returns how many samples may pass at `now`.
    pub fn left(&mut self, now: Instant) -> usize {
        let new = Samples::of(now.since(self.since)).0.saturating_mul(self.per_mille) / 1_000;
        if new > 0 {
            let new = usize::try_from(new).unwrap_or(usize::MAX);
            self.left = self.left.saturating_add(new).min(self.burst);
            self.since = now;
        }
        self.left
    }

    /// Takes samples out of the bucket.
    pub const fn spend(&mut self, samples: usize) {
        self.left = self.left.saturating_sub(samples);
    }

    /// Returns when this many samples may pass, at most those of a burst.
    #[must_use]
    pub fn due(&self, samples: usize) -> Instant {
        let missing = samples.min(self.burst).saturating_sub(self.left) as u64;
        let time = Samples((missing * 1_000).div_ceil(self.per_mille.max(1)));
        // One sample more covers the rounding.
        self.since + (time + Samples(1)).duration()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_what_time_allows() {
        let mut allowance = Allowance::new(1_100, 2_880);
        let mut passed = 0;
        for millis in 10_000..11_000 {
            let left = allowance.left(Instant::from_millis(millis));
            allowance.spend(left);
            passed += left;
        }
        assert!((2_880 + 51_000..2_880 + 52_800).contains(&passed), "{passed}");
    }

    #[test]
    fn what_is_due_may_pass_then_and_not_much_before() {
        let mut allowance = Allowance::new(1_100, 2_880);
        let begun = allowance.left(Instant::from_millis(500));
        allowance.spend(begun);
        for samples in [1, 480, 2_880, 9_000] {
            let due = allowance.due(samples);
            let before = Instant::from_micros(due.as_micros() - 100);
            let mut early = allowance;
            assert!(early.left(before) < samples.min(2_880), "{samples}");
            let mut timely = allowance;
            assert!(timely.left(due) >= samples.min(2_880), "{samples}");
        }
    }
}
