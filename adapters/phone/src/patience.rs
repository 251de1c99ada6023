//! How long a block that is due waits for the coder.

use std::time::Duration;

use lxst_core::Instant;

use crate::pace::DEVICE_TIME;

/// The bound of a wait for the coder, where several streams are heard together.
///
/// The coder is at a frame without pause while a peer sends frames that cannot be decoded. A stream
/// that is heard alone waits for its coder without a bound, and loses nothing by it. Of several, none
/// waits longer than this for another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    bound: Duration,
    /// When it ends; `None` while nothing waits.
    until: Option<Instant>,
}

impl Patience {
    /// That of a reader, whose blocks come at the phone's pace.
    pub(crate) const fn of_reader() -> Self {
        Self { bound: READER_WAIT, until: None }
    }

    /// That of a device.
    pub(crate) const fn of_device() -> Self {
        Self { bound: DEVICE_WAIT, until: None }
    }

    /// Begins to wait unless it has, and returns whether the wait is over.
    pub(crate) fn is_over(&mut self, now: Instant) -> bool {
        *self.until.get_or_insert(now + self.bound) <= now
    }

    /// Nothing waits.
    pub(crate) const fn renew(&mut self) {
        self.until = None;
    }

    /// When a block that is due at this time is looked at next.
    pub(crate) fn due(&self, at: Instant) -> Instant {
        self.until.unwrap_or(at)
    }
}

/// The wait of a block of 20 ms. It is shorter than the block, so that a sink whose blocks all wait
/// keeps up.
const READER_WAIT: Duration = Duration::from_millis(15);
/// The wait of a device: half of what it is given ahead.
const DEVICE_WAIT: Duration = DEVICE_TIME;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pace::{BLOCK_TIME, Pace};

    #[test]
    fn a_sink_whose_blocks_all_wait_keeps_up() {
        let at = Instant::from_millis;
        let (mut pace, mut patience) = (Pace::new(BLOCK_TIME), Patience::of_reader());
        let mut blocks = 0;
        let mut now = at(0);
        while now < at(1_000) {
            pace.run_while(true, now);
            let next = pace.next().unwrap();
            if next <= now && patience.is_over(now) {
                patience.renew();
                assert!(pace.take_due(now));
                blocks += 1;
            }
            // Each wakeup is 2 ms late.
            now = pace.next().map_or(now, |next| patience.due(next)).max(now) + at(2).since(at(0));
        }
        assert_eq!(blocks, 50);
    }

    #[test]
    fn each_wait_has_the_whole_bound() {
        let at = Instant::from_millis;
        let mut patience = Patience::of_reader();
        for begun in [0, 100] {
            assert!(!patience.is_over(at(begun)));
            assert!(!patience.is_over(at(begun + 14)));
            assert_eq!(patience.due(at(begun)), at(begun + 15));
            assert!(patience.is_over(at(begun + 15)));
            patience.renew();
        }
    }
}
