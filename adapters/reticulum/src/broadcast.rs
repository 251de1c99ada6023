//! Broadcast channels: packets without a link, received by every listener one hop away.
//!
//! ```text
//! PLAIN: [header 19][data]                    destination hash of the app's name alone
//! GROUP: [header 19][iv 16][cipher text][MAC 32]  that of a name and an identity; AES-CBC with PKCS #7,
//!                                             HMAC-SHA256 over all before it
//! ```
//! No node forwards them over a second hop. A shared instance passes PLAIN packets between its
//! local clients and its interfaces, and GROUP packets not at all. *Source*: RNS/Transport.py
//! `packet_filter`, `inbound`; RNS/Cryptography/Token.py.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use lxst_core::{Destination, NameHash};
use rns_core::constants::{
    CONTEXT_NONE, DESTINATION_GROUP, DESTINATION_PLAIN, MTU, PACKET_TYPE_DATA,
};
use rns_core::hash::truncated_hash;
use rns_core::transport::dedup::PacketHashlist;
use rns_core::transport::types::{PacketBytes, PacketHashlistAllocation};
use rns_crypto::Rng;
use rns_crypto::token::Token;

use crate::counters::DropReason;
use crate::destination::{BoundError, within};
use crate::identity::DestinationHash;
use crate::limits;
use crate::packet::{Kind, Packet};
use crate::strangers::{Rates, Totals};

/// A broadcast channel that the endpoint listens to and sends on.
#[derive(Debug)]
#[non_exhaustive]
pub enum Channel {
    /// RNS's PLAIN destination of an app's name: unencrypted, from anybody to everybody.
    Plain(NameHash),
    /// RNS's GROUP destination of an app of an identity: only holders of the key can read and send.
    Group(Destination, GroupKey),
}

/// The symmetric key that the members of a group share.
///
/// *Shape*: 64 bytes, the HMAC-SHA256 key of 32 bytes and then the AES-256 key; or 32, two of 16,
/// with AES-128. *Source*: RNS/Cryptography/Token.py `__init__`, RNS/Destination.py
/// `load_private_key`.
pub struct GroupKey(Token);

/// The bytes are no group key: there are this many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("group key of {0} bytes, must be 64 for AES-256 or 32 for AES-128")]
pub struct GroupKeyError(pub usize);

/// Why a broadcast was refused. Nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BroadcastError {
    /// The channel was left, or never joined.
    #[error("no such channel, join it first")]
    Unknown,
    /// A PLAIN packet carries at least one byte: RNS drops an empty one.
    #[error("empty packet, a plain channel carries at least one byte")]
    Empty,
    /// The data exceed a packet.
    #[error("packet of {len} bytes exceeds the channel's {mdu}")]
    TooLong {
        /// Their length, in bytes.
        len: usize,
        /// The channel's bound, in bytes.
        mdu: usize,
    },
}

impl Channel {
    /// Returns the destination hash of the channel's packets.
    #[must_use]
    pub fn hash(&self) -> DestinationHash {
        match self {
            Self::Plain(NameHash(name)) => DestinationHash(truncated_hash(name)),
            Self::Group(destination, _) => (*destination).into(),
        }
    }

    /// Returns the largest data of a packet, in bytes.
    #[must_use]
    pub const fn mdu(&self) -> usize {
        match self {
            Self::Plain(_) => limits::PLAIN_MDU,
            Self::Group(..) => limits::GROUP_MDU,
        }
    }

    const fn kind(&self) -> Kind {
        match self {
            Self::Plain(_) => Kind::PlainData,
            Self::Group(..) => Kind::GroupData,
        }
    }
}

impl GroupKey {
    /// Reads a key.
    ///
    /// # Errors
    /// [`GroupKeyError`] if it has neither 64 nor 32 bytes.
    pub fn from_bytes(key: &[u8]) -> Result<Self, GroupKeyError> {
        Token::new(key).map(Self).map_err(|_| GroupKeyError(key.len()))
    }
}

