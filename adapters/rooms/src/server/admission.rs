//! Who is admitted, and what a new member is sent.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use lxst_core::{Class, IdentityHash, LinkId, LinkRequest};

use super::Server;
use super::event::ServerEvent;
use super::member::Member;
use super::passwords::Locked;
use super::room::Room;
use super::visitors::{Request, Visitor};
use crate::id::MemberId;
use crate::limits::{NAME, SERVER_RESERVE};
use crate::text::{clean, folded};
use crate::wire::{ServerMessage, VERSION, Welcome};

impl Server {
    /// Returns whether a client without an identity has to wait for it.
    pub(super) fn needs_identity(&self, request: &Request) -> bool {
        let wanted = match &request.room {
            Some(wanted) => self.find_room(wanted),
            None => self.rooms.first_key_value().map(|(id, _)| *id),
        };
        let access = wanted.and_then(|room| self.rooms.get(&room)).map(|room| room.config.access());
        let is_closed = self.config.allow.is_some() || self.config.password.is_some();
        is_closed
            || !self.takes_guests()
            || access.is_some_and(|access| access.identified || access.password)
    }

    /// Admits a visitor, or refuses it.
    pub(super) fn decide(&mut self, link: LinkId, request: Request) {
        let Some(visitor) = self.visitors.remove(&link) else { return };
        match self.check(visitor.identity, &request) {
            Ok(()) => self.admit(link, visitor, &request),
            Err(reason) => self.refuse(link, visitor.rtt, &reason),
        }
    }

    /// Takes the identity of a member that identified after it was admitted.
    pub(super) fn on_late_identity(&mut self, member: MemberId, identity: IdentityHash) {
        let is_operator = self.config.operators.contains(&identity);
        let is_banned = self.config.banned.contains(&identity);
        let Some(of) = self.members.get_mut(&member).filter(|of| of.identity.is_none()) else {
            return;
        };
        let (link, rtt) = (of.link, of.rtt);
        (of.identity, of.is_operator) = (Some(identity), is_operator);
        if is_banned {
            self.remove_member(member);
            return self.refuse(link, rtt, "you are banned from this server");
        }
        let could_speak = of.can_speak;
        let room = of.room.and_then(|room| self.rooms.get(&room));
        of.can_speak = room.is_none_or(|room| room.can_speak(of.identity));
        let entered = room.map(|room| room.entered(of.can_speak));
        let changed = of.can_speak != could_speak;
        self.evict_older_sessions(member, identity);
        if changed {
            self.send(link, &ServerMessage::Entered(entered));
        }
        self.broadcast_member(member);
    }

    fn check(&mut self, identity: Option<IdentityHash>, request: &Request) -> Result<(), String> {
        let config = &self.config;
        if request.version != Some(VERSION) {
            let theirs =
                request.version.map_or_else(|| "none".into(), |theirs| format!("{theirs}"));
            return Err(format!(
                "this server speaks Partyline protocol {VERSION}, your client speaks {theirs}: \
                 Please update"
            ));
        }
        let is_listed = |list: &_| identity.is_some_and(|identity| is_in(list, identity));
        if is_listed(&config.banned) {
            return Err("you are banned from this server".into());
        }
        if config.allow.as_ref().is_some_and(|allow| !is_listed(allow)) {
            return Err("you are not on this server's allow list".into());
        }
        if identity.is_none() && !self.takes_guests() {
            return Err("this server requires an identified user".into());
        }
        if let Some(password) = &config.password {
            let given = request.server_password.as_deref();
            let opened = self.attempts.check(self.now, (None, identity), given, password);
            opened.map_err(|locked| match locked {
                Locked::Wrong => "wrong server password".into(),
                Locked::Wait(seconds) => too_many(seconds),
            })?;
        }
        match self.members.len() < config.max_members {
            true => Ok(()),
            false => Err("server is full".into()),
        }
    }

