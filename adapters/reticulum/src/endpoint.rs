//! The endpoint: its doors and what it holds.

mod inbound;
mod links;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::fmt;
use core::mem;
use core::net::IpAddr;
use core::time::Duration;

use lxst_core::{Class, Destination, IdentityHash, Instant, LinkClosed, LinkEvent, LinkFailed};
use rns_core::constants;
use rns_core::transport::dedup::PacketHashlist;
use rns_core::transport::types::{PacketBytes, PacketHashlistAllocation};
use rns_crypto::Rng;

use crate::announces::Announces;
use crate::counters::{Counters, DropReason};
use crate::event::{Event, LinkError, LinkHandle};
use crate::framing::{Deframed, Deframer};
use crate::identity::{DestinationHash, Identity};
use crate::interface::{Interface, InterfaceConfig, InterfaceId};
use crate::known::{self, ImportError};
use crate::limits;
use crate::link::Link;
use crate::packet::Outbound;
use crate::paths::Paths;
use crate::queue::Waiting;
use crate::wall_clock::UnixTime;

/// Reticulum for one phone.
///
/// *Inputs* take the time and never wait. After each of them the owner drains
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
    /// Packets of each link in both directions: both sides share one key, so that on a broadcast medium
    /// the echo of ours would pass as the peer's.
    seen: BTreeMap<LinkHandle, PacketHashlist>,
    filter_seed: u64,
    events: VecDeque<Event>,
    /// What an initiator hears with each repeated proof.
    greeting: Vec<u8>,
    announces: Announces,
    next_link: u64,
    next_interface: u32,
    /// No interface can be expected.
    is_isolated: bool,
    counters: Counters,
}

/// What the owner may choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// How long a path search lasts; [`Duration::MAX`] is for ever. *Default*: 40 s.
    pub path_search: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { path_search: Duration::from_secs(40) }
    }
}

