//! A token bucket.

use lxst_core::Instant;

/// How often something may be done: so many at once, and so many per second after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// Tokens per second.
    rate: u64,
    /// Tokens that a full bucket holds.
    burst: u64,
    /// In millionths.
    tokens: u64,
    filled: Instant,
}

impl Bucket {
    /// Makes a full bucket.
    pub(crate) const fn new(now: Instant, rate: u64, burst: u64) -> Self {
        Self { rate, burst, tokens: burst * MILLION, filled: now }
    }

    /// Takes `cost` tokens, or none of them. Returns whether they were there.
    pub(crate) fn take(&mut self, now: Instant, cost: u64) -> bool {
        let passed = now.as_micros().saturating_sub(self.filled.as_micros());
        let gained = passed.saturating_mul(self.rate);
        self.tokens = self.tokens.saturating_add(gained).min(self.burst * MILLION);
        self.filled = self.filled.max(now);
        let left = self.tokens.checked_sub(cost.saturating_mul(MILLION));
        self.tokens = left.unwrap_or(self.tokens);
        left.is_some()
    }
}

const MILLION: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let mut bucket = Bucket::new(Instant::ORIGIN, 4, 4);
        let at = Instant::from_millis;
        assert!(!bucket.take(at(0), 5));
        assert!(bucket.take(at(0), 4));
        assert!(!bucket.take(at(249), 1));
        assert!(bucket.take(at(250), 1));
        assert!(!bucket.take(at(400), 1));
        // A clock that goes back fills nothing.
        assert!(!bucket.take(at(0), 1));
        assert!(bucket.take(Instant::MAX, 4));
        assert!(!bucket.take(Instant::MAX, 1));
    }
}
