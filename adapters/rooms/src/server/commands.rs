//! What the app wants.

use alloc::vec::Vec;

use lxst_core::LinkRequest;

use super::Server;
use super::event::ServerCommand;
use super::room::Room;
use super::room_config::RoomConfig;
use crate::door::InputError;
use crate::id::{MemberId, RoomId};
use crate::limits::{ROOMS, TEXT};
use crate::text::clean;
use crate::wire::ServerMessage;

impl Server {
    /// Checks a command before anything changes.
    pub(super) fn check_command(&self, command: &ServerCommand) -> Result<(), InputError> {
        match command {
            ServerCommand::AddRoom(_) if self.rooms.len() >= ROOMS => {
                Err(InputError::TooManyRooms(ROOMS))
            }
            ServerCommand::RemoveRoom(room) if !self.rooms.contains_key(room) => {
                Err(InputError::UnknownRoom)
            }
            ServerCommand::RemoveRoom(room) if Some(*room) == self.default_room() => {
                Err(InputError::DefaultRoom)
            }
            ServerCommand::Operate { on, .. } if !self.members.contains_key(on) => {
                Err(InputError::UnknownMember)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn on_command(&mut self, command: ServerCommand) {
        match command {
            ServerCommand::SetMotd(motd) => {
                self.config.motd = clean(&motd, TEXT);
                let motd = self.config.motd.clone();
                self.broadcast(&ServerMessage::Motd(&motd));
            }
            ServerCommand::AddRoom(config) => self.add_room(config),
            ServerCommand::RemoveRoom(room) => self.remove_room(room),
            ServerCommand::Operate { action, on } => {
                // What a room refuses was asked for here, and shows in its list.
                let _ = self.operate(action, on, "the server", "the server");
            }
            ServerCommand::Close => self.close(),
        }
    }

    fn add_room(&mut self, config: RoomConfig) {
        let last = self.rooms.last_key_value().map_or(0, |(id, _)| id.0);
        let id = RoomId(last + 1);
        self.rooms.insert(id, Room { id, config });
        if let Some(room) = self.rooms.get(&id) {
            let message = ServerMessage::Rooms(Vec::from([room.record()]));
            let data = self.out.packet(|buffer| message.encode(buffer));
            self.broadcast_data(&data);
        }
    }

    fn remove_room(&mut self, id: RoomId) {
        let Some(room) = self.rooms.remove(&id) else { return };
        self.attempts.forget(id);
        self.broadcast(&ServerMessage::RoomGone(id));
        let inside = self.members.values().filter(|member| member.room == Some(id));
        let inside: Vec<_> = inside.map(|member| (member.id, member.link)).collect();
        for (member, link) in inside {
            self.enter_default_or_none(member);
            let name = &room.config.name;
            self.notice(link, &alloc::format!("{name} was removed."));
            self.broadcast_member(member);
        }
    }

    fn close(&mut self) {
        let members: Vec<MemberId> = self.members.keys().copied().collect();
        let links: Vec<_> = self.links.keys().chain(self.visitors.keys()).copied().collect();
        let refused: Vec<_> = self.refused.keys().copied().collect();
        (self.members, self.links) = Default::default();
        (self.visitors, self.refused) = Default::default();
        links.into_iter().chain(refused).for_each(|link| self.out.link(link, LinkRequest::Close));
        for member in members {
            self.out.event(super::ServerEvent::Left { member });
        }
    }
}
