//! When the backup interfaces are open.

use std::sync::{Arc, Mutex, PoisonError};

use event_listener::Event;

/// Whether the backup interfaces are to be open: the phone's task decides, and the tasks of the
/// interfaces wait for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standby(Arc<Shared>);

/// What the phone's task decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) is_open: bool,
    /// Whether an interface that is no backup ever connected.
    pub(crate) was_connected: bool,
    /// How often the backups made room for another program.
    pub(crate) made_room: u64,
}

#[derive(Debug, Default)]
struct Shared {
    decision: Mutex<Decision>,
    changed: Event,
}

impl Standby {
    pub(crate) fn decision(&self) -> Decision {
        *self.0.decision.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn decide(&self, decision: Decision) {
        if decision != self.decision() {
            *self.0.decision.lock().unwrap_or_else(PoisonError::into_inner) = decision;
            self.0.changed.notify(usize::MAX);
        }
    }

    /// Waits for a decision; returns at once where it is so already.
    pub(crate) async fn until(&self, is_wanted: impl Fn(Decision) -> bool) {
        loop {
            let changed = self.0.changed.listen();
            if is_wanted(self.decision()) {
                return;
            }
            changed.await;
        }
    }
}
