//! The endpoint as what carries a telephone's links.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use lxst_core::wire::{self, Signal};
use lxst_core::{Class, IdentityHash, Instant, LinkEvent, LinkId, LinkRequest, Stack, StackEvent};

use crate::counters::DropReason;
use crate::endpoint::Endpoint;
use crate::event::{Event, LinkHandle};
use crate::identity::DestinationHash;

/// An [`Endpoint`], and the names of its links.
#[derive(Debug)]
pub struct EndpointLinks {
    endpoint: Endpoint,
    handles: BTreeMap<LinkId, LinkHandle>,
    names: BTreeMap<LinkHandle, LinkId>,
    /// The link whose handshake is still to be reported as heard.
    heard: Option<LinkId>,
}

impl EndpointLinks {
    /// Takes the endpoint, which greets initiators with AVAILABLE from then on.
    #[must_use]
    pub fn new(mut endpoint: Endpoint) -> Self {
        // An initiator whose report of the round-trip time was lost identifies on it.
        let mut available = [0; 8];
        let length = wire::encode_signals(&[Signal::Available], &mut available);
        endpoint.set_greeting(&available[..length.expect("one signal fits")]);
        Self { endpoint, handles: BTreeMap::new(), names: BTreeMap::new(), heard: None }
    }

    /// Returns the endpoint, to look at.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Returns the endpoint, to feed and to drain: its interfaces, bytes and files. Its links and
    /// events are the engine's.
    pub const fn endpoint_mut(&mut self) -> &mut Endpoint {
        &mut self.endpoint
    }

    fn pair(&mut self, link: LinkId, handle: LinkHandle) {
        self.handles.insert(link, handle);
        self.names.insert(handle, link);
    }

    fn part(&mut self, link: LinkId) -> Option<LinkHandle> {
        let handle = self.handles.remove(&link)?;
        self.names.remove(&handle);
        Some(handle)
    }
}

impl Stack for EndpointLinks {
    type Data = Vec<u8>;

    fn identity(&self) -> IdentityHash {
        self.endpoint.identity()
    }

    fn request(&mut self, now: Instant, link: LinkId, request: LinkRequest) {
        match request {
            LinkRequest::Open(to) => {
                let handle = self.endpoint.open(now, to.identity);
                self.pair(link, handle);
            }
            LinkRequest::Identify => {
                if let Some(handle) = self.handles.get(&link) {
                    // A refusal means that the link is going down, which an event tells.
                    let _ = self.endpoint.identify(now, *handle);
                }
            }
            LinkRequest::Close => {
                if let Some(handle) = self.part(link) {
                    self.endpoint.close(now, handle);
                }
            }
        }
    }

    fn send(&mut self, now: Instant, link: LinkId, class: Class, data: &[u8]) {
        if let Some(handle) = self.handles.get(&link) {
            // The endpoint counts a refusal, and tells of a link that goes down.
            let _ = self.endpoint.send(now, *handle, class, data);
        }
    }

    fn announce(&mut self, now: Instant) {
        self.endpoint.announce(now);
    }

    fn poll_event(&mut self, name: &mut dyn FnMut() -> LinkId) -> Option<StackEvent<Vec<u8>>> {
        if let Some(link) = self.heard.take() {
            return Some(StackEvent::Link { link, event: LinkEvent::Heard });
        }
        loop {
            match self.endpoint.poll_event()? {
                Event::Announced { identity, hops, .. } => {
                    return Some(StackEvent::Announced { identity, hops });
                }
                Event::Packet { link: handle, data } => {
                    if let Some(link) = self.names.get(&handle).copied() {
                        return Some(StackEvent::Packet { link, data });
                    }
                }
                Event::Link { link: handle, event } => {
                    if matches!(event, LinkEvent::Incoming { .. }) {
                        self.pair(name(), handle);
                    }
                    let Some(link) = self.names.get(&handle).copied() else { continue };
                    match event {
                        LinkEvent::Failed(_) | LinkEvent::Closed(_) => _ = self.part(link),
                        LinkEvent::Incoming { .. } | LinkEvent::Up { .. } => {
                            self.heard = Some(link)
                        }
                        LinkEvent::Identified(_) | LinkEvent::Heard => {}
                    }
                    return Some(StackEvent::Link { link, event });
                }
            }
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.endpoint.poll_timeout()
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.endpoint.handle_timeout(now);
    }

    fn media_dropped(&self) -> u64 {
        let counters = self.endpoint.counters();
        counters.dropped(DropReason::MediaExpired) + counters.dropped(DropReason::MediaOverflow)
    }

    fn identity_at(&self, destination: IdentityHash) -> Option<IdentityHash> {
        self.endpoint.phone_at(DestinationHash(destination.0))
    }
}
