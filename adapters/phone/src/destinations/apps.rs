//! The phone's side of the handles: does their requests, and passes on the endpoint's events.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_lite::future::or;
use lxst_core::{Class, Destination, Instant, LinkEvent, NameHash};
use lxst_reticulum::{
    Channel, DestinationConfig, DestinationHash, Endpoint, EndpointLinks, Event, LinkHandle,
};

use super::link::{Peer, Up};
use super::{
    Announce, Announces, Answer, Broadcasts, DestinationError, Destinations, Dropped, HandleEvent,
    Link, Opening, Request, Requests, Served,
};
use crate::mailbox::Mailbox;
use crate::request::Reply;

/// The handles' destinations, links and channels on the phone's endpoint.
#[derive(Debug)]
pub(crate) struct Apps {
    requests: Requests,
    /// Cloned into new handles.
    destinations: Destinations,
    served: BTreeMap<NameHash, Mailbox<Link>>,
    heard: BTreeMap<NameHash, Mailbox<Announce>>,
    channels: BTreeMap<DestinationHash, Mailbox<Vec<u8>>>,
    opening: BTreeMap<LinkHandle, Reply<Result<Up, DestinationError>>>,
    standing: BTreeMap<LinkHandle, Peer>,
    /// Outgoing links that are reserved for the telephone.
    kept_links: usize,
}

impl Apps {
    /// Reserves two outgoing links for each line of the telephone: one for a call, one for the call
    /// that it replaces.
    pub(crate) const fn new(destinations: Destinations, requests: Requests, lines: usize) -> Self {
        Self {
            requests,
            destinations,
            served: BTreeMap::new(),
            heard: BTreeMap::new(),
            channels: BTreeMap::new(),
            opening: BTreeMap::new(),
            standing: BTreeMap::new(),
            kept_links: 2 * lines,
        }
    }

    /// Waits for an action of a handle. Dropped handles come first, because they make room.
    ///
    /// # Cancel safety
    /// Cancel safe: no action is lost.
    pub(crate) async fn next(&self) -> HandleEvent {
        // The channels stay open, because `destinations` holds their senders.
        let dropped = async {
            match self.requests.dropped.recv().await {
                Ok(handle) => HandleEvent::Dropped(handle),
                Err(_) => std::future::pending().await,
            }
        };
        let requested = async {
            match self.requests.requested.recv().await {
                Ok(request) => HandleEvent::Request(request),
                Err(_) => std::future::pending().await,
            }
        };
        or(dropped, requested).await
    }

    /// Does a request, or releases what a dropped handle held.
    pub(crate) fn handle(&mut self, now: Instant, event: HandleEvent, endpoint: &mut Endpoint) {
        match event {
            HandleEvent::Dropped(handle) => self.on_dropped(now, handle, endpoint),
            HandleEvent::Request(request) => self.on_request(now, request, endpoint),
        }
    }

    /// Passes the endpoint's events to the handles.
    pub(crate) fn dispatch(&mut self, now: Instant, links: &mut EndpointLinks) {
        while let Some(event) = links.poll_app_event() {
            self.on_event(now, event, links.endpoint_mut());
        }
    }

    /// Closes all links of apps, and tells their peers.
    pub(crate) fn retire(&mut self, now: Instant, endpoint: &mut Endpoint) {
        let standing = std::mem::take(&mut self.standing);
        let opening = std::mem::take(&mut self.opening);
        for link in standing.into_keys().chain(opening.into_keys()) {
            endpoint.close(now, link);
        }
    }

