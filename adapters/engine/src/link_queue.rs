//! The boundary to a Reticulum stack that runs elsewhere.

use std::collections::VecDeque;

use bytes::Bytes;
use lxst_core::{
    Class, DisplayName, IdentityHash, Instant, LinkClosed, LinkEvent, LinkId, LinkRequest, Stack,
    StackEvent,
};

use crate::link_commands::{LinkCommand, LinkCommands, NoRoom};
use crate::link_order::LinkOrder;

/// A stack that runs elsewhere: commands wait here for it, and what it reports waits for the engine.
///
/// Links that peers open are named with the engine's [`Ids`](crate::Ids), directly or through
/// [`LinkNames`](crate::LinkNames).
///
/// *Order*: the reports of a link may come in any order. A packet or an identification that comes
/// before [`Incoming`](lxst_core::LinkEvent::Incoming) or [`Up`](lxst_core::LinkEvent::Up) waits for it.
/// Of peers' links wait up to 4 reports each, for 1 s, of up to 64 links; the oldest link makes room.
/// What waits in vain is [counted](LinkCounters::reports_dropped). A link that comes up after its
/// `Close` is to be closed again.
///
/// *Bounds of what waits for the stack's owner*: see [`LinkCommands`].
#[derive(Debug)]
pub struct LinkQueue {
    identity: IdentityHash,
    commands: LinkCommands,
    order: LinkOrder,
    events: VecDeque<StackEvent<Bytes>>,
    given_up: u64,
}

/// What a [`LinkQueue`] counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkCounters {
    /// Media packets that the stack's owner did not take within
    /// [`MEDIA_AGE`](lxst_core::limits::MEDIA_AGE).
    pub media_dropped: u64,
    /// Packets and identifications that waited in vain for their link to be reported.
    pub reports_dropped: u64,
    /// Links that were closed because the stack's owner left
    /// [`MAX_WAITING`](LinkCommands::MAX_WAITING) commands waiting.
    pub links_given_up: u64,
}

impl LinkQueue {
    /// Makes the boundary to the stack of an identity, which may keep its keys for itself.
    #[must_use]
    pub fn new(identity: IdentityHash) -> Self {
        Self {
            identity,
            commands: LinkCommands::default(),
            order: LinkOrder::default(),
            events: VecDeque::new(),
            given_up: 0,
        }
    }

    /// Takes what happened on the stack.
    pub fn push(&mut self, now: Instant, event: StackEvent<Bytes>) {
        if let StackEvent::Link { link, event: LinkEvent::Closed(_) | LinkEvent::Failed(_) } = event
        {
            self.commands.forget(link);
        }
        if let Some(link) = self.order.on_report(now, event, &mut self.events) {
            self.commands.close(now, link);
        }
    }

    /// Returns the next thing to do.
    pub fn poll_command(&mut self) -> Option<LinkCommand> {
        self.commands.poll()
    }

    /// Returns the queue of what is to do, for another thread.
    #[must_use]
    pub fn commands(&self) -> LinkCommands {
        self.commands.clone()
    }

    /// Returns what was counted.
    #[must_use]
    pub fn counters(&self) -> LinkCounters {
        LinkCounters {
            media_dropped: self.commands.media_dropped(),
            reports_dropped: self.order.dropped(),
            links_given_up: self.given_up,
        }
    }
}

impl LinkQueue {
    /// Reports a link lost for whose command there was no room.
    fn give_up_without(&mut self, queued: Result<(), NoRoom>, link: LinkId) {
        if queued.is_err() {
            self.given_up += 1;
            self.order.close(link);
            let event = LinkEvent::Closed(LinkClosed::Interface);
            self.events.push_back(StackEvent::Link { link, event });
        }
    }
}

impl Stack for LinkQueue {
    type Data = Bytes;

    fn identity(&self) -> IdentityHash {
        self.identity
    }

    fn request(&mut self, now: Instant, link: LinkId, request: LinkRequest) {
        match request {
            LinkRequest::Open(_) => self.order.open(link),
            LinkRequest::Identify => {}
            LinkRequest::Close => {
                self.order.close(link);
                return self.commands.close(now, link);
            }
        }
        let queued = self.commands.request(now, link, request);
        self.give_up_without(queued, link);
    }

    fn send(&mut self, now: Instant, link: LinkId, class: Class, data: &[u8]) {
        let queued = self.commands.send(now, link, class, data);
        self.give_up_without(queued, link);
    }

    fn announce(&mut self, now: Instant, name: Option<DisplayName>) {
        self.commands.announce(now, name);
    }

    fn poll_event(&mut self, _name: &mut dyn FnMut() -> LinkId) -> Option<StackEvent<Bytes>> {
        self.events.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.commands.media_due().into_iter().chain(self.order.due()).min()
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.commands.drop_late(now);
        self.order.handle_timeout(now);
    }

    fn media_dropped(&self) -> u64 {
        self.commands.media_dropped()
    }
}
