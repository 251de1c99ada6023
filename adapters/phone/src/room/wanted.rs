//! The server and the room that the app asked for.

use lxst_core::IdentityHash;
use lxst_rooms::{Join, JoinRoom, RoomId};

/// The server and the room that the app asked for.
#[derive(Debug)]
pub(super) struct Wanted {
    server: IdentityHash,
    join: Join,
    /// A room that was asked for, and its password, until the server answers.
    room: Option<(RoomId, Option<String>)>,
}

impl Wanted {
    pub(super) const fn new(server: IdentityHash, join: Join) -> Self {
        Self { server, join, room: None }
    }

    /// Returns what is joined when the link was lost.
    pub(super) fn again(&self) -> (IdentityHash, Join) {
        (self.server, self.join.clone())
    }

    /// Another room is asked for.
    pub(super) fn ask(&mut self, room: RoomId, password: Option<String>) {
        self.room = Some((room, password));
    }

    /// Keeps a room that was asked for.
    pub(super) fn on_entered(&mut self, entered: RoomId) {
        if let Some((room, password)) = self.room.take_if(|(room, _)| *room == entered) {
            (self.join.room, self.join.password) = (Some(JoinRoom::Id(room)), password);
        }
    }
}