    // A reply that nobody receives is dropped. A handle in it then counts as a dropped one.
    fn on_request(&mut self, now: Instant, request: Request, endpoint: &mut Endpoint) {
        match request {
            Request::Serve(config, reply) => _ = reply.send(self.serve(config, endpoint)),
            Request::AppData(name, app_data, reply) => {
                let set = endpoint.set_app_data(name, Some(&app_data));
                reply.send(set.map_err(Into::into));
            }
            Request::Announce(name, reply) => {
                endpoint.announce(now, name);
                reply.send(Ok(()));
            }
            Request::Hear(name, reply) => _ = reply.send(self.hear(name, endpoint)),
            Request::Join(channel, reply) => _ = reply.send(self.join(channel, endpoint)),
            Request::Broadcast { channel, class, data, reply } => {
                reply.send(endpoint.broadcast(now, channel, class, &data).map_err(Into::into));
            }
            Request::Open(to, reply) => self.open(now, to, reply, endpoint),
            Request::Identify(link, reply) => {
                reply.send(endpoint.identify(now, link).map_err(Into::into));
            }
            Request::Send { link, class, data, reply } => {
                reply.send(self.send(now, (link, class, &data), endpoint));
            }
        }
    }

    fn serve(
        &mut self,
        config: DestinationConfig,
        endpoint: &mut Endpoint,
    ) -> Result<Served, DestinationError> {
        let name = config.name();
        if name == NameHash::TELEPHONY {
            return Err(DestinationError::Telephony);
        }
        if self.served.contains_key(&name) {
            return Err(DestinationError::Taken);
        }
        endpoint.register(config)?;
        let (mailbox, links) = Mailbox::new();
        self.served.insert(name, mailbox);
        let on = Destination { identity: endpoint.identity(), name };
        let destinations = self.destinations.clone();
        let guard = destinations.guard(Dropped::Served(name));
        Ok(Served { destinations, on, links, _guard: guard })
    }

    fn hear(
        &mut self,
        name: NameHash,
        endpoint: &mut Endpoint,
    ) -> Result<Announces, DestinationError> {
        if name == NameHash::TELEPHONY {
            return Err(DestinationError::Telephony);
        }
        if self.heard.contains_key(&name) {
            return Err(DestinationError::Taken);
        }
        endpoint.hear(name)?;
        let (mailbox, announces) = Mailbox::new();
        self.heard.insert(name, mailbox);
        let guard = self.destinations.guard(Dropped::Heard(name));
        Ok(Announces { announces, _guard: guard })
    }

    fn join(
        &mut self,
        channel: Channel,
        endpoint: &mut Endpoint,
    ) -> Result<Broadcasts, DestinationError> {
        if self.channels.contains_key(&channel.hash()) {
            return Err(DestinationError::Taken);
        }
        let mdu = channel.mdu();
        let channel = endpoint.join(channel)?;
        let (mailbox, packets) = Mailbox::new();
        self.channels.insert(channel, mailbox);
        let destinations = self.destinations.clone();
        let guard = destinations.guard(Dropped::Channel(channel));
        Ok(Broadcasts { destinations, channel, mdu, packets, _guard: guard })
    }

    fn open(
        &mut self,
        now: Instant,
        to: Destination,
        reply: Answer<Opening>,
        endpoint: &mut Endpoint,
    ) {
        if endpoint.outgoing_links_left() <= self.kept_links {
            let ours = self.opening.len() + self.standing.len();
            reply.send(Err(DestinationError::LinksFull(ours)));
            return;
        }
        let link = endpoint.open(now, to);
        let (up, outcome) = Reply::channel();
        self.opening.insert(link, up);
        let guard = self.destinations.guard(Dropped::Link(link));
        reply.send(Ok(Opening { link, outcome, guard }));
    }

    fn send(
        &self,
        now: Instant,
        (link, class, data): (LinkHandle, Class, &[u8]),
        endpoint: &mut Endpoint,
    ) -> Result<(), DestinationError> {
        Ok(endpoint.send(now, link, class, data)?)
    }

    fn on_dropped(&mut self, now: Instant, handle: Dropped, endpoint: &mut Endpoint) {
        match handle {
            Dropped::Served(name) => {
                self.served.remove(&name);
                endpoint.unregister(name);
                if self.heard.contains_key(&name) {
                    // The name that was served has just left its place.
                    let _ = endpoint.hear(name);
                }
            }
            Dropped::Heard(name) => {
                self.heard.remove(&name);
                if !self.served.contains_key(&name) {
                    endpoint.unregister(name);
                }
            }
            Dropped::Channel(channel) => {
                self.channels.remove(&channel);
                endpoint.leave(channel);
            }
            Dropped::Link(link) => {
                self.opening.remove(&link);
                self.standing.remove(&link);
                endpoint.close(now, link);
            }
        }
    }

