//! Entering rooms.

use alloc::format;
use alloc::string::String;

use super::Server;
use super::admission::too_many;
use super::event::ServerEvent;
use super::passwords::Locked;
use super::visitors::{Request, Wanted};
use crate::id::{MemberId, RoomId};
use crate::text::folded;
use crate::wire::{RoomKey, ServerMessage};

/// Whether the password of a room is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Password<'p> {
    Given(Option<&'p str>),
    NotNeeded,
}

impl Server {
    pub(super) fn find_room(&self, wanted: &Wanted) -> Option<RoomId> {
        match wanted {
            Wanted::Id(id) => {
                let id = u32::try_from(*id).ok().map(RoomId)?;
                self.rooms.contains_key(&id).then_some(id)
            }
            Wanted::Name(name) => {
                let name = folded(name);
                let mut rooms = self.rooms.values();
                rooms.find(|room| folded(&room.config.name) == name).map(|room| room.id)
            }
        }
    }

    /// Puts a new member into the room that it wants, or the default room, or none.
    pub(super) fn enter_first(&mut self, member: MemberId, request: &Request) {
        let Some(link) = self.members.get(&member).map(|member| member.link) else { return };
        let wanted = match &request.room {
            None => self.default_room(),
            Some(wanted) => self.find_room(wanted),
        };
        let refused = match (wanted, &request.room) {
            (Some(room), _) => {
                let password = Password::Given(request.password.as_deref());
                self.enter(member, room, password).map_err(|reason| (room, reason)).err()
            }
            (None, Some(Wanted::Id(id))) => return self.enter_default(member, &format!("{id}")),
            (None, Some(Wanted::Name(name))) => return self.enter_default(member, name),
            (None, None) => None,
        };
        if let Some((room, reason)) = refused {
            let room = Some(room.into());
            self.send(link, &ServerMessage::Denied { room, reason: &reason });
            self.enter_default_or_none(member);
        }
    }

    pub(super) fn on_move(&mut self, member: MemberId, key: RoomKey<'_>, password: Option<&str>) {
        if !self.may_request(member) {
            return;
        }
        let Some(of) = self.members.get(&member) else { return };
        let (link, current) = (of.link, of.room);
        let wanted = match key {
            RoomKey::Id(id) => self.find_room(&Wanted::Id(id)),
            // Only HELLO names rooms.
            RoomKey::Name(_) => None,
        };
        let entered = match wanted {
            Some(room) if Some(room) == current => return,
            Some(room) => self.enter(member, room, Password::Given(password)),
            None => Err("no such room".into()),
        };
        match entered {
            Ok(()) => self.broadcast_member(member),
            Err(reason) => {
                self.send(link, &ServerMessage::Denied { room: Some(key), reason: &reason });
            }
        }
    }

    /// Puts a member into a room and tells it, or says why not.
    pub(super) fn enter(
        &mut self,
        member: MemberId,
        id: RoomId,
        password: Password<'_>,
    ) -> Result<(), String> {
        let others = self.members.values().filter(|other| other.id != member);
        let in_room = others.filter(|other| other.room == Some(id)).count();
        let (Some(room), Some(of)) = (self.rooms.get(&id), self.members.get_mut(&member)) else {
            return Err("no such room".into());
        };
        room.check_identity(of.identity)?;
        if let (Password::Given(given), Some(expected)) = (password, &room.config.password) {
            let lock = (Some(id), of.identity);
            let opened = self.attempts.check(self.now, lock, given, expected);
            opened.map_err(|locked| match locked {
                Locked::Wrong => "wrong password".into(),
                Locked::Wait(seconds) => too_many(seconds),
            })?;
        }
        if in_room >= room.config.max_members {
            return Err("room is full".into());
        }
        of.set_room(self.now, Some(room));
        let (link, entered) = (of.link, room.entered(of.can_speak));
        self.send(link, &ServerMessage::Entered(Some(entered)));
        self.out.event(ServerEvent::Entered { member, room: Some(id) });
        Ok(())
    }

    /// Puts a member into the default room without a password, or into none.
    pub(super) fn enter_default_or_none(&mut self, member: MemberId) {
        let default = self.default_room();
        let entered = default.map(|room| self.enter(member, room, Password::Given(None)));
        if entered.is_none_or(|entered| entered.is_err()) {
            self.leave_room(member);
        }
    }

    /// Puts a member into no room and tells it.
    pub(super) fn leave_room(&mut self, member: MemberId) {
        let Some(of) = self.members.get_mut(&member) else { return };
        of.set_room(self.now, None);
        let link = of.link;
        self.send(link, &ServerMessage::Entered(None));
        self.out.event(ServerEvent::Entered { member, room: None });
    }

    /// Returns the default room: the one of the lowest number.
    pub(super) fn default_room(&self) -> Option<RoomId> {
        self.rooms.first_key_value().map(|(id, _)| *id)
    }

    fn enter_default(&mut self, member: MemberId, instead_of: &str) {
        if let Some(link) = self.members.get(&member).map(|member| member.link) {
            self.notice(link, &format!("no such room {instead_of}"));
        }
        self.enter_default_or_none(member);
    }
}