impl fmt::Debug for GroupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GroupKey")
    }
}

/// The joined channels.
#[derive(Debug)]
pub(crate) struct Channels {
    joined: BTreeMap<DestinationHash, Joined>,
    filter_seed: u64,
}

pub(crate) struct Joined {
    channel: Channel,
    pub(crate) totals: Totals,
    /// The packets of a group, ours included. Each is encrypted anew, so a packet with the same
    /// bytes is an echo or a replay.
    seen: PacketHashlist,
}

impl Channels {
    pub(crate) const fn new(filter_seed: u64) -> Self {
        Self { joined: BTreeMap::new(), filter_seed }
    }

    pub(crate) fn join(&mut self, channel: Channel) -> Result<DestinationHash, BoundError> {
        let hash = channel.hash();
        if !self.joined.contains_key(&hash) {
            within("broadcast channels", self.joined.len() + 1, (0, limits::CHANNELS))?;
        }
        let (most, lazy) = (limits::GROUP_PACKETS_SEEN, PacketHashlistAllocation::Lazy);
        let mut seen = PacketHashlist::with_allocation(most, lazy);
        seen.seed_hashing(self.filter_seed);
        self.joined.insert(hash, Joined { channel, totals: RATES.totals(), seen });
        Ok(hash)
    }

    pub(crate) fn leave(&mut self, channel: DestinationHash) {
        self.joined.remove(&channel);
    }

    pub(crate) fn get_mut(&mut self, channel: DestinationHash) -> Option<&mut Joined> {
        self.joined.get_mut(&channel)
    }

    /// Returns whether a packet may belong to a channel.
    pub(crate) fn hears(&self, packet: &Packet<'_>) -> bool {
        let joined = self.joined.get(&DestinationHash(packet.destination));
        let is_of = |joined: &Joined| joined.channel.kind() == packet.kind;
        packet.context == CONTEXT_NONE && joined.is_some_and(is_of)
    }
}

impl Joined {
    /// Returns the packet that carries `data`.
    pub(crate) fn seal(
        &mut self,
        data: &[u8],
        rng: &mut dyn Rng,
    ) -> Result<PacketBytes, BroadcastError> {
        let (len, mdu) = (data.len(), self.channel.mdu());
        if len > mdu {
            return Err(BroadcastError::TooLong { len, mdu });
        }
        let (destination_type, sealed) = match &self.channel {
            Channel::Plain(_) if data.is_empty() => return Err(BroadcastError::Empty),
            Channel::Plain(_) => (DESTINATION_PLAIN, data.to_vec()),
            Channel::Group(_, GroupKey(token)) => (DESTINATION_GROUP, token.encrypt(data, rng)),
        };
        let mut raw = Vec::with_capacity(MTU);
        raw.extend_from_slice(&[destination_type << 2 | PACKET_TYPE_DATA, 0]);
        raw.extend_from_slice(&self.channel.hash().0);
        raw.push(CONTEXT_NONE);
        raw.extend_from_slice(&sealed);
        if let (Channel::Group(..), Ok(packet)) = (&self.channel, Packet::parse(&raw)) {
            self.seen.add(packet.hash());
        }
        Ok(raw.into())
    }

    /// Returns the data of a packet.
    pub(crate) fn open(&mut self, packet: &Packet<'_>) -> Result<Vec<u8>, DropReason> {
        let Channel::Group(_, GroupKey(token)) = &self.channel else {
            return Ok(packet.data.to_vec());
        };
        let hash = packet.hash();
        if self.seen.is_duplicate(&hash) {
            return Err(DropReason::Duplicate);
        }
        let data = token.decrypt(packet.data).map_err(|_| DropReason::Unauthentic)?;
        self.seen.add(hash);
        Ok(data)
    }
}

impl fmt::Debug for Joined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joined").field("channel", &self.channel).finish_non_exhaustive()
    }
}

/// What one interface may bring to a channel.
pub(crate) const RATES: Rates = Rates::new(limits::LINK_REQUESTS);
