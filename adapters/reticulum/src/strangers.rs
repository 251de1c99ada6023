//! The share of strangers: what anybody may make an interface do for one of our apps.

use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use lxst_core::{Instant, NameHash};
use rns_core::transport::dedup::PacketHashlist;
use rns_core::transport::types::PacketHashlistAllocation;

use crate::bucket::{Share, TokenBucket};
use crate::counters::DropReason;
use crate::identity::DestinationHash;
use crate::limits;
use crate::packet::Packet;

/// The owner of a share. Each has its own, so a flood for one leaves the shares of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sharer {
    /// A destination of ours, or an app whose announces are received.
    App(NameHash),
    /// A broadcast channel.
    Channel(DestinationHash),
}

/// The share of strangers on one interface for one app, and the duplicate filter of their packets.
pub(crate) struct Strangers {
    rates: Rates,
    shares: [Share; ASKS],
    /// What is left to each address, if addresses are known.
    addresses: Vec<Address>,
    pub(crate) proofs_again: TokenBucket,
    pub(crate) seen: PacketHashlist,
}

/// A request of a stranger.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ask {
    /// Verify an announce.
    Announce,
    /// Answer a path request.
    Path,
    /// Answer a link request.
    Link,
    /// Accept a broadcast packet.
    Broadcast,
}

/// The rate of each [`Ask`]: per second, and in one burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rates([(u32, u32); ASKS]);

/// The rate of each [`Ask`] on all interfaces together, for one app.
#[derive(Clone, Debug)]
pub(crate) struct Totals([TokenBucket; ASKS]);

struct Address {
    address: IpAddr,
    used_at: Instant,
    parts: [TokenBucket; ASKS],
}

/// What an interface and an app have left for strangers.
pub(crate) struct Guard<'s> {
    pub(crate) strangers: &'s mut Strangers,
    pub(crate) totals: &'s mut Totals,
}

impl Guard<'_> {
    /// Admits a packet that is no duplicate and is within its share.
    pub(crate) fn admit(
        self,
        now: Instant,
        ask: Ask,
        packet: &Packet<'_>,
        if_seen: DropReason,
    ) -> Result<(), DropReason> {
        let hash = packet.hash();
        if self.strangers.seen.is_duplicate(&hash) {
            return Err(if_seen);
        }
        if !self.strangers.take(now, ask, packet.from, self.totals) {
            return Err(DropReason::RateLimited);
        }
        self.strangers.seen.add(hash);
        Ok(())
    }
}

impl Strangers {
    pub(crate) fn new(rates: Rates, seed: u64) -> Self {
        let (most, lazy) = (limits::REQUESTS_SEEN, PacketHashlistAllocation::Lazy);
        let mut seen = PacketHashlist::with_allocation(most, lazy);
        seen.seed_hashing(seed);
        Self {
            rates,
            shares: rates.0.map(Share::new),
            addresses: Vec::new(),
            proofs_again: TokenBucket::new(limits::PROOFS_AGAIN),
            seen,
        }
    }

    /// Takes a token from the part of the address, if it is known, from the interface's share, and
    /// from the total. Returns whether all had one.
    pub(crate) fn take(
        &mut self,
        now: Instant,
        ask: Ask,
        from: Option<IpAddr>,
        totals: &mut Totals,
    ) -> bool {
        // There is a place for each request.
        let ask = ask as usize;
        let mut part = from.map(|from| &mut self.parts(now, from)[ask]).cloned();
        if part.as_mut().is_some_and(|part| !part.take(now)) {
            return false;
        }
        let is_taken = self.shares[ask].take(now, &mut totals.0[ask]);
        if let (true, Some(from), Some(part)) = (is_taken, from, part) {
            self.parts(now, from)[ask] = part;
        }
        is_taken
    }

    fn parts(&mut self, now: Instant, of: IpAddr) -> &mut [TokenBucket; ASKS] {
        let known = self.addresses.iter().position(|known| known.address == of);
        let index = known.unwrap_or_else(|| {
            if self.addresses.len() == limits::ADDRESSES {
                let oldest =
                    self.addresses.iter().enumerate().min_by_key(|(_, known)| known.used_at);
                self.addresses.swap_remove(oldest.map_or(0, |(index, _)| index));
            }
            let part = |(rate, burst): (u32, u32)| {
                let part = |number: u32| (number / limits::ADDRESS_PART).max(1);
                TokenBucket::new((part(rate), part(burst)))
            };
            let parts = self.rates.0.map(part);
            self.addresses.push(Address { address: of, used_at: now, parts });
            self.addresses.len() - 1
        });
        // The index was found or just pushed.
        let known = &mut self.addresses[index];
        known.used_at = now;
        &mut known.parts
    }
}

impl Rates {
    pub(crate) const fn new(link_requests: (u32, u32)) -> Self {
        // In the order of `Ask`.
        Self([limits::ANNOUNCES, limits::PATH_REQUESTS, link_requests, limits::BROADCASTS])
    }

    pub(crate) fn totals(self) -> Totals {
        Totals(self.0.map(|(rate, burst)| {
            TokenBucket::new((rate * limits::TOTAL_SHARES, burst * limits::TOTAL_SHARES))
        }))
    }
}

impl fmt::Debug for Strangers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Strangers").field("seen", &self.seen.len()).finish_non_exhaustive()
    }
}

/// Number of kinds of [`Ask`].
const ASKS: usize = 4;
