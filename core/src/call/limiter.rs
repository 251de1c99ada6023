//! Limits on callers. New identities are free, so strangers are also counted together.
//!
//! People that we talked with, dialled or were told of are no strangers. Their attempts are not
//! counted, nor are attempts that are turned away. An answer takes an attempt off the strangers'
//! count. A rejection does not: a series of rejected strangers would keep the line busy.

use heapless::Vec;

use crate::config::CallerLimits;
use crate::id::IdentityHash;
use crate::limits::CALLERS_REMEMBERED;
use crate::output::Limit;
use crate::time::Instant;

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
    /// Whether the app was told that the limit is reached.
    is_told: bool,
}

/// An attempt beyond a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limited {
    /// The limit, if this is the first attempt beyond it.
    pub(crate) news: Option<Limit>,
}

impl Limiter {
    /// Marks an identity as no stranger.
    pub(crate) fn know(&mut self, now: Instant, identity: IdentityHash) {
        let caller = self.caller(now, identity);
        (caller.is_known, caller.latest) = (true, now);
    }

    /// Returns the limit that a caller has reached.
    pub(crate) fn limit(
        &self,
        now: Instant,
        identity: IdentityHash,
        limits: &CallerLimits,
    ) -> Option<Limit> {
        let caller = self.callers.iter().find(|caller| caller.identity == identity);
        if caller.is_some_and(|caller| caller.is_known) {
            return None;
        }
        let is_full =
            |window: &Window, limit| window.attempts >= limit && !window.is_over(now, limits);
        if caller.is_some_and(|caller| is_full(&caller.window, limits.one_caller)) {
            return Some(Limit::OneCaller);
        }
        is_full(&self.strangers, limits.strangers).then_some(Limit::Strangers)
    }

    /// Counts an attempt, unless it exceeds a limit. Returns whether it was counted: attempts of
    /// known identities are not.
    pub(crate) fn attempt(
        &mut self,
        now: Instant,
        identity: IdentityHash,
        limits: &CallerLimits,
    ) -> Result<bool, Limited> {
        let limit = self.limit(now, identity, limits);
        if limit == Some(Limit::Strangers) {
            return Err(Limited { news: self.strangers.tell().then_some(Limit::Strangers) });
        }
        let caller = self.caller(now, identity);
        caller.latest = now;
        if limit == Some(Limit::OneCaller) {
            return Err(Limited { news: caller.window.tell().then_some(Limit::OneCaller) });
        }
        if caller.is_known {
            return Ok(false);
        }
        caller.window.count(now, limits);
        self.strangers.count(now, limits);
        Ok(true)
    }

    /// Takes an answered call off the strangers' count, if that count includes the moment of the
    /// attempt.
    pub(crate) fn give_back(&mut self, counted: Instant) {
        if self.strangers.since <= counted {
            self.strangers.attempts = self.strangers.attempts.saturating_sub(1);
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
            let window = Window { since: now, ..Window::default() };
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
    fn is_over(&self, now: Instant, limits: &CallerLimits) -> bool {
        now.since(self.since) >= limits.window
    }

    fn count(&mut self, now: Instant, limits: &CallerLimits) {
        if self.is_over(now, limits) {
            *self = Self { since: now, ..Self::default() };
        }
        self.attempts = self.attempts.saturating_add(1);
    }

    /// Returns whether to tell the app that the limit is reached: true once.
    fn tell(&mut self) -> bool {
        !core::mem::replace(&mut self.is_told, true)
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
        assert_eq!(limiter.attempt(at(0), who(1), &LIMITS), Ok(true));
        assert_eq!(limiter.attempt(at(1), who(1), &LIMITS), Ok(true));
        let first = Limited { news: Some(Limit::OneCaller) };
        assert_eq!(limiter.attempt(at(2), who(1), &LIMITS), Err(first));
        assert_eq!(limiter.attempt(at(59), who(1), &LIMITS), Err(Limited { news: None }));
        assert_eq!(limiter.attempt(at(59), who(2), &LIMITS), Ok(true));
        assert_eq!(limiter.attempt(at(60), who(1), &LIMITS), Ok(true));
    }

    #[test]
    fn strangers_are_limited_together_and_people_we_know_are_not() {
        let mut limiter = Limiter::default();
        let limits = CallerLimits { strangers: 3, ..LIMITS };
        limiter.know(at(0), who(200));
        for number in 0..3 {
            assert_eq!(limiter.attempt(at(1), who(number), &limits), Ok(true));
        }
        let first = Limited { news: Some(Limit::Strangers) };
        assert_eq!(limiter.attempt(at(1), who(3), &limits), Err(first));
        assert_eq!(limiter.attempt(at(1), who(4), &limits), Err(Limited { news: None }));
        for _ in 0..100 {
            assert_eq!(limiter.attempt(at(1), who(200), &limits), Ok(false));
        }
    }

    #[test]
    fn an_attempt_that_is_turned_away_is_not_counted() {
        let mut limiter = Limiter::default();
        let limits = CallerLimits { strangers: 1, ..LIMITS };
        assert_eq!(limiter.attempt(at(0), who(1), &limits), Ok(true));
        for second in 1..60 {
            assert!(limiter.attempt(at(second), who(2), &limits).is_err());
        }
        assert_eq!(limiter.callers.len(), 1, "nor remembered");
        assert_eq!(limiter.limit(at(60), who(2), &limits), None);
        assert_eq!(limiter.attempt(at(60), who(2), &limits), Ok(true));
    }

    #[test]
    fn what_is_given_back_is_of_its_own_window() {
        let mut limiter = Limiter::default();
        let limits = CallerLimits { strangers: 1, ..LIMITS };
        assert_eq!(limiter.attempt(at(0), who(1), &limits), Ok(true));
        limiter.give_back(at(0));
        assert_eq!(limiter.attempt(at(1), who(2), &limits), Ok(true));
        assert_eq!(limiter.limit(at(1), who(3), &limits), Some(Limit::Strangers));
        // An attempt of the window before is answered in this one.
        assert_eq!(limiter.attempt(at(60), who(3), &limits), Ok(true));
        limiter.give_back(at(1));
        assert_eq!(limiter.limit(at(60), who(4), &limits), Some(Limit::Strangers));
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
