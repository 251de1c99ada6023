//! When a station announces itself, and what it tells.

use std::time::Duration;

use lxst_core::Instant;
use lxst_rooms::wire::AnnouncedStation;

use crate::destinations::Served;

/// The announces of a station.
#[derive(Debug)]
pub(super) struct Announcer {
    told: AnnouncedStation,
    due: Instant,
    /// When the latest announce was made.
    latest: Instant,
}

impl Announcer {
    /// Begins with an announce that is due.
    pub(super) const fn new(told: AnnouncedStation, now: Instant) -> Self {
        Self { told, due: now, latest: now }
    }

    pub(super) const fn due(&self) -> Instant {
        self.due
    }

    /// Announces what is due, and what has changed.
    pub(super) async fn on_due(&mut self, now: Instant, is: AnnouncedStation, served: &Served) {
        if is != self.told {
            // A phone that has shut down ends the station.
            let _ = served.set_app_data(app_data(&is)).await;
            self.told = is;
            self.due = self.due.min(self.latest + PAUSE);
        }
        if self.due <= now {
            self.announce(now, served).await;
        }
    }

    /// Announces at once.
    pub(super) async fn announce(&mut self, now: Instant, served: &Served) {
        // A phone that has shut down ends the station.
        let _ = served.announce().await;
        (self.latest, self.due) = (now, now + INTERVAL);
    }
}

/// Returns the app data of announces.
pub(super) fn app_data(announced: &AnnouncedStation) -> Vec<u8> {
    let mut buffer = [0; lxst_rooms::limits::NAME + 8];
    let length = announced.encode(&mut buffer);
    debug_assert!(length.is_ok(), "a name is bounded, and four more elements have a byte or two");
    buffer.get(..length.unwrap_or(0)).unwrap_or_default().to_vec()
}

/// How long after an announce the station announces itself again.
const INTERVAL: Duration = Duration::from_secs(30 * 60);
/// The shortest time between announces that nobody asked for.
const PAUSE: Duration = Duration::from_secs(60);
