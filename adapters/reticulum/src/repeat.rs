//! Repeats of a packet that was not answered.

use core::time::Duration;

use lxst_core::Instant;

/// A bounded number of repeats. Each pause is half as long again as the one before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repeat {
    at: Instant,
    interval: Duration,
    left: u32,
}

impl Repeat {
    /// Starts after the packet was sent once. It is repeated up to `times` times.
    pub(crate) fn new(now: Instant, interval: Duration, times: u32) -> Self {
        Self { at: now + interval, interval, left: times }
    }

    /// Returns when the next repeat is due; `None` after the last one.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        (self.left > 0).then_some(self.at)
    }

    /// Takes a due repeat. Returns whether there was one.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        if self.deadline().is_none_or(|at| at > now) {
            return false;
        }
        self.left -= 1;
        self.interval = self.interval * 3 / 2;
        self.at = now + self.interval;
        true
    }
}
