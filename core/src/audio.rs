//! Amounts and directions of audio.

use core::ops::{Add, Sub};
use core::time::Duration;

/// An amount of audio.
///
/// *Units*: samples per channel at 48 kHz. The frame of each profile is a whole number of them.
///
/// *Bounds*: arithmetic saturates at both ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Samples(pub u64);

impl Samples {
    /// No audio.
    pub const ZERO: Self = Self(0);

    /// The sample rate.
    pub const RATE_HZ: u32 = 48_000;

    /// Creates the amount that plays for `millis` ms.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(Self::RATE_HZ as u64 / 1_000))
    }

    /// Creates the amount that plays for this time, rounded down to whole samples.
    #[must_use]
    pub fn of(duration: Duration) -> Self {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        Self(micros / 125 * 6 + micros % 125 * 6 / 125)
    }

    /// Returns the playing time, rounded down to whole µs.
    ///
    /// *Bounds*: saturates at `u64::MAX` µs.
    #[must_use]
    pub const fn duration(self) -> Duration {
        // 48 samples play 1,000 µs.
        let (whole, rest) = (self.0 / 6, self.0 % 6);
        Duration::from_micros(whole.saturating_mul(125).saturating_add(rest * 125 / 6))
    }

    /// Returns whether this amount is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl Add for Samples {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Samples {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// A direction of audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From our microphone to the peer.
    Send,
    /// From the peer to our speaker.
    Receive,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_millisecond_is_48_samples() {
        assert_eq!(Samples::from_millis(60), Samples(2_880));
        assert_eq!(Samples(2_880).duration(), Duration::from_millis(60));
        assert_eq!(Samples(1) - Samples(2), Samples::ZERO);
        assert_eq!(Samples(7).duration(), Duration::from_micros(145));
    }

    #[test]
    fn a_total_of_audio_outlasts_every_call() {
        let day = Samples::from_millis(24 * 3_600 * 1_000);
        let year = (0..365).fold(Samples::ZERO, |sum, _| sum + day);
        assert_eq!(year.duration(), Duration::from_secs(365 * 24 * 3_600));
        assert_eq!(Samples(u64::MAX) + day, Samples(u64::MAX));
        assert_eq!(Samples(u64::MAX).duration(), Duration::from_micros(u64::MAX));
    }
}
