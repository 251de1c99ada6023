//! How long each caller may use the line.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lxst_phone::IdentityHash;

/// The time that callers have used up. It comes back evenly.
///
/// *Bounds*: [`MAX_CALLERS`](Self::MAX_CALLERS) are remembered. Of more, the one who has used the
/// least is forgotten.
#[derive(Clone, Debug)]
pub(super) struct Shares {
    hourly: Duration,
    used: BTreeMap<IdentityHash, Used>,
}

#[derive(Clone, Copy, Debug)]
struct Used {
    time: Duration,
    at: Instant,
}

impl Shares {
    pub(super) const MAX_CALLERS: usize = 1_000;

    /// Makes the shares of callers, each with so much of an hour.
    pub(super) const fn new(hourly: Duration) -> Self {
        Self { hourly, used: BTreeMap::new() }
    }

    /// Returns what a caller has left; `None` if it is less than a call takes.
    pub(super) fn left(&self, caller: IdentityHash, now: Instant) -> Option<Duration> {
        let used = self.used.get(&caller).map(|used| used.at_moment(self.hourly, now));
        let left = self.hourly.saturating_sub(used.unwrap_or_default());
        Some(left).filter(|left| *left >= MIN_CALL)
    }

    /// Counts a call of at least [`MIN_CALL`].
    pub(super) fn spend(&mut self, caller: IdentityHash, time: Duration, now: Instant) {
        let hourly = self.hourly;
        let before = self.used.get(&caller).map(|used| used.at_moment(hourly, now));
        let time = before.unwrap_or_default().saturating_add(time.max(MIN_CALL));
        self.used.insert(caller, Used { time, at: now });
        self.used.retain(|_, used| !used.at_moment(hourly, now).is_zero());
        if self.used.len() > Self::MAX_CALLERS {
            let least = self.used.iter().min_by_key(|(_, used)| used.at_moment(hourly, now));
            if let Some(caller) = least.map(|(caller, _)| *caller) {
                self.used.remove(&caller);
            }
        }
    }
}

impl Used {
    /// What is left of it at a later moment.
    fn at_moment(self, hourly: Duration, now: Instant) -> Duration {
        let share = hourly.as_secs_f64() / HOUR.as_secs_f64();
        self.time.saturating_sub(now.saturating_duration_since(self.at).mul_f64(share))
    }
}

const HOUR: Duration = Duration::from_secs(3_600);
/// What a call counts as at least: setting one up costs too.
const MIN_CALL: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_used_comes_back_within_the_hour() {
        let (seconds, now) = (Duration::from_secs, Instant::now());
        let mut shares = Shares::new(seconds(900));
        shares.spend(caller(1), seconds(890), now);
        shares.spend(caller(1), seconds(1), now);
        assert_eq!(shares.left(caller(1), now), None);
        assert_eq!(shares.left(caller(2), now), Some(seconds(900)));
        assert_eq!(shares.left(caller(1), now + seconds(400)), Some(seconds(100)));
        shares.spend(caller(1), seconds(100), now + seconds(400));
        assert_eq!(shares.left(caller(1), now + seconds(800)), Some(seconds(100)));
        assert_eq!(shares.left(caller(1), now + seconds(4_000)), Some(seconds(900)));
    }

    #[test]
    fn a_crowd_of_short_calls_does_not_make_a_long_one_forgotten() {
        let now = Instant::now();
        let mut shares = Shares::new(Duration::from_secs(900));
        shares.spend(caller(0), Duration::from_secs(900), now);
        for number in 1..=2_000 {
            shares.spend(caller(number), Duration::ZERO, now);
        }
        assert_eq!(shares.used.len(), Shares::MAX_CALLERS);
        assert_eq!(shares.left(caller(0), now), None);
    }

    fn caller(number: u16) -> IdentityHash {
        let mut hash = [0; 16];
        hash[..2].copy_from_slice(&number.to_be_bytes());
        IdentityHash(hash)
    }
}
