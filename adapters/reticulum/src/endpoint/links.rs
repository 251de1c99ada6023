//! What moves links from state to state, except for packets that arrive.

use rns_core::link::{LinkEngine, LinkMode};

use super::*;
use crate::event::FailReason;
use crate::link::{Active, Requested, initiator_timeout};
use crate::paths::Route;

impl Endpoint {
    pub(super) fn allocate_link(&mut self) -> LinkHandle {
        let handle = LinkHandle(self.next_link);
        self.next_link += 1;
        handle
    }

    pub(super) fn start_link(&mut self, now: Now, handle: LinkHandle, to: IdentityHash) {
        let outgoing = self.links.values().filter(|link| link.is_outgoing()).count();
        if to == self.identity.hash() || outgoing >= limits::OUTGOING_LINKS {
            return self.push_link_event(handle, LinkEvent::Failed(FailReason::Refused));
        }
        match self.paths.route(now, to.telephony_destination(), &mut *self.rng) {
            Some(route) => self.request_link(now, handle, to, route, true),
            None => self.search(now, handle, to),
        }
    }

    /// Asks all interfaces for the path to a phone.
    pub(super) fn search(&mut self, now: Now, handle: LinkHandle, to: IdentityHash) {
        let until = now.saturating_add(self.config.path_search);
        self.links.insert(handle, Link::Searching(Searching::new(now, to, until)));
        let request = self.paths.path_request(to.telephony_destination(), &mut *self.rng);
        self.broadcast(&request);
    }

    /// Asks a new interface for all paths that are searched.
    pub(super) fn repeat_searches(&mut self, now: Now, id: InterfaceId) {
        for to in self.searched() {
            let request = self.paths.path_request(to.telephony_destination(), &mut *self.rng);
            self.transmit(id, Outbound::Whole(request));
        }
        for link in self.links.values_mut() {
            if let Link::Searching(search) = link {
                search.begin(now);
            }
        }
    }

    /// Goes on with the links whose path search `found` ends.
    pub(super) fn end_searches(&mut self, now: Now, found: IdentityHash) {
        let waiting: Vec<_> = self
            .links
            .iter()
            .filter(|(_, link)| matches!(link, Link::Searching(search) if search.to == found))
            .map(|(handle, _)| *handle)
            .collect();
        for handle in waiting {
            let route = self.paths.route(now, found.telephony_destination(), &mut *self.rng);
            if let Some(route) = route {
                self.request_link(now, handle, found, route, false);
            }
        }
    }

    pub(super) fn searched(&self) -> Vec<IdentityHash> {
        let mut searched: Vec<_> = self
            .links
            .values()
            .filter_map(|link| match link {
                Link::Searching(search) => Some(search.to),
                Link::Requested(_) | Link::Proven(_) | Link::Active(_) => None,
            })
            .collect();
        searched.sort_unstable();
        searched.dedup();
        searched
    }

    fn request_link(
        &mut self,
        now: Now,
        handle: LinkHandle,
        to: IdentityHash,
        route: Route,
        remembered_path: bool,
    ) {
        let destination = to.telephony_destination();
        let mtu = self.interfaces.get(&route.interface).map(|interface| interface.config.mtu);
        let (mut session, data) = LinkEngine::new_initiator(
            &destination.0,
            route.hops,
            LinkMode::Aes256Cbc,
            mtu,
            now.as_secs_f64(),
            &mut *self.rng,
        );
        let (packet, routed) = self.paths.link_request(now, destination, &data);
        session.set_link_id_from_hashable(&packet.get_hashable_part(), data.len());
        self.links_by_id.insert(*session.link_id(), handle);
        let request = Requested {
            to,
            session: Box::new(session),
            signing_key: route.signing_key,
            interface: route.interface,
            sent_at: now,
            until: now + initiator_timeout(route.hops),
            remembered_path,
        };
        self.links.insert(handle, Link::Requested(request));
        self.transmit(route.interface, Outbound::Whole(routed));
    }

    pub(super) fn handle_link_timeout(&mut self, now: Now, handle: LinkHandle) {
        match self.links.get_mut(&handle) {
            Some(Link::Searching(search)) if search.until <= now => {
                self.fail_link(handle, FailReason::NoPath);
            }
            Some(Link::Searching(search)) => {
                search.on_request(now);
                let destination = search.to.telephony_destination();
                let request = self.paths.path_request(destination, &mut *self.rng);
                self.broadcast(&request);
            }
            Some(Link::Requested(request)) if request.until <= now => {
                let (to, remembered_path) = (request.to, request.remembered_path);
                self.paths.forget(to.telephony_destination());
                if remembered_path {
                    self.remove_link(handle);
                    self.search(now, handle, to);
                } else {
                    self.fail_link(handle, FailReason::Timeout);
                }
            }
            Some(Link::Proven(link)) if link.until <= now => {
                self.remove_link(handle);
            }
            Some(Link::Active(link)) if link.is_lost(now) => {
                self.send_close(now, handle);
                self.close_link(handle, CloseReason::Timeout);
            }
            Some(Link::Active(link)) if link.keepalive_is_due(now) => {
                self.send_keepalive(now, handle, INITIATOR_KEEPALIVE);
            }
            Some(Link::Requested(_) | Link::Proven(_) | Link::Active(_)) | None => {}
        }
    }

