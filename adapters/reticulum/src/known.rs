//! Known destinations: their public keys, in memory and in the owner's store.
//!
//! ```text
//! ["LXKD" 4][version 1][records 2][record ..]
//! record: [heard at, Unix seconds 5][public key 64][check 4]
//! ```
//! The record of our own key, if there is one, holds our latest stamp. Numbers are big-endian. The
//! check is the head of the SHA-256 of the record before it.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use lxst_core::{IdentityHash, Instant, NameHash};
use rns_core::hash::{full_hash, truncated_hash};

use crate::identity::DestinationHash;
use crate::limits;
use crate::wall_clock::UnixTime;

/// The public keys of destinations that have announced. Those of phones can be exported.
#[derive(Default)]
pub(crate) struct KnownDestinations {
    keys: BTreeMap<DestinationHash, Known>,
    revision: u64,
}

struct Known {
    name: NameHash,
    public_key: [u8; 64],
    /// In µs after the origin of moments; negative if an earlier run heard it.
    heard_at: i64,
}

/// Why a store was not imported, or only in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The bytes have another format. Nothing was imported.
    #[error("not a store of known destinations, it must begin with \"LXKD\"")]
    Foreign,
    /// The store has another version. Nothing was imported.
    #[error("store of known destinations in version {0}, this program reads version 1")]
    Version(u8),
    /// Some records are damaged or missing. The others were imported.
    #[error("store of known destinations is damaged: {lost} records are lost, {new} are new")]
    Damaged {
        /// Destinations that were not known before.
        new: usize,
        /// Number of damaged or missing records.
        lost: usize,
    },
}

impl KnownDestinations {
    pub(crate) fn public_key(&self, of: DestinationHash) -> Option<&[u8; 64]> {
        self.keys.get(&of).map(|known| &known.public_key)
    }

    /// Returns the identity of this telephony destination.
    pub(crate) fn phone_at(&self, destination: DestinationHash) -> Option<IdentityHash> {
        let known = self.keys.get(&destination).filter(|known| known.is_phone());
        known.map(|known| identity(&known.public_key))
    }

    /// Returns the known phones, and how long ago each was last heard.
    pub(crate) fn phones(&self, now: Instant) -> impl Iterator<Item = (IdentityHash, Duration)> {
        let known = self.keys.values().filter(|known| known.is_phone());
        known.map(move |known| (identity(&known.public_key), Duration::from_secs(known.age(now))))
    }

    /// Adds a key. Returns whether its destination is new. Beyond [`limits::KEYS`] the app with
    /// most keys loses the one heard longest ago.
    pub(crate) fn remember(
        &mut self,
        of: DestinationHash,
        (name, public_key): (NameHash, [u8; 64]),
        now: Instant,
    ) -> bool {
        self.insert(of, Known { name, public_key, heard_at: micros(now) })
    }

    fn insert(&mut self, of: DestinationHash, heard: Known) -> bool {
        if let Some(known) = self.keys.get_mut(&of) {
            known.heard_at = known.heard_at.max(heard.heard_at);
            return false;
        }
        self.revision += u64::from(heard.is_phone());
        self.keys.insert(of, heard);
        if self.keys.len() > limits::KEYS {
            let mut apps = BTreeMap::<NameHash, usize>::new();
            self.keys.values().for_each(|known| *apps.entry(known.name).or_default() += 1);
            let fullest = apps.into_iter().max_by_key(|(_, keys)| *keys).map(|(name, _)| name);
            let of_it = self.keys.iter().filter(|(_, known)| Some(known.name) == fullest);
            let oldest = of_it.min_by_key(|(_, known)| known.heard_at);
            if let Some(oldest) = oldest.map(|(destination, _)| *destination) {
                self.keys.remove(&oldest);
            }
        }
        true
    }

