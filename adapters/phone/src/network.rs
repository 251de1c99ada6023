//! The phone's stack: our own endpoint, or another that runs in the app.

use bytes::Bytes;
use lxst_core::{Class, IdentityHash, Instant, LinkId, LinkRequest, Stack, StackEvent};
use lxst_engine::LinkQueue;
use lxst_reticulum::{Endpoint, EndpointLinks};

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a phone has one")]
pub(crate) enum Network {
    Endpoint(EndpointLinks),
    Port(LinkQueue),
}

impl Network {
    pub(crate) const fn endpoint(&self) -> Option<&Endpoint> {
        match self {
            Self::Endpoint(links) => Some(links.endpoint()),
            Self::Port(_) => None,
        }
    }

    pub(crate) const fn endpoint_mut(&mut self) -> Option<&mut Endpoint> {
        match self {
            Self::Endpoint(links) => Some(links.endpoint_mut()),
            Self::Port(_) => None,
        }
    }

    pub(crate) const fn port_mut(&mut self) -> Option<&mut LinkQueue> {
        match self {
            Self::Endpoint(_) => None,
            Self::Port(queue) => Some(queue),
        }
    }
}

impl Stack for Network {
    type Data = Bytes;

    fn identity(&self) -> IdentityHash {
        match self {
            Self::Endpoint(links) => links.identity(),
            Self::Port(queue) => queue.identity(),
        }
    }

    fn request(&mut self, now: Instant, link: LinkId, request: LinkRequest) {
        match self {
            Self::Endpoint(links) => links.request(now, link, request),
            Self::Port(queue) => queue.request(now, link, request),
        }
    }

    fn send(&mut self, now: Instant, link: LinkId, class: Class, data: &[u8]) {
        match self {
            Self::Endpoint(links) => links.send(now, link, class, data),
            Self::Port(queue) => queue.send(now, link, class, data),
        }
    }

    fn announce(&mut self, now: Instant) {
        match self {
            Self::Endpoint(links) => links.announce(now),
            Self::Port(queue) => queue.announce(now),
        }
    }

    fn poll_event(&mut self, name: &mut dyn FnMut() -> LinkId) -> Option<StackEvent<Bytes>> {
        match self {
            Self::Endpoint(links) => Some(match links.poll_event(name)? {
                StackEvent::Link { link, event } => StackEvent::Link { link, event },
                StackEvent::Packet { link, data } => StackEvent::Packet { link, data: data.into() },
                StackEvent::Announced { identity, hops } => {
                    StackEvent::Announced { identity, hops }
                }
            }),
            Self::Port(queue) => queue.poll_event(name),
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Self::Endpoint(links) => links.poll_timeout(),
            Self::Port(queue) => queue.poll_timeout(),
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        match self {
            Self::Endpoint(links) => links.handle_timeout(now),
            Self::Port(queue) => queue.handle_timeout(now),
        }
    }

    fn media_dropped(&self) -> u64 {
        match self {
            Self::Endpoint(links) => links.media_dropped(),
            Self::Port(queue) => queue.media_dropped(),
        }
    }

    fn identity_at(&self, destination: IdentityHash) -> Option<IdentityHash> {
        match self {
            Self::Endpoint(links) => links.identity_at(destination),
            Self::Port(queue) => queue.identity_at(destination),
        }
    }
}
