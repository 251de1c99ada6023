//! What the endpoint tells its owner, and what it refuses.

use alloc::vec::Vec;
use lxst_core::{IdentityHash, LinkEvent, NameHash};

use crate::identity::DestinationHash;
use crate::interface::InterfaceId;

/// One link, for its whole life; never used again for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkHandle(pub u64);

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A destination announced itself, on its own or in answer to a path request: one of an app
    /// that is served or heard here, or one that a path search waited for.
    Announced {
        /// Whose it is.
        identity: IdentityHash,
        /// The name of its app.
        name: NameHash,
        /// Its hash.
        destination: DestinationHash,
        /// How far away: 1 is a neighbour, 0 another app behind the same `rnsd`.
        hops: u8,
        /// Where it was heard.
        interface: InterfaceId,
        /// What it added. Phones add nothing, or their name:
        /// [`DisplayName`](lxst_core::DisplayName).
        app_data: Option<Vec<u8>>,
    },
    /// Something happened to a link. [`LinkEvent::Failed`] and [`LinkEvent::Closed`] are the last
    /// event of their link; a link that the app closed has no further events.
    Link {
        /// Which link.
        link: LinkHandle,
        /// What happened. The round-trip time of `Incoming` is the smaller one of those that the
        /// two sides measured, that of `Up` the time from our link request to the peer's proof;
        /// where packets were sent again it is an estimate, at least a quarter of the real one.
        event: LinkEvent,
    },
    /// A packet arrived on a broadcast channel, perhaps an echo of ours on a PLAIN one.
    Broadcast {
        /// The channel.
        channel: DestinationHash,
        /// Where it was heard.
        interface: InterfaceId,
        /// The plaintext.
        data: Vec<u8>,
    },
    /// A data packet of context NONE arrived on a link.
    Packet {
        /// Which link.
        link: LinkHandle,
        /// The plaintext.
        data: Vec<u8>,
    },
}

impl Event {
    /// The link that it is of.
    pub(crate) const fn link(&self) -> Option<LinkHandle> {
        match self {
            Self::Link { link, .. } | Self::Packet { link, .. } => Some(*link),
            Self::Announced { .. } | Self::Broadcast { .. } => None,
        }
    }

    /// Peers can cause it at any rate.
    pub(crate) fn is_chatty(&self) -> bool {
        match self {
            Self::Packet { .. } | Self::Announced { .. } | Self::Broadcast { .. } => true,
            Self::Link { event, .. } => *event == LinkEvent::Heard,
        }
    }
}

/// A request that was refused; nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The link has ended or never was.
    #[error("no such link: it has ended")]
    Unknown,
    /// The link is not established.
    #[error("link is not established, wait for its up event")]
    NotUp,
    /// Only the side that opened a link identifies itself on it.
    #[error("link was opened by the peer, only the opener identifies")]
    NotInitiator,
    /// The packet does not fit the link.
    #[error("packet of {len} bytes exceeds the link's {mdu}")]
    TooLong {
        /// Its length.
        len: usize,
        /// The link's bound.
        mdu: usize,
    },
    /// [`SIGNAL_QUEUE`](crate::limits::SIGNAL_QUEUE) signals wait for the interface.
    #[error("signal queue is full, the interface has stalled")]
    QueueFull,
}
