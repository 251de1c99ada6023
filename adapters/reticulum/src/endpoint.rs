//! The endpoint: its public methods and its state.

mod apps;
mod asked;
mod inbound;
mod links;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::fmt;
use core::mem;
use core::net::IpAddr;
use core::time::Duration;

use lxst_core::{
    Class, Destination, IdentityHash, Instant, LinkClosed, LinkEvent, LinkFailed, NameHash,
};
use rns_core::constants;
use rns_core::transport::dedup::PacketHashlist;
use rns_core::transport::types::{PacketBytes, PacketHashlistAllocation};
use rns_crypto::Rng;

use crate::broadcast::Channels;
use crate::config::Config;
use crate::counters::{Counters, DropReason};
use crate::destination::Destinations;
use crate::event::{Event, LinkError, LinkHandle};
use crate::framing::{Deframed, Deframer};
use crate::identity::{DestinationHash, Identity};
use crate::interface::{Hearing, Interface, InterfaceConfig, InterfaceId};
use crate::known::{self, ImportError};
use crate::limits;
use crate::link::Link;
use crate::packet::Outbound;
use crate::paths::{self, Paths};
use crate::queue::Waiting;
use crate::wall_clock::UnixTime;

/// Reticulum for the apps of one identity.
///
/// *Inputs* take the time and never block. After each input the owner drains
/// [`poll_transmit`](Self::poll_transmit) and [`poll_event`](Self::poll_event), and then asks
/// [`poll_timeout`](Self::poll_timeout).
pub struct Endpoint {
    identity: Identity,
    config: Config,
    rng: Box<dyn Rng + Send>,
    paths: Paths,
    interfaces: BTreeMap<InterfaceId, Interface>,
    links: BTreeMap<LinkHandle, Link>,
    links_by_id: BTreeMap<[u8; 16], LinkHandle>,
    /// Packets of each link in both directions. Both sides share one key, so on a broadcast medium
    /// the echo of our packet would decrypt as the peer's.
    seen: BTreeMap<LinkHandle, PacketHashlist>,
    filter_seed: u64,
    events: VecDeque<Event>,
    destinations: Destinations,
    channels: Channels,
    next_link: u64,
    next_interface: u32,
    /// Whether no interface is expected to come up.
    is_isolated: bool,
    counters: Counters,
}

impl Endpoint {
    /// Creates an endpoint without interfaces and destinations. `rng` must be a cryptographic
    /// generator. With a seeded one every byte is reproducible.
    #[must_use]
    pub fn new(identity: Identity, config: Config, mut rng: Box<dyn Rng + Send>) -> Self {
        let paths = Paths::new(&mut *rng);
        let mut seed = [0; 8];
        rng.fill_bytes(&mut seed);
        Self {
            identity,
            config,
            rng,
            paths,
            interfaces: BTreeMap::new(),
            links: BTreeMap::new(),
            links_by_id: BTreeMap::new(),
            seen: BTreeMap::new(),
            filter_seed: u64::from_le_bytes(seed),
            events: VecDeque::new(),
            destinations: Destinations::default(),
            channels: Channels::new(u64::from_le_bytes(seed)),
            next_link: 1,
            next_interface: 1,
            is_isolated: false,
            counters: Counters::default(),
        }
    }

    /// Adds a connected interface. Path searches in progress send their request on it at once. The
    /// owner announces its destinations: behind an `rnsd`, peers find a destination only after it
    /// has announced.
    pub fn interface_up(&mut self, now: Instant, config: InterfaceConfig) -> InterfaceId {
        let id = InterfaceId(self.next_interface);
        self.next_interface += 1;
        self.interfaces.insert(id, Interface::new(now, config, self.filter_seed));
        self.paths.interface_up(now, id, config);
        self.repeat_searches(now, id);
        self.is_isolated = false;
        id
    }

