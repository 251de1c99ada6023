//! When the voicemail answers, and how.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lxst_phone::IdentityHash;

use super::greeting::Greeting;
use super::machine::MessageBounds;

/// When the voicemail answers whom, and what callers hear. It is off by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// When it answers while the user is here.
    pub when_here: Pickup,
    /// When it answers while the user is away.
    pub when_away: Pickup,
    /// Whom it answers otherwise, here and away.
    pub exceptions: BTreeMap<IdentityHash, Pickup>,
    /// What callers hear before the beep.
    pub greeting: Greeting,
    /// What a message may be.
    pub bounds: MessageBounds,
}

/// Whether the user can answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Presence {
    /// The phone rings for somebody.
    #[default]
    Here,
    /// Nobody hears it ring.
    Away,
}

/// When the voicemail answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pickup {
    /// Not at all.
    #[default]
    Never,
    /// When the call has rung for so long. A call that rings for less by the settings of the phone
    /// is not answered.
    After(Duration),
}

impl Pickup {
    /// As soon as a call rings.
    pub const AT_ONCE: Self = Self::After(Duration::ZERO);
}

impl Rules {
    /// Returns when a call is answered that rings. Somebody who is blocked never leaves a message.
    #[must_use]
    pub fn pickup(
        &self,
        caller: IdentityHash,
        blocked: &BTreeSet<IdentityHash>,
        presence: Presence,
    ) -> Pickup {
        if blocked.contains(&caller) {
            return Pickup::Never;
        }
        self.exceptions.get(&caller).copied().unwrap_or(match presence {
            Presence::Here => self.when_here,
            Presence::Away => self.when_away,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contacts_rule_goes_before_those_of_all_and_the_list_of_blocked_before_both() {
        let [boss, friend, foe] = [1, 2, 3].map(|of| IdentityHash([of; 16]));
        let after = |seconds| Pickup::After(Duration::from_secs(seconds));
        let rules = Rules {
            when_here: after(20),
            when_away: Pickup::AT_ONCE,
            exceptions: [(boss, Pickup::Never), (foe, after(5))].into(),
            ..Rules::default()
        };
        let blocked = [foe].into();
        for (caller, here, away) in [
            (boss, Pickup::Never, Pickup::Never),
            (friend, after(20), after(0)),
            (foe, Pickup::Never, Pickup::Never),
        ] {
            assert_eq!(rules.pickup(caller, &blocked, Presence::Here), here);
            assert_eq!(rules.pickup(caller, &blocked, Presence::Away), away);
        }
        assert_eq!(rules.pickup(foe, &BTreeSet::new(), Presence::Away), after(5));
        assert_eq!(Rules::default().pickup(boss, &blocked, Presence::Away), Pickup::Never);
    }
}
