//! The server and the room that the app asked for.

use lxst_core::IdentityHash;
use lxst_rooms::{Join, JoinRoom, RoomId};

/// The server and the room that the app asked for.
#[derive(Debug)]
pub(super) struct Wanted {
    server: IdentityHash,
    join: Join,
    room: Asked,
}

/// A room that was asked for, and its password, until the server answers.
pub(super) type Asked = Option<(RoomId, Option<String>)>;

impl Wanted {
    pub(super) const fn new(server: IdentityHash, join: Join) -> Self {
        Self { server, join, room: None }
    }

    /// Returns what is joined when the link was lost.
    pub(super) fn again(&self) -> (IdentityHash, Join) {
        (self.server, self.join.clone())
    }

    /// Another room is asked for. Returns the one that was before.
    pub(super) const fn ask(&mut self, room: RoomId, password: Option<String>) -> Asked {
        self.room.replace((room, password))
    }

    /// It was not asked for.
    pub(super) fn undo(&mut self, before: Asked) {
        self.room = before;
    }

    /// Forgets a room that was refused. `None`: the server does not say which.
    pub(super) fn on_refused(&mut self, refused: Option<RoomId>) {
        self.room.take_if(|(room, _)| refused.is_none_or(|refused| refused == *room));
    }

    /// Keeps a room that was asked for.
    pub(super) fn on_entered(&mut self, entered: RoomId) {
        if let Some((room, password)) = self.room.take_if(|(room, _)| *room == entered) {
            (self.join.room, self.join.password) = (Some(JoinRoom::Id(room)), password);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_kept_once_it_is_entered_and_forgotten_when_it_is_refused() {
        let [first, second] = [1, 2].map(RoomId);
        let password = Some(String::from("sesame"));
        let mut wanted = Wanted::new(IdentityHash([0; 16]), Join::default());
        wanted.ask(first, None);
        wanted.on_refused(Some(first));
        wanted.on_entered(first);
        assert_eq!(wanted.again().1, Join::default());

        let before = wanted.ask(second, password.clone());
        wanted.undo(before);
        wanted.on_entered(second);
        assert_eq!(wanted.again().1, Join::default());

        wanted.ask(second, password.clone());
        wanted.on_refused(Some(first));
        wanted.on_entered(second);
        let join = wanted.again().1;
        assert_eq!((join.room, join.password), (Some(JoinRoom::Id(second)), password));
    }
}
