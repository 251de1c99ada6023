//! Whom we know: people that we dialled or talked with.

use std::collections::VecDeque;

use lxst_core::IdentityHash;
use lxst_core::limits::CALLERS_REMEMBERED;

/// The people that a phone knows, who are no strangers to it over a restart.
///
/// *Bounds*: beyond [`CALLERS_REMEMBERED`] the one with whom there was nothing for the longest time
/// is forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct People {
    /// The latest at the back.
    known: VecDeque<IdentityHash>,
    revision: u64,
}

impl People {
    pub(crate) fn know(&mut self, identity: IdentityHash) {
        if self.known.back() == Some(&identity) {
            return;
        }
        self.known.retain(|known| *known != identity);
        if self.known.len() == CALLERS_REMEMBERED {
            self.known.pop_front();
        }
        self.known.push_back(identity);
        self.revision += 1;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = IdentityHash> {
        self.known.iter().copied()
    }

    pub(crate) const fn revision(&self) -> u64 {
        self.revision
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_known() {
        let who = |number: u8| IdentityHash([number; 16]);
        let mut people = People::default();
        (0..200).for_each(|number| people.know(who(number)));
        people.know(who(150));
        let known: Vec<_> = people.iter().collect();
        assert_eq!(known.len(), CALLERS_REMEMBERED);
        assert_eq!((known[0], known.last()), (who(136), Some(&who(150))));
        let revision = people.revision();
        people.know(who(150));
        assert_eq!(people.revision(), revision);
    }
}
