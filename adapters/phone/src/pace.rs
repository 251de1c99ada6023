//! The phone's clocks for audio.

use std::time::Duration;

use lxst_core::Instant;
use lxst_core::limits::SPEAKER_LATE;

/// A periodic clock that runs while it is needed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    period: Duration,
    next: Option<Instant>,
}

impl Pace {
    pub(crate) const fn new(period: Duration) -> Self {
        Self { period, next: None }
    }

    /// Starts or stops the clock. Periods during which it was stopped are not made up for.
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

    /// Tells whether a period has passed, and counts it as done.
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
/// How often the ports of devices are looked at in a call: a callback must not wake the phone's
/// task.
pub(crate) const DEVICE_TIME: Duration = Duration::from_millis(5);
/// The longest delay that the clock makes up for. The core treats a speaker that is later than this
/// as one that was stopped, which has no use for the audio that it missed.
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
