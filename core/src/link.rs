//! Links: what the network does to one, and what a telephone wants done with one.

use core::time::Duration;

use crate::id::IdentityHash;

/// What the network did to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// Somebody opened a link to us, and it is active. The first thing heard of a link of theirs.
    Incoming {
        /// The round trip time.
        rtt: Duration,
        /// The most plaintext bytes of a packet.
        mdu: usize,
    },
    /// A link that we opened is active.
    Up {
        /// The round trip time.
        rtt: Duration,
        /// The most plaintext bytes of a packet.
        mdu: usize,
    },
    /// A link that we opened did not come up.
    Failed(LinkFailed),
    /// The other side proved who it is.
    Identified(IdentityHash),
    /// Something authentic that is no packet for us arrived. A keepalive is not: it travels in the
    /// clear, so that anybody can send it.
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
    /// Find a path to this identity's telephony destination and open a link to it.
    Open(IdentityHash),
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
