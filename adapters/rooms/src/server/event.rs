//! What the app tells a server, and what it is told.

use alloc::string::String;

use lxst_core::{IdentityHash, LinkId};

use super::room_config::RoomConfig;
use crate::id::{MemberId, RoomId};
use crate::wire::Action;

/// What the app wants of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum ServerCommand {
    /// Change the message of the day, which all members are told. Longer ones are cut at
    /// [`TEXT`](crate::limits::TEXT) bytes.
    SetMotd(String),
    /// Add a room. It gets the number after the highest one in use.
    AddRoom(RoomConfig),
    /// Remove a room. Its members go to the default room, or to none if that refuses them.
    RemoveRoom(RoomId),
    /// Do to a member what operators do.
    Operate { action: Action, on: MemberId },
    /// Close every link. The server goes on and takes new ones.
    Close,
}

/// What the app of a server is told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum ServerEvent {
    /// A client was admitted.
    Joined {
        member: MemberId,
        /// Its name, unique on the server.
        name: String,
        identity: Option<IdentityHash>,
    },
    /// A client was refused.
    Refused {
        link: LinkId,
        /// What it was told.
        reason: String,
    },
    /// A member is in another room, or in none.
    Entered { member: MemberId, room: Option<RoomId> },
    /// A member left.
    Left { member: MemberId },
    /// An operator banned an identity. Store it for [`ServerConfig::banned`].
    ///
    /// [`ServerConfig::banned`]: super::ServerConfig::banned
    Banned(IdentityHash),
    /// An identity is an operator. Store it for [`ServerConfig::operators`].
    ///
    /// [`ServerConfig::operators`]: super::ServerConfig::operators
    Promoted(IdentityHash),
    /// An identity is no operator.
    Demoted(IdentityHash),
}

/// What a server dropped since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerCounters {
    /// Packets that are no map of the protocol, and packets of links that are no members.
    pub packets: u64,
    /// Packets of voice of members who may not speak, or are in no room.
    pub voice_refused: u64,
    /// Packets of voice with a frame that is not of the room's profile, or too many frames.
    pub voice_malformed: u64,
    /// Packets of voice beyond a member's rate.
    pub voice_excess: u64,
    /// Texts, pokes and requests beyond a member's rate.
    pub messages_excess: u64,
}
