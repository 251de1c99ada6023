//! Links: what the network does to one, and what a telephone wants done with one.

use core::fmt;
use core::time::Duration;

use crate::id::IdentityHash;

/// What a link is opened to: one app of one identity.
///
/// The app is named by its [`NameHash`] and not by its text. Reticulum puts the hash on the wire,
/// every stack makes the destination's own hash of it and the identity, and a value of 26 bytes
/// needs neither a heap nor a table of names that a stack, a trace and a replay would have to
/// share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destination {
    /// Whose it is.
    pub identity: IdentityHash,
    /// Which of its apps.
    pub name: NameHash,
}

impl Destination {
    /// Makes the destination at which an identity takes calls.
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

/// What the network did to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// A peer opened a link to one of our destinations, and it is active. This is the first event
    /// of a peer's link. A [`Telephone`](crate::Telephone) takes links to the telephony destination
    /// of its identity and refuses others as
    /// [`InputError::OtherDestination`](crate::InputError::OtherDestination).
    Incoming {
        /// The destination that the peer asked for.
        on: Destination,
        /// The round trip time, where the stack knows it. Without it, and where it is zero, the
        /// telephone measures the time from its own exchange with the peer.
        rtt: Option<Duration>,
        /// The most plaintext bytes of a packet, where the stack knows it:
        /// [`DEFAULT_MDU`](crate::limits::DEFAULT_MDU) without it.
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
    /// The other side proved who it is.
    Identified(IdentityHash),
    /// A keepalive arrived, or another packet of the peer's that is not for us. Report every one or
    /// none: the first arms [`MEDIA_TIMEOUT`](crate::limits::MEDIA_TIMEOUT), which ends a call in
    /// full duplex when neither media nor this comes. A keepalive travels in the clear, so that
    /// anybody on the way can send it: a stack that reports only what a link's cipher proves, as
    /// `lxst-reticulum` does, leaves keepalives out.
    Heard,
    /// The link is gone.
    Closed(LinkClosed),
}

/// Why a link did not come up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkFailed {
    /// Nobody knew a way to the destination.
    NoPath,
    /// There was no network to ask: no interface, or none that ever connected.
    NoNetwork,
    /// The destination did not answer.
    Timeout,
    /// The request could not be sent, or its answer was not valid.
    Refused,
}

/// Why a link is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkClosed {
    /// The peer closed it.
    Peer,
    /// Nothing was heard for too long.
    Timeout,
    /// Its interface went down.
    Interface,
    /// The boundary cannot tell. Taken as closed by the peer.
    Unknown,
}

/// What to do with a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkRequest {
    /// Find a path to this destination and open a link to it.
    Open(Destination),
    /// Prove to the other side who we are.
    Identify,
    /// Close it, or stop opening it. Nothing about it is expected any more.
    Close,
}

/// What may become of a packet when the network stalls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// It is queued in reserved room.
    Signal,
    /// It is dropped when it is older than 200 ms.
    Media,
}
