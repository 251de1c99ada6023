//! The phone's clock for audio: a block of 20 ms every 20 ms.

use std::time::Duration;

use lxst_driver::core::Instant;

/// When the next block is due, while there is need.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace(Option<Instant>);

impl Pace {
    /// Runs while there is need. What passed without is not made up for.
    pub(crate) fn run_while(&mut self, is_needed: bool, now: Instant) {
        if !is_needed {
            self.0 = None;
        } else if self.0.is_none_or(|next| next + LATEST < now) {
            self.0 = Some(now);
        }
    }

    pub(crate) const fn next(&self) -> Option<Instant> {
        self.0
    }

    /// Tells whether a block is due, which is then taken to be done.
    pub(crate) fn take_due(&mut self, now: Instant) -> bool {
        match &mut self.0 {
            Some(next) if *next <= now => {
                *next = *next + BLOCK_TIME;
                true
            }
            _ => false,
        }
    }
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
        let mut pace = Pace::default();
        pace.run_while(true, at(0));
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
