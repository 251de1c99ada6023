//! Links under the names that another Reticulum stack has for them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use lxst_core::{LinkEvent, LinkFailed, LinkId};
use lxst_engine::LinkNames;

use crate::link_reporter::LinkReporter;

/// Reports what happens to links by the names `K` that the app's stack has for them.
///
/// This is a [`LinkReporter`] and its [`LinkNames`] in one. Clones share the names, so that the
/// callbacks of a stack can report from their threads while another thread does the
/// [commands](crate::LinkPort::next_blocking).
///
/// *Order*: a link may come up before [`opened_blocking`](Self::opened_blocking) has named it. The
/// news waits for the name, of up to 16 links; the oldest is dropped.
#[derive(Clone, Debug)]
pub struct StackLinks<K> {
    named: Arc<Mutex<Named<K>>>,
    reporter: LinkReporter,
}

#[derive(Debug)]
struct Named<K> {
    names: LinkNames<K>,
    /// Links that came up without a name.
    up: VecDeque<(K, LinkEvent)>,
}

impl<K: Clone + Ord> StackLinks<K> {
    pub(crate) fn new(names: LinkNames<K>, reporter: LinkReporter) -> Self {
        let named = Named { names, up: VecDeque::new() };
        Self { named: Arc::new(Mutex::new(named)), reporter }
    }

    /// Returns the reporter, for what has no link.
    #[must_use]
    pub const fn reporter(&self) -> &LinkReporter {
        &self.reporter
    }

    /// Returns what the stack calls a link, where it stands or is opening.
    #[must_use]
    pub fn key(&self, link: LinkId) -> Option<K> {
        self.named().names.key(link).cloned()
    }

    /// Takes a link that the phone asked to close, and returns what the stack calls it.
    #[must_use]
    pub fn remove(&self, link: LinkId) -> Option<K> {
        self.named().names.remove(link)
    }

    /// Names a link that the phone asked to open. Reports it at once if it is up already. Waits
    /// while the phone is behind.
    pub fn opened_blocking(&self, link: LinkId, key: K) {
        if let Some(event) = self.name(link, key) {
            self.reporter.event_blocking(link, event);
        }
    }

    /// Reports that a link that the phone asked to open, and that has no name, does not come up.
    pub fn failed_blocking(&self, link: LinkId, why: LinkFailed) {
        self.reporter.event_blocking(link, LinkEvent::Failed(why));
    }

    /// Reports what happened to a link. Waits while the phone is behind.
    pub fn event_blocking(&self, key: &K, event: LinkEvent) {
        if let Some(link) = self.of_event(key, event) {
            self.reporter.event_blocking(link, event);
        }
    }

    /// Reports the plaintext of a packet. Waits while the phone is behind.
    pub fn packet_blocking(&self, key: &K, data: impl Into<Bytes>) {
        let link = self.named().names.of_packet(key);
        if let Some(link) = link {
            self.reporter.packet_blocking(link, data);
        }
    }

    /// Names a link, and returns what happened to it before.
    fn name(&self, link: LinkId, key: K) -> Option<LinkEvent> {
        let mut named = self.named();
        let waits = named.up.iter().position(|(of, _)| *of == key);
        let event = waits.and_then(|index| named.up.remove(index));
        named.names.insert(link, key);
        event.map(|(_, event)| event)
    }

    fn of_event(&self, key: &K, event: LinkEvent) -> Option<LinkId> {
        let mut named = self.named();
        let link = named.names.of_event(key, &event);
        if link.is_none() && matches!(event, LinkEvent::Up { .. }) {
            if named.up.len() == MAX_UP {
                named.up.pop_front();
            }
            named.up.push_back((key.clone(), event));
        }
        link
    }

    fn named(&self) -> MutexGuard<'_, Named<K>> {
        // Nothing below the lock panics but the order of an app's names, which would be its fault.
        self.named.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Links that came up without a name. Beyond it the oldest is dropped.
const MAX_UP: usize = 16;

#[cfg(test)]
mod tests {
    use lxst_core::{Class, IdentityHash, LinkClosed, StackEvent};
    use lxst_engine::{Ids, LinkQueue};

    use super::*;
    use crate::link_reporter::LinkReport;
    use crate::links::LinkPort;

    const UP: LinkEvent = LinkEvent::Up { rtt: None, mdu: None };

    #[test]
    fn a_link_that_comes_up_before_it_has_a_name_is_reported_when_it_has() {
        let (ids, queue) = (Ids::default(), LinkQueue::new(IdentityHash([1; 16])));
        let (port, _bell, reports) = LinkPort::new(ids.clone(), queue.commands());
        let links = port.links(port.names().ordered());
        let (ours, other) = (ids.next_link(), ids.next_link());
        links.event_blocking(&0xA1, UP);
        assert!(reports.is_empty());
        links.opened_blocking(ours, 0xA1);
        links.opened_blocking(other, 0xB2);
        links.event_blocking(&0xB2, UP);
        links.packet_blocking(&0xA1, b"packet".to_vec());
        links.packet_blocking(&0xC3, b"of another app".to_vec());
        assert_eq!(links.key(ours), Some(0xA1));
        links.event_blocking(&0xA1, LinkEvent::Closed(LinkClosed::Peer));
        assert_eq!(
            (links.key(ours), links.remove(ours), links.remove(other)),
            (None, None, Some(0xB2))
        );
        let told: Vec<_> = std::iter::from_fn(|| reports.try_recv().ok())
            .map(|report| match report {
                LinkReport::Event(StackEvent::Link { link, event }) => (link, Some(event)),
                LinkReport::Event(StackEvent::Packet { link, .. }) => (link, None),
                report => panic!("{report:?}"),
            })
            .collect();
        let closed = LinkEvent::Closed(LinkClosed::Peer);
        assert_eq!(told, [(ours, Some(UP)), (other, Some(UP)), (ours, None), (ours, Some(closed))]);
    }

    #[test]
    fn a_thread_takes_commands_for_a_while_and_learns_of_the_end() {
        use lxst_core::{Instant, LinkRequest, Stack};
        use std::time::Duration;

        let mut queue = LinkQueue::new(IdentityHash([1; 16]));
        let (port, bell, _reports) = LinkPort::new(Ids::default(), queue.commands());
        assert_eq!(port.next_timeout(Duration::ZERO), None);
        assert!(!port.is_over());
        queue.send(Instant::ORIGIN, LinkId(1), Class::Signal, b"last");
        queue.request(Instant::ORIGIN, LinkId(1), LinkRequest::Close);
        drop(bell);
        assert!(!port.is_over(), "what came before the end is handed out");
        assert!(
            port.next_timeout(Duration::MAX).is_some()
                && port.next_timeout(Duration::MAX).is_some()
        );
        assert_eq!(port.next_timeout(Duration::MAX), None);
        assert!(port.is_over());
    }
}
