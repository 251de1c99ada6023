//! The server: rooms, members, and who hears whom.
//!
//! 1. A link comes in and waits as a visitor (`visitors`).
//! 2. It identifies and says HELLO; the server admits or refuses it (`admission`).
//! 3. The member enters a room (`entry`), speaks (`relay`), writes (`messages`).
//! 4. Operators do what they may (`operators`).
//! 5. Its link closes.

mod admission;
mod commands;
mod config;
mod entry;
mod event;
mod member;
mod messages;
mod operators;
mod passwords;
mod relay;
mod room;
mod room_config;
mod visitors;

use alloc::collections::BTreeMap;
use core::time::Duration;

use bytes::Bytes;
use lxst_core::{Class, Instant, LinkEvent, LinkId, LinkRequest};

pub use config::ServerConfig;
pub use event::{ServerCommand, ServerCounters, ServerEvent};
pub use room_config::RoomConfig;

use crate::door::{Input, InputError, Outbox, Output};
use crate::id::{MemberId, RoomId};
use crate::profile::RoomProfile;
use crate::wire::{AnnouncedRoom, ClientMessage, MemberRecord, RoomRecord, ServerMessage};
use member::Member;
use passwords::Attempts;
use room::Room;
use visitors::Visitor;

/// A server of rooms.
///
/// Give it the links that peers open to the destination `lxst.room`, and nothing of other links.
/// After each input, drain [`poll_output`](Self::poll_output), and be back at
/// [`poll_timeout`](Self::poll_timeout).
///
/// *Bounds*: [`limits`](crate::limits). One input causes at most one packet for each listener whose
/// link takes a packet of voice whole, a few for others, and a few for each member.
#[derive(Clone, Debug)]
pub struct Server {
    config: ServerConfig,
    now: Instant,
    rooms: BTreeMap<RoomId, Room>,
    members: BTreeMap<MemberId, Member>,
    /// The members' links.
    links: BTreeMap<LinkId, MemberId>,
    visitors: BTreeMap<LinkId, Visitor>,
    /// Refused links, and when they are closed.
    refused: BTreeMap<LinkId, Instant>,
    attempts: Attempts,
    last_member: u32,
    counters: ServerCounters,
    out: Outbox<ServerEvent>,
}

impl Server {
    /// Creates a server without members.
    #[must_use]
    pub fn new(mut config: ServerConfig, now: Instant) -> Self {
        let mut rooms = core::mem::take(&mut config.rooms);
        if rooms.is_empty() {
            let lobby = RoomConfig::new("Lobby", RoomProfile::default());
            rooms.extend(lobby);
        }
        let ids = (1..).map(RoomId);
        let rooms = ids.zip(rooms).map(|(id, config)| (id, Room { id, config })).collect();
        Self {
            config,
            now,
            rooms,
            members: BTreeMap::new(),
            links: BTreeMap::new(),
            visitors: BTreeMap::new(),
            refused: BTreeMap::new(),
            attempts: Attempts::default(),
            last_member: 0,
            counters: ServerCounters::default(),
            out: Outbox::default(),
        }
    }

    /// Handles one input. What is due at `now` is handled before it.
    ///
    /// Packets and events of unknown links are dropped and counted.
    ///
    /// # Errors
    /// [`InputError`]. Nothing has changed then.
    pub fn handle_input(
        &mut self,
        now: Instant,
        input: Input<'_, ServerCommand>,
    ) -> Result<(), InputError> {
        if !self.out.has_room() {
            return Err(InputError::OutputFull);
        }
        if let Input::Command(command) = &input {
            self.check_command(command)?;
        }
        self.now = self.now.max(now);
        self.on_timeout();
        match input {
            Input::Timeout => {}
            Input::Packet { link, data } => self.on_packet(link, data),
            Input::Link { link, event } => self.on_link(link, event),
            Input::Command(command) => self.on_command(command),
        }
        Ok(())
    }

    /// Returns the next output.
    pub fn poll_output(&mut self) -> Option<Output<ServerEvent>> {
        self.out.pop()
    }