    /// Returns a number that grows with every new phone.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns the store at a time of the wall clock, with our own key and latest stamp.
    pub(crate) fn export(
        &self,
        now: Instant,
        wall: UnixTime,
        own: Option<([u8; 64], UnixTime)>,
    ) -> Vec<u8> {
        let phones = self
            .keys
            .values()
            .filter(|known| known.is_phone())
            .map(|known| (known.public_key, UnixTime(wall.0.saturating_sub(known.age(now)))));
        let records: Vec<_> = own.into_iter().chain(phones).collect();
        let mut store = Vec::with_capacity(HEADER + records.len() * RECORD);
        store.extend_from_slice(MAGIC);
        store.push(VERSION);
        // There are at most `limits::KEYS` and ours.
        store.extend_from_slice(&(records.len() as u16).to_be_bytes());
        for (public_key, heard_at) in records {
            let at = store.len();
            store.extend_from_slice(&heard_at.to_bytes());
            store.extend_from_slice(&public_key);
            let check = check(&store[at..]);
            store.extend_from_slice(&check);
        }
        store
    }

    /// Adds the records of a store except `own`. Returns how many were new.
    pub(crate) fn import(
        &mut self,
        now: Instant,
        wall: UnixTime,
        own: &[u8; 64],
        store: &[u8],
    ) -> Result<usize, ImportError> {
        let Some([version, rest @ ..]) = store.strip_prefix(MAGIC) else {
            return Err(ImportError::Foreign);
        };
        if *version != VERSION {
            return Err(ImportError::Version(*version));
        }
        let (count, records) = rest.split_first_chunk().unwrap_or((&[0; 2], &[]));
        let records = records.chunks(RECORD);
        let found = records.len().max(usize::from(u16::from_be_bytes(*count)));
        let (mut read, mut new) = (0, 0);
        for (heard_at, public_key) in records.take(limits::KEYS + 1).filter_map(parse) {
            read += 1;
            if public_key != *own {
                // A time of 40 bits fits, in µs too.
                let age = wall.0.saturating_sub(heard_at.0) as i64 * 1_000_000;
                let known =
                    Known { name: NameHash::TELEPHONY, public_key, heard_at: micros(now) - age };
                let destination = DestinationHash::telephony(identity(&public_key));
                new += usize::from(self.insert(destination, known));
            }
        }
        if rest.len() < 2 || read < found {
            return Err(ImportError::Damaged { new, lost: (found - read).max(1) });
        }
        Ok(new)
    }
}

impl Known {
    fn is_phone(&self) -> bool {
        self.name == NameHash::TELEPHONY
    }

    /// Returns the seconds since it was heard.
    fn age(&self, now: Instant) -> u64 {
        let micros = micros(now).saturating_sub(self.heard_at);
        u64::try_from(micros).unwrap_or(0) / 1_000_000
    }
}

/// Returns our latest stamp in a store.
pub(crate) fn last_stamp(own: &[u8; 64], store: &[u8]) -> Option<UnixTime> {
    let records = store.strip_prefix(MAGIC)?.strip_prefix(&[VERSION])?.get(2..)?;
    let mut records = records.chunks(RECORD).take(limits::KEYS + 1).filter_map(parse);
    records.find_map(|(stamp, public_key)| (public_key == *own).then_some(stamp))
}

fn micros(now: Instant) -> i64 {
    now.as_micros().try_into().unwrap_or(i64::MAX)
}

fn identity(public_key: &[u8; 64]) -> IdentityHash {
    IdentityHash(truncated_hash(public_key))
}

fn parse(record: &[u8]) -> Option<(UnixTime, [u8; 64])> {
    let (known, found) = record.split_last_chunk()?;
    if record.len() != RECORD || check(known) != *found {
        return None;
    }
    let (heard_at, public_key) = known.split_first_chunk::<5>()?;
    Some((UnixTime::from_bytes(*heard_at), public_key.try_into().ok()?))
}

fn check(record: &[u8]) -> [u8; CHECK] {
    let mut check = [0; CHECK];
    check.copy_from_slice(&full_hash(record)[..CHECK]);
    check
}

