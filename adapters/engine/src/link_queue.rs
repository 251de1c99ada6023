//! The boundary to a Reticulum stack that runs elsewhere.

use std::collections::VecDeque;

use bytes::Bytes;
use lxst_core::{Class, IdentityHash, Instant, LinkId, LinkRequest, Stack, StackEvent};

/// What the owner of another Reticulum stack is to do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkCommand {
    /// Open a link, search the path included; identify on it; or close it.
    Link {
        /// Which link. An [`Open`](LinkRequest::Open) names a new one.
        link: LinkId,
        /// What to do.
        request: LinkRequest,
    },
    /// Send a packet of context NONE, without a receipt.
    Send {
        /// On which link.
        link: LinkId,
        /// What may become of it when the network stalls.
        class: Class,
        /// The plaintext.
        data: Bytes,
    },
    /// Announce the identity's destination `lxst.telephony`, without app data, on every interface.
    Announce,
}

/// A stack that runs elsewhere: commands wait here for it, and what it reports waits for the engine.
///
/// Links that peers open are named with the engine's [`Ids`](crate::Ids). Where
/// [`Heard`](lxst_core::LinkEvent::Heard) is never reported, a call whose peer says nothing at all
/// does not end by that.
#[derive(Debug)]
pub struct LinkQueue {
    identity: IdentityHash,
    commands: VecDeque<LinkCommand>,
    events: VecDeque<StackEvent<Bytes>>,
}

impl LinkQueue {
    /// Makes the boundary to the stack of an identity, which may keep its keys for itself.
    #[must_use]
    pub const fn new(identity: IdentityHash) -> Self {
        Self { identity, commands: VecDeque::new(), events: VecDeque::new() }
    }

    /// Takes what happened on the stack.
    pub fn push(&mut self, event: StackEvent<Bytes>) {
        self.events.push_back(event);
    }

    /// Returns the next thing to do.
    pub fn poll_command(&mut self) -> Option<LinkCommand> {
        self.commands.pop_front()
    }
}

impl Stack for LinkQueue {
    type Data = Bytes;

    fn identity(&self) -> IdentityHash {
        self.identity
    }

    fn request(&mut self, _now: Instant, link: LinkId, request: LinkRequest) {
        self.commands.push_back(LinkCommand::Link { link, request });
    }

    fn send(&mut self, _now: Instant, link: LinkId, class: Class, data: &[u8]) {
        let data = Bytes::copy_from_slice(data);
        self.commands.push_back(LinkCommand::Send { link, class, data });
    }

    fn announce(&mut self, _now: Instant) {
        self.commands.push_back(LinkCommand::Announce);
    }

    fn poll_event(&mut self, _name: &mut dyn FnMut() -> LinkId) -> Option<StackEvent<Bytes>> {
        self.events.pop_front()
    }
}
