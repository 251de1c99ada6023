//! Rooms and members, as a handle returns them.

use std::time::Duration;

use lxst_core::IdentityHash;
use lxst_rooms::wire::{Access, MemberRecord, RoomRecord};
use lxst_rooms::{MemberId, RoomId};

/// A room of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Room {
    /// Its number.
    pub id: RoomId,
    /// Its name.
    pub name: String,
    /// The name of its profile: [`RoomProfile`](lxst_rooms::RoomProfile) parses those of this
    /// version.
    pub profile: String,
    /// The length of its frames.
    pub frame: Duration,
    /// What it takes to enter.
    pub access: Access,
    /// Its description, which may be empty.
    pub description: String,
    /// The number at which telephones dial in.
    pub dial_in: Option<IdentityHash>,
    /// The jitter buffer of a push-to-talk room; `None` in other rooms.
    pub push_to_talk: Option<Duration>,
    /// Only listed members speak: a broadcast room, for music.
    pub is_broadcast: bool,
}

/// A member of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoomMember {
    /// Its number.
    pub id: MemberId,
    /// Its name, unique on the server.
    pub name: String,
    /// Its identity, if it proved one.
    pub identity: Option<IdentityHash>,
    /// The room it is in.
    pub room: Option<RoomId>,
    /// It says that its microphone is muted.
    pub is_muted: bool,
    /// It says that its speaker is muted. It gets no voice.
    pub is_deaf: bool,
    /// Distance to the server in hops.
    pub hops: Option<u8>,
    /// Round trip time to the server.
    pub rtt: Option<Duration>,
    /// It is an operator.
    pub is_operator: bool,
    /// An operator muted it.
    pub is_server_muted: bool,
    /// It has neither microphone nor speaker.
    pub is_text_only: bool,
    /// Its voice is relayed in its room.
    pub can_speak: bool,
}

impl From<RoomRecord<'_>> for Room {
    fn from(record: RoomRecord<'_>) -> Self {
        let jitter = Duration::from_millis(record.ptt_jitter_ms.into());
        Self {
            id: record.id,
            name: record.name.into(),
            profile: record.profile.into(),
            frame: Duration::from_millis(record.frame_ms.into()),
            access: record.access,
            description: record.description.into(),
            dial_in: record.dial_in,
            push_to_talk: (!jitter.is_zero()).then_some(jitter),
            is_broadcast: record.is_broadcast,
        }
    }
}

impl From<MemberRecord<'_>> for RoomMember {
    fn from(record: MemberRecord<'_>) -> Self {
        Self {
            id: record.id,
            name: record.name.into(),
            identity: record.identity,
            room: record.room,
            is_muted: record.is_muted,
            is_deaf: record.is_deaf,
            hops: record.hops,
            rtt: record.rtt_ms.map(|millis| Duration::from_millis(millis.into())),
            is_operator: record.is_operator,
            is_server_muted: record.is_server_muted,
            is_text_only: record.is_text_only,
            can_speak: record.can_speak,
        }
    }
}
