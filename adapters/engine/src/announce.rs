//! When an interface that comes up makes the phone announce itself.

use std::collections::BTreeMap;
use std::time::Duration;

use lxst_core::Instant;

/// A configured interface: one address to connect to, one listener. Its connections come and go.
///
/// The owner numbers them as it likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceOrigin(pub u32);

/// Lets each origin cause an announce at once after a while of quiet, and ever more seldom while
/// its connections break; one that comes too early is made up for. Each is made once more after
/// [`ANNOUNCE_AGAIN`]: the other end may only have begun, or have lost it.
#[derive(Debug, Default)]
pub(crate) struct AnnouncePace(BTreeMap<InterfaceOrigin, Pace>);

#[derive(Clone, Copy, Debug)]
struct Pace {
    announced: Instant,
    /// How long after that the next one may come.
    pause: Duration,
    owed: Owed,
}

/// What is to be announced later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owed {
    Nothing,
    /// A connection that came up since.
    Up,
    /// The same once more.
    Again,
}

impl Pace {
    const fn new(now: Instant) -> Self {
        Self { announced: now, pause: MIN_ANNOUNCE_PACE, owed: Owed::Again }
    }

    fn is_over(&self, now: Instant) -> bool {
        self.announced + self.pause <= now
    }

    fn announce(&mut self, now: Instant) {
        let was_quiet = self.announced + ANNOUNCE_PACE <= now;
        let pause = if was_quiet { MIN_ANNOUNCE_PACE } else { self.pause * 2 };
        *self = Self { announced: now, pause: pause.min(ANNOUNCE_PACE), owed: Owed::Again };
    }

    fn due(&self) -> Option<Instant> {
        match self.owed {
            Owed::Nothing => None,
            Owed::Up => Some(self.announced + self.pause),
            Owed::Again => Some(self.announced + ANNOUNCE_AGAIN),
        }
    }
}

impl AnnouncePace {
    /// Takes note that an interface came up, and tells whether to announce now.
    pub(crate) fn on_up(&mut self, now: Instant, origin: InterfaceOrigin) -> bool {
        let Some(pace) = self.0.get_mut(&origin) else {
            self.0.insert(origin, Pace::new(now));
            return true;
        };
        let is_over = pace.is_over(now);
        if is_over {
            pace.announce(now);
        } else {
            pace.owed = Owed::Up;
        }
        is_over
    }

    /// Tells whether an announce that came too early is due.
    pub(crate) fn on_timeout(&mut self, now: Instant) -> bool {
        let mut is_due = false;
        for pace in self.0.values_mut().filter(|pace| pace.due().is_some_and(|due| due <= now)) {
            match pace.owed {
                Owed::Up => pace.announce(now),
                Owed::Again | Owed::Nothing => pace.owed = Owed::Nothing,
            }
            is_due = true;
        }
        is_due
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.0.values().filter_map(Pace::due).min()
    }
}

/// The most time between two announces that one origin's coming up causes. It begins at
/// [`MIN_ANNOUNCE_PACE`], doubles with each announce, and begins anew after this long without.
pub const ANNOUNCE_PACE: Duration = Duration::from_secs(60);

/// When an announce that a coming up caused is made once more. RNS listens before it takes packets
/// in (RNS/Reticulum.py `__init__`); how long it takes to start is up to the machine.
pub const ANNOUNCE_AGAIN: Duration = Duration::from_secs(10);

/// The least time between two such announces.
pub const MIN_ANNOUNCE_PACE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: InterfaceOrigin = InterfaceOrigin(1);
    const THERE: InterfaceOrigin = InterfaceOrigin(2);

    #[test]
    fn a_connection_that_comes_back_is_announced_on_and_not_for_others() {
        let mut pace = AnnouncePace::default();
        let at = Instant::from_millis;
        assert!(pace.on_up(at(0), HERE));
        assert!(!pace.on_up(at(1_000), HERE));
        assert!(!pace.on_up(at(2_000), HERE));
        assert!(pace.on_up(at(2_000), THERE));
        assert_eq!(pace.deadline(), Some(at(5_000)));
        assert!(!pace.on_timeout(at(4_999)));
        assert!(pace.on_timeout(at(5_000)));
        assert_eq!(pace.deadline(), Some(at(12_000)));
        assert!(pace.on_up(at(20_000), HERE));
    }

    #[test]
    fn a_connection_that_came_up_is_announced_on_once_more() {
        let mut pace = AnnouncePace::default();
        let at = Instant::from_millis;
        assert!(pace.on_up(at(0), HERE));
        assert_eq!(pace.deadline(), Some(at(10_000)));
        assert!(!pace.on_timeout(at(9_999)));
        assert!(pace.on_timeout(at(10_000)));
        assert_eq!(pace.deadline(), None);
        assert!(!pace.on_timeout(at(20_000)));
        // And that does not hold up the next.
        assert!(pace.on_up(at(10_001), HERE));
    }

    #[test]
    fn a_flapping_connection_is_announced_on_ever_more_seldom() {
        let mut pace = AnnouncePace::default();
        let announced: Vec<u64> = (0..600)
            .filter(|second| pace.on_up(Instant::from_millis(second * 1_000), HERE))
            .collect();
        assert_eq!(announced[..6], [0, 5, 15, 35, 75, 135]);
        let pauses = announced.windows(2).map(|pair| pair[1] - pair[0]);
        assert_eq!(pauses.max(), Some(60));
    }
}
