//! The rooms and members that a server lists.

use alloc::collections::BTreeMap;
use alloc::string::String;

use crate::id::{MemberId, RoomId};
use crate::limits::{DESCRIPTION, NAME, ROOMS_LISTED, ROSTER};
use crate::text::clean;
use crate::wire::{MemberRecord, RoomRecord};

/// What is known of rooms and members.
#[derive(Clone, Debug, Default)]
pub(super) struct Roster {
    rooms: BTreeMap<RoomId, Room>,
    members: BTreeMap<MemberId, Member>,
}

#[derive(Clone, Debug)]
struct Room {
    name: String,
    profile: String,
    description: String,
    record: RoomRecord<'static>,
}

#[derive(Clone, Debug)]
struct Member {
    name: String,
    record: MemberRecord<'static>,
}

impl Roster {
    /// Adds or changes a room. Returns whether there was room for it.
    pub(super) fn set_room(&mut self, record: RoomRecord<'_>) -> bool {
        let has_room = self.rooms.len() < ROOMS_LISTED || self.rooms.contains_key(&record.id);
        if has_room {
            let room = Room {
                name: clean(record.name, NAME),
                profile: clean(record.profile, NAME),
                description: clean(record.description, DESCRIPTION),
                record: RoomRecord { name: "", profile: "", description: "", ..record },
            };
            self.rooms.insert(record.id, room);
        }
        has_room
    }

    /// Adds or changes a member. Returns whether there was room for it.
    pub(super) fn set_member(&mut self, record: MemberRecord<'_>) -> bool {
        let has_room = self.members.len() < ROSTER || self.members.contains_key(&record.id);
        if has_room {
            let name = clean(record.name, NAME);
            let member = Member { name, record: MemberRecord { name: "", ..record } };
            self.members.insert(record.id, member);
        }
        has_room
    }

    pub(super) fn remove_room(&mut self, room: RoomId) -> bool {
        self.rooms.remove(&room).is_some()
    }

    pub(super) fn remove_member(&mut self, member: MemberId) -> bool {
        self.members.remove(&member).is_some()
    }

    pub(super) fn room(&self, room: RoomId) -> Option<RoomRecord<'_>> {
        self.rooms.get(&room).map(Room::record)
    }

    pub(super) fn rooms(&self) -> impl Iterator<Item = RoomRecord<'_>> {
        self.rooms.values().map(Room::record)
    }

    pub(super) fn members(&self) -> impl Iterator<Item = MemberRecord<'_>> {
        self.members.values().map(|Member { name, record }| MemberRecord { name, ..*record })
    }
}

impl Room {
    fn record(&self) -> RoomRecord<'_> {
        let Self { name, profile, description, record } = self;
        RoomRecord { name, profile, description, ..*record }
    }
}