    /// Declares that no interface is expected to come up. Until one does, links that are being
    /// opened or are opened fail at once as [`LinkFailed::NoNetwork`].
    pub fn set_isolated(&mut self) {
        self.is_isolated = true;
        self.fail_opening(LinkFailed::NoNetwork);
    }

    /// Removes an interface and its queue. Its established links close as
    /// [`LinkClosed::Interface`]. Links that are being opened over it search for another path.
    pub fn interface_down(&mut self, now: Instant, id: InterfaceId) {
        if self.interfaces.remove(&id).is_none() {
            return;
        }
        self.paths.interface_down(id);
        self.drop_links_of(now, id);
    }

    /// Returns whether a shared instance has lost us: it sent nothing for
    /// [`INSTANCE_SILENCE`](limits::INSTANCE_SILENCE) since its interface came up, although a
    /// destination of ours has announced. The owner then connects again.
    ///
    /// RNS sends the announce of a client back to it. RNS 1.5.7 can lose a client that connects,
    /// and keeps the connection open: if another client announces at that moment, it sends to the
    /// new client before its socket is registered with epoll, and takes the interface down.
    /// *Source*: RNS/Interfaces/LocalInterface.py `process_outgoing`,
    /// RNS/Interfaces/BackboneInterface.py `tx_ready`.
    #[must_use]
    pub fn is_deaf(&self, id: InterfaceId) -> bool {
        self.interfaces.get(&id).is_some_and(|interface| interface.hearing == Hearing::Deaf)
    }

    /// Takes bytes that an interface received: a piece of a stream of any size, or one datagram.
    /// Bytes of an interface that is not up are ignored.
    pub fn handle_bytes(&mut self, now: Instant, id: InterfaceId, bytes: &[u8]) {
        self.on_bytes(now, id, None, bytes);
    }

    /// Takes a datagram as [`handle_bytes`](Self::handle_bytes) does, with its sender's address.
    /// One address may use a part of the interface's share for strangers:
    /// [`ADDRESS_PART`](limits::ADDRESS_PART). An address can be forged, so it proves nothing.
    pub fn handle_datagram(&mut self, now: Instant, id: InterfaceId, from: IpAddr, bytes: &[u8]) {
        self.on_bytes(now, id, Some(from), bytes);
    }

    fn on_bytes(&mut self, now: Instant, id: InterfaceId, from: Option<IpAddr>, bytes: &[u8]) {
        let Some(interface) = self.interfaces.get_mut(&id) else {
            return;
        };
        interface.held_until = None;
        interface.hearing = Hearing::Heard;
        let empty = Deframer::new(interface.config.framing, 0);
        let mut deframer = mem::replace(&mut interface.deframer, empty);
        deframer.take(bytes, |found| match found {
            Deframed::Frame(packet) => self.handle_packet(now, id, from, packet),
            Deframed::Broken => self.counters.drop(DropReason::Malformed),
        });
        if let Some(interface) = self.interfaces.get_mut(&id) {
            interface.deframer = deframer;
        }
    }

    /// Handles every due deadline in order. An early or late call does no harm.
    pub fn handle_timeout(&mut self, now: Instant) {
        let has_announced = self.destinations.own().any(|(_, own)| own.announces.has_begun());
        for interface in self.interfaces.values_mut() {
            interface.held_until = interface.held_until.filter(|until| now < *until);
            if interface.hearing.deadline().is_some_and(|until| until <= now) {
                interface.hearing = if has_announced { Hearing::Deaf } else { Hearing::Heard };
            }
        }
        let own = self.destinations.own_mut();
        let due = own.filter_map(|(name, own)| own.announces.on_timeout(now).then_some(name));
        for name in due.collect::<Vec<_>>() {
            self.announce(now, name);
        }
        let due: Vec<_> = self
            .links
            .iter()
            .filter(|(_, link)| link.deadline() <= now)
            .map(|(handle, _)| *handle)
            .collect();
        for handle in due {
            self.handle_link_timeout(now, handle);
        }
    }

