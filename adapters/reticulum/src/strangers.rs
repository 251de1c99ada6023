//! The share of strangers: what anybody may have an interface do for one of our apps.

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

/// Whose share it is. Each has its own, so that a flood for one leaves the others what is theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sharer {
    /// A destination of ours, or an app whose announces are heard.
    App(NameHash),
    /// A broadcast channel.
    Channel(DestinationHash),
}

/// What strangers may have one interface do for one app, and which of their packets were taken.
pub(crate) struct Strangers {
    rates: Rates,
    shares: [Share; ASKS],
    /// What is left to each address, where addresses are known.
    addresses: Vec<Address>,
    pub(crate) proofs_again: TokenBucket,
    pub(crate) seen: PacketHashlist,
}

/// What a stranger asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ask {
    /// To verify an announce.
    Announce,
    /// To answer a path request.
    Path,
    /// To answer a link request.
    Link,
    /// To take a broadcast packet.
    Broadcast,
}

/// What is let through of each [`Ask`]: so many per second, and so many in one burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rates([(u32, u32); ASKS]);

/// What all interfaces together may have of each [`Ask`], for one app.
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
    /// Lets a packet through that was not taken before and is within its share.
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

    /// Takes what it costs to do what is asked: of the part of the address, where that is known, of
    /// the interface's share, and of the total.
    pub(crate) fn take(
        &mut self,
        now: Instant,
        ask: Ask,
        from: Option<IpAddr>,
        totals: &mut Totals,
    ) -> bool {
        // There is a place for each that can be asked.
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

/// How many kinds of [`Ask`] there are.
const ASKS: usize = 4;
