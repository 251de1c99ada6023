//! Admission of callers: lists of any length, the policy for everybody else, and the limits for
//! strangers.

use std::collections::BTreeSet;

use lxst_core::{Admission, CallerLimits, IdentityHash};

/// Admission of callers.
///
/// A caller is looked up in the blocked list, then in the allowed list, and then the policy
/// decides: [`all`](Self::all), [`none`](Self::none) or [`ask`](Self::ask). Callers who ring count
/// against the limits, unless the list allows them, or we dialled or talked with them.
///
/// *Default*: all ring, within [`CallerLimits::default`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callers {
    /// The admission of everybody else; `None` asks the app.
    others: Option<Admission>,
    allowed: BTreeSet<IdentityHash>,
    blocked: BTreeSet<IdentityHash>,
    pub(crate) limits: CallerLimits,
}

impl Callers {
    /// Every caller rings who is not blocked.
    #[must_use]
    pub fn all() -> Self {
        Self::others(Some(Admission::Ring))
    }

    /// Only allowed callers ring. The others get BUSY.
    #[must_use]
    pub fn none() -> Self {
        Self::others(Some(Admission::Busy))
    }

    /// The app decides on each caller who is on no list, before the call rings: a `Screening` event
    /// asks. If the app does not decide in time, a default does.
    #[must_use]
    pub fn ask() -> Self {
        Self::others(None)
    }

    /// Sets the list of callers who ring under every policy, and who are not strangers to the
    /// limits.
    #[must_use]
    pub fn allowed(mut self, allowed: impl IntoIterator<Item = IdentityHash>) -> Self {
        self.allowed = allowed.into_iter().collect();
        self
    }

    /// Sets the list of callers who get BUSY, as if the line were taken. A caller on both lists is
    /// blocked.
    #[must_use]
    pub fn blocked(mut self, blocked: impl IntoIterator<Item = IdentityHash>) -> Self {
        self.blocked = blocked.into_iter().collect();
        self
    }

    /// Sets how often strangers may ring. Beyond it they get BUSY.
    #[must_use]
    pub const fn limits(mut self, limits: CallerLimits) -> Self {
        self.limits = limits;
        self
    }

    fn others(others: Option<Admission>) -> Self {
        let (allowed, blocked) = (BTreeSet::new(), BTreeSet::new());
        Self { others, allowed, blocked, limits: CallerLimits::default() }
    }

    /// Returns whether the lists allow a caller.
    pub(crate) fn allows(&self, caller: IdentityHash) -> bool {
        self.allowed.contains(&caller) && !self.blocked.contains(&caller)
    }

    /// Decides on a caller; `None` asks the app.
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
