//! How long a packet and its answer take: as the stack says, else as the first answer shows.

use core::time::Duration;

use lxst_core::{Instant, limits};

#[derive(Clone, Copy, Default)]
pub(super) struct Trip {
    told: Option<Duration>,
    /// What each answer took that was waited for.
    shown: Option<Duration>,
    /// How long the link took to come up, where we opened it.
    opening: Duration,
    asked: Option<Instant>,
}

impl Trip {
    pub(super) fn incoming(told: Option<Duration>) -> Self {
        Self { told: told.filter(|told| *told > Duration::ZERO), ..Self::default() }
    }

    pub(super) fn opened(self, now: Instant, told: Option<Duration>) -> Self {
        let opening = self.asked.map_or(Duration::ZERO, |asked| now.since(asked));
        Self { opening, asked: Some(now), ..Self::incoming(told) }
    }

    pub(super) fn ask(&mut self, now: Instant) {
        self.asked = Some(now);
    }

    pub(super) fn answer(&mut self, now: Instant) {
        if let Some(asked) = self.asked.take() {
            let took = now.since(asked);
            self.shown = Some(self.shown.map_or(took, |shown| shown.min(took)));
        }
    }

    pub(super) fn is_known(&self) -> bool {
        self.told.or(self.shown).is_some()
    }

    pub(super) fn time(&self) -> Duration {
        let assumed = self.opening.min(limits::MAX_OPENING);
        self.told.or(self.shown).unwrap_or(assumed).min(limits::MAX_ROUND_TRIP)
    }
}
