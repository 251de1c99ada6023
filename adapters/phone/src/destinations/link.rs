//! Links beside those of the telephone.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use lxst_core::limits::DEFAULT_MDU;
use lxst_core::{Class, Destination, IdentityHash, LinkClosed};
use lxst_reticulum::LinkHandle;

use super::{DestinationError, Destinations, Guard, Request};
use crate::mailbox::{Mailbox, Reader};

/// A link that the app [opened](Destinations::open), or that a peer opened to a destination that
/// the app [serves](Destinations::serve). Dropping it closes the link.
///
/// A [`Stream`] of the peer's messages. It ends when the link is closed.
///
/// *Bounds*: the latest [`MESSAGES`](Self::MESSAGES) wait to be read. Beyond it, the oldest is
/// dropped and counted in [`lost`](Self::lost).
#[derive(Debug)]
pub struct Link {
    destinations: Destinations,
    handle: LinkHandle,
    on: Destination,
    up: Up,
    _guard: Guard,
}

/// A message of a peer on a link.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkMessage {
    /// The peer proved its identity: see [`Link::peer`].
    Identified(IdentityHash),
    /// The peer sent a packet.
    Packet(Vec<u8>),
}

/// The app's side of a link that is up.
#[derive(Debug)]
pub(crate) struct Up {
    pub(super) rtt: Duration,
    pub(super) mdu: usize,
    pub(super) messages: Reader<LinkMessage>,
    pub(super) facts: Arc<Facts>,
}

/// What becomes known of a link, each at most once.
#[derive(Debug, Default)]
pub(super) struct Facts {
    peer: OnceLock<IdentityHash>,
    closed: OnceLock<LinkClosed>,
}

/// The phone's side of a link that is up.
#[derive(Debug)]
pub(super) struct Peer {
    messages: Mailbox<LinkMessage>,
    facts: Arc<Facts>,
}

impl Link {
    /// Upper bound of the messages that wait to be read.
    pub const MESSAGES: usize = 32;

    pub(super) const fn new(
        destinations: Destinations,
        handle: LinkHandle,
        on: Destination,
        up: Up,
        guard: Guard,
    ) -> Self {
        Self { destinations, handle, on, up, _guard: guard }
    }

    /// Returns the destination that the link was opened to.
    #[must_use]
    pub const fn on(&self) -> Destination {
        self.on
    }

    /// Returns the identity that the peer of an incoming link has proved. `None` until then, and on
    /// a link that the app opened: its peer is the owner of [`on`](Self::on).
    #[must_use]
    pub fn peer(&self) -> Option<IdentityHash> {
        self.up.facts.peer.get().copied()
    }

    /// Returns the round trip time when the link came up.
    #[must_use]
    pub const fn rtt(&self) -> Duration {
        self.up.rtt
    }

    /// Returns the maximum size of a packet's plaintext, in bytes.
    #[must_use]
    pub const fn mdu(&self) -> usize {
        self.up.mdu
    }

    /// Returns why the link closed. `None` while it is up, and after the phone has shut down.
    #[must_use]
    pub fn closed(&self) -> Option<LinkClosed> {
        self.up.facts.closed.get().copied()
    }

    /// Returns how many messages were dropped because the app read slowly.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.up.messages.lost()
    }

    /// Waits for the next message. `None` when the link is closed and all its messages are read.
    ///
    /// # Cancel safety
    /// Cancel safe: no message is lost.
    pub async fn next(&self) -> Option<LinkMessage> {
        self.up.messages.next().await
    }

    /// Sends a packet, without a receipt.
    ///
    /// # Errors
    /// [`DestinationError::Link`]: the link is closed, the packet is longer than
    /// [`mdu`](Self::mdu), or too many signals wait for the interface. Media that waits too long is
    /// dropped without an error.
    ///
    /// # Cancel safety
    /// Not cancel safe: a cancelled packet may have been sent.
    pub async fn send(
        &self,
        class: Class,
        data: impl Into<Vec<u8>>,
    ) -> Result<(), DestinationError> {
        let (link, data) = (self.handle, data.into());
        self.destinations.request(|reply| Request::Send { link, class, data, reply }).await
    }

    /// Proves the phone's identity to the peer. Until then the peer does not know it.
    ///
    /// # Errors
    /// [`DestinationError::Link`]: the link is closed, the peer opened it, or too many signals
    /// wait.
    ///
    /// # Cancel safety
    /// Not cancel safe: a cancelled identification may have been sent. It may be sent again.
    pub async fn identify(&self) -> Result<(), DestinationError> {
        self.destinations.request(|reply| Request::Identify(self.handle, reply)).await
    }
}

impl Stream for Link {
    type Item = LinkMessage;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<LinkMessage>> {
        self.up.messages.poll_next(cx)
    }
}

impl Peer {
    /// Creates both sides of a link that came up.
    pub(super) fn new(rtt: Option<Duration>, mdu: Option<usize>) -> (Self, Up) {
        // An endpoint tells both.
        let (rtt, mdu) = (rtt.unwrap_or_default(), mdu.unwrap_or(DEFAULT_MDU));
        let (mailbox, messages) = Mailbox::new();
        let facts = Arc::<Facts>::default();
        (Self { messages: mailbox, facts: facts.clone() }, Up { rtt, mdu, messages, facts })
    }

    pub(super) fn identified(&self, peer: IdentityHash) {
        // The first identification counts.
        if self.facts.peer.set(peer).is_ok() {
            self.messages.put(LinkMessage::Identified(peer), Link::MESSAGES);
        }
    }

    pub(super) fn packet(&self, data: Vec<u8>) {
        self.messages.put(LinkMessage::Packet(data), Link::MESSAGES);
    }

    pub(super) fn closed(&self, why: LinkClosed) {
        // A link closes once.
        let _ = self.facts.closed.set(why);
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.messages.close();
    }
}
