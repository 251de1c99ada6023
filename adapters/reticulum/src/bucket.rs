//! A token bucket in exact time.

use core::time::Duration;

use lxst_core::Instant;

/// Lets `rate` requests a second through, and `burst` at once after a pause.
#[derive(Clone, Debug)]
pub(crate) struct TokenBucket {
    interval: Duration,
    tolerance: Duration,
    /// When the bucket will be full again.
    full_at: Instant,
}

impl TokenBucket {
    pub(crate) fn new((rate, burst): (u32, u32)) -> Self {
        let interval = Duration::from_secs(1) / rate;
        Self { interval, tolerance: interval * (burst - 1), full_at: Instant::ORIGIN }
    }

    /// Takes a token if there is one.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let full_at = self.full_at.max(now);
        if full_at.since(now) > self.tolerance {
            return false;
        }
        self.full_at = full_at + self.interval;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_the_rate() {
        let mut bucket = TokenBucket::new((10, 8));
        let start = Instant::from_millis(1_000_000);
        let at_once = (0..100).filter(|_| bucket.take(start)).count();
        assert_eq!(at_once, 8);
        let in_ten_seconds =
            (0..10_000).filter(|ms| bucket.take(start + Duration::from_millis(*ms))).count();
        assert_eq!(in_ten_seconds, 99);
    }
}
