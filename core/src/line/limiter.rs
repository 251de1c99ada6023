//! Who calls too often. An identity costs nothing, so strangers are counted together too; people
//! that we talked with are not strangers.

use heapless::Vec;

use crate::limits::CALLERS_REMEMBERED;
use crate::{CallerLimits, IdentityHash, Instant, Limit};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limiter {
    callers: Vec<Caller, CALLERS_REMEMBERED>,
    strangers: Window,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Caller {
    identity: IdentityHash,
    is_known: bool,
    latest: Instant,
    window: Window,
}

/// Attempts since the window began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Window {
    since: Instant,
    attempts: u16,
}

/// An attempt beyond a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limited {
    /// The limit, where this is the first attempt beyond it.
    pub(crate) news: Option<Limit>,
}

impl Limiter {
    /// Takes note that we talk with somebody.
    pub(crate) fn know(&mut self, now: Instant, identity: IdentityHash) {
        self.caller(now, identity).is_known = true;
    }

    pub(crate) fn attempt(
        &mut self,
        now: Instant,
        identity: IdentityHash,
        limits: &CallerLimits,
    ) -> Result<(), Limited> {
        let caller = self.caller(now, identity);
        caller.latest = now;
        let is_known = caller.is_known;
        let excess = caller.window.attempt(now, limits.one_caller, limits);
        if let Some(excess) = excess {
            return Err(Limited { news: (excess == 1).then_some(Limit::OneCaller) });
        }
        if is_known {
            return Ok(());
        }
        match self.strangers.attempt(now, limits.strangers, limits) {
            Some(excess) => Err(Limited { news: (excess == 1).then_some(Limit::Strangers) }),
            None => Ok(()),
        }
    }

    fn caller(&mut self, now: Instant, identity: IdentityHash) -> &mut Caller {
        let found = self.callers.iter().position(|caller| caller.identity == identity);
        let index = found.unwrap_or_else(|| {
            if self.callers.is_full() {
                let callers = self.callers.iter().enumerate();
                let oldest = callers.min_by_key(|(_, caller)| (caller.is_known, caller.latest));
                self.callers.swap_remove(oldest.map_or(0, |(index, _)| index));
            }
            let window = Window { since: now, attempts: 0 };
            let pushed =
                self.callers.push(Caller { identity, is_known: false, latest: now, window });
            debug_assert!(pushed.is_ok(), "one made room");
            self.callers.len() - 1
        });
        // The index was found or just pushed.
        &mut self.callers[index]
    }
}

impl Window {
    /// Counts an attempt, and tells by how many the limit is exceeded.
    fn attempt(&mut self, now: Instant, limit: u16, limits: &CallerLimits) -> Option<u16> {
        if now.since(self.since) >= limits.window {
            *self = Self { since: now, attempts: 0 };
        }
        self.attempts = self.attempts.saturating_add(1);
        self.attempts.checked_sub(limit).filter(|excess| *excess > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: CallerLimits =
        CallerLimits { window: core::time::Duration::from_secs(60), one_caller: 2, strangers: 100 };

    fn who(number: u8) -> IdentityHash {
        IdentityHash([number; 16])
    }

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1_000)
    }

    #[test]
    fn one_caller_is_limited_for_the_rest_of_the_window() {
        let mut limiter = Limiter::default();
        assert_eq!(limiter.attempt(at(0), who(1), &LIMITS), Ok(()));
        assert_eq!(limiter.attempt(at(1), who(1), &LIMITS), Ok(()));
        let first = Limited { news: Some(Limit::OneCaller) };
        assert_eq!(limiter.attempt(at(2), who(1), &LIMITS), Err(first));
        assert_eq!(limiter.attempt(at(59), who(1), &LIMITS), Err(Limited { news: None }));
        assert_eq!(limiter.attempt(at(59), who(2), &LIMITS), Ok(()));
        assert_eq!(limiter.attempt(at(60), who(1), &LIMITS), Ok(()));
    }

    #[test]
    fn strangers_are_limited_together_and_people_we_know_are_not() {
        let mut limiter = Limiter::default();
        let limits = CallerLimits { strangers: 3, ..LIMITS };
        limiter.know(at(0), who(200));
        for number in 0..3 {
            assert_eq!(limiter.attempt(at(1), who(number), &limits), Ok(()));
        }
        let first = Limited { news: Some(Limit::Strangers) };
        assert_eq!(limiter.attempt(at(1), who(3), &limits), Err(first));
        assert_eq!(limiter.attempt(at(1), who(4), &limits), Err(Limited { news: None }));
        assert_eq!(limiter.attempt(at(1), who(200), &limits), Ok(()));
    }

    #[test]
    fn people_we_know_are_forgotten_after_strangers() {
        let mut limiter = Limiter::default();
        limiter.know(at(0), who(200));
        for number in 0..100 {
            let _ = limiter.attempt(at(1 + u64::from(number)), who(number), &LIMITS);
        }
        assert_eq!(limiter.callers.len(), CALLERS_REMEMBERED);
        assert!(limiter.caller(at(200), who(200)).is_known);
    }
}
