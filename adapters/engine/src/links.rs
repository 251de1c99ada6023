//! The links of a stack that are established or being opened.

use std::collections::BTreeMap;

use lxst_core::{
    Class, Destination, Instant, LinkEvent, LinkFailed, LinkId, LinkRequest, Stack, StackEvent,
};

use crate::ids::Ids;

/// A stack, and the links on it.
#[derive(Debug)]
pub(crate) struct Links<S> {
    pub(crate) stack: S,
    open: BTreeMap<LinkId, bool>,
}

impl<S: Stack> Links<S> {
    pub(crate) const fn new(stack: S) -> Self {
        Self { stack, open: BTreeMap::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Passes a request to the stack, unless the stack has reported the link closed.
    pub(crate) fn request(&mut self, now: Instant, link: LinkId, request: LinkRequest) {
        let is_open = match request {
            LinkRequest::Open(_) => self.open.insert(link, false).is_none(),
            LinkRequest::Identify => self.open.contains_key(&link),
            LinkRequest::Close => self.open.remove(&link).is_some(),
        };
        if is_open {
            self.stack.request(now, link, request);
        }
    }

    pub(crate) fn send(&mut self, now: Instant, link: LinkId, class: Class, data: &[u8]) {
        if self.open.contains_key(&link) {
            self.stack.send(now, link, class, data);
        }
    }

    /// Closes every link. Returns their ids.
    pub(crate) fn close_all(&mut self, now: Instant) -> Vec<LinkId> {
        let open: Vec<LinkId> = self.open.keys().copied().collect();
        open.iter().for_each(|link| self.request(now, *link, LinkRequest::Close));
        open
    }

    /// Returns the next event, without those of closed links.
    pub(crate) fn poll_event(&mut self, ids: &Ids) -> Option<StackEvent<S::Data>> {
        loop {
            match self.stack.poll_event(&mut || ids.next_link())? {
                StackEvent::Link { link, event } => {
                    if let Some(event) = self.on_event(link, event) {
                        return Some(StackEvent::Link { link, event });
                    }
                }
                StackEvent::Packet { link, .. } if !self.open.contains_key(&link) => {}
                event => return Some(event),
            }
        }
    }

    fn on_event(&mut self, link: LinkId, event: LinkEvent) -> Option<LinkEvent> {
        match event {
            // The destination belongs to another app of the stack's owner.
            LinkEvent::Incoming { on, .. }
                if on != Destination::telephony(self.stack.identity()) =>
            {
                None
            }
            LinkEvent::Incoming { .. } => self.open.insert(link, true).is_none().then_some(event),
            LinkEvent::Up { .. } => {
                *self.open.get_mut(&link)? = true;
                Some(event)
            }
            LinkEvent::Failed(_) => self.open.remove(&link).map(|_| event),
            // Some stacks report a link that did not come up as closed.
            LinkEvent::Closed(_) => Some(match self.open.remove(&link)? {
                true => event,
                false => LinkEvent::Failed(LinkFailed::Timeout),
            }),
            LinkEvent::Identified(_) | LinkEvent::Heard => self.open.get(&link).map(|_| event),
        }
    }
}

#[cfg(test)]
mod tests {

    use lxst_core::{IdentityHash, LinkClosed, NameHash};

    use super::*;
    use crate::link_queue::LinkQueue;

    #[test]
    fn a_link_that_the_stack_reported_gone_is_not_asked_to_close() {
        let (mut links, link) = opened();
        let closed = LinkEvent::Closed(LinkClosed::Peer);
        let up = LinkEvent::Up { rtt: None, mdu: None };
        assert_eq!(links.on_event(link, up), Some(up));
        assert_eq!(links.on_event(link, closed), Some(closed));
        assert_eq!(links.on_event(link, LinkEvent::Heard), None);
        links.request(Instant::ORIGIN, link, LinkRequest::Close);
        assert_eq!(links.close_all(Instant::ORIGIN), []);
        assert!(links.stack.poll_command().is_some());
        assert_eq!(links.stack.poll_command(), None);
    }

    #[test]
    fn a_link_that_closed_before_it_was_up_has_failed() {
        let (mut links, link) = opened();
        let closed = LinkEvent::Closed(LinkClosed::Timeout);
        let failed = LinkEvent::Failed(LinkFailed::Timeout);
        assert_eq!(links.on_event(link, closed), Some(failed));
    }

    #[test]
    fn a_link_to_a_destination_of_another_app_is_left_alone() {
        let (mut links, _) = opened();
        let on = Destination { identity: IdentityHash([1; 16]), name: NameHash([7; 10]) };
        let incoming = LinkEvent::Incoming { on, rtt: None, mdu: None };
        assert_eq!(links.on_event(LinkId(2), incoming), None);
        assert_eq!(links.on_event(LinkId(2), LinkEvent::Heard), None);
        assert_eq!(links.close_all(Instant::ORIGIN), [LinkId(1)]);
    }

    fn opened() -> (Links<LinkQueue>, LinkId) {
        let identity = IdentityHash([1; 16]);
        let mut links = Links::new(LinkQueue::new(identity));
        links.request(
            Instant::ORIGIN,
            LinkId(1),
            LinkRequest::Open(Destination::telephony(identity)),
        );
        (links, LinkId(1))
    }
}