impl Endpoint {
    /// Makes an endpoint without interfaces; `rng` must be a cryptographic generator, and a seeded
    /// one makes every byte reproducible.
    #[must_use]
    pub fn new(identity: Identity, config: Config, mut rng: Box<dyn Rng + Send>) -> Self {
        let paths = Paths::new(identity.destination(), &mut *rng);
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
            greeting: Vec::new(),
            announces: Announces::default(),
            next_link: 1,
            next_interface: 1,
            is_isolated: false,
            counters: Counters::default(),
        }
    }

    /// Sets the packet that an initiator hears with each repeated proof of its link request, to
    /// draw an answer from one whose report of the round-trip time was lost: whatever it says then
    /// is taken for the report. *Default*: none.
    pub fn set_greeting(&mut self, plaintext: &[u8]) {
        self.greeting = plaintext.to_vec();
    }

    /// Adds an interface that is connected. Path searches under way ask on it at once; announcing
    /// on it is up to the owner, and a must behind an `rnsd`.
    pub fn interface_up(&mut self, now: Instant, config: InterfaceConfig) -> InterfaceId {
        let id = InterfaceId(self.next_interface);
        self.next_interface += 1;
        self.interfaces.insert(id, Interface::new(now, config, self.filter_seed));
        self.paths.interface_up(now, id, config);
        self.repeat_searches(now, id);
        self.is_isolated = false;
        id
    }

    /// Takes note that no interface can be expected: there is none to come up, or each has failed.
    /// Links that are being opened, or will be, fail at once as [`LinkFailed::NoNetwork`], until an
    /// interface comes up.
    pub fn set_isolated(&mut self) {
        self.is_isolated = true;
        self.fail_opening(LinkFailed::NoNetwork);
    }

    /// Removes an interface and all that waits for it. Its established links close as
    /// [`LinkClosed::Interface`]; link requests under way search another path.
    pub fn interface_down(&mut self, now: Instant, id: InterfaceId) {
        if self.interfaces.remove(&id).is_none() {
            return;
        }
        self.paths.interface_down(id);
        self.drop_links_of(now, id);
    }

    /// Takes bytes that an interface received: any piece of a stream, or one datagram. Bytes of an
    /// interface that is not up are ignored.
    pub fn handle_bytes(&mut self, now: Instant, id: InterfaceId, bytes: &[u8]) {
        let Some(interface) = self.interfaces.get_mut(&id) else {
            return;
        };
        interface.held_until = None;
        let empty = Deframer::new(interface.config.framing, 0);
        let mut deframer = mem::replace(&mut interface.deframer, empty);
        deframer.take(bytes, |found| match found {
            Deframed::Frame(packet) => self.handle_packet(now, id, None, packet),
            Deframed::Broken => self.counters.drop(DropReason::Malformed),
        });
        if let Some(interface) = self.interfaces.get_mut(&id) {
            interface.deframer = deframer;
        }
    }

    /// Takes a datagram, as [`handle_bytes`](Self::handle_bytes) does, whose sender's address is known.
    /// An address has a part of what strangers may use of the interface, so that one who floods leaves
    /// something to the others. It proves nothing: addresses can be forged.
    pub fn handle_datagram(&mut self, now: Instant, id: InterfaceId, from: IpAddr, bytes: &[u8]) {
        if let Some(interface) = self.interfaces.get_mut(&id) {
            interface.held_until = None;
            self.handle_packet(now, id, Some(from), bytes);
        }
    }

    /// Does what is due at `now`; calling it early or late is harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        for interface in self.interfaces.values_mut() {
            interface.held_until = interface.held_until.filter(|until| now < *until);
        }
        if self.announces.on_timeout(now) {
            self.announce(now);
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

    /// Announces the phone on every interface that is up.
    ///
    /// One that comes sooner than [`ANNOUNCE_SPACING`](limits::ANNOUNCE_SPACING) after the last is
    /// put off. Without an interface nothing is sent, now or later.
    pub fn announce(&mut self, now: Instant) {
        if self.interfaces.is_empty() {
            self.announces.due = None;
            return;
        }
        if let Some(announce) = self.announces.begin(now) {
            for interface in self.interfaces.values_mut() {
                interface.queue.push_announce(announce, &mut self.counters);
            }
        }
    }

    /// Opens a link to a phone, and searches the path to it first where none is known. A path that
    /// was known but leads nowhere is searched again, once. What is not answered is asked again.
    /// Where nobody answers, `to` may be the hash of a destination: the path to that is asked for
    /// once too, and where one announces itself the link fails as [`LinkFailed::NoPath`], while
    /// [`phone_at`](Self::phone_at) tells whose it is.
    ///
    /// Ends in [`LinkEvent::Up`] or [`LinkEvent::Failed`].
    pub fn open(&mut self, now: Instant, to: IdentityHash) -> LinkHandle {
        let handle = self.allocate_link();
        self.start_link(now, handle, to);
        handle
    }

    /// Proves to the peer who we are, on a link that we opened. It may be sent again: a peer takes
    /// the first that arrives.
    ///
    /// # Errors
    /// [`LinkError`], and nothing changed.
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
    /// *Bounds*: `data` has at most the link's mdu. Media never waits long: see
    /// [`MEDIA_QUEUE`](limits::MEDIA_QUEUE) and [`MEDIA_AGE`](limits::MEDIA_AGE).
    ///
    /// # Errors
    /// [`LinkError`], and nothing changed.
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

    /// Closes a link at any stage; the peer of an established link is told. The link has no
    /// further events, and closing one that has ended is harmless.
    pub fn close(&mut self, now: Instant, handle: LinkHandle) {
        self.send_close(now, handle);
        self.remove_link(handle);
    }

    /// The next packet of an interface, framed in `buffer`, whose contents are replaced; `None`
    /// when nothing waits. Call it when the interface can write: what is late is dropped here, and
    /// announces are stamped, with the wall clock of this moment or, where that went back, with
    /// what follows the last stamp. A wall clock that was set forward by more than a minute makes a
    /// phone that has announced itself do so again.
    pub fn poll_transmit<'b>(
        &mut self,
        now: Instant,
        wall: UnixTime,
        id: InterfaceId,
        buffer: &'b mut Vec<u8>,
    ) -> Option<&'b [u8]> {
        self.announces.read_clock(now, wall);
        let interface = self.interfaces.get_mut(&id)?;
        if interface.held_until.is_some_and(|until| now < until) {
            return None;
        }
        let packet = match interface.queue.pop(now, &mut self.counters)? {
            Waiting::Packet(packet) => packet,
            Waiting::Announce(announce) => {
                let (identity, rng) = (&self.identity, &mut *self.rng);
                let time = (now, wall);
                Outbound::Whole(self.announces.sign(time, announce, identity, &self.paths, rng))
            }
        };
        buffer.clear();
        self.counters.packets_out += 1;
        self.counters.bytes_out += interface.write(&packet, buffer) as u64;
        Some(buffer)
    }

    /// The next event, oldest first.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due; `None` when nothing is pending.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.links
            .values()
            .map(Link::deadline)
            .chain(self.announces.deadline())
            .chain(self.interfaces.values().filter_map(|interface| interface.held_until))
            .min()
    }

    /// Tells whose telephony destination this is: that of a known phone, or our own.
    #[must_use]
    pub fn phone_at(&self, destination: DestinationHash) -> Option<IdentityHash> {
        let ours = self.identity();
        if DestinationHash::telephony(ours) == destination {
            return Some(ours);
        }
        self.paths.known.phone_at(destination)
    }

    /// The phones that are known, in no particular order, and how long ago each was last heard.
    pub fn known_phones(&self, now: Instant) -> impl Iterator<Item = (IdentityHash, Duration)> {
        self.paths.known.phones(now)
    }

    /// The known phones and their keys, and the last stamp of ours, to be kept over a restart.
    ///
    /// *Shape*: `"LXKD"`, a version byte, a count, and 73 bytes for each of at most
    /// [`KEYS`](limits::KEYS) phones and for ourselves; nothing in it is secret. The paths stay out. A path
    /// holds for one connection, and one that went stale costs a caller the whole establishment
    /// timeout, 12 s or more, where a search costs a round trip to the next node that knows.
    #[must_use]
    pub fn export(&self, now: Instant, wall: UnixTime) -> Vec<u8> {
        let own = self.announces.last_stamp().map(|stamp| (self.identity.public_key(), stamp));
        self.paths.known.export(now, self.announces.corrected(now, wall), own)
    }

    /// Puts back what [`export`](Self::export) gave, and returns how many phones are new.
    /// From then on an announce with another key is dropped as [`DropReason::KeyChange`].
    ///
    /// Stamps of ours are later than the last one of the run that exported. What is known already
    /// stays. Beyond [`KEYS`](limits::KEYS) the phone that was heard
    /// longest ago makes room.
    ///
    /// # Errors
    /// [`ImportError`]; each record that can be read is imported.
    pub fn import(
        &mut self,
        now: Instant,
        wall: UnixTime,
        store: &[u8],
    ) -> Result<usize, ImportError> {
        let own = self.identity.public_key();
        if let Some(stamp) = known::last_stamp(&own, store) {
            self.announces.resume(now, stamp);
        }
        self.paths.known.import(now, self.announces.corrected(now, wall), &own, store)
    }

    /// Grows whenever [`export`](Self::export) has a phone or a stamp of ours that is to be kept;
    /// announces of known phones leave it as it is.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.paths.known.revision() + self.announces.revision()
    }

    /// Who this endpoint is.
    #[must_use]
    pub fn identity(&self) -> IdentityHash {
        self.identity.hash()
    }

    /// What went through, and what was dropped.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    fn broadcast(&mut self, packet: &PacketBytes) {
        for interface in self.interfaces.values_mut() {
            interface.queue.push_control(Outbound::Whole(packet.clone()), &mut self.counters);
        }
    }

    /// Remembers a packet of a link.
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

    /// Tells the owner. Beyond [`EVENTS`](limits::EVENTS), what peers can cause at any rate is left
    /// out and counted.
    fn push_event(&mut self, event: Event) {
        let is_chatty = match event {
            Event::Packet { .. } | Event::Announced { .. } => true,
            Event::Link { event, .. } => event == LinkEvent::Heard,
        };
        if is_chatty && self.events.len() >= limits::EVENTS {
            self.counters.drop(DropReason::EventOverflow);
        } else {
            self.events.push_back(event);
        }
    }
}

/// Moments as the sessions of links take them.
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