    fn on_event(&mut self, now: Instant, event: Event, endpoint: &mut Endpoint) {
        match event {
            Event::Announced { identity, name, hops, app_data, .. } => {
                let destination = Destination { identity, name };
                if let Some(mailbox) = self.heard.get(&name) {
                    put_announce(mailbox, Announce { destination, hops, app_data });
                }
            }
            Event::Broadcast { channel, data, .. } => {
                if let Some(mailbox) = self.channels.get(&channel) {
                    mailbox.put(data, Broadcasts::PACKETS);
                }
            }
            Event::Packet { link, data } => {
                if let Some(peer) = self.standing.get(&link) {
                    peer.packet(data);
                }
            }
            Event::Link { link, event } => self.on_link_event(now, link, event, endpoint),
            // The enum is non_exhaustive. A new kind of event needs a new request first.
            _ => {}
        }
    }

    fn on_link_event(
        &mut self,
        now: Instant,
        link: LinkHandle,
        event: LinkEvent,
        endpoint: &mut Endpoint,
    ) {
        match event {
            LinkEvent::Incoming { on, rtt, mdu } => {
                if !self.on_incoming(link, on, (rtt, mdu)) {
                    endpoint.close(now, link);
                }
            }
            LinkEvent::Up { rtt, mdu } => {
                let (peer, up) = Peer::new(rtt, mdu);
                let opening = self.opening.remove(&link);
                if opening.is_some_and(|opening| opening.send(Ok(up))) {
                    self.standing.insert(link, peer);
                } else {
                    endpoint.close(now, link);
                }
            }
            LinkEvent::Failed(why) => {
                if let Some(opening) = self.opening.remove(&link) {
                    opening.send(Err(DestinationError::Failed(why)));
                }
            }
            LinkEvent::Identified(peer) => {
                if let Some(link) = self.standing.get(&link) {
                    link.identified(peer);
                }
            }
            LinkEvent::Closed(why) => {
                if let Some(link) = self.standing.remove(&link) {
                    link.closed(why);
                }
            }
            LinkEvent::Heard => {}
        }
    }

    /// Passes a peer's link to the handle that serves its destination. Returns whether there is
    /// one.
    fn on_incoming(
        &mut self,
        link: LinkHandle,
        on: Destination,
        (rtt, mdu): (Option<Duration>, Option<usize>),
    ) -> bool {
        let Some(serving) = self.served.get(&on.name) else { return false };
        let (peer, up) = Peer::new(rtt, mdu);
        let guard = self.destinations.guard(Dropped::Link(link));
        let link_of_app = Link::new(self.destinations.clone(), link, on, up, guard);
        self.standing.insert(link, peer);
        serving.change(|links| {
            // Links that closed before they were read are dropped: at most as many wait as are
            // open.
            links.retain(|waiting| waiting.closed().is_none());
            links.push_back(link_of_app);
            0
        });
        true
    }
}

impl Drop for Apps {
    fn drop(&mut self) {
        self.served.values().for_each(Mailbox::close);
        self.heard.values().for_each(Mailbox::close);
        self.channels.values().for_each(Mailbox::close);
    }
}

/// Adds an announce, and drops an earlier one of the same destination.
fn put_announce(mailbox: &Mailbox<Announce>, announce: Announce) {
    mailbox.change(|waiting| {
        let is_of_same = |waiting: &Announce| waiting.destination == announce.destination;
        let before = waiting.len();
        waiting.retain(|waiting| !is_of_same(waiting));
        if waiting.len() >= Announces::ANNOUNCES {
            waiting.pop_front();
        }
        let lost = before - waiting.len();
        waiting.push_back(announce);
        lost as u64
    });
}
