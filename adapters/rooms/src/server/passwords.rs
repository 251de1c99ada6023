//! Passwords, and how long who gave wrong ones has to wait.

use alloc::collections::BTreeMap;
use core::time::Duration;

use lxst_core::{IdentityHash, Instant};

use crate::id::RoomId;
use crate::limits::{FIRST_WAIT, FORGET, FREE_TRIES, MAX_WAIT, PASSWORD_RECORDS};

/// What a password opens, and for whom: the server or a room, an identity or all without one.
pub(super) type Lock = (Option<RoomId>, Option<IdentityHash>);

/// Why a password opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Locked {
    /// It is missing or wrong.
    Wrong,
    /// So many seconds have to pass before the next try.
    Wait(u64),
}

/// Wrong passwords, by lock.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempts {
    wrong: BTreeMap<Lock, Wrong>,
    count: u64,
}

#[derive(Clone, Copy, Debug)]
struct Wrong {
    tries: u32,
    until: Instant,
    /// Which record it was, in order.
    number: u64,
}

impl Attempts {
    /// Compares a password. One that is missing is wrong, and not counted.
    pub(super) fn check(
        &mut self,
        now: Instant,
        lock: Lock,
        given: Option<&str>,
        expected: &str,
    ) -> Result<(), Locked> {
        let forget = |wrong: &Wrong| wrong.until + FORGET <= now;
        if self.wrong.get(&lock).is_some_and(forget) {
            self.wrong.remove(&lock);
        }
        if let Some(wrong) = self.wrong.get(&lock)
            && wrong.until > now
        {
            return Err(
                Locked::Wait(wrong.until.since(now).as_micros().div_ceil(1_000_000) as u64),
            );
        }
        match given {
            None => Err(Locked::Wrong),
            Some(given) if is_equal(given, expected) => {
                self.wrong.remove(&lock);
                Ok(())
            }
            Some(_) => {
                self.count_wrong(now, lock);
                Err(Locked::Wrong)
            }
        }
    }

    /// Forgets the wrong passwords of a room that is removed: its number can come back.
    pub(super) fn forget(&mut self, room: RoomId) {
        self.wrong.retain(|(of, _), _| *of != Some(room));
    }

    fn count_wrong(&mut self, now: Instant, lock: Lock) {
        self.count += 1;
        let first = Wrong { tries: 0, until: now, number: self.count };
        let wrong = self.wrong.entry(lock).or_insert(first);
        wrong.tries = wrong.tries.saturating_add(1);
        wrong.until = now + wait_after(wrong.tries);
        if self.wrong.len() > PASSWORD_RECORDS {
            let oldest = self.wrong.iter().min_by_key(|(_, wrong)| wrong.number);
            if let Some(oldest) = oldest.map(|(lock, _)| *lock) {
                self.wrong.remove(&oldest);
            }
        }
    }
}

fn wait_after(tries: u32) -> Duration {
    match tries.checked_sub(FREE_TRIES + 1) {
        Some(doublings) => FIRST_WAIT.saturating_mul(1 << doublings.min(16)).min(MAX_WAIT),
        None => Duration::ZERO,
    }
}

/// Compares in a time that tells of the length only.
fn is_equal(given: &str, expected: &str) -> bool {
    let differences = given.bytes().zip(expected.bytes()).map(|(one, other)| one ^ other);
    given.len() == expected.len() && differences.fold(0, |sum, bits| sum | bits) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_wrong_passwords_are_free_and_each_further_one_doubles_the_wait() {
        let mut attempts = Attempts::default();
        let mut now = Instant::ORIGIN;
        for wait in [0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            assert_eq!(attempts.check(now, ANY, Some("no"), "yes"), Err(Locked::Wrong));
            if wait > 0 {
                assert_eq!(attempts.check(now, ANY, Some("yes"), "yes"), Err(Locked::Wait(wait)));
            }
            now = now + Duration::from_secs(wait);
        }
        assert_eq!(attempts.check(now, ANY, Some("yes"), "yes"), Ok(()));
        assert_eq!(attempts.check(now, ANY, Some("no"), "yes"), Err(Locked::Wrong));
        assert_eq!(attempts.check(now, ANY, Some("yes"), "yes"), Ok(()));
    }

    #[test]
    fn a_missing_password_is_wrong_and_not_counted() {
        let mut attempts = Attempts::default();
        for _ in 0..9 {
            assert_eq!(attempts.check(Instant::ORIGIN, ANY, None, "yes"), Err(Locked::Wrong));
        }
        assert_eq!(attempts.check(Instant::ORIGIN, ANY, Some("yes"), "yes"), Ok(()));
    }

    #[test]
    fn a_wrong_password_is_forgotten_an_hour_after_its_wait() {
        let mut attempts = Attempts::default();
        for _ in 0..3 {
            let _ = attempts.check(Instant::ORIGIN, ANY, Some("no"), "yes");
        }
        let later = Instant::ORIGIN + Duration::from_secs(3_602);
        for _ in 0..2 {
            assert_eq!(attempts.check(later, ANY, Some("no"), "yes"), Err(Locked::Wrong));
        }
        assert_eq!(attempts.check(later, ANY, Some("yes"), "yes"), Ok(()));
    }

    #[test]
    fn the_records_are_bounded_and_the_oldest_is_forgotten() {
        let mut attempts = Attempts::default();
        for number in 0..=PASSWORD_RECORDS {
            let lock = (None, Some(IdentityHash((number as u128).to_be_bytes())));
            let _ = attempts.check(Instant::ORIGIN, lock, Some("no"), "yes");
        }
        assert_eq!(attempts.wrong.len(), PASSWORD_RECORDS);
        assert!(!attempts.wrong.contains_key(&(None, Some(IdentityHash([0; 16])))));
    }

    const ANY: Lock = (None, None);
}
