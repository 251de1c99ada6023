//! Links: what the network reports of a link, and what a telephone asks of it.

use core::fmt;
use core::time::Duration;

use crate::id::IdentityHash;

/// The address that a link is opened to: one app of one identity.
///
/// A [`NameHash`] stands for the app's name because Reticulum puts this hash on the wire. Every
/// stack computes the destination's hash from it and the identity. The value is 26 bytes, so it
/// needs no heap, and no table of names that stack, trace and replay would have to share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destination {
    /// The identity that owns the destination.
    pub identity: IdentityHash,
    /// The app's name, hashed.
    pub name: NameHash,
}

impl Destination {
    /// Makes the destination at which an identity takes calls: `lxst.telephony`.
    #[must_use]
    pub const fn telephony(identity: IdentityHash) -> Self {
        Self { identity, name: NameHash::TELEPHONY }
    }
}

/// The hash of an app's name, such as `lxst.telephony`.
///
/// *Shape*: the first 10 bytes of the SHA-256 of the name in UTF-8, shown as 20 lower-case hex
/// digits. `lxst_reticulum::name_hash` computes it.
///
/// *Source*: RNS/Identity.py `NAME_HASH_LENGTH`, RNS/Destination.py `hash`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameHash(pub [u8; 10]);

impl NameHash {
    /// `lxst.telephony`.
    pub const TELEPHONY: Self = Self([0xd1, 0x1f, 0x60, 0xfd, 0xef, 0x34, 0x93, 0xff, 0x05, 0x88]);
}

impl fmt::Display for NameHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for NameHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NameHash({self})")
    }
}

/// What the network reports of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// A peer opened a link to one of our destinations, and it is active. This is the first event
    /// of a peer's link. A [`Telephone`](crate::Telephone) takes links to the telephony destination
    /// of its identity and refuses others as
    /// [`InputError::OtherDestination`](crate::InputError::OtherDestination).
    Incoming {
        /// The destination that the peer asked for.
        on: Destination,
        /// The round trip time, if the stack knows it. If it is `None` or zero, the telephone
        /// measures it from its own exchange of signals with the peer.
        rtt: Option<Duration>,
        /// Largest plaintext of a packet, in bytes, if the stack knows it. `None` counts as
        /// [`DEFAULT_MDU`](crate::limits::DEFAULT_MDU).
        mdu: Option<usize>,
    },
    /// A link that we opened is active.
    Up {
        /// The round trip time, as in [`Incoming`](Self::Incoming).
        rtt: Option<Duration>,
        /// The most plaintext bytes of a packet, as in [`Incoming`](Self::Incoming).
        mdu: Option<usize>,
    },
    /// A link that we opened did not come up.
    Failed(LinkFailed),
    /// The peer proved its identity.
    Identified(IdentityHash),
    /// A keepalive arrived, or another packet that is not for the telephone. A stack reports each
    /// of them or none. The first one, on any link, arms
    /// [`MEDIA_TIMEOUT`](crate::limits::MEDIA_TIMEOUT), which ends a call in full duplex after that
    /// time without media and without this event. RNS sends keepalives unencrypted, so anybody on
    /// the path can forge them. A stack that reports only packets authenticated by the link's
    /// cipher, as `lxst-reticulum` does, leaves keepalives out.
    Heard,
    /// The link is gone.
    Closed(LinkClosed),
}

/// Why a link did not come up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkFailed {
    /// No path to the destination is known.
    NoPath,
    /// No network: no interface, or none that ever connected.
    NoNetwork,
    /// The destination did not answer.
    Timeout,
    /// The request could not be sent, or its proof was invalid.
    Refused,
}

/// Why a link closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkClosed {
    /// The peer closed it.
    Peer,
    /// The link timed out.
    Timeout,
    /// Its interface went down.
    Interface,
    /// The stack cannot tell. Counts as closed by the peer.
    Unknown,
}

/// What a telephone asks of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkRequest {
    /// Find a path to this destination and open a link to it.
    Open(Destination),
    /// Prove our identity to the peer.
    Identify,
    /// Close the link, or stop opening it. Nothing is reported of it afterwards.
    Close,
}

/// How a packet is treated when the network stalls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Queued, in reserved room.
    Signal,
    /// Dropped and counted when it is older than [`MEDIA_AGE`](crate::limits::MEDIA_AGE), 200 ms.
    Media,
}