    fn admit(&mut self, link: LinkId, visitor: Visitor, request: &Request) {
        let Visitor { member: id, rtt, mdu, identity, .. } = visitor;
        let is_operator =
            identity.is_some_and(|identity| self.config.operators.contains(&identity));
        let mut member = Member {
            id,
            link,
            rtt,
            mdu,
            name: String::new(),
            identity,
            room: None,
            is_muted: request.is_muted,
            is_deaf: request.is_deaf,
            hops: request.hops,
            rtt_ms: request.rtt_ms,
            is_operator,
            is_server_muted: false,
            is_text_only: request.is_text_only,
            can_speak: true,
            has_talked: false,
            frames: Member::requests(self.now),
            texts: Member::texts(self.now),
            requests: Member::requests(self.now),
        };
        member.set_room(self.now, None);
        self.members.insert(id, member);
        self.links.insert(link, id);
        if let Some(identity) = identity {
            self.evict_older_sessions(id, identity);
        }
        let name = self.unique_name(id, &request.name);
        if let Some(member) = self.members.get_mut(&id) {
            member.name.clone_from(&name);
        }
        self.send_lists(id, link, mdu);
        self.out.event(ServerEvent::Joined { member: id, name, identity });
        self.enter_first(id, request);
        self.broadcast_member(id);
    }

    /// Sends what a member knows before it is in a room.
    fn send_lists(&mut self, id: MemberId, link: LinkId, mdu: usize) {
        let welcome = Welcome {
            name: &self.config.name,
            member: id,
            motd: &self.config.motd,
            version: Some(VERSION),
            app: &self.config.app,
        };
        let welcome = ServerMessage::Welcome(welcome);
        let data = self.out.packet(|buffer| welcome.encode(buffer));
        self.out.transmit(link, Class::Signal, data);
        let rooms: Vec<_> = self.rooms.values().map(Room::record).collect();
        let others = self.members.values().filter(|member| member.id != id);
        let members: Vec<_> = others.map(Member::record).collect();
        let mut messages = Vec::new();
        let room = mdu.saturating_sub(SERVER_RESERVE + LIST_HEAD);
        for batch in batches(&rooms, room, |record| ServerMessage::Rooms(Vec::from([*record]))) {
            messages.push(ServerMessage::Rooms(batch.to_vec()));
        }
        for batch in batches(&members, room, |record| ServerMessage::Members(Vec::from([*record])))
        {
            messages.push(ServerMessage::Members(batch.to_vec()));
        }
        messages.push(ServerMessage::Synced);
        for message in &messages {
            let data = self.out.packet(|buffer| message.encode(buffer));
            self.out.transmit(link, Class::Signal, data);
        }
    }

    fn evict_older_sessions(&mut self, newest: MemberId, identity: IdentityHash) {
        let older = self
            .members
            .values()
            .filter(|other| other.identity == Some(identity) && other.id != newest);
        let older: Vec<_> = older.map(|other| (other.id, other.link)).collect();
        for (member, link) in older {
            self.remove_member(member);
            self.out.link(link, LinkRequest::Close);
        }
    }

    fn takes_guests(&self) -> bool {
        self.rooms.values().any(|room| !room.config.access().identified)
    }

    /// Returns a name that no other member has: the wanted one, or that with a number behind it.
    fn unique_name(&self, id: MemberId, wanted: &str) -> String {
        let others = self.members.values().filter(|other| other.id != id);
        let taken: Vec<_> = others.map(|other| folded(&other.name)).collect();
        let wanted = if wanted.is_empty() { format!("guest-{id}") } else { wanted.into() };
        let numbered = (2..).map(|number| {
            let suffix = format!(" ({number})");
            clean(&wanted, NAME - suffix.len()) + &suffix
        });
        let mut names = core::iter::once(wanted.clone()).chain(numbered);
        // There are more numbers than members.
        names.find(|name| !taken.contains(&folded(name))).unwrap_or_default()
    }
}

/// Returns runs of records that each fit a packet with this room for records. A record that fits
/// none goes alone.
fn batches<'r, R>(
    records: &'r [R],
    room: usize,
    alone: impl Fn(&R) -> ServerMessage<'r>,
) -> impl Iterator<Item = &'r [R]> {
    let mut buffer = alloc::vec![0; RECORD_BYTES];
    let mut rest = records;
    core::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |record: &&R| {
            bytes += alone(record).encode(&mut buffer).unwrap_or(RECORD_BYTES) - ALONE_HEAD;
            bytes <= room
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (batch, later) = rest.split_at_checked(count)?;
        rest = later;
        Some(batch)
    })
}

pub(super) fn too_many(seconds: u64) -> String {
    format!("too many wrong passwords, try again in {seconds} s")
}

fn is_in(list: &alloc::collections::BTreeSet<IdentityHash>, identity: IdentityHash) -> bool {
    list.contains(&identity)
}

/// Bytes of a list besides its records, at most.
const LIST_HEAD: usize = 5;

/// Bytes of a list of one record besides the record.
const ALONE_HEAD: usize = 3;

/// Upper bound of the bytes of one record in a list of its own.
const RECORD_BYTES: usize = 512;