    /// Announces a destination of ours on every interface that is up.
    ///
    /// An announce sooner than [`ANNOUNCE_SPACING`](limits::ANNOUNCE_SPACING) after the latest one
    /// of that destination is postponed. Nothing is sent, at once or later, without an interface,
    /// or for an app that is not registered.
    pub fn announce(&mut self, now: Instant, name: NameHash) {
        let app = self.destinations.get_mut(name);
        let Some(own) = app.and_then(|app| app.own.as_mut()) else { return };
        if self.interfaces.is_empty() {
            own.announces.due = None;
            return;
        }
        if let Some(announce) = own.announces.begin(now, name) {
            for interface in self.interfaces.values_mut() {
                interface.queue.push_announce(announce, &mut self.counters);
            }
        }
    }

    /// Opens a link to a destination, after a path search if no path is known. If nobody answers
    /// over a path that was known, it is searched again, once. Requests are repeated until they are
    /// answered.
    ///
    /// Users sometimes take the hash of a destination for that of its identity. If nobody answers,
    /// the path to `to.identity` as a destination hash is requested once too. If that destination
    /// announces, the link fails as [`LinkFailed::NoPath`], and [`phone_at`](Self::phone_at)
    /// returns its identity.
    ///
    /// Ends in [`LinkEvent::Up`] or [`LinkEvent::Failed`]: as [`LinkFailed::Refused`] for a
    /// destination of our own identity, or beyond [`Config::outgoing_links`].
    pub fn open(&mut self, now: Instant, to: Destination) -> LinkHandle {
        let handle = self.allocate_link();
        if to.identity == self.identity() {
            self.push_link_event(handle, LinkEvent::Failed(LinkFailed::Refused));
        } else {
            self.start_link(now, handle, to.into(), Some(DestinationHash(to.identity.0)));
        }
        handle
    }

    /// Opens a link as [`open`](Self::open) does, to a destination of which only the hash is known.
    pub fn open_at(&mut self, now: Instant, to: DestinationHash) -> LinkHandle {
        let handle = self.allocate_link();
        self.start_link(now, handle, to, None);
        handle
    }

    /// Returns how many more outgoing links can exist: see [`Config::outgoing_links`].
    #[must_use]
    pub fn outgoing_links_left(&self) -> usize {
        let outgoing = self.links.values().filter(|link| link.is_outgoing()).count();
        self.config.outgoing_links.saturating_sub(outgoing)
    }

    /// Identifies us to the peer of a link that we opened. Repeats are allowed: a peer accepts the
    /// first identification that arrives.
    ///
    /// # Errors
    /// [`LinkError`]: nothing changed.
    pub fn identify(&mut self, now: Instant, handle: LinkHandle) -> Result<(), LinkError> {
        let link = self.active_mut(handle)?;
        if !link.session.is_initiator() {
            return Err(LinkError::NotInitiator);
        }
        self.check_signal_room(handle)?;
        let Some(Link::Active(link)) = self.links.get(&handle) else {
            return Err(LinkError::NotUp);
        };
        let body = link
            .session
            .build_identify(self.identity.inner(), &mut *self.rng)
            .map_err(|_| LinkError::NotUp)?;
        self.send_on_link(now, handle, Class::Signal, constants::CONTEXT_LINKIDENTIFY, body);
        self.active_mut(handle)?.end_report();
        Ok(())
    }

