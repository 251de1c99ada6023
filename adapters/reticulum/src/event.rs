//! What the endpoint tells its owner, and what it refuses.

use alloc::vec::Vec;
use core::time::Duration;

use crate::identity::{DestinationHash, IdentityHash};
use crate::interface::InterfaceId;

/// One link, for its whole life; never used again for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkHandle(pub u64);

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A phone announced itself, on its own or in answer to a path request.
    Announced {
        /// Who.
        identity: IdentityHash,
        /// Its telephony destination.
        destination: DestinationHash,
        /// How far away: 1 is a neighbour, 0 another app behind the same `rnsd`.
        hops: u8,
        /// Where it was heard.
        interface: InterfaceId,
        /// What the phone added; LXST phones add nothing.
        app_data: Option<Vec<u8>>,
    },
    /// Something happened to a link.
    Link {
        /// Which link.
        link: LinkHandle,
        /// What happened.
        event: LinkEvent,
    },
}

/// What happened to a link. [`Failed`](Self::Failed) and [`Closed`](Self::Closed) are the last
/// event of their link; a link that the app closed has no further events.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkEvent {
    /// A peer opened this link to us, and it is established.
    Incoming {
        /// The smaller of the round-trip times that the two sides measured; where packets were sent
        /// again an estimate, at least a quarter of the real one.
        rtt: Duration,
        /// The longest plaintext of one packet, in bytes.
        mdu: usize,
    },
    /// The link that the app opened is established.
    Up {
        /// The time from our link request to the peer's proof; where requests were sent again an
        /// estimate, at least a quarter of the real one.
        rtt: Duration,
        /// The longest plaintext of one packet, in bytes.
        mdu: usize,
    },
    /// The link that the app opened did not come up.
    Failed(FailReason),
    /// The peer proved who it is; at most once per link.
    Identified(IdentityHash),
    /// The plaintext of one data packet.
    Packet(Vec<u8>),
    /// Something else that was proved to be the peer's. A keepalive is not: it travels in the clear.
    Heard,
    /// The link was established and is gone.
    Closed(CloseReason),
}

/// Why a link did not come up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailReason {
    /// Nobody knew a path to the peer.
    NoPath,
    /// There is nobody to ask: [`Endpoint::set_isolated`](crate::Endpoint::set_isolated).
    NoNetwork,
    /// The peer did not answer the link request.
    Timeout,
    /// This endpoint refused: the peer is itself, or
    /// [`OUTGOING_LINKS`](crate::limits::OUTGOING_LINKS) exist.
    Refused,
}

/// Why an established link is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The peer closed it.
    Peer,
    /// The peer was not heard for two keepalive intervals and the grace.
    Timeout,
    /// Its interface went down.
    Interface,
}

/// How urgent a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Waits in reserved room, and is never dropped while the interface is up.
    Signal,
    /// Worth nothing when late: see [`MEDIA_AGE`](crate::limits::MEDIA_AGE).
    Media,
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
