//! The events of the endpoint, and the errors of links.

use alloc::vec::Vec;
use lxst_core::{IdentityHash, LinkEvent, NameHash};

use crate::identity::DestinationHash;
use crate::interface::InterfaceId;

/// A link, from its first event to its last. No handle is reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkHandle(pub u64);

/// An event of the endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum Event {
    /// A destination was announced, on its own or as an answer to a path request: one of an app
    /// that is served or heard here, or one that a path search waited for.
    Announced {
        identity: IdentityHash,
        /// The name of its app.
        name: NameHash,
        /// Its hash.
        destination: DestinationHash,
        /// Distance in hops: 1 is a neighbour, 0 another app behind the same `rnsd`.
        hops: u8,
        /// The interface that received the announce.
        interface: InterfaceId,
        /// The app data. Phones announce none, or their name:
        /// [`DisplayName`](lxst_core::DisplayName).
        app_data: Option<Vec<u8>>,
    },
    /// An event of a link. [`LinkEvent::Failed`] and [`LinkEvent::Closed`] are the last event of a
    /// link. A link that the app closed has no further events.
    Link {
        link: LinkHandle,
        /// The event. The round-trip time of `Incoming` is the smaller one of the two sides'
        /// measurements. That of `Up` is the time from our link request to the peer's proof. If
        /// packets were repeated it is an estimate, at least a quarter of the real one.
        event: LinkEvent,
    },
    /// A packet arrived on a broadcast channel. On a PLAIN channel it may be an echo of ours.
    Broadcast {
        channel: DestinationHash,
        /// The interface that received the packet.
        interface: InterfaceId,
        /// The plaintext.
        data: Vec<u8>,
    },
    /// A data packet of context NONE arrived on a link.
    Packet {
        link: LinkHandle,
        /// The plaintext.
        data: Vec<u8>,
    },
}

impl Event {
    /// Returns the link of the event.
    pub(crate) const fn link(&self) -> Option<LinkHandle> {
        match self {
            Self::Link { link, .. } | Self::Packet { link, .. } => Some(*link),
            Self::Announced { .. } | Self::Broadcast { .. } => None,
        }
    }

    /// Returns whether peers can cause the event at any rate.
    pub(crate) fn is_chatty(&self) -> bool {
        match self {
            Self::Packet { .. } | Self::Announced { .. } | Self::Broadcast { .. } => true,
            Self::Link { event, .. } => *event == LinkEvent::Heard,
        }
    }
}

/// Why a request was refused. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The link has ended, or never existed.
    #[error("no such link: it has ended")]
    Unknown,
    /// The link is not established.
    #[error("link is not established, wait for its up event")]
    NotUp,
    /// Only the side that opened a link may identify on it.
    #[error("link was opened by the peer, only the opener identifies")]
    NotInitiator,
    /// The packet exceeds the link's mdu.
    #[error("packet of {len} bytes exceeds the link's {mdu}")]
    TooLong {
        /// Its length, in bytes.
        len: usize,
        /// The link's mdu, in bytes.
        mdu: usize,
    },
    /// [`SIGNAL_QUEUE`](crate::limits::SIGNAL_QUEUE) signals wait for the interface.
    #[error("signal queue is full, the interface has stalled")]
    QueueFull,
}