const MAGIC: &[u8] = b"LXKD";
const VERSION: u8 = 1;
const HEADER: usize = 7;
const CHECK: usize = 4;
const RECORD: usize = 5 + 64 + CHECK;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_millis(1_000);
    const WALL: UnixTime = UnixTime(1_800_000_000);
    const OWN: [u8; 64] = [0; 64];

    #[test]
    fn beyond_the_bound_the_destination_heard_longest_ago_makes_room() {
        let mut known = KnownDestinations::default();
        for n in 0..limits::KEYS as u64 + 10 {
            known.remember(
                destination(n),
                (NameHash::TELEPHONY, [0; 64]),
                NOW + Duration::from_secs(n),
            );
        }
        assert_eq!(known.keys.len(), limits::KEYS);
        assert_eq!(known.public_key(destination(9)), None);
        assert!(known.public_key(destination(10)).is_some());
    }

    #[test]
    fn an_imported_destination_keeps_its_age() {
        let mut known = KnownDestinations::default();
        for n in 0..limits::KEYS as u64 {
            known.remember(of_key(n), (NameHash::TELEPHONY, key(n)), NOW + Duration::from_secs(n));
        }
        let end = NOW + Duration::from_secs(limits::KEYS as u64);
        let own = Some((OWN, WALL));
        let store = known.export(end, WALL, own);
        assert_eq!(last_stamp(&OWN, &store), Some(WALL));
        let mut again = KnownDestinations::default();
        let later = UnixTime(WALL.0 + 1_000_000);
        assert_eq!(again.import(NOW, later, &OWN, &store), Ok(limits::KEYS));
        assert_eq!(again.export(NOW, later, own), store);
        again.remember(of_key(1_000_000), (NameHash::TELEPHONY, key(1_000_000)), NOW);
        assert_eq!(again.public_key(of_key(0)), None, "the oldest of the store makes room");
        assert!(again.public_key(of_key(1)).is_some());
    }

    #[test]
    fn a_store_from_the_future_was_heard_now() {
        let mut known = KnownDestinations::default();
        known.remember(of_key(1), (NameHash::TELEPHONY, key(1)), NOW);
        let mut again = KnownDestinations::default();
        let future = UnixTime(WALL.0 * 2);
        assert_eq!(again.import(NOW, WALL, &OWN, &known.export(NOW, future, None)), Ok(1));
        assert_eq!(again.keys[&of_key(1)].age(NOW), 0);
    }

    #[test]
    fn a_store_cut_anywhere_loses_only_what_was_cut_off() {
        let store = store_of(3);
        for len in 0..store.len() {
            let mut known = KnownDestinations::default();
            let imported = known.import(NOW, WALL, &OWN, &store[..len]);
            let whole = len.saturating_sub(HEADER) / RECORD;
            let error = match len {
                0..=4 => ImportError::Foreign,
                5..HEADER => ImportError::Damaged { new: 0, lost: 1 },
                _ => ImportError::Damaged { new: whole, lost: 3 - whole },
            };
            assert_eq!(imported, Err(error), "{len} bytes");
            assert_eq!(known.keys.len(), whole);
        }
    }

    #[test]
    fn a_store_with_any_bit_changed_loses_one_record_at_most() {
        let store = store_of(3);
        for bit in 0..store.len() * 8 {
            let mut changed = store.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let mut known = KnownDestinations::default();
            let imported = known.import(NOW, WALL, &OWN, &changed);
            match bit / 8 {
                0..4 => assert_eq!(imported, Err(ImportError::Foreign)),
                4 => assert!(matches!(imported, Err(ImportError::Version(_)))),
                // The count is wrong, and all records are there.
                5..HEADER => assert_eq!(known.keys.len(), 3),
                _ => assert_eq!(imported, Err(ImportError::Damaged { new: 2, lost: 1 })),
            }
        }
    }

    #[test]
    fn a_store_beyond_the_bound_is_read_up_to_it() {
        let mut store = store_of(1);
        let record = store[HEADER..].to_vec();
        (0..=limits::KEYS).for_each(|_| store.extend_from_slice(&record));
        let imported = KnownDestinations::default().import(NOW, WALL, &OWN, &store);
        assert_eq!(imported, Err(ImportError::Damaged { new: 1, lost: 1 }));
    }

    fn store_of(count: u64) -> Vec<u8> {
        let mut known = KnownDestinations::default();
        (0..count)
            .for_each(|n| assert!(known.remember(of_key(n), (NameHash::TELEPHONY, key(n)), NOW)));
        known.export(NOW, WALL, None)
    }

    fn key(n: u64) -> [u8; 64] {
        let mut key = [7; 64];
        key[..8].copy_from_slice(&n.to_be_bytes());
        key
    }

    fn of_key(n: u64) -> DestinationHash {
        DestinationHash::telephony(identity(&key(n)))
    }

    fn destination(n: u64) -> DestinationHash {
        let mut hash = [1; 16];
        hash[..8].copy_from_slice(&n.to_be_bytes());
        DestinationHash(hash)
    }
}
