//! The states of links: opening, repeats, timeouts, ends. Inbound packets are in `inbound`.

use rns_core::link::handshake::pack_rtt;
use rns_core::link::{LinkEngine, LinkMode};

use super::*;
use crate::link::{Active, Opening, Request, Search, Stage, initiator_timeout};
use crate::paths::Route;
use crate::repeat::Repeat;
use crate::strangers::Sharer;

impl Endpoint {
    pub(super) fn allocate_link(&mut self) -> LinkHandle {
        let handle = LinkHandle(self.next_link);
        self.next_link += 1;
        handle
    }

    pub(super) fn start_link(
        &mut self,
        now: Instant,
        handle: LinkHandle,
        to: DestinationHash,
        mistaken: Option<DestinationHash>,
    ) {
        let is_ours = self.destinations.name_at(&to.0).is_some();
        if is_ours || self.outgoing_links_left() == 0 {
            return self.push_link_event(handle, LinkEvent::Failed(LinkFailed::Refused));
        }
        if self.is_isolated {
            return self.push_link_event(handle, LinkEvent::Failed(LinkFailed::NoNetwork));
        }
        let stage = Stage::Search(Search::new(now));
        let opening = Opening { to, mistaken, stage, requests: Vec::new(), until: now };
        self.links.insert(handle, Link::Opening(opening));
        match self.paths.route(now, to, &mut *self.rng) {
            Some(route) => {
                let search_at = Some(now + initiator_timeout(route.hops));
                self.begin_requests(now, handle, route, limits::AGAIN, search_at);
            }
            None => self.search(now, handle),
        }
    }

    /// Requests on all interfaces the path to the destination of a link.
    fn search(&mut self, now: Instant, handle: LinkHandle) {
        let Some(Link::Opening(link)) = self.links.get_mut(&handle) else { return };
        link.stage = Stage::Search(Search::new(now));
        link.until = link.until.max(now + self.config.path_search);
        let to = link.to;
        self.request_path(to);
    }

    fn request_path(&mut self, to: DestinationHash) {
        let request = self.paths.path_request(to, &mut *self.rng);
        self.broadcast_control(&request);
    }

    /// Requests on a new interface all paths that are being searched.
    pub(super) fn repeat_searches(&mut self, now: Instant, id: InterfaceId) {
        for to in self.searched() {
            let request = self.paths.path_request(to, &mut *self.rng);
            self.transmit(id, Outbound::Whole(request));
        }
        for link in self.links.values_mut() {
            if let Link::Opening(Opening { stage: Stage::Search(search), .. }) = link {
                *search = Search::new(now);
            }
        }
    }

    /// Returns whether a path search waits for an announce of this destination.
    pub(super) fn is_searched(&self, destination: DestinationHash) -> bool {
        self.links.values().any(|link| match link {
            Link::Opening(link) => {
                let is_sought = link.to == destination || link.mistaken == Some(destination);
                is_sought && link.is_searching()
            }
            Link::Proven(_) | Link::Active(_) => false,
        })
    }

    /// Sends the link requests of links whose path search ends with `found`. Links to an identity
    /// with this hash fail.
    pub(super) fn end_searches(&mut self, now: Instant, found: DestinationHash) {
        let is_mistaken = |link: &Link| match link {
            Link::Opening(link) => link.is_searching() && link.mistaken == Some(found),
            Link::Proven(_) | Link::Active(_) => false,
        };
        let mistaken = self.links.iter().filter(|(_, link)| is_mistaken(link));
        for handle in mistaken.map(|(handle, _)| *handle).collect::<Vec<_>>() {
            self.fail_link(handle, LinkFailed::NoPath);
        }
        let waiting = |(handle, link): (&LinkHandle, &Link)| match link {
            Link::Opening(Opening { to, stage: Stage::Search(search), .. }) => {
                (*to == found).then_some((*handle, search.asked_at))
            }
            _ => None,
        };
        let waiting: Vec<_> = self.links.iter().filter_map(waiting).collect();
        for (handle, asked_at) in waiting {
            let route = self.paths.route(now, found, &mut *self.rng);
            if let Some(route) = route {
                // The answer may come from a node on the path: the peer is as far, or farther.
                let interval = limits::AGAIN.max(now.since(asked_at) * 2);
                self.begin_requests(now, handle, route, interval, None);
            }
        }
    }