    /// Encrypts a packet and queues it on the link's interface.
    ///
    /// *Bounds*: `data` has at most the link's mdu. Media is dropped beyond
    /// [`MEDIA_QUEUE`](limits::MEDIA_QUEUE) packets or [`MEDIA_AGE`](limits::MEDIA_AGE).
    ///
    /// # Errors
    /// [`LinkError`]: nothing changed.
    pub fn send(
        &mut self,
        now: Instant,
        handle: LinkHandle,
        class: Class,
        data: &[u8],
    ) -> Result<(), LinkError> {
        let mdu = self.active_mut(handle)?.session.mdu();
        if data.len() > mdu {
            return Err(LinkError::TooLong { len: data.len(), mdu });
        }
        if class == Class::Signal {
            self.check_signal_room(handle)?;
        }
        self.encrypt_and_send(now, handle, class, constants::CONTEXT_NONE, data);
        Ok(())
    }

    /// Closes a link in any state, and tells the peer of an established one. The link has no
    /// further events. Closing a link that has ended has no effect.
    pub fn close(&mut self, now: Instant, handle: LinkHandle) {
        self.send_close(now, handle);
        self.remove_link(handle);
        self.events.retain(|event| event.link() != Some(handle));
    }

    /// Returns the next packet of an interface, framed, or `None` if none waits. It replaces the
    /// content of `buffer`.
    ///
    /// Call it when the interface can write: old media is dropped here, and announces are stamped
    /// with `wall`. If the wall clock went back, stamps count on from the latest. If it was set
    /// forward by more than a minute, each destination that has announced announces again.
    pub fn poll_transmit<'b>(
        &mut self,
        now: Instant,
        wall: UnixTime,
        id: InterfaceId,
        buffer: &'b mut Vec<u8>,
    ) -> Option<&'b [u8]> {
        self.destinations.own_mut().for_each(|(_, own)| own.announces.read_clock(now, wall));
        let interface = self.interfaces.get_mut(&id)?;
        if interface.held_until.is_some_and(|until| now < until) {
            return None;
        }
        let packet = loop {
            match interface.queue.pop(now, &mut self.counters)? {
                Waiting::Packet(packet) => break packet,
                Waiting::Announce(announce) => {
                    let (identity, rng) = (&self.identity, &mut *self.rng);
                    // A destination that was removed announces nothing.
                    let signed = self.destinations.sign(announce, (now, wall), |stamp, own| {
                        paths::announce(stamp, identity, (announce, own), rng)
                    });
                    if let Some(packet) = signed {
                        break Outbound::Whole(packet);
                    }
                }
            }
        };
        buffer.clear();
        self.counters.packets_out += 1;
        self.counters.bytes_out += interface.write(&packet, buffer) as u64;
        Some(buffer)
    }

    /// Returns the oldest event that was not polled.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) is due, or `None` if nothing is
    /// pending.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.links
            .values()
            .map(Link::deadline)
            .chain(self.destinations.own().filter_map(|(_, own)| own.announces.deadline()))
            .chain(self.interfaces.values().filter_map(|interface| interface.held_until))
            .chain(self.interfaces.values().filter_map(|interface| interface.hearing.deadline()))
            .min()
    }

    /// Returns the identity of this telephony destination, if it is our own or that of a known
    /// phone.
    #[must_use]
    pub fn phone_at(&self, destination: DestinationHash) -> Option<IdentityHash> {
        let ours = self.identity();
        if DestinationHash::telephony(ours) == destination {
            return Some(ours);
        }
        self.paths.known.phone_at(destination)
    }

    /// Returns the known phones, in no particular order, and how long ago each was last heard.
    pub fn known_phones(&self, now: Instant) -> impl Iterator<Item = (IdentityHash, Duration)> {
        self.paths.known.phones(now)
    }

    /// Returns the known phones with their keys, and our latest stamp, to be stored across
    /// restarts.
    ///
    /// *Shape*: `"LXKD"`, a version byte, a count, and 73 bytes for each of at most
    /// [`KEYS`](limits::KEYS) phones and for ourselves. Nothing in it is secret. Destinations of
    /// other apps are left out. Paths are left out too: a path is valid for one connection. A stale
    /// path costs a caller the establishment timeout of 12 s or more; a search costs a round trip
    /// to the next node that knows the path.
    #[must_use]
    pub fn export(&self, now: Instant, wall: UnixTime) -> Vec<u8> {
        let stamp = self.destinations.last_stamp();
        let own = stamp.map(|stamp| (self.identity.public_key(), stamp));
        self.paths.known.export(now, self.destinations.corrected(now, wall), own)
    }

    /// Imports the result of [`export`](Self::export). Returns how many phones are new.
    ///
    /// An announce of a known phone with another key is dropped as [`DropReason::KeyChange`]. Our
    /// stamps continue after the latest one of the exporting run. Phones that are known already
    /// stay. Beyond [`KEYS`](limits::KEYS) the phone heard longest ago makes room.
    ///
    /// # Errors
    /// [`ImportError`]; every readable record is imported.
    pub fn import(
        &mut self,
        now: Instant,
        wall: UnixTime,
        store: &[u8],
    ) -> Result<usize, ImportError> {
        let own = self.identity.public_key();
        if let Some(stamp) = known::last_stamp(&own, store) {
            self.destinations.resume(now, stamp);
        }
        self.paths.known.import(now, self.destinations.corrected(now, wall), &own, store)
    }

    /// Returns a number that grows when [`export`](Self::export) has a new phone or a new stamp of
    /// ours. Announces of known phones do not change it.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.paths.known.revision() + self.destinations.revision()
    }

    /// Returns the identity whose destinations are served.
    #[must_use]
    pub fn identity(&self) -> IdentityHash {
        self.identity.hash()
    }

    /// Returns the counters.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    fn broadcast_control(&mut self, packet: &PacketBytes) {
        for interface in self.interfaces.values_mut() {
            interface.queue.push_control(Outbound::Whole(packet.clone()), &mut self.counters);
        }
    }

    /// Adds a packet of a link to its duplicate filter.
    fn see(&mut self, handle: LinkHandle, hash: [u8; 32]) {
        if !self.links.contains_key(&handle) {
            return;
        }
        let filter = self.seen.entry(handle).or_insert_with(|| {
            let (most, lazy) = (limits::LINK_PACKETS_SEEN, PacketHashlistAllocation::Lazy);
            let mut filter = PacketHashlist::with_allocation(most, lazy);
            filter.seed_hashing(self.filter_seed);
            filter
        });
        filter.add(hash);
    }

    fn transmit(&mut self, id: InterfaceId, packet: Outbound) {
        if let Some(interface) = self.interfaces.get_mut(&id) {
            interface.queue.push_control(packet, &mut self.counters);
        }
    }

    /// Refuses a signal for which there is no room, and counts it.
    fn check_signal_room(&mut self, handle: LinkHandle) -> Result<(), LinkError> {
        let interface = self.links.get(&handle).and_then(Link::interface);
        match interface.and_then(|id| self.interfaces.get(&id)) {
            Some(interface) if !interface.queue.has_signal_room() => {
                self.counters.drop(DropReason::SignalRefused);
                Err(LinkError::QueueFull)
            }
            _ => Ok(()),
        }
    }

    fn push_link_event(&mut self, link: LinkHandle, event: LinkEvent) {
        self.push_event(Event::Link { link, event });
    }

    /// Queues an event. Beyond [`EVENTS`](limits::EVENTS), events that peers can cause at any rate
    /// are dropped and counted.
    fn push_event(&mut self, event: Event) {
        if event.is_chatty() && self.events.len() >= limits::EVENTS {
            self.counters.drop(DropReason::EventOverflow);
        } else {
            self.events.push_back(event);
        }
    }
}

/// Converts a moment for the sessions of links.
fn seconds(now: Instant) -> f64 {
    now.since(Instant::ORIGIN).as_secs_f64()
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("identity", &self.identity)
            .field("interfaces", &self.interfaces)
            .field("links", &self.links.len())
            .field("events", &self.events.len())
            .field("counters", &self.counters)
            .finish_non_exhaustive()
    }
}
