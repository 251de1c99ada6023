//! Which clients have which sound.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use lxst_tokio::CallId;

/// What clients have, cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Claims(Arc<Mutex<BTreeSet<Part>>>);

/// What one client has, and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// The sound of the call that is talked on, whichever that is.
    Current,
    /// The sound of a call.
    Call(CallId),
    /// One of the places of listeners.
    Listener(usize),
}

/// The claim of a client, until it is dropped.
#[derive(Debug)]
pub(super) struct Claim {
    claims: Claims,
    of: Part,
}

impl Claims {
    /// Returns the claim, unless another client has it.
    pub(super) fn claim(&self, of: Part) -> Option<Claim> {
        let is_new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(of);
        is_new.then(|| Claim { claims: self.clone(), of })
    }

    /// Returns the place of a listener, unless there are none left.
    pub(super) fn listener(&self) -> Option<Claim> {
        (0..MAX_LISTENERS).find_map(|place| self.claim(Part::Listener(place)))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.claims.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.of);
    }
}

/// Each has a thread.
pub(super) const MAX_LISTENERS: usize = 16;
