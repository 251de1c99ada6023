//! When an interface that comes up makes the phone announce itself.

use std::collections::BTreeMap;
use std::time::Duration;

use lxst_core::Instant;

/// A configured interface: one address to connect to, one listener. Its connections come and go.
///
/// The owner numbers them as it likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceOrigin(pub u32);

/// Lets each origin cause one announce in a while; one that comes too early is made up for.
#[derive(Debug, Default)]
pub(crate) struct AnnouncePace(BTreeMap<InterfaceOrigin, Pace>);

#[derive(Clone, Copy, Debug)]
struct Pace {
    announced: Instant,
    /// A connection came up since, and is to be announced on.
    owed: bool,
}

impl AnnouncePace {
    /// Takes note that an interface came up, and tells whether to announce now.
    pub(crate) fn on_up(&mut self, now: Instant, origin: InterfaceOrigin) -> bool {
        match self.0.get_mut(&origin) {
            Some(pace) if now < pace.announced + ANNOUNCE_PACE => {
                pace.owed = true;
                false
            }
            _ => {
                self.0.insert(origin, Pace { announced: now, owed: false });
                true
            }
        }
    }

    /// Tells whether an announce that came too early is due.
    pub(crate) fn on_timeout(&mut self, now: Instant) -> bool {
        let mut is_due = false;
        for pace in self.0.values_mut() {
            if pace.owed && pace.announced + ANNOUNCE_PACE <= now {
                *pace = Pace { announced: now, owed: false };
                is_due = true;
            }
        }
        is_due
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let owed = self.0.values().filter(|pace| pace.owed);
        owed.map(|pace| pace.announced + ANNOUNCE_PACE).min()
    }
}

/// The least time between two announces that one origin's coming up causes.
pub const ANNOUNCE_PACE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: InterfaceOrigin = InterfaceOrigin(1);
    const THERE: InterfaceOrigin = InterfaceOrigin(2);

    #[test]
    fn a_flapping_interface_announces_once_a_minute_and_not_for_others() {
        let mut pace = AnnouncePace::default();
        let at = Instant::from_millis;
        assert!(pace.on_up(at(0), HERE));
        assert_eq!(pace.deadline(), None);
        assert!(!pace.on_up(at(1_000), HERE));
        assert!(!pace.on_up(at(2_000), HERE));
        assert!(pace.on_up(at(2_000), THERE));
        assert_eq!(pace.deadline(), Some(at(60_000)));
        assert!(!pace.on_timeout(at(59_999)));
        assert!(pace.on_timeout(at(60_000)));
        assert_eq!(pace.deadline(), None);
        assert!(pace.on_up(at(130_000), HERE));
    }
}
