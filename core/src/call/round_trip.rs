//! The round trip time of a link: told by the stack, else measured from the exchange of signals.
//!
//! | role | from | to |
//! |---|---|---|
//! | caller | link-up | AVAILABLE or BUSY |
//! | caller | the first identification | RINGING or BUSY |
//! | callee | the first AVAILABLE | the identification |
//! | callee, if the caller identified before AVAILABLE was sent | the first RINGING | profile or mode |
//!
//! A caller uses the lesser of its two measurements. Repeats and screening make a measurement too
//! long, which makes deadlines later and repeats fewer. Before the first measurement, a caller uses
//! the time from opening to link-up, at most [`MAX_OPENING`], and a callee uses zero.

use core::mem;
use core::time::Duration;

use crate::limits::{MAX_OPENING, MAX_ROUND_TRIP};
use crate::time::Instant;

/// The round trip time of a link, at most [`MAX_ROUND_TRIP`]. Every pending link has one, so it is
/// small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct RoundTrip {
    nanos: u64,
    /// When the message was sent whose answer gives the measurement.
    asked_at: Instant,
    is_asked: bool,
    source: Source,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Source {
    #[default]
    Assumed,
    Measured,
    Told,
}

impl RoundTrip {
    /// Takes the round trip that the stack tells of an incoming link. Zero counts as not told.
    pub(super) fn of_stack(told: Option<Duration>) -> Self {
        match told.filter(|told| !told.is_zero()) {
            Some(told) => Self { nanos: nanos(told), source: Source::Told, ..Self::default() },
            None => Self::default(),
        }
    }

    /// Takes the round trip that the stack tells of a link that we opened, at link-up.
    pub(super) fn on_up(&mut self, now: Instant, told: Option<Duration>) {
        let opening = if self.is_asked { now.since(self.asked_at) } else { Duration::ZERO };
        *self = Self::of_stack(told);
        if self.source == Source::Assumed {
            self.nanos = nanos(opening.min(MAX_OPENING));
        }
        self.ask(now);
    }

    /// Starts a measurement: a message was sent that the peer answers at once.
    pub(super) fn ask(&mut self, now: Instant) {
        if self.source != Source::Told {
            (self.asked_at, self.is_asked) = (now, true);
        }
    }

    /// Starts a measurement, unless the round trip is known.
    pub(super) fn ask_if_unknown(&mut self, now: Instant) {
        if self.source == Source::Assumed {
            self.ask(now);
        }
    }

    /// Ends the measurement: the answer to the latest message arrived.
    pub(super) fn on_answer(&mut self, now: Instant) {
        if mem::take(&mut self.is_asked) {
            let took = nanos(now.since(self.asked_at));
            let is_first = self.source == Source::Assumed;
            self.nanos = if is_first { took } else { took.min(self.nanos) };
            self.source = Source::Measured;
        }
    }

    pub(super) const fn get(self) -> Duration {
        Duration::from_nanos(self.nanos)
    }

    /// Returns what the stack told or the exchange of signals measured.
    pub(super) fn known(self) -> Option<Duration> {
        (self.source != Source::Assumed).then_some(self.get())
    }

    /// Returns this many round trips.
    pub(super) const fn times(self, trips: u32) -> Duration {
        self.get().saturating_mul(trips)
    }
}

/// Returns a round trip in nanoseconds, at most [`MAX_ROUND_TRIP`].
fn nanos(trip: Duration) -> u64 {
    // `MAX_ROUND_TRIP` needs 36 bits.
    u64::try_from(trip.min(MAX_ROUND_TRIP).as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn what_a_stack_tells_stands_and_zero_tells_nothing() {
        let mut told = RoundTrip::of_stack(Some(ms(40)));
        told.ask(at(0));
        told.on_answer(at(900));
        assert_eq!(told.get(), ms(40));
        assert_eq!(RoundTrip::of_stack(Some(Duration::MAX)).get(), MAX_ROUND_TRIP);
        assert_eq!(RoundTrip::of_stack(Some(Duration::ZERO)), RoundTrip::of_stack(None));
        assert_eq!((told.known(), RoundTrip::of_stack(None).known()), (Some(ms(40)), None));
    }

    #[test]
    fn a_caller_takes_the_lesser_of_its_exchanges_and_no_path_search() {
        let mut trip = RoundTrip::default();
        trip.ask(at(0));
        trip.on_up(at(9_000), None);
        assert_eq!(trip.get(), MAX_OPENING);
        trip.on_answer(at(14_000));
        assert_eq!(trip.get(), ms(5_000), "longer than what was assumed");
        trip.ask(at(14_000));
        trip.on_answer(at(14_300));
        assert_eq!(trip.get(), ms(300));
        trip.ask(at(20_000));
        trip.on_answer(at(29_000));
        assert_eq!(trip.get(), ms(300));
    }

    #[test]
    fn an_answer_that_was_not_asked_for_measures_nothing() {
        let mut trip = RoundTrip::of_stack(None);
        trip.on_answer(at(5));
        assert_eq!(trip.get(), Duration::ZERO);
        trip.ask_if_unknown(at(10));
        trip.on_answer(at(30));
        trip.ask_if_unknown(at(40));
        trip.on_answer(at(41));
        assert_eq!(trip.get(), ms(20));
    }
}
