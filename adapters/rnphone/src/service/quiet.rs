//! The clock by which it is quiet, and what follows from it.

use lxst_tokio::Callers;

use crate::quiet::{LocalClock, LocalTime, QuietHours};
use crate::settings::Settings;
use crate::sounds::Ringtones;

/// The clock, and whether it is quiet by it.
#[derive(Debug)]
pub(super) struct Quiet {
    clock: LocalClock,
    until: Option<LocalTime>,
}

impl Quiet {
    pub(super) fn new(clock: LocalClock, hours: &QuietHours) -> Self {
        let until = hours.end(clock.now());
        Self { clock, until }
    }

    /// When the quiet hours end that it is in.
    pub(super) const fn until(&self) -> Option<LocalTime> {
        self.until
    }

    /// Who may call by now.
    pub(super) fn callers(&self, settings: &Settings) -> Callers {
        match self.until {
            Some(_) => settings.callers_while_quiet(),
            None => settings.callers(),
        }
    }

    /// What rings by now.
    pub(super) fn ringtones(&self, settings: &Settings) -> Ringtones {
        match self.until {
            Some(_) => settings.ringtones_while_quiet(),
            None => settings.ringtones.clone(),
        }
    }

    /// Waits for the next minute of the clock; for ever where there are no quiet hours.
    pub(super) async fn minute(&self, hours: &QuietHours) {
        if hours.is_empty() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(self.clock.now().rest_of_minute()).await;
    }

    /// Looks at the clock. Returns whether quiet hours are others than before.
    pub(super) fn look(&mut self, hours: &QuietHours) -> bool {
        let before = self.until;
        self.until = if hours.is_empty() { None } else { hours.end(self.clock.now()) };
        self.until != before
    }
}
