//! The destinations that this endpoint serves, and the apps whose announces it receives.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::mem;

use lxst_core::{Destination, IdentityHash, Instant, NameHash};
use rns_core::transport::types::PacketBytes;

use crate::announces::Announces;
use crate::identity::DestinationHash;
use crate::limits;
use crate::queue::Unsigned;
use crate::strangers::{Rates, Totals};
use crate::wall_clock::UnixTime;

/// A destination of ours: the name of its app, its app data, and the bounds of its links.
///
/// ```
/// use lxst_reticulum::{DestinationConfig, name_hash};
///
/// let room = DestinationConfig::new(name_hash("lxst.room"))
///     .app_data(b"what a browser shows")?
///     .incoming_links(32)?;
/// # Ok::<(), lxst_reticulum::BoundError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationConfig {
    name: NameHash,
    app_data: Option<Vec<u8>>,
    greeting: Vec<u8>,
    incoming_links: usize,
    link_requests: (u32, u32),
}

/// A setting outside of its bounds. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {found} is not within {least} to {most}")]
#[non_exhaustive]
pub struct BoundError {
    /// The name of the setting.
    pub what: &'static str,
    /// The value.
    pub found: usize,
    /// The smallest value allowed.
    pub least: usize,
    /// The largest value allowed.
    pub most: usize,
}

impl DestinationConfig {
    /// Creates the settings of the app with this name: see [`name_hash`](crate::name_hash).
    #[must_use]
    pub const fn new(name: NameHash) -> Self {
        Self {
            name,
            app_data: None,
            greeting: Vec::new(),
            incoming_links: limits::INCOMING_LINKS,
            link_requests: limits::LINK_REQUESTS,
        }
    }

    /// Sets the app data of the destination's announces and path responses. *Default*: empty.
    ///
    /// # Errors
    /// [`BoundError`] beyond [`APP_DATA`](limits::APP_DATA) bytes.
    pub fn app_data(self, app_data: &[u8]) -> Result<Self, BoundError> {
        within("bytes of app data", app_data.len(), (0, limits::APP_DATA))?;
        Ok(Self { app_data: Some(app_data.to_vec()), ..self })
    }

    /// Sets the packet that follows each repeated proof of a link request. It draws an answer from
    /// an initiator whose report of the round-trip time was lost: any authentic packet counts as
    /// that report. *Default*: none is sent.
    ///
    /// # Errors
    /// [`BoundError`] beyond [`GREETING`](limits::GREETING) bytes.
    pub fn greeting(self, plaintext: &[u8]) -> Result<Self, BoundError> {
        within("bytes of greeting", plaintext.len(), (0, limits::GREETING))?;
        Ok(Self { greeting: plaintext.to_vec(), ..self })
    }

    /// Sets how many established incoming links the destination has at once. Link requests beyond
    /// it are dropped as [`LinksFull`](crate::DropReason::LinksFull). *Default*:
    /// [`INCOMING_LINKS`](limits::INCOMING_LINKS).
    ///
    /// # Errors
    /// [`BoundError`] below 1 or beyond [`MAX_INCOMING_LINKS`](limits::MAX_INCOMING_LINKS).
    pub fn incoming_links(self, links: usize) -> Result<Self, BoundError> {
        let incoming_links = within("incoming links", links, (1, limits::MAX_INCOMING_LINKS))?;
        Ok(Self { incoming_links, ..self })
    }

    /// Sets how many link requests the destination answers per second and in one burst on one
    /// interface. On all interfaces together it answers [`TOTAL_SHARES`](limits::TOTAL_SHARES)
    /// times as many. *Default*: [`LINK_REQUESTS`](limits::LINK_REQUESTS).
    ///
    /// # Errors
    /// [`BoundError`] below 1 or beyond [`MAX_LINK_REQUESTS`](limits::MAX_LINK_REQUESTS).
    pub fn link_requests(self, per_second: u32, burst: u32) -> Result<Self, BoundError> {
        let (most_per_second, most_in_burst) = limits::MAX_LINK_REQUESTS;
        let bounds = |most: u32| (1, most as usize);
        within("link requests per second", per_second as usize, bounds(most_per_second))?;
        within("link requests in one burst", burst as usize, bounds(most_in_burst))?;
        Ok(Self { link_requests: (per_second, burst), ..self })
    }

    /// Returns the name of the app.
    #[must_use]
    pub const fn name(&self) -> NameHash {
        self.name
    }
}

/// Checks a number against its bounds, which are inclusive.
pub(crate) const fn within(
    what: &'static str,
    found: usize,
    (least, most): (usize, usize),
) -> Result<usize, BoundError> {
    if found < least || found > most {
        return Err(BoundError { what, found, least, most });
    }
    Ok(found)
}

/// Every app that the endpoint serves or listens to.
#[derive(Debug, Default)]
pub(crate) struct Destinations {
    apps: BTreeMap<NameHash, App>,
    /// What removed destinations have added to [`revision`](Self::revision).
    revision: u64,
    /// The latest stamp of an earlier run, or of a removed destination. Destinations that are
    /// registered later continue after it.
    earlier: Announces,
}

