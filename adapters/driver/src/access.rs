//! Who may call: lists of any length, and what holds for everybody else.

use std::collections::BTreeSet;

use lxst_core::{CallerPolicy, IdentityHash, Verdict};

/// Who may call.
///
/// A blocked caller hears that the line is busy, as a caller who comes at a bad time does. An
/// allowed one rings. For everybody else the policy counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// What holds for callers who are on neither list.
    pub others: CallerPolicy,
    /// Who rings whatever the policy says.
    pub allowed: BTreeSet<IdentityHash>,
    /// Who hears that the line is busy, even if also allowed.
    pub blocked: BTreeSet<IdentityHash>,
}

impl Access {
    /// Everybody may call.
    pub const ALL: Self =
        Self { others: CallerPolicy::All, allowed: BTreeSet::new(), blocked: BTreeSet::new() };

    /// Decides on a caller; `None` leaves it to the app.
    #[must_use]
    pub fn verdict(&self, caller: IdentityHash) -> Option<Verdict> {
        if self.blocked.contains(&caller) {
            return Some(Verdict::Busy);
        }
        if self.allowed.contains(&caller) {
            return Some(Verdict::Ring);
        }
        match self.others {
            CallerPolicy::All => Some(Verdict::Ring),
            CallerPolicy::None => Some(Verdict::Busy),
            CallerPolicy::Ask => None,
        }
    }
}

impl Default for Access {
    fn default() -> Self {
        Self::ALL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_counts_before_the_policy_and_blocking_before_allowing() {
        let [friend, foe, stranger] = [1, 2, 3].map(|byte| IdentityHash([byte; 16]));
        let mut access =
            Access { allowed: [friend, foe].into(), blocked: [foe].into(), ..Access::ALL };
        for (others, verdict) in [
            (CallerPolicy::All, Some(Verdict::Ring)),
            (CallerPolicy::None, Some(Verdict::Busy)),
            (CallerPolicy::Ask, None),
        ] {
            access.others = others;
            assert_eq!(access.verdict(friend), Some(Verdict::Ring));
            assert_eq!(access.verdict(foe), Some(Verdict::Busy));
            assert_eq!(access.verdict(stranger), verdict);
        }
    }
}