    pub(super) fn searched(&self) -> Vec<DestinationHash> {
        let searched = |link: &Link| match link {
            Link::Opening(link) if link.is_searching() => Some(link.to),
            Link::Opening(_) | Link::Proven(_) | Link::Active(_) => None,
        };
        let mut searched: Vec<_> = self.links.values().filter_map(searched).collect();
        searched.sort_unstable();
        searched.dedup();
        searched
    }

    fn begin_requests(
        &mut self,
        now: Instant,
        handle: LinkHandle,
        route: Route,
        interval: Duration,
        search_at: Option<Instant>,
    ) {
        let Some(Link::Opening(link)) = self.links.get_mut(&handle) else { return };
        let repeat = Repeat::new(now, interval, limits::REQUESTS);
        link.stage = Stage::Request { repeat, search_at };
        link.until = now + initiator_timeout(route.hops).max(limits::PROOF_WAIT);
        self.request_link(now, handle, route);
    }

    /// Sends a link request with keys of its own, beside those that are out.
    fn request_link(&mut self, now: Instant, handle: LinkHandle, route: Route) {
        let Some(Link::Opening(link)) = self.links.get_mut(&handle) else { return };
        let destination = link.to;
        let mtu = self.interfaces.get(&route.interface).map(|interface| interface.config.mtu.get());
        let (mut session, data) = LinkEngine::new_initiator(
            &destination.0,
            route.hops,
            LinkMode::Aes256Cbc,
            mtu,
            seconds(now),
            &mut *self.rng,
        );
        let (packet, routed) = self.paths.link_request(now, destination, &data);
        session.set_link_id_from_hashable(&packet.get_hashable_part(), data.len());
        self.links_by_id.insert(*session.link_id(), handle);
        link.requests.push(Request {
            session: Box::new(session),
            signing_key: route.signing_key,
            interface: route.interface,
            sent_at: now,
        });
        self.transmit(route.interface, Outbound::Whole(routed));
    }

    pub(super) fn handle_link_timeout(&mut self, now: Instant, handle: LinkHandle) {
        match self.links.get(&handle) {
            Some(Link::Opening(_)) => self.on_opening_timeout(now, handle),
            Some(Link::Proven(_)) => self.on_proven_timeout(now, handle),
            Some(Link::Active(_)) => self.on_active_timeout(now, handle),
            None => {}
        }
    }

    fn on_opening_timeout(&mut self, now: Instant, handle: LinkHandle) {
        let Some(Link::Opening(link)) = self.links.get_mut(&handle) else { return };
        let (to, mistaken) = (link.to, link.mistaken);
        if link.until <= now {
            // An unknown path cannot be a stale one.
            self.paths.forget(to);
            let reason = match link.requests.is_empty() {
                true => LinkFailed::NoPath,
                false => LinkFailed::Timeout,
            };
            return self.fail_link(handle, reason);
        }
        match &mut link.stage {
            Stage::Search(search) => {
                let nobody_answers = search.on_request(now);
                self.request_path(to);
                if let Some(mistaken) = mistaken.filter(|_| nobody_answers) {
                    // Its announce tells whose destination it is.
                    self.request_path(mistaken);
                }
            }
            Stage::Request { search_at: Some(at), .. } if *at <= now => {
                self.paths.forget(to);
                self.search(now, handle);
            }
            Stage::Request { repeat, .. } => {
                if repeat.take(now) {
                    match self.paths.route(now, to, &mut *self.rng) {
                        Some(route) => self.request_link(now, handle, route),
                        None => self.search(now, handle),
                    }
                }
            }
        }
    }

    fn on_proven_timeout(&mut self, now: Instant, handle: LinkHandle) {
        let Some(Link::Proven(link)) = self.links.get_mut(&handle) else { return };
        if link.until <= now {
            self.remove_link(handle);
        } else if link.repeat.take(now) {
            let (id, interface) = (*link.session.link_id(), link.interface);
            let Some(app) = self.destinations.get(link.on) else { return };
            let sharer = Sharer::App(link.on);
            let up = self.interfaces.get_mut(&interface);
            let strangers = up.map(|up| up.strangers(sharer, app.rates));
            if !strangers.is_some_and(|strangers| strangers.proofs_again.take(now)) {
                return;
            }
            let greeting = app.own.as_ref().map_or(&[][..], |own| &own.greeting);
            link.proved_at = now;
            let proof = link.proof.clone();
            // An initiator whose report was lost takes the link for established.
            let greeting = (!greeting.is_empty())
                .then(|| link.session.encrypt(greeting, &mut *self.rng).ok())
                .flatten();
            self.transmit(
                interface,
                Outbound::link(
                    constants::PACKET_TYPE_PROOF,
                    &id,
                    constants::CONTEXT_LRPROOF,
                    proof,
                ),
            );
            if let Some(body) = greeting {
                let packet =
                    Outbound::link(constants::PACKET_TYPE_DATA, &id, constants::CONTEXT_NONE, body);
                self.see(handle, packet.hash());
                self.transmit(interface, packet);
            }
        }
    }