    /// Returns when [`Input::Timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let visitors = self.visitors.values().map(Visitor::deadline);
        visitors.chain(self.refused.values().copied()).min()
    }

    /// Returns what announces tell of the server: see
    /// [`encode_announce`](crate::wire::encode_announce).
    #[must_use]
    pub fn announced(&self) -> AnnouncedRoom {
        self.config.announced()
    }

    /// Returns how many members the server has at most.
    #[must_use]
    pub const fn max_members(&self) -> usize {
        self.config.max_members
    }

    /// Returns the members, in order of their numbers.
    pub fn members(&self) -> impl Iterator<Item = MemberRecord<'_>> {
        self.members.values().map(Member::record)
    }

    /// Returns the rooms, in order of their numbers.
    pub fn rooms(&self) -> impl Iterator<Item = RoomRecord<'_>> {
        self.rooms.values().map(Room::record)
    }

    /// Returns what was dropped.
    #[must_use]
    pub fn counters(&self) -> ServerCounters {
        self.counters
    }

    fn on_link(&mut self, link: LinkId, event: LinkEvent) {
        match event {
            LinkEvent::Incoming { rtt, mdu, .. } => self.on_incoming(link, rtt, mdu),
            LinkEvent::Identified(identity) => self.on_identified(link, identity),
            LinkEvent::Failed(_) | LinkEvent::Closed(_) => self.on_closed(link),
            LinkEvent::Up { .. } | LinkEvent::Heard => {}
        }
    }

    fn on_closed(&mut self, link: LinkId) {
        self.visitors.remove(&link);
        self.refused.remove(&link);
        if let Some(member) = self.links.get(&link) {
            self.remove_member(*member);
        }
    }

    fn on_packet(&mut self, link: LinkId, data: &[u8]) {
        let is_known = self.links.contains_key(&link) || self.visitors.contains_key(&link);
        let messages = if is_known { ClientMessage::parse(data).ok() } else { None };
        let Some(messages) = messages else {
            self.counters.packets += 1;
            return;
        };
        for message in messages {
            // A message may end the membership.
            match (self.links.get(&link), message) {
                (None, ClientMessage::Hello(hello)) => self.on_hello(link, hello),
                (Some(member), message) => self.on_message(*member, message),
                (None, _) => {}
            }
        }
    }

    fn on_message(&mut self, member: MemberId, message: ClientMessage<'_>) {
        match message {
            // Only the first HELLO of a link counts.
            ClientMessage::Hello(_) => {}
            ClientMessage::Voice(voice) => self.on_voice(member, &voice),
            ClientMessage::Move { room, password } => self.on_move(member, room, password),
            ClientMessage::Text(text) => self.on_text(member, text),
            ClientMessage::State { is_muted, is_deaf } => self.on_state(member, is_muted, is_deaf),
            ClientMessage::Poke { to, text } => self.on_poke(member, to, text),
            ClientMessage::Admin { action, on } => self.on_admin(member, action, on),
            ClientMessage::DialIn => self.on_foreign(member, "this server takes no telephones"),
            ClientMessage::Config => self.on_foreign(member, "settings are changed at the server"),
            ClientMessage::TalkEnd => self.on_talk_end(member),
        }
    }

    /// Removes a member and tells the others.
    fn remove_member(&mut self, member: MemberId) {
        let Some(gone) = self.members.remove(&member) else { return };
        self.links.remove(&gone.link);
        self.broadcast(&ServerMessage::Left(member));
        self.out.event(ServerEvent::Left { member });
    }

    /// Tells all members of one.
    fn broadcast_member(&mut self, member: MemberId) {
        let Some(of) = self.members.get(&member) else { return };
        let message = ServerMessage::Member(of.record());
        let data = self.out.packet(|buffer| message.encode(buffer));
        self.broadcast_data(&data);
    }

    fn broadcast(&mut self, message: &ServerMessage<'_>) {
        let data = self.out.packet(|buffer| message.encode(buffer));
        self.broadcast_data(&data);
    }

    fn broadcast_data(&mut self, data: &Bytes) {
        for member in self.members.values() {
            self.out.transmit(member.link, Class::Signal, data.clone());
        }
    }

    fn send(&mut self, link: LinkId, message: &ServerMessage<'_>) {
        let data = self.out.packet(|buffer| message.encode(buffer));
        self.out.transmit(link, Class::Signal, data);
    }

    fn notice(&mut self, link: LinkId, text: &str) {
        let text = crate::text::clean(text, crate::limits::TEXT);
        self.send(link, &ServerMessage::Notice(&text));
    }

    /// Refuses a link for good: says why, and closes it a little later.
    fn refuse(&mut self, link: LinkId, rtt: Duration, reason: &str) {
        self.send(link, &ServerMessage::Denied { room: None, reason });
        let first = self.refused.iter().min_by_key(|(_, closes)| **closes);
        if self.refused.len() >= crate::limits::REFUSED
            && let Some(first) = first.map(|(link, _)| *link)
        {
            self.refused.remove(&first);
            self.out.link(first, LinkRequest::Close);
        }
        let delay = crate::limits::REFUSED_TIME.max(2 * visitors::capped(rtt));
        self.refused.insert(link, self.now + delay);
        self.out.event(ServerEvent::Refused { link, reason: reason.into() });
    }
}
