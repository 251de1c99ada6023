//! Who may call: lists of any length, the policy for everybody else, and the limits for strangers.

use std::collections::BTreeSet;

use lxst_core::{Admission, CallerLimits, IdentityHash};

/// Who may call.
///
/// A caller is looked up in the blocked list, in the allowed list, and then falls under the policy:
/// [`all`](Self::all), [`none`](Self::none) or [`ask`](Self::ask). Callers who ring count against
/// the limits, unless they are allowed by the list, or were dialled or talked with.
///
/// *Default*: all ring, within [`CallerLimits::default`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callers {
    /// What everybody else gets; `None` leaves it to the app.
    others: Option<Admission>,
    allowed: BTreeSet<IdentityHash>,
    blocked: BTreeSet<IdentityHash>,
    pub(crate) limits: CallerLimits,
}

impl Callers {
    /// Everybody rings who is not blocked.
    #[must_use]
    pub fn all() -> Self {
        Self::others(Some(Admission::Ring))
    }

    /// Nobody rings who is not allowed. The others hear that the line is busy.
    #[must_use]
    pub fn none() -> Self {
        Self::others(Some(Admission::Busy))
    }

    /// The app decides on each caller who is on no list, before anything rings: a `Screening` event
    /// asks. Where the app does not decide in time, a default does.
    #[must_use]
    pub fn ask() -> Self {
        Self::others(None)
    }

    /// Sets the list of those who ring whatever the policy, and are no strangers to the limits.
    #[must_use]
    pub fn allowed(mut self, allowed: impl IntoIterator<Item = IdentityHash>) -> Self {
        self.allowed = allowed.into_iter().collect();
        self
    }

    /// Sets the list of those who hear that the line is busy, as a caller who comes at a bad time
    /// does; even if also allowed.
    #[must_use]
    pub fn blocked(mut self, blocked: impl IntoIterator<Item = IdentityHash>) -> Self {
        self.blocked = blocked.into_iter().collect();
        self
    }

    /// Sets how often strangers may ring. Beyond it they hear that the line is busy.
    #[must_use]
    pub const fn limits(mut self, limits: CallerLimits) -> Self {
        self.limits = limits;
        self
    }

    fn others(others: Option<Admission>) -> Self {
        let (allowed, blocked) = (BTreeSet::new(), BTreeSet::new());
        Self { others, allowed, blocked, limits: CallerLimits::default() }
    }

    /// Tells whether the lists let somebody ring.
    pub(crate) fn allows(&self, caller: IdentityHash) -> bool {
        self.allowed.contains(&caller) && !self.blocked.contains(&caller)
    }

    /// Decides on a caller; `None` leaves it to the app.
    pub(crate) fn admission(&self, caller: IdentityHash) -> Option<Admission> {
        if self.blocked.contains(&caller) {
            return Some(Admission::Busy);
        }
        if self.allows(caller) {
            return Some(Admission::Ring);
        }
        self.others
    }
}

impl Default for Callers {
    fn default() -> Self {
        Self::all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_counts_before_the_policy_and_blocking_before_allowing() {
        let [friend, foe, stranger] = [1, 2, 3].map(|byte| IdentityHash([byte; 16]));
        for (others, admission) in [
            (Callers::all(), Some(Admission::Ring)),
            (Callers::none(), Some(Admission::Busy)),
            (Callers::ask(), None),
        ] {
            let callers = others.allowed([friend, foe]).blocked([foe]);
            assert_eq!(callers.admission(friend), Some(Admission::Ring));
            assert_eq!(callers.admission(foe), Some(Admission::Busy));
            assert_eq!(callers.admission(stranger), admission);
        }
    }
}
