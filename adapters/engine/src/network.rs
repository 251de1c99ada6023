//! Where links come from: our own Reticulum endpoint, or another stack that the app runs.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use lxst_core::wire::{self, Signal};
use lxst_core::{Class, IdentityHash, Instant, LinkEvent, LinkFailed, LinkId, LinkRequest};
use lxst_reticulum::{self as reticulum, Endpoint, LinkHandle};

/// Where a engine's links come from.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a phone has one")]
pub enum Network {
    /// Our own Reticulum endpoint, over the interfaces that the owner feeds.
    ///
    /// The phone is the endpoint's identity's.
    Endpoint(Endpoint),
    /// Another Reticulum stack, to which the owner passes [`LinkCommand`]s, and which reports what
    /// happens to links by [`Engine::link_event`](crate::Engine::link_event).
    Links {
        /// Whose phone it is.
        identity: IdentityHash,
    },
}

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

/// What a network tells the engine.
#[derive(Debug)]
pub(crate) enum Report {
    Announced { identity: IdentityHash, hops: u8 },
    Link { link: LinkId, event: LinkEvent },
    Packet { link: LinkId, data: Vec<u8> },
}

/// The links of a network, by the core's ids.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a phone has one")]
pub(crate) enum Links {
    Endpoint(EndpointLinks),
    App(AppLinks),
}

impl Links {
    pub(crate) fn new(network: Network) -> Self {
        match network {
            Network::Endpoint(endpoint) => Self::Endpoint(EndpointLinks::new(endpoint)),
            Network::Links { identity } => {
                Self::App(AppLinks { identity, open: BTreeMap::new(), commands: VecDeque::new() })
            }
        }
    }

    pub(crate) fn identity(&self) -> IdentityHash {
        match self {
            Self::Endpoint(links) => links.endpoint.identity(),
            Self::App(links) => links.identity,
        }
    }

    /// The phone whose telephony destination this is, though it was given as an identity. Another
    /// stack is not asked.
    pub(crate) fn phone_at(&self, given: IdentityHash) -> Option<IdentityHash> {
        let destination = reticulum::DestinationHash(given.0);
        self.endpoint()?.endpoint.phone_at(destination)
    }

    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Endpoint(links) => links.handles.is_empty(),
            Self::App(links) => links.open.is_empty(),
        }
    }

    pub(crate) fn request(&mut self, now: Instant, link: LinkId, request: LinkRequest) {
        match self {
            Self::Endpoint(links) => links.request(now, link, request),
            Self::App(links) => links.request(link, request),
        }
    }

    pub(crate) fn send(&mut self, now: Instant, link: LinkId, class: Class, data: &[u8]) {
        match self {
            Self::Endpoint(links) => links.send(now, link, class, data),
            Self::App(links) => {
                let data = Bytes::copy_from_slice(data);
                links.commands.push_back(LinkCommand::Send { link, class, data });
            }
        }
    }

    pub(crate) fn announce(&mut self, now: Instant) {
        match self {
            Self::Endpoint(links) => links.endpoint.announce(now),
            Self::App(links) => links.commands.push_back(LinkCommand::Announce),
        }
    }

    /// Closes every link, and tells which they were.
    pub(crate) fn close_all(&mut self, now: Instant) -> Vec<LinkId> {
        let open: Vec<LinkId> = match self {
            Self::Endpoint(links) => links.handles.keys().copied().collect(),
            Self::App(links) => links.open.keys().copied().collect(),
        };
        open.iter().for_each(|link| self.request(now, *link, LinkRequest::Close));
        open
    }

    /// The next thing that our own endpoint reports. What another stack reports comes by itself.
    pub(crate) fn poll_report(&mut self, ids: &mut Ids) -> Option<Report> {
        match self {
            Self::Endpoint(links) => links.poll_report(ids),
            Self::App(_) => None,
        }
    }

    pub(crate) const fn endpoint(&self) -> Option<&EndpointLinks> {
        match self {
            Self::Endpoint(links) => Some(links),
            Self::App(_) => None,
        }
    }

    pub(crate) const fn endpoint_mut(&mut self) -> Option<&mut EndpointLinks> {
        match self {
            Self::Endpoint(links) => Some(links),
            Self::App(_) => None,
        }
    }

    pub(crate) const fn app_mut(&mut self) -> Option<&mut AppLinks> {
        match self {
            Self::Endpoint(_) => None,
            Self::App(links) => Some(links),
        }
    }
}

/// The counter that numbers links and calls. A number is never used again.
#[derive(Debug)]
pub(crate) struct Ids(u64);

impl Ids {
    pub(crate) const fn new() -> Self {
        Self(0)
    }

