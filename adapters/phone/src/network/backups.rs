//! Decides when the backup interfaces are open.

use std::collections::BTreeSet;

use lxst_engine::InterfaceOrigin;

use super::standby::{Decision, Standby};
use crate::state::State;

/// The backup interfaces of a phone.
#[derive(Debug)]
pub(crate) struct Backups {
    standby: Standby,
    origins: BTreeSet<InterfaceOrigin>,
}

impl Backups {
    pub(crate) const fn new(standby: Standby, origins: BTreeSet<InterfaceOrigin>) -> Self {
        Self { standby, origins }
    }

    /// Decides by what is connected, by the trouble of the interfaces, and by whether the telephone
    /// has links.
    pub(super) fn decide(
        &self,
        connected: impl Iterator<Item = InterfaceOrigin> + Clone,
        has_links: bool,
        state: &State,
    ) {
        if self.origins.is_empty() {
            return;
        }
        let is_backup = |origin: &InterfaceOrigin| self.origins.contains(origin);
        let numbered = state.interfaces.iter().zip((0..).map(InterfaceOrigin));
        let mut others = numbered.filter(|(_, origin)| !is_backup(origin));
        let was = self.standby.decision();
        let is_other_connected = connected.clone().any(|origin| !is_backup(&origin));
        let is_open = match is_other_connected {
            true => was.is_open && has_links && connected.clone().any(|origin| is_backup(&origin)),
            false => was.is_open || others.all(|(other, _)| other.trouble.is_some()),
        };
        let was_connected = was.was_connected || is_other_connected;
        self.standby.decide(Decision { is_open, was_connected, ..was });
    }

    /// Has the backups close, and open again after their pause.
    pub(super) fn make_room(&self) {
        let was = self.standby.decision();
        self.standby.decide(Decision { made_room: was.made_room + 1, ..was });
    }
}