/// An app whose announces are received, and which may be served here.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) rates: Rates,
    pub(crate) totals: Totals,
    pub(crate) own: Option<Own>,
}

/// A destination of ours.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) hash: DestinationHash,
    pub(crate) app_data: Option<Vec<u8>>,
    pub(crate) greeting: Vec<u8>,
    pub(crate) incoming_links: usize,
    pub(crate) announces: Announces,
}

impl Destinations {
    /// Serves a destination, or changes its settings.
    pub(crate) fn register(
        &mut self,
        identity: IdentityHash,
        config: DestinationConfig,
    ) -> Result<DestinationHash, BoundError> {
        let DestinationConfig { name, app_data, greeting, incoming_links, link_requests } = config;
        let hash = Destination { identity, name }.into();
        let earlier = self.earlier.clone();
        let app = self.app(name, Rates::new(link_requests))?;
        let announces = app.own.take().map_or(earlier, |own| own.announces);
        app.own = Some(Own { hash, app_data, greeting, incoming_links, announces });
        Ok(hash)
    }

    /// Receives the announces of an app.
    pub(crate) fn hear(&mut self, name: NameHash) -> Result<(), BoundError> {
        match self.apps.contains_key(&name) {
            true => Ok(()),
            false => self.app(name, Rates::new(limits::LINK_REQUESTS)).map(drop),
        }
    }

    /// Stops serving an app and receiving its announces.
    pub(crate) fn remove(&mut self, name: NameHash) -> Option<App> {
        let app = self.apps.remove(&name)?;
        if let Some(own) = &app.own {
            self.revision += own.announces.revision();
            self.earlier.follow(&own.announces);
        }
        Some(app)
    }

    /// Returns a number that grows when there is a stamp to store.
    pub(crate) fn revision(&self) -> u64 {
        self.revision + self.own().map(|(_, own)| own.announces.revision()).sum::<u64>()
    }

    pub(crate) fn get(&self, name: NameHash) -> Option<&App> {
        self.apps.get(&name)
    }

    pub(crate) fn get_mut(&mut self, name: NameHash) -> Option<&mut App> {
        self.apps.get_mut(&name)
    }

    pub(crate) fn own(&self) -> impl Iterator<Item = (NameHash, &Own)> {
        self.apps.iter().filter_map(|(name, app)| Some((*name, app.own.as_ref()?)))
    }

    pub(crate) fn own_mut(&mut self) -> impl Iterator<Item = (NameHash, &mut Own)> {
        self.apps.iter_mut().filter_map(|(name, app)| Some((*name, app.own.as_mut()?)))
    }

    /// Returns the name of our destination with this hash.
    pub(crate) fn name_at(&self, hash: &[u8]) -> Option<NameHash> {
        self.own().find(|(_, own)| own.hash.0 == hash).map(|(name, _)| name)
    }

    /// Continues after the latest stamp of an earlier run.
    pub(crate) fn resume(&mut self, now: Instant, stamp: UnixTime) {
        self.earlier.resume(now, stamp);
        self.own_mut().for_each(|(_, own)| own.announces.resume(now, stamp));
    }

    /// Returns the latest stamp that left.
    pub(crate) fn last_stamp(&self) -> Option<UnixTime> {
        self.announces().filter_map(Announces::last_stamp).max()
    }

    /// Returns the wall clock, corrected by the stamps.
    pub(crate) fn corrected(&self, now: Instant, wall: UnixTime) -> UnixTime {
        let corrected = self.announces().map(|announces| announces.corrected(now, wall));
        corrected.max().unwrap_or(wall)
    }

    fn announces(&self) -> impl Iterator<Item = &Announces> {
        self.own().map(|(_, own)| &own.announces).chain([&self.earlier])
    }

    /// Signs an announce of a destination of ours that leaves at `now`.
    pub(crate) fn sign(
        &mut self,
        announce: Unsigned,
        time: (Instant, UnixTime),
        sign: impl FnOnce(UnixTime, &Own) -> PacketBytes,
    ) -> Option<PacketBytes> {
        let own = self.apps.get_mut(&announce.of)?.own.as_mut()?;
        let mut announces = mem::take(&mut own.announces);
        let packet = announces.sign(time, announce, |stamp| sign(stamp, own));
        own.announces = announces;
        Some(packet)
    }

    fn app(&mut self, name: NameHash, rates: Rates) -> Result<&mut App, BoundError> {
        if !self.apps.contains_key(&name) && name != NameHash::TELEPHONY {
            let others = self.apps.keys().filter(|name| **name != NameHash::TELEPHONY).count();
            within("apps served or heard", others + 1, (0, limits::APPS))?;
        }
        let totals = rates.totals();
        let app = self.apps.entry(name).or_insert(App { rates, totals, own: None });
        if app.rates != rates {
            (app.rates, app.totals) = (rates, rates.totals());
        }
        Ok(app)
    }
}
