//! Places: how many may be in at once, and how many of them may be strangers.

use alloc::collections::BTreeSet;

use lxst_core::IdentityHash;

use crate::bounds::{BoundError, within};
use crate::limits;

/// Places of a station or a conference. What strangers may not take is for those who have one
/// reserved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) all: usize,
    pub(crate) strangers: usize,
    reserved: BTreeSet<IdentityHash>,
}

impl Places {
    pub(crate) const fn new(all: usize, strangers: usize) -> Self {
        Self { all, strangers, reserved: BTreeSet::new() }
    }

    pub(crate) fn reserve(
        &mut self,
        identities: impl IntoIterator<Item = IdentityHash>,
    ) -> Result<(), BoundError> {
        let reserved: BTreeSet<_> = identities.into_iter().collect();
        within("identities with a reserved place", reserved.len(), (0, limits::RESERVED))?;
        self.reserved = reserved;
        Ok(())
    }

    pub(crate) fn has_reserved(&self) -> bool {
        !self.reserved.is_empty()
    }

    pub(crate) fn is_reserved(&self, identity: IdentityHash) -> bool {
        self.reserved.contains(&identity)
    }

    /// Returns whether there is a place beside those that are taken. `taken` tells of each whether
    /// it is a reserved one.
    pub(crate) fn has_room(&self, taken: impl Iterator<Item = bool>, is_reserved: bool) -> bool {
        let (mut all, mut strangers) = (0, 0);
        for is_reserved in taken {
            all += 1;
            strangers += usize::from(!is_reserved);
        }
        all < self.all && (is_reserved || strangers < self.strangers)
    }
}
