//! The boundary to a Reticulum stack that runs elsewhere, such as the app's own.

use std::collections::VecDeque;

use bytes::Bytes;
use lxst_core::{
    Class, DisplayName, IdentityHash, Instant, LinkClosed, LinkEvent, LinkId, LinkRequest, Stack,
    StackEvent,
};

use crate::link_commands::{LinkCommand, LinkCommands, NoRoom};
use crate::link_order::LinkOrder;

/// A stack that runs elsewhere: a queue of commands for it, and a queue of its reports for the
/// engine.
///
/// The ids of links that peers open come from the engine's [`Ids`](crate::Ids), directly or through
/// [`LinkNames`](crate::LinkNames).
///
/// *Order*: the reports of a link may come in any order. A packet or an identification before
/// [`Incoming`](lxst_core::LinkEvent::Incoming) or [`Up`](lxst_core::LinkEvent::Up) waits for it.
/// For peers' links the bound is 4 reports per link, 1 s, and 64 links, beyond which the oldest
/// link makes room. Reports whose wait is over are dropped and
/// [counted](LinkCounters::reports_dropped). A link that comes up after its `Close` is closed
/// again.
///
/// *Bounds of the commands*: see [`LinkCommands`].
#[derive(Debug)]
pub struct LinkQueue {
    identity: IdentityHash,
    commands: LinkCommands,
    order: LinkOrder,
    events: VecDeque<StackEvent<Bytes>>,
    given_up: u64,
}

/// The counters of a [`LinkQueue`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkCounters {
    /// Media packets that the stack's owner did not take within
    /// [`MEDIA_AGE`](lxst_core::limits::MEDIA_AGE).
    pub media_dropped: u64,
    /// Packets and identifications dropped because their link was not reported in time.
    pub reports_dropped: u64,
    /// Links closed because the stack's owner left [`MAX_WAITING`](LinkCommands::MAX_WAITING)
    /// commands waiting.
    pub links_given_up: u64,
}

impl LinkQueue {
    /// Creates the boundary to the stack of an identity. Only the hash is needed: the stack keeps
    /// the keys.
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

    /// Takes an event of the stack.
    pub fn push(&mut self, now: Instant, event: StackEvent<Bytes>) {
        if let StackEvent::Link { link, event: LinkEvent::Closed(_) | LinkEvent::Failed(_) } = event
        {
            self.commands.forget(link);
        }
        if let Some(link) = self.order.on_report(now, event, &mut self.events) {
            self.commands.close(now, link);
        }
    }

    /// Returns the next command.
    pub fn poll_command(&mut self) -> Option<LinkCommand> {
        self.commands.poll()
    }

    /// Returns the queue of commands, for another thread.
    #[must_use]
    pub fn commands(&self) -> LinkCommands {
        self.commands.clone()
    }

    /// Returns the counters.
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
    /// Reports a link as lost if there was no room for its command.
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
