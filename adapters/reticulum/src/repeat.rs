//! When a packet that nobody answered is sent again.

use core::time::Duration;

use lxst_core::Instant;

/// A bounded number of repeats, each later than the last by half as much again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repeat {
    at: Instant,
    interval: Duration,
    left: u32,
}

impl Repeat {
    /// After the packet was sent once. `times` is how often it may be sent again.
    pub(crate) fn new(now: Instant, interval: Duration, times: u32) -> Self {
        Self { at: now + interval, interval, left: times }
    }

    /// When the next repeat is due; `None` when there is none any more.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        (self.left > 0).then_some(self.at)
    }

    /// Takes a repeat that is due.
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
