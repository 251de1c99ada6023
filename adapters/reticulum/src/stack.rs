//! The endpoint as a stack, which carries the links of an engine.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use lxst_core::wire::{self, Signal};
use lxst_core::{
    Class, DisplayName, IdentityHash, Instant, LinkEvent, LinkId, LinkRequest, NameHash, Stack,
    StackEvent,
};

use crate::counters::DropReason;
use crate::destination::DestinationConfig;
use crate::endpoint::Endpoint;
use crate::event::{Event, LinkHandle};
use crate::identity::DestinationHash;
use crate::limits;

impl DestinationConfig {
    /// Creates the settings of the destination `lxst.telephony`, whose greeting is AVAILABLE: an
    /// initiator whose report of the round-trip time was lost identifies on it.
    #[must_use]
    pub fn telephony() -> Self {
        let telephony = Self::new(NameHash::TELEPHONY);
        let mut available = [0; 8];
        let greeted = wire::encode_signals(&[Signal::Available], &mut available)
            .ok()
            .and_then(|length| telephony.clone().greeting(&available[..length]).ok());
        greeted.unwrap_or(telephony)
    }
}

/// An [`Endpoint`] whose telephony destination is an engine's. Its other apps are the owner's.
#[derive(Debug)]
pub struct EndpointLinks {
    endpoint: Endpoint,
    handles: BTreeMap<LinkId, LinkHandle>,
    names: BTreeMap<LinkHandle, LinkId>,
    /// A link that came up, for which [`LinkEvent::Heard`] is still to be reported.
    heard: Option<LinkId>,
    /// Events of the owner's other apps that were not polled.
    app_events: VecDeque<Event>,
}

impl EndpointLinks {
    /// Creates the stack. The endpoint serves [`DestinationConfig::telephony`] from then on, unless
    /// it serves the name already.
    #[must_use]
    pub fn new(mut endpoint: Endpoint) -> Self {
        if !endpoint.serves(NameHash::TELEPHONY) {
            // Telephony has a place besides those that are counted.
            let _ = endpoint.register(DestinationConfig::telephony());
        }
        Self {
            endpoint,
            handles: BTreeMap::new(),
            names: BTreeMap::new(),
            heard: None,
            app_events: VecDeque::new(),
        }
    }

    /// Returns the endpoint.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Returns the endpoint, for its interfaces, bytes and files, and for the owner's other apps
    /// with their links and channels. The links of telephony are the engine's, and so is
    /// [`Endpoint::poll_event`]: the owner's events come from
    /// [`poll_app_event`](Self::poll_app_event).
    pub const fn endpoint_mut(&mut self) -> &mut Endpoint {
        &mut self.endpoint
    }

    /// Returns the next event of the owner's other apps, once the engine has polled its own: their
    /// announces, their links and packets, and broadcasts.
    ///
    /// *Bounds*: beyond [`EVENTS`](limits::EVENTS), events that peers can cause at any rate are
    /// dropped and counted. An endpoint that serves telephony alone has none.
    pub fn poll_app_event(&mut self) -> Option<Event> {
        self.app_events.pop_front()
    }

    /// Queues an event for the owner.
    fn push_app_event(&mut self, event: Event) {
        if event.is_chatty() && self.app_events.len() >= limits::EVENTS {
            self.endpoint.count_overflow();
        } else {
            self.app_events.push_back(event);
        }
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
                let handle = self.endpoint.open(now, to);
                self.pair(link, handle);
            }
            LinkRequest::Identify => {
                if let Some(handle) = self.handles.get(&link) {
                    // An error means that the link is closing, which an event reports.
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
            // The endpoint counts the error, and reports a link that closes.
            let _ = self.endpoint.send(now, *handle, class, data);
        }
    }

    fn announce(&mut self, now: Instant, name: Option<DisplayName>) {
        let mut app_data = [0; DisplayName::MAX_APP_DATA];
        // There is room for any name, here and in an announce.
        let length = name.and_then(|name| name.encode(&mut app_data).ok());
        let app_data = length.and_then(|length| app_data.get(..length));
        let _ = self.endpoint.set_app_data(NameHash::TELEPHONY, app_data);
        self.endpoint.announce(now, NameHash::TELEPHONY);
    }

    fn poll_event(&mut self, name: &mut dyn FnMut() -> LinkId) -> Option<StackEvent<Vec<u8>>> {
        if let Some(link) = self.heard.take() {
            return Some(StackEvent::Link { link, event: LinkEvent::Heard });
        }
        loop {
            match self.endpoint.poll_event()? {
                Event::Announced {
                    identity, name: NameHash::TELEPHONY, hops, app_data, ..
                } => {
                    let name = app_data.as_deref().and_then(DisplayName::from_app_data);
                    return Some(StackEvent::Announced { identity, hops, name });
                }
                event @ (Event::Announced { .. } | Event::Broadcast { .. }) => {
                    self.push_app_event(event);
                }
                Event::Packet { link: handle, data } => match self.names.get(&handle).copied() {
                    Some(link) => return Some(StackEvent::Packet { link, data }),
                    None => self.push_app_event(Event::Packet { link: handle, data }),
                },
                Event::Link { link: handle, event } => {
                    if let LinkEvent::Incoming { on, .. } = event
                        && on.name == NameHash::TELEPHONY
                    {
                        self.pair(name(), handle);
                    }
                    let Some(link) = self.names.get(&handle).copied() else {
                        self.push_app_event(Event::Link { link: handle, event });
                        continue;
                    };
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
