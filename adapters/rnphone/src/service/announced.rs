//! The phones that announced themselves.

use std::collections::BTreeMap;
use std::time::Instant;

use lxst_tokio::{DestinationHash, DisplayName, IdentityHash};

/// The latest announce of each.
///
/// *Bounds*: [`MAX_ANNOUNCED`]; beyond it, the oldest is forgotten.
#[derive(Debug, Default)]
pub(super) struct Announced {
    phones: BTreeMap<IdentityHash, Latest>,
    /// When an announce was told to clients last.
    told: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Latest {
    pub(super) name: Option<DisplayName>,
    pub(super) hops: u8,
    pub(super) at: Instant,
}

impl Announced {
    /// Takes note of an announce. Returns whether it is to be told to clients.
    pub(super) fn handle(&mut self, hash: IdentityHash, latest: Latest) -> bool {
        self.phones.insert(hash, latest);
        if self.phones.len() > MAX_ANNOUNCED
            && let Some(oldest) = self.phones.iter().min_by_key(|(_, latest)| latest.at)
        {
            let oldest = *oldest.0;
            self.phones.remove(&oldest);
        }
        let is_told = self.told.is_none_or(|told| latest.at - told >= PAUSE);
        if is_told {
            self.told = Some(latest.at);
        }
        is_told
    }

    pub(super) fn name(&self, hash: IdentityHash) -> Option<DisplayName> {
        self.phones.get(&hash)?.name
    }

    /// Returns whose destination a hash is, which somebody took for an identity.
    pub(super) fn identity_at(&self, hash: IdentityHash) -> Option<IdentityHash> {
        let is_it = |identity: &&IdentityHash| DestinationHash::telephony(**identity).0 == hash.0;
        self.phones.keys().find(is_it).copied()
    }

    /// Returns them, the latest first.
    pub(super) fn latest_first(&self) -> Vec<(IdentityHash, Latest)> {
        let mut phones: Vec<_> =
            self.phones.iter().map(|(hash, latest)| (*hash, *latest)).collect();
        phones.sort_by_key(|(_, latest)| std::cmp::Reverse(latest.at));
        phones
    }
}

const MAX_ANNOUNCED: usize = 1_024;
/// Anybody may announce at any rate.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(1);
