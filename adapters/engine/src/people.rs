//! Known identities: people that we dialled or talked with, in memory and in the owner's store.
//!
//! ```text
//! ["LXPE" 4][version 1][record ..]
//! record: [identity 16][the same, each bit inverted 16]
//! ```
//! The latest is the last. The two halves of a damaged record disagree.

use std::collections::VecDeque;

use lxst_core::IdentityHash;
use lxst_core::limits::CALLERS_REMEMBERED;

/// The identities that a phone knows: no strangers to it, across restarts.
///
/// *Bounds*: beyond [`CALLERS_REMEMBERED`] the one not dialled or talked with for longest is
/// forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct People {
    /// The latest at the back.
    known: VecDeque<IdentityHash>,
    revision: u64,
}

/// Why a store of people was not read, or not all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeopleError {
    /// The bytes have another format. Nothing was read.
    #[error("not a store of people, it must begin with \"LXPE\"")]
    Foreign,
    /// The store has another version. Nothing was read.
    #[error("store of people in version {0}, this program reads version 1")]
    Version(u8),
    /// Some records are damaged. The others were read.
    #[error("store of people is damaged: {lost} records are lost")]
    Damaged {
        /// Number of damaged records.
        lost: usize,
    },
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

    /// Returns the store.
    pub(crate) fn export(&self) -> Vec<u8> {
        let mut store = [MAGIC, &[VERSION]].concat();
        for IdentityHash(known) in self.iter() {
            store.extend(known);
            store.extend(known.map(|byte| !byte));
        }
        store
    }
}

/// Returns the readable identities of a store, and whether that is all of it.
pub(crate) fn read(store: &[u8]) -> (Vec<IdentityHash>, Result<(), PeopleError>) {
    let Some([version, records @ ..]) = store.strip_prefix(MAGIC) else {
        return (Vec::new(), Err(PeopleError::Foreign));
    };
    if *version != VERSION {
        return (Vec::new(), Err(PeopleError::Version(*version)));
    }
    let records = records.chunks(RECORD);
    let found = records.len();
    let people: Vec<_> = records.filter_map(parse).collect();
    match found - people.len() {
        0 => (people, Ok(())),
        lost => (people, Err(PeopleError::Damaged { lost })),
    }
}

fn parse(record: &[u8]) -> Option<IdentityHash> {
    let (known, inverted) = record.split_first_chunk::<16>()?;
    (known.map(|byte| !byte) == *inverted).then_some(IdentityHash(*known))
}

const MAGIC: &[u8] = b"LXPE";
const VERSION: u8 = 1;
const RECORD: usize = 32;

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

    #[test]
    fn a_store_gives_the_same_people_in_the_same_order() {
        let mut people = People::default();
        assert_eq!(read(&people.export()), (Vec::new(), Ok(())));
        [3, 1, 2].iter().for_each(|number| people.know(IdentityHash([*number; 16])));
        assert_eq!(read(&people.export()), (people.iter().collect(), Ok(())));
    }

    #[test]
    fn any_damage_costs_one_record_at_most_and_makes_nobody_known() {
        let known: Vec<_> = [3, 1, 2].map(|number| IdentityHash([number; 16])).into();
        let mut people = People::default();
        known.iter().for_each(|known| people.know(*known));
        let store = people.export();
        for len in 0..store.len() {
            let (read, result) = read(&store[..len]);
            let whole = len.saturating_sub(5) / RECORD;
            assert_eq!(read, known[..whole], "{len} bytes");
            let wanted = match len {
                0..5 => Err(PeopleError::Foreign),
                _ if (len - 5) % RECORD == 0 => Ok(()),
                _ => Err(PeopleError::Damaged { lost: 1 }),
            };
            assert_eq!(result, wanted, "{len} bytes");
        }
        for bit in 0..store.len() * 8 {
            let mut changed = store.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let (read, result) = read(&changed);
            match bit / 8 {
                0..4 => assert_eq!(result, Err(PeopleError::Foreign)),
                4 => assert!(matches!(result, Err(PeopleError::Version(_)))),
                at => {
                    let mut left = known.clone();
                    left.remove((at - 5) / RECORD);
                    assert_eq!((read, result), (left, Err(PeopleError::Damaged { lost: 1 })));
                }
            }
        }
    }
}
