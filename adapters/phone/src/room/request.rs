//! Requests of the handles, what they are answered, and their errors.

use async_channel::{Receiver, Sender};
use lxst_core::{Direction, IdentityHash, Mute};
use lxst_rooms::wire::Action;
use lxst_rooms::{InputError, Join, MemberId, RoomId, ServerCommand, ServerCounters};

use super::roster::{Room, RoomMember};
use crate::destinations::DestinationError;
use crate::request::Reply;

/// Why a server or a client of rooms did not start, or did not do what a handle asked. Nothing
/// changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RoomError {
    /// The phone does not serve the destination: another handle does, or a bound is exceeded.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// The server or client refused the request.
    #[error(transparent)]
    Refused(#[from] InputError),
    /// The server or client has ended: its phone or its radio has shut down, or a handle ended it.
    #[error("the server or client of rooms has ended")]
    Ended,
}

/// What a server of rooms does at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoomServerStatus {
    /// Its rooms, in order of their numbers. The first one is the default room.
    pub rooms: Vec<Room>,
    /// Its members, in order of their numbers.
    pub members: Vec<RoomMember>,
    /// What was dropped of what peers sent.
    pub counters: ServerCounters,
    /// Packets that were dropped because too many waited for the link of a member.
    pub late: u64,
}

/// What a client of rooms does at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoomClientStatus {
    /// Our number, while we are a member of a server.
    pub member: Option<MemberId>,
    /// The room that we are in.
    pub room: Option<RoomId>,
    /// Whether our voice is taken: we are in a room, not muted, may speak there, and the codecs
    /// can send its profile.
    pub can_speak: bool,
    /// The rooms of the server, in order of their numbers.
    pub rooms: Vec<Room>,
    /// Its members, in order of their numbers. We are one of them.
    pub members: Vec<RoomMember>,
    /// Packets of the server that were dropped: no map of the protocol, or of no session.
    pub dropped: u64,
    /// Frames of the radio that were not sent: the room does not take our voice, or they are not of
    /// its profile.
    pub unsent: u64,
    /// Packets that were dropped because too many waited for the link.
    pub late: u64,
}

/// What an input was answered.
pub(super) type Taken = Result<(), InputError>;

/// A request for a server's task.
#[derive(Debug)]
pub(super) enum ServerRequest {
    Command(ServerCommand, Reply<Taken>),
    Announce(Reply<()>),
    Status(Reply<RoomServerStatus>),
    ShutDown(Reply<()>),
}

/// A request for a client's task.
#[derive(Debug)]
pub(super) enum ClientRequest {
    Join(IdentityHash, Join, Reply<Taken>),
    Leave(Reply<Taken>),
    Enter(RoomId, Option<String>, Reply<Taken>),
    Write(String, Reply<Taken>),
    Poke(MemberId, String, Reply<Taken>),
    Mute(Direction, Mute, Reply<Taken>),
    Operate(Action, MemberId, Reply<Taken>),
    Status(Reply<RoomClientStatus>),
    ShutDown(Reply<()>),
}

/// Makes a request, and waits for its answer.
pub(super) async fn ask<Q, T>(
    requests: &Sender<Q>,
    request: impl FnOnce(Reply<T>) -> Q,
) -> Result<T, RoomError> {
    let (reply, answer) = Reply::channel();
    requests.send(request(reply)).await.map_err(|_| RoomError::Ended)?;
    answer.recv().await.map_err(|_| RoomError::Ended)
}

/// Refuses all requests from here on.
pub(super) fn end<Q>(requests: &Receiver<Q>) {
    requests.close();
    // What waits is answered by the end of its reply.
    while requests.try_recv().is_ok() {}
}
