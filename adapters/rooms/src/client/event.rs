//! What the app tells a client, and what it is told.

use alloc::string::String;
use core::time::Duration;

use bytes::Bytes;
use lxst_core::wire::Frame;
use lxst_core::{Destination, Direction, LinkClosed, LinkFailed, LinkId, Mute};

use crate::id::{MemberId, RoomId};
use crate::wire::Action;

/// What the app wants of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum ClientCommand<'a> {
    /// Open a link to a server and ask to be a member.
    Join {
        /// The id of the new link. No id is reused.
        link: LinkId,
        /// `lxst.room` of the server's identity.
        server: Destination,
        /// Distance to the server in hops, if it is known. Others are shown it.
        hops: Option<u8>,
        join: Join,
    },
    /// Close the link.
    Leave,
    /// Enter another room. The answer is [`ClientEvent::Entered`] or [`ClientEvent::Refused`].
    Move { room: RoomId, password: Option<String> },
    /// Write to the room. Longer ones are cut at [`TEXT`](crate::limits::TEXT) bytes.
    Text(&'a str),
    /// Write to one member.
    Poke { to: MemberId, text: &'a str },
    /// Mute or unmute the microphone ([`Direction::Send`]) or the speaker
    /// ([`Direction::Receive`]). A muted speaker mutes the microphone too; an unmuted microphone
    /// unmutes the speaker.
    Mute(Direction, Mute),
    /// Send a frame of the room's profile. The first one begins a talk spurt.
    Speak(Frame<'a>),
    /// End the talk spurt: the talk button is released, or the speaker pauses.
    EndTalk,
    /// Ask for what operators may do.
    Operate { action: Action, on: MemberId },
}

/// What a client asks for when it joins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Join {
    /// The room; `None` is the server's default room.
    pub room: Option<JoinRoom>,
    /// The password of that room.
    pub password: Option<String>,
    /// The password of the server.
    pub server_password: Option<String>,
}

/// A room to join. The rooms of a server are listed after joining.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinRoom {
    /// By its number.
    Id(RoomId),
    /// By its name, without regard to case.
    Name(String),
}

/// What the app of a client is told.
///
/// Texts of others are one line of visible characters within the bounds of
/// [`limits`](crate::limits).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum ClientEvent {
    /// The server admitted us.
    Joined {
        /// Our number.
        member: MemberId,
        /// The name of the server.
        server: String,
        /// The message of the day, which may be empty.
        motd: String,
        /// The version of the server's program.
        app: String,
    },
    /// The lists of rooms and members are complete.
    Synced,
    /// A room is new or changed: see [`Client::rooms`](super::Client::rooms).
    RoomChanged(RoomId),
    /// A room was removed.
    RoomGone(RoomId),
    /// A member is new or changed: see [`Client::members`](super::Client::members). We are one of
    /// them.
    MemberChanged(MemberId),
    /// A member left.
    MemberLeft(MemberId),
    /// We are in this room, or in none; asked for or not. Its profile is
    /// [`Client::room`](super::Client::room).
    Entered(Option<RoomId>),
    /// The server refused a room.
    Refused {
        /// `None`: the room was asked for by a name that is unknown.
        room: Option<RoomId>,
        reason: String,
    },
    /// A member wrote to the room.
    Text { from: MemberId, text: String },
    /// A member wrote to us.
    Poke { from: MemberId, text: String },
    /// The server has a word for the user.
    Notice(String),
    /// The message of the day changed.
    Motd(String),
    /// A member speaks.
    Voice {
        speaker: MemberId,
        /// The packet as it arrived: [`Packet`](lxst_core::wire::Packet) reads its frames and the
        /// number of the first one.
        data: Bytes,
    },
    /// A member's talk spurt is over.
    TalkEnd(MemberId),
    /// The link is closed, or did not come up.
    Closed {
        reason: CloseReason,
        /// How long to wait before joining again. `None`: trying again does not help.
        again: Option<Duration>,
    },
}

/// Why a client or a tuner has no link.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The app left.
    Left,
    /// The server refused or removed us, with its reason.
    Refused(String),
    /// The server speaks another version of the protocol.
    Version(Option<u64>),
    /// The server did not answer in time.
    NoAnswer,
    /// The link did not come up.
    Failed(LinkFailed),
    /// The link was closed.
    Closed(LinkClosed),
    /// The station sends what is unknown here: a newer version, or another profile.
    UnknownProgram,
    /// What the station sends passed our own station before: a relay of it would be a loop.
    Loop,
    /// What the station sends passed as many stations as it may.
    TooFar,
}
