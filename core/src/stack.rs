//! Stacks: what carries the links of a telephone.

use crate::id::{IdentityHash, LinkId};
use crate::link::{Class, LinkEvent, LinkRequest};
use crate::time::Instant;
use crate::wire::DisplayName;

/// A Reticulum stack, as an engine drives it: `lxst_reticulum::Endpoint`, or a binding to another
/// implementation.
///
/// A stack keeps its own handles. The engine names every link, also those that peers open. The
/// engine ignores events of a link after [`LinkEvent::Failed`], [`LinkEvent::Closed`] or
/// [`LinkRequest::Close`].
pub trait Stack {
    /// The plaintext of a packet that arrived.
    type Data: AsRef<[u8]>;

    /// Returns the identity whose telephony destination the stack serves. Links to other
    /// destinations belong to other apps, and the engine does not take them.
    fn identity(&self) -> IdentityHash;

    /// Does what a telephone asks of a link.
    fn request(&mut self, now: Instant, link: LinkId, request: LinkRequest);

    /// Sends a packet of context NONE with this plaintext, without a receipt. Drops media older
    /// than [`MEDIA_AGE`](crate::limits::MEDIA_AGE), 200 ms, and [counts](Self::media_dropped) it.
    fn send(&mut self, now: Instant, link: LinkId, class: Class, data: &[u8]);

    /// Announces the telephony destination on every interface. The app data is
    /// [`DisplayName::encode`], or empty without a name.
    fn announce(&mut self, now: Instant, name: Option<DisplayName>);

    /// Returns the next event. The stack calls `name` once for each link that a peer opens, to get
    /// the link's id.
    fn poll_event(&mut self, name: &mut dyn FnMut() -> LinkId) -> Option<StackEvent<Self::Data>>;

    /// Returns when [`handle_timeout`](Self::handle_timeout) is due.
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// Handles what is due. An early or late call does no harm.
    fn handle_timeout(&mut self, _now: Instant) {}

    /// Returns the number of media packets dropped because of their age.
    fn media_dropped(&self) -> u64 {
        0
    }

    /// Returns the identity that owns this destination hash, if the stack knows it. Users sometimes
    /// dial a destination hash by mistake.
    fn identity_at(&self, _destination: IdentityHash) -> Option<IdentityHash> {
        None
    }
}

/// An event of a [`Stack`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum StackEvent<D> {
    /// An event of a link.
    Link { link: LinkId, event: LinkEvent },
    /// A decrypted packet of context NONE arrived.
    Packet {
        link: LinkId,
        /// The plaintext.
        data: D,
    },
    /// A telephony destination was announced.
    Announced {
        identity: IdentityHash,
        /// Distance in hops; 1 is a neighbour.
        hops: u8,
        /// The name in the app data ([`DisplayName::from_app_data`]). Anybody can claim any name.
        name: Option<DisplayName>,
    },
}
