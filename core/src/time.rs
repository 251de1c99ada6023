//! Time, passed in by the driver.

use core::fmt;
use core::ops::Add;
use core::time::Duration;

/// A moment, in microseconds from an origin that the caller chooses.
///
/// The core reads no clock: each input carries its moment. The moments given to one
/// [`Telephone`](crate::Telephone) come from one monotonic clock. A moment earlier than the latest
/// one given counts as the latest one.
///
/// *Bounds*: arithmetic saturates at both ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The caller's origin: zero.
    pub const ORIGIN: Self = Self(0);

    /// The latest moment. A deadline at this moment is never due.
    pub const MAX: Self = Self(u64::MAX);

    /// Creates the moment `micros` µs after the origin.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Creates the moment `millis` ms after the origin.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// Returns the µs since the origin.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Returns the time since `earlier`, or zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(micros))
    }
}

impl fmt::Display for Instant {
    /// Writes seconds with three decimals: `12.345`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000_000, self.0 / 1_000 % 1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_saturate_and_print_as_seconds() {
        let late = Instant::MAX + Duration::from_secs(1);
        assert_eq!(late, Instant::MAX);
        assert_eq!(Instant::ORIGIN.since(late), Duration::ZERO);
        assert_eq!(std::format!("{}", Instant::from_millis(12_345)), "12.345");
    }
}
