//! Log lines about packets that the endpoint drops.

use std::time::{Duration, Instant as Moment};

use lxst_reticulum::{Counters, DropReason};

/// Logs how many packets were dropped: once a second, with one line for each reason.
#[derive(Debug, Default)]
pub(crate) struct DropLog {
    told: Option<(Moment, Counters)>,
}

impl DropLog {
    /// Compares the counters with those a second ago. Within the second it does nothing.
    pub(crate) fn observe(&mut self, now: Moment, counters: &Counters) {
        if self.told.as_ref().is_some_and(|(at, _)| now.saturating_duration_since(*at) < SECOND) {
            return;
        }
        for reason in DropReason::ALL {
            let before = self.told.as_ref().map_or(0, |(_, told)| told.dropped(reason));
            let dropped = counters.dropped(reason) - before;
            if dropped == 0 {
                continue;
            }
            match reason {
                // A flood, a forged packet, or a node with another passphrase.
                DropReason::RateLimited
                | DropReason::LinksFull
                | DropReason::KeyChange
                | DropReason::Ifac => tracing::warn!("{dropped} dropped: {reason}"),
                _ => tracing::debug!("{dropped} dropped: {reason}"),
            }
        }
        self.told = Some((now, counters.clone()));
    }
}

const SECOND: Duration = Duration::from_secs(1);