    fn on_active_timeout(&mut self, now: Instant, handle: LinkHandle) {
        let Some(Link::Active(link)) = self.links.get_mut(&handle) else { return };
        if link.is_lost(now) {
            self.send_close(now, handle);
            self.close_link(handle, LinkClosed::Timeout);
        } else if link.takes_report(now) {
            let report = pack_rtt(link.session.rtt().unwrap_or_default());
            let context = constants::CONTEXT_LRRTT;
            self.encrypt_and_send(now, handle, Class::Signal, context, &report);
        } else if link.keepalive_is_due(now) {
            self.send_keepalive(now, handle, INITIATOR_KEEPALIVE);
        }
    }

    pub(super) fn drop_links_of(&mut self, now: Instant, id: InterfaceId) {
        let handles: Vec<_> = self.links.keys().copied().collect();
        for handle in handles {
            let Some(link) = self.links.get_mut(&handle) else { continue };
            match link {
                Link::Opening(link) => {
                    let has_route = link.requests.last().is_none_or(|last| last.interface != id);
                    let lost = link.requests.extract_if(.., |request| request.interface == id);
                    for request in lost {
                        self.links_by_id.remove(request.session.link_id());
                    }
                    if !has_route && !link.is_searching() {
                        self.search(now, handle);
                    }
                }
                Link::Proven(link) if link.interface == id => {
                    self.remove_link(handle);
                }
                Link::Active(link) if link.interface == id => {
                    self.close_link(handle, LinkClosed::Interface);
                }
                Link::Proven(_) | Link::Active(_) => {}
            }
        }
    }

    pub(super) fn close_link(&mut self, handle: LinkHandle, reason: LinkClosed) {
        self.remove_link(handle);
        self.push_link_event(handle, LinkEvent::Closed(reason));
    }

    pub(super) fn fail_opening(&mut self, reason: LinkFailed) {
        let is_opening = |(handle, link): (&LinkHandle, &Link)| {
            matches!(link, Link::Opening(_)).then_some(*handle)
        };
        let opening: Vec<LinkHandle> = self.links.iter().filter_map(is_opening).collect();
        for handle in opening {
            self.fail_link(handle, reason);
        }
    }

    fn fail_link(&mut self, handle: LinkHandle, reason: LinkFailed) {
        self.remove_link(handle);
        self.push_link_event(handle, LinkEvent::Failed(reason));
    }

    pub(super) fn remove_link(&mut self, handle: LinkHandle) -> Option<Link> {
        let link = self.links.remove(&handle)?;
        self.seen.remove(&handle);
        for id in link.ids() {
            self.links_by_id.remove(&id);
        }
        Some(link)
    }

    pub(super) fn active_mut(&mut self, handle: LinkHandle) -> Result<&mut Active, LinkError> {
        match self.links.get_mut(&handle) {
            Some(Link::Active(link)) => Ok(link),
            Some(Link::Opening(_) | Link::Proven(_)) => Err(LinkError::NotUp),
            None => Err(LinkError::Unknown),
        }
    }

    /// Tells the peer of an established link that it closes.
    pub(super) fn send_close(&mut self, now: Instant, handle: LinkHandle) {
        if let Ok(link) = self.active_mut(handle) {
            let id = *link.session.link_id();
            self.encrypt_and_send(now, handle, Class::Signal, constants::CONTEXT_LINKCLOSE, &id);
        }
    }

    /// Sends a keepalive: the only unencrypted packet of a link.
    pub(super) fn send_keepalive(&mut self, now: Instant, handle: LinkHandle, byte: u8) {
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
        now: Instant,
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
        now: Instant,
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
        let interface = link.interface;
        self.see(handle, packet.hash());
        if let Some(interface) = self.interfaces.get_mut(&interface) {
            match class {
                Class::Signal => interface.queue.push_control(packet, &mut self.counters),
                Class::Media => interface.queue.push_media(now, packet, &mut self.counters),
            }
        }
    }
}

pub(super) const INITIATOR_KEEPALIVE: u8 = 0xff;
pub(super) const RESPONDER_KEEPALIVE: u8 = 0xfe;
