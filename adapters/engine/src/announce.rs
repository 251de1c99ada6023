//! Announces that an interface causes when it comes up.

use std::collections::BTreeMap;
use std::time::Duration;

use lxst_core::Instant;

/// A configured interface: one address to connect to, or one listener. Its connections come and go.
///
/// The owner of the engine chooses the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceOrigin(pub u32);

/// The pace of the announces that each origin causes. The first one after a quiet time is
/// immediate. While connections break and return, the pause between announces doubles. An announce
/// within the pause is made at its end. Each announce is made once more after [`ANNOUNCE_AGAIN`]:
/// the other end may still have been starting, or may have lost it.
#[derive(Debug, Default)]
pub(crate) struct AnnouncePace(BTreeMap<InterfaceOrigin, Pace>);

#[derive(Clone, Copy, Debug)]
struct Pace {
    announced: Instant,
    /// How long after it the next one may come.
    pause: Duration,
    owed: Owed,
}

/// An announce that is to be made later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owed {
    Nothing,
    /// For a connection that came up within the pause.
    Up,
    /// The same announce once more.
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
    /// Handles an interface that came up. Returns whether to announce at once.
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

    /// Returns whether a postponed announce is due.
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

/// Longest pause between two announces that one origin causes by coming up. The pause begins at
/// [`MIN_ANNOUNCE_PACE`] and doubles with each announce. It begins again after this long without
/// one.
///
/// *Source*: our choice; the reference announces on a timer only.
pub const ANNOUNCE_PACE: Duration = Duration::from_secs(60);

/// When an announce that an interface caused is made once more.
///
/// *Source*: our choice: RNS listens before it accepts packets (RNS/Reticulum.py `__init__`), and
/// how long its start takes depends on the machine.
pub const ANNOUNCE_AGAIN: Duration = Duration::from_secs(10);

/// Shortest pause between two such announces.
///
/// *Source*: our choice.
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
        // The next one is not held up.
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
