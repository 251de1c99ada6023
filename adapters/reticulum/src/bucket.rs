//! Token buckets in exact time, and the shares of interfaces in them.

use core::time::Duration;

use lxst_core::Instant;

use crate::limits;

/// A token bucket: `rate` requests per second, and `burst` at once after a pause.
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

    /// Takes a token. Returns whether there was one.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let has = self.has(now);
        if has {
            self.full_at = self.full_at.max(now) + self.interval;
        }
        has
    }

    fn has(&self, now: Instant) -> bool {
        self.full_at.since(now) <= self.tolerance
    }
}

/// One interface's share of a total: an upper bound, and a reserve that others cannot use up.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    most: TokenBucket,
    least: TokenBucket,
}

impl Share {
    pub(crate) fn new(most: (u32, u32)) -> Self {
        Self { most: TokenBucket::new(most), least: TokenBucket::new(limits::MIN_SHARE) }
    }

    /// Takes a token of the total, or of the reserve if the total has none. Returns whether there
    /// was one.
    pub(crate) fn take(&mut self, now: Instant, total: &mut TokenBucket) -> bool {
        self.most.has(now) && (total.take(now) || self.least.take(now)) && self.most.take(now)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

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

    #[test]
    fn an_interface_has_its_share_however_many_others_use_theirs() {
        let mut total = TokenBucket::new((40, 40));
        let mut floods: Vec<_> = (0..64).map(|_| Share::new((10, 10))).collect();
        let mut quiet = Share::new((10, 10));
        for ms in 0..10_000 {
            let now = Instant::from_millis(ms);
            for flood in &mut floods {
                flood.take(now, &mut total);
            }
            if ms % 1_000 == 999 {
                assert!(quiet.take(now, &mut total), "{ms} ms");
            }
        }
        let mut alone = Share::new((10, 10));
        let now = Instant::from_millis(60_000);
        assert_eq!((0..100).filter(|_| alone.take(now, &mut total)).count(), 10);
    }
}
