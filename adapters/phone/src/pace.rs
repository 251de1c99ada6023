//! The phone's clocks for audio: what is due.

use std::time::Duration;

use lxst_core::Instant;
use lxst_core::limits::SPEAKER_LATE;

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

pub(crate) const BLOCK_TIME: Duration = Duration::from_millis(20);
/// A process that stood still for longer than this does not catch up: the core takes a speaker that
/// comes back later for one that stood still, which has no use for what it missed.
const LATEST: Duration = SPEAKER_LATE;

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
}