    pub(super) fn drop_links_of(&mut self, now: Now, id: InterfaceId) {
        let lost: Vec<_> = self
            .links
            .iter()
            .filter(|(_, link)| link.interface() == Some(id))
            .map(|(handle, _)| *handle)
            .collect();
        for handle in lost {
            match self.remove_link(handle) {
                Some(Link::Active(_)) => {
                    self.push_link_event(handle, LinkEvent::Closed(CloseReason::Interface));
                }
                Some(Link::Requested(request)) => self.search(now, handle, request.to),
                Some(Link::Searching(_) | Link::Proven(_)) | None => {}
            }
        }
    }

    pub(super) fn close_link(&mut self, handle: LinkHandle, reason: CloseReason) {
        self.remove_link(handle);
        self.push_link_event(handle, LinkEvent::Closed(reason));
    }

    fn fail_link(&mut self, handle: LinkHandle, reason: FailReason) {
        self.remove_link(handle);
        self.push_link_event(handle, LinkEvent::Failed(reason));
    }

    pub(super) fn remove_link(&mut self, handle: LinkHandle) -> Option<Link> {
        let link = self.links.remove(&handle)?;
        if let Some(id) = link.id() {
            self.links_by_id.remove(&id);
        }
        Some(link)
    }

    pub(super) fn active_mut(&mut self, handle: LinkHandle) -> Result<&mut Active, LinkError> {
        match self.links.get_mut(&handle) {
            Some(Link::Active(link)) => Ok(link),
            Some(Link::Searching(_) | Link::Requested(_) | Link::Proven(_)) => {
                Err(LinkError::NotUp)
            }
            None => Err(LinkError::Unknown),
        }
    }

    /// Tells the peer of an established link that it ends.
    pub(super) fn send_close(&mut self, now: Now, handle: LinkHandle) {
        if let Ok(link) = self.active_mut(handle) {
            let id = *link.session.link_id();
            self.encrypt_and_send(now, handle, Class::Signal, constants::CONTEXT_LINKCLOSE, &id);
        }
    }

    /// Keepalives are the only packets of a link that travel in the clear.
    pub(super) fn send_keepalive(&mut self, now: Now, handle: LinkHandle, byte: u8) {
        if let Ok(link) = self.active_mut(handle) {
            link.sent_keepalive(now);
            let (id, interface) = (*link.session.link_id(), link.interface);
            let body = alloc::vec![byte];
            let packet = Outbound::link(
                constants::PACKET_TYPE_DATA,
                &id,
                constants::CONTEXT_KEEPALIVE,
                body,
            );
            self.transmit(interface, packet);
        }
    }

    pub(super) fn encrypt_and_send(
        &mut self,
        now: Now,
        handle: LinkHandle,
        class: Class,
        context: u8,
        data: &[u8],
    ) {
        let Some(Link::Active(link)) = self.links.get(&handle) else {
            return;
        };
        // An active link has agreed on its key.
        if let Ok(body) = link.session.encrypt(data, &mut *self.rng) {
            self.send_on_link(now, handle, class, context, body);
        }
    }

    pub(super) fn send_on_link(
        &mut self,
        now: Now,
        handle: LinkHandle,
        class: Class,
        context: u8,
        body: Vec<u8>,
    ) {
        let Some(Link::Active(link)) = self.links.get_mut(&handle) else {
            return;
        };
        link.sent(now);
        let id = *link.session.link_id();
        let packet = Outbound::link(constants::PACKET_TYPE_DATA, &id, context, body);
        self.seen.add(packet.hash());
        if let Some(interface) = self.interfaces.get_mut(&link.interface) {
            match class {
                Class::Signal => interface.queue.push_control(packet, &mut self.stats),
                Class::Media => interface.queue.push_media(now, packet, &mut self.stats),
            }
        }
    }
}

pub(super) const INITIATOR_KEEPALIVE: u8 = 0xff;
pub(super) const RESPONDER_KEEPALIVE: u8 = 0xfe;
