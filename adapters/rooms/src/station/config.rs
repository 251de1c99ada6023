//! Settings of a station.

use alloc::string::String;

use lxst_core::IdentityHash;

use crate::bounds::{BoundError, text, within};
use crate::limits;
use crate::places::Places;
use crate::station_profile::StationProfile;

/// Settings of a station.
///
/// *Default*: 64 listeners, of them 48 strangers, no reserved places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StationConfig {
    pub(super) identity: IdentityHash,
    pub(super) name: String,
    pub(super) profile: StationProfile,
    pub(super) places: Places,
}

impl StationConfig {
    /// Makes the settings of a station of this name, at `lxst.station` of this identity.
    ///
    /// # Errors
    /// [`BoundError`] if the name is empty or has more than [`NAME`](limits::NAME) bytes.
    pub fn new(
        identity: IdentityHash,
        name: &str,
        profile: StationProfile,
    ) -> Result<Self, BoundError> {
        Ok(Self {
            identity,
            name: text("bytes of the station's name", name, (1, limits::NAME))?,
            profile,
            places: Places::new(limits::LISTENERS, limits::STRANGERS),
        })
    }

    /// Sets how many listeners the station has at once, and how many of them may be without a
    /// reserved place.
    ///
    /// # Errors
    /// [`BoundError`] below 1 or beyond [`MAX_LISTENERS`](limits::MAX_LISTENERS) listeners, or if
    /// strangers could be more than them.
    pub fn listeners(mut self, listeners: usize, strangers: usize) -> Result<Self, BoundError> {
        within("listeners", listeners, (1, limits::MAX_LISTENERS))?;
        within("listeners without a reserved place", strangers, (0, listeners))?;
        (self.places.all, self.places.strangers) = (listeners, strangers);
        Ok(self)
    }

    /// Reserves places for these identities: friends, and relays. What strangers may not take is
    /// theirs.
    ///
    /// # Errors
    /// [`BoundError`] beyond [`RESERVED`](limits::RESERVED) identities.
    pub fn reserve(
        mut self,
        identities: impl IntoIterator<Item = IdentityHash>,
    ) -> Result<Self, BoundError> {
        self.places.reserve(identities)?;
        Ok(self)
    }

    /// Returns the identity of the station.
    #[must_use]
    pub const fn identity(&self) -> IdentityHash {
        self.identity
    }

    /// Returns what the station sends.
    #[must_use]
    pub const fn profile(&self) -> StationProfile {
        self.profile
    }

    /// Returns how many listeners the station has at once.
    #[must_use]
    pub const fn max_listeners(&self) -> usize {
        self.places.all
    }
}
