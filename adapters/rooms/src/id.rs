//! Numbers of rooms and members.

use core::fmt;

use lxst_core::wire::SpeakerId;

/// A room of a server.
///
/// *Bounds*: 1 and above. The number of a removed room can come back for another room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub u32);

/// A member of a server (`sid`): one link of one client.
///
/// *Bounds*: 1 and above. No number is reused in a server's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(pub u32);

impl From<MemberId> for SpeakerId {
    fn from(member: MemberId) -> Self {
        Self(member.0.into())
    }
}

impl fmt::Display for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