    pub(crate) const fn allocate(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

/// Our own endpoint, and which of its links is which of the core's.
#[derive(Debug)]
pub(crate) struct EndpointLinks {
    pub(crate) endpoint: Endpoint,
    handles: BTreeMap<LinkId, LinkHandle>,
    ids: BTreeMap<LinkHandle, LinkId>,
}

impl EndpointLinks {
    fn new(mut endpoint: Endpoint) -> Self {
        // An initiator whose report of the round-trip time was lost identifies on it.
        let mut available = [0; 8];
        let length = wire::encode_signals(&[Signal::Available], &mut available);
        endpoint.set_greeting(&available[..length.expect("one signal fits")]);
        Self { endpoint, handles: BTreeMap::new(), ids: BTreeMap::new() }
    }

    fn request(&mut self, now: Instant, link: LinkId, request: LinkRequest) {
        match request {
            LinkRequest::Open(to) => {
                let handle = self.endpoint.open(now, to);
                self.pair(link, handle);
            }
            LinkRequest::Identify => {
                if let Some(handle) = self.handles.get(&link) {
                    // A refusal means that the link is going down, of which an event will tell.
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

    fn poll_report(&mut self, ids: &mut Ids) -> Option<Report> {
        loop {
            match self.endpoint.poll_event()? {
                reticulum::Event::Announced { identity, hops, .. } => {
                    return Some(Report::Announced { identity, hops });
                }
                // Nothing is told of a link that was closed here meanwhile.
                reticulum::Event::Packet { link: handle, data } => {
                    if let Some(link) = self.ids.get(&handle).copied() {
                        return Some(Report::Packet { link, data });
                    }
                }
                reticulum::Event::Link { link: handle, event } => {
                    if matches!(event, LinkEvent::Incoming { .. }) {
                        self.pair(LinkId(ids.allocate()), handle);
                    }
                    let Some(link) = self.ids.get(&handle).copied() else { continue };
                    if matches!(event, LinkEvent::Failed(_) | LinkEvent::Closed(_)) {
                        self.part(link);
                    }
                    return Some(Report::Link { link, event });
                }
                _ => {}
            }
        }
    }

    fn pair(&mut self, link: LinkId, handle: LinkHandle) {
        self.handles.insert(link, handle);
        self.ids.insert(handle, link);
    }

    fn part(&mut self, link: LinkId) -> Option<LinkHandle> {
        let handle = self.handles.remove(&link)?;
        self.ids.remove(&handle);
        Some(handle)
    }
}

/// Another stack, and what it is to do.
#[derive(Debug)]
pub(crate) struct AppLinks {
    identity: IdentityHash,
    /// The links, and which of them are established.
    open: BTreeMap<LinkId, bool>,
    pub(crate) commands: VecDeque<LinkCommand>,
}

impl AppLinks {
    /// Takes note of what the app reports, and tells what that means to the core: nothing, where the
    /// link is none of ours.
    pub(crate) fn on_event(&mut self, link: LinkId, event: LinkEvent) -> Option<LinkEvent> {
        match event {
            LinkEvent::Incoming { .. } => self.open.insert(link, true).is_none().then_some(event),
            LinkEvent::Up { .. } => {
                *self.open.get_mut(&link)? = true;
                Some(event)
            }
            LinkEvent::Failed(_) => self.open.remove(&link).map(|_| event),
            // Stacks tell of a link that did not come up as of one that closed.
            LinkEvent::Closed(_) => Some(match self.open.remove(&link)? {
                true => event,
                false => LinkEvent::Failed(LinkFailed::Timeout),
            }),
            LinkEvent::Identified(_) | LinkEvent::Heard => self.open.get(&link).map(|_| event),
        }
    }

    fn request(&mut self, link: LinkId, request: LinkRequest) {
        let is_ours = match request {
            LinkRequest::Open(_) => self.open.insert(link, false).is_none(),
            LinkRequest::Identify => self.open.contains_key(&link),
            LinkRequest::Close => self.open.remove(&link).is_some(),
        };
        if is_ours {
            self.commands.push_back(LinkCommand::Link { link, request });
        }
    }
}

/// Where the owner of another stack begins to number the links that peers open; what the engine
/// numbers is below.
pub const PEER_LINKS: u64 = 1 << 63;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use lxst_core::LinkClosed;

    use super::*;

    #[test]
    fn a_link_that_the_app_reported_gone_is_not_asked_to_close() {
        let (links, link) = &mut opened();
        let closed = LinkEvent::Closed(LinkClosed::Peer);
        let up = LinkEvent::Up { rtt: Duration::ZERO, mdu: 431 };
        assert_eq!(links.app_mut().unwrap().on_event(*link, up), Some(up));
        assert_eq!(links.app_mut().unwrap().on_event(*link, closed), Some(closed));
        assert_eq!(links.app_mut().unwrap().on_event(*link, LinkEvent::Heard), None);
        links.request(Instant::ORIGIN, *link, LinkRequest::Close);
        assert_eq!(links.close_all(Instant::ORIGIN), []);
        assert_eq!(links.app_mut().unwrap().commands.len(), 1);
    }

    #[test]
    fn a_link_that_closed_before_it_was_up_has_failed() {
        let (links, link) = &mut opened();
        let closed = LinkEvent::Closed(LinkClosed::Timeout);
        let failed = LinkEvent::Failed(LinkFailed::Timeout);
        assert_eq!(links.app_mut().unwrap().on_event(*link, closed), Some(failed));
    }

    fn opened() -> (Links, LinkId) {
        let identity = IdentityHash([1; 16]);
        let mut links = Links::new(Network::Links { identity });
        links.request(Instant::ORIGIN, LinkId(1), LinkRequest::Open(identity));
        (links, LinkId(1))
    }
}
