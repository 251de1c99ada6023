//! The time of announce stamps.

use core::time::Duration;

/// A wall clock's time: whole seconds since the Unix epoch.
///
/// It may be wrong, and go back. *Bounds*: a stamp has 40 bits. A later time counts as the largest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(pub u64);

impl UnixTime {
    pub(crate) const MAX: Self = Self((1 << 40) - 1);

    /// Returns the 5 bytes, big-endian, that are sent and stored.
    pub(crate) fn to_bytes(self) -> [u8; 5] {
        let [_, _, _, bytes @ ..] = self.min(Self::MAX).0.to_be_bytes();
        bytes
    }

    pub(crate) fn from_bytes(bytes: [u8; 5]) -> Self {
        Self(bytes.iter().fold(0, |seconds, byte| seconds << 8 | u64::from(*byte)))
    }

    pub(crate) const fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.as_secs()))
    }
}
