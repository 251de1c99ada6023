//! The state that all lines share: our identity, the settings, and the links of callers who wait.

use heapless::Vec;

use super::pending::PendingLink;
use crate::config::Config;
use crate::id::IdentityHash;
use crate::limits::{MEDIA_TIMEOUT, PENDING_LINKS};
use crate::outbox::{Outbox, Queued};
use crate::time::Instant;
use crate::timers::{Deadline, Timer};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Exchange {
    pub(super) identity: IdentityHash,
    pub(crate) config: Config,
    pub(super) pending: Vec<PendingLink, PENDING_LINKS>,
    /// When the next announce is due.
    announce: Option<Instant>,
    pub(super) is_available: bool,
    /// Since when the stack reports what is heard on a link, so that a quiet peer can be told
    /// from one that is gone.
    reports_since: Option<Instant>,
}

impl Exchange {
    pub(crate) fn new(identity: IdentityHash, mut config: Config, now: Instant) -> Self {
        config.profile = config.profiles.nearest(config.profile).unwrap_or(config.profile);
        let at_start = config.announce.at_start.then_some(now);
        let later = config.announce.interval.map(|interval| now + interval.get());
        Self {
            identity,
            config,
            pending: Vec::new(),
            announce: at_start.or(later),
            is_available: true,
            reports_since: None,
        }
    }

    pub(crate) fn on_interface_up(&self, out: &mut Outbox) {
        if self.config.announce.on_interface_up {
            out.push(Queued::Announce);
        }
    }

    pub(crate) fn on_announce_timeout(&mut self, now: Instant, out: &mut Outbox) {
        out.push(Queued::Announce);
        self.announce = self.config.announce.interval.map(|interval| now + interval.get());
    }

    /// Handles [`LinkEvent::Heard`](crate::LinkEvent::Heard) on any link.
    pub(super) fn on_link_heard(&mut self, now: Instant) {
        self.reports_since.get_or_insert(now);
    }

    /// Returns when somebody last heard at `last` counts as gone; `None` while nothing is reported.
    pub(super) fn missed_at(&self, last: Instant) -> Option<Instant> {
        self.reports_since.map(|since| last.max(since) + MEDIA_TIMEOUT)
    }

    /// Returns the deadlines of the links that carry no call.
    pub(crate) fn pending_deadlines(&self) -> impl Iterator<Item = Deadline> {
        self.pending.iter().map(PendingLink::deadline)
    }

    pub(crate) fn announce_deadline(&self) -> Option<Deadline> {
        self.announce.map(|at| Deadline { at, timer: Timer::Announce })
    }
}
