//! Who may call: lists of any length, which count before the policy for everybody else.

use std::collections::BTreeSet;

use lxst_core::{Admission, CallerPolicy, IdentityHash};

/// People for whom the telephone's policy for callers does not count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Who rings.
    pub allowed: BTreeSet<IdentityHash>,
    /// Who hears that the line is busy, as a caller who comes at a bad time does; even if also
    /// allowed.
    pub blocked: BTreeSet<IdentityHash>,
}

impl Access {
    /// Whether a list lets somebody ring.
    #[must_use]
    pub fn allows(&self, caller: IdentityHash) -> bool {
        self.allowed.contains(&caller) && !self.blocked.contains(&caller)
    }

    /// Decides on a caller; `None` leaves it to the app.
    #[must_use]
    pub fn admission(&self, caller: IdentityHash, others: CallerPolicy) -> Option<Admission> {
        if self.blocked.contains(&caller) {
            return Some(Admission::Busy);
        }
        if self.allows(caller) {
            return Some(Admission::Ring);
        }
        match others {
            CallerPolicy::All => Some(Admission::Ring),
            CallerPolicy::None => Some(Admission::Busy),
            CallerPolicy::Ask => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_counts_before_the_policy_and_blocking_before_allowing() {
        let [friend, foe, stranger] = [1, 2, 3].map(|byte| IdentityHash([byte; 16]));
        let access = Access { allowed: [friend, foe].into(), blocked: [foe].into() };
        for (others, admission) in [
            (CallerPolicy::All, Some(Admission::Ring)),
            (CallerPolicy::None, Some(Admission::Busy)),
            (CallerPolicy::Ask, None),
        ] {
            assert_eq!(access.admission(friend, others), Some(Admission::Ring));
            assert_eq!(access.admission(foe, others), Some(Admission::Busy));
            assert_eq!(access.admission(stranger, others), admission);
        }
    }
}
