//! What carries a telephone's links.

use crate::id::{IdentityHash, LinkId};
use crate::link::{Class, LinkEvent, LinkRequest};
use crate::time::Instant;
use crate::wire::DisplayName;

/// A Reticulum stack, as an engine drives it: an endpoint of ours, or an app's own.
///
/// A stack keeps its own handles; links have the names that the engine gives them, also those that
/// peers open. What is reported of a link after [`LinkEvent::Failed`], [`LinkEvent::Closed`] or
/// [`LinkRequest::Close`] is left out.
pub trait Stack {
    /// The plaintext of a packet that arrived.
    type Data: AsRef<[u8]>;

    /// Returns whose telephony destination the stack serves. Links to other destinations are left
    /// to the apps that serve them: an engine takes none of these.
    fn identity(&self) -> IdentityHash;

    /// Does something with a link.
    fn request(&mut self, now: Instant, link: LinkId, request: LinkRequest);

    /// Sends the plaintext of a packet of context NONE, without a receipt. Media that is older than
    /// 200 ms is dropped and [counted](Self::media_dropped).
    fn send(&mut self, now: Instant, link: LinkId, class: Class, data: &[u8]);

    /// Announces the telephony destination on every interface, with
    /// [`DisplayName::encode`] as app data, or with none.
    fn announce(&mut self, now: Instant, name: Option<DisplayName>);

    /// Returns what happened next; `name` gives the name of a link that a peer opened, once for
    /// each.
    fn poll_event(&mut self, name: &mut dyn FnMut() -> LinkId) -> Option<StackEvent<Self::Data>>;

    /// Returns when [`handle_timeout`](Self::handle_timeout) is due.
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// Does what is due. A call that is early or late is harmless.
    fn handle_timeout(&mut self, _now: Instant) {}

    /// Counts the media packets that were dropped because they were late.
    fn media_dropped(&self) -> u64 {
        0
    }

    /// Returns the identity whose telephony destination this hash is, where the stack knows it: a
    /// person may have been given the wrong one of the two.
    fn identity_at(&self, _destination: IdentityHash) -> Option<IdentityHash> {
        None
    }
}

/// What happened on a [`Stack`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackEvent<D> {
    /// Something happened to a link.
    Link {
        /// The link.
        link: LinkId,
        /// What it was.
        event: LinkEvent,
    },
    /// A packet of context NONE arrived.
    Packet {
        /// The link.
        link: LinkId,
        /// The plaintext.
        data: D,
    },
    /// A phone announced itself.
    Announced {
        /// Whose.
        identity: IdentityHash,
        /// How far away; 1 is a neighbour.
        hops: u8,
        /// What it calls itself: [`DisplayName::from_app_data`]. Nobody proves it.
        name: Option<DisplayName>,
    },
}
