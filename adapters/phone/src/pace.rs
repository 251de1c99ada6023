//! The phone's clocks for audio: what is due, and how much may pass.

use std::time::Duration;

use lxst_engine::core::Instant;

/// When the next turn of a clock is due, while there is need.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    period: Duration,
    next: Option<Instant>,
}

impl Pace {
    pub(crate) const fn new(period: Duration) -> Self {
        Self { period, next: None }
    }

    /// Runs while there is need. What passed without is not made up for.
    pub(crate) fn run_while(&mut self, is_needed: bool, now: Instant) {
        if !is_needed {
            self.next = None;
        } else if self.next.is_none_or(|next| next + LATEST < now) {
            self.next = Some(now);
        }
    }

    pub(crate) const fn next(&self) -> Option<Instant> {
        self.next
    }

    /// Tells whether a turn is due, which is then taken to be done.
    pub(crate) fn take_due(&mut self, now: Instant) -> bool {
        match &mut self.next {
            Some(next) if *next <= now => {
                *next = *next + self.period;
                true
            }
            _ => false,
        }
    }
}

/// Samples that may pass: a burst at once, and then so many thousandths of the pace of time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance {
    per_mille: u64,
    burst: usize,
    left: usize,
    since: Instant,
}

impl Allowance {
    pub(crate) const fn new(per_mille: u64, burst: usize) -> Self {
        Self { per_mille, burst, left: burst, since: Instant::ORIGIN }
    }

    /// Tells how many samples may pass now.
    pub(crate) fn left(&mut self, now: Instant) -> usize {
        let new = samples(now.since(self.since)).saturating_mul(self.per_mille) / 1_000;
        if new > 0 {
            let new = usize::try_from(new).unwrap_or(usize::MAX);
            self.left = self.left.saturating_add(new).min(self.burst);
            self.since = now;
        }
        self.left
    }

    /// Takes note of samples that passed.
    pub(crate) const fn spend(&mut self, samples: usize) {
        self.left = self.left.saturating_sub(samples);
    }
}

/// How many samples at 48 kHz so much time holds.
pub(crate) const fn samples(time: Duration) -> u64 {
    time.as_secs().saturating_mul(48_000) + time.subsec_nanos() as u64 * 48 / 1_000_000
}

pub(crate) const BLOCK_TIME: Duration = Duration::from_millis(20);
/// A process that stood still for longer than this does not catch up.
const LATEST: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_clock_catches_up_but_not_on_a_long_sleep() {
        let at = Instant::from_millis;
        let mut pace = Pace::new(BLOCK_TIME);
        let blocks = |pace: &mut Pace, now| {
            pace.run_while(true, now);
            (0..1_000).take_while(|_| pace.take_due(now)).count()
        };
        assert_eq!(blocks(&mut pace, at(0)), 1);
        assert_eq!(blocks(&mut pace, at(100)), 5);
        assert_eq!(blocks(&mut pace, at(60_000)), 1);
        pace.run_while(false, at(60_000));
        assert_eq!(pace.next(), None);
    }

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
}
