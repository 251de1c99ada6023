//! The handle to a client of rooms, and how it starts.

use async_channel::Sender;
use async_executor::Executor;
use lxst_core::{Direction, IdentityHash, Mute};
use lxst_rooms::wire::Action;
use lxst_rooms::{ClientConfig, Join, MemberId, RoomId};

use super::REQUESTS;
use super::client_task::{ClientTask, Parts};
use super::events::RoomClientEvents;
use super::request::{ClientRequest as Request, RoomClientStatus, RoomError, Taken, ask};
use super::voice::Voice;
use crate::carried_links::{Links, PACKETS};
use crate::clock::Clock;
use crate::destinations::Destinations;
use crate::radio::Radio;
use crate::request::Reply;
use crate::runtime::Runtime;

/// A client of rooms that is not started, on the runtime `R`.
#[derive(Debug)]
pub struct RoomClientBuilder<R> {
    runtime: R,
    config: ClientConfig,
}

impl<R: Runtime> RoomClientBuilder<R> {
    /// Begins a client with these settings.
    #[must_use]
    pub fn new(config: ClientConfig) -> Self {
        Self { runtime: R::default(), config }
    }

    /// Starts the client, which talks and hears with a radio, and has joined no server.
    ///
    /// # Panics
    /// Outside of a runtime, where the runtime's functions do.
    #[must_use = "a client without a handle ends"]
    pub fn start(
        self,
        destinations: &Destinations,
        radio: &Radio,
    ) -> (RoomClient, RoomClientEvents) {
        let Self { runtime, config } = self;
        let (requests, requested) = async_channel::bounded(REQUESTS);
        let (events, reader) = RoomClientEvents::new();
        let clock = Clock::new(runtime.clone());
        let client = lxst_rooms::Client::new(config);
        let voice = Voice::new(radio.clone());
        let parts = Parts { clock, client, voice, events, requests: requested };
        let destinations = destinations.clone();
        runtime.spawn(async move {
            let carriers = Executor::new();
            let links = Links::new(&carriers, destinations, PACKETS);
            carriers.run(ClientTask::new(parts, links).run()).await;
        });
        (RoomClient { requests }, reader)
    }
}

/// A handle to a client of rooms: a member of one server at a time, ours or one of Partyline. Cheap
/// to clone.
///
/// A [`Radio`] is its voice. What the radio sends while its talk button is pressed is encoded once,
/// in the profile of the room, which the radio gets with each room. The radio plays the others, of
/// whom up to four are mixed, each with its own jitter buffer.
/// [`Talking`](lxst_core::talk::Event::Talking) of its events has as `speaker` the number of the
/// member. In a push-to-talk room frames are collected until a packet is full.
///
/// The client keeps the radio running. It is one task of the runtime. It ends when its last handle
/// is dropped, or the radio or the phone shuts down, and closes its link. [`RoomServer`] has an
/// example.
///
/// *Bounds*: [`limits`](lxst_rooms::limits), and 32 packets that wait for the link. Beyond it the
/// oldest packet of voice is dropped and counted in [`RoomClientStatus::late`].
///
/// *Source*: partyline/client.py of Partyline 1.0.5.
///
/// [`RoomServer`]: super::RoomServer
#[derive(Clone, Debug)]
pub struct RoomClient {
    requests: Sender<Request>,
}

impl RoomClient {
    /// Joins the server of an identity, and leaves the one before. The client joins again whenever
    /// the link is lost and that may help, until it [leaves](Self::leave): the room that it was in
    /// last, if it asked for it.
    ///
    /// [`Joined`](lxst_rooms::ClientEvent::Joined) tells that we are a member,
    /// [`Entered`](lxst_rooms::ClientEvent::Entered) in which room,
    /// [`Closed`](lxst_rooms::ClientEvent::Closed) that we are not, and whether it is tried again.
    ///
    /// # Errors
    /// [`RoomError::Ended`].
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn join(&self, server: IdentityHash, join: Join) -> Result<(), RoomError> {
        self.command(|reply| Request::Join(server, join, reply)).await
    }

    /// Leaves the server.
    ///
    /// # Errors
    /// [`RoomError::Refused`]: the client has joined none. [`RoomError::Ended`].
    ///
    /// # Cancel safety
    /// As [`join`](Self::join).
    pub async fn leave(&self) -> Result<(), RoomError> {
        self.command(Request::Leave).await
    }

    /// Asks for another room of the server. The answer is
    /// [`Entered`](lxst_rooms::ClientEvent::Entered) or
    /// [`Refused`](lxst_rooms::ClientEvent::Refused).
    ///
    /// # Errors
    /// [`RoomError::Refused`]: the client is no member of a server, or there is no such room.
    /// [`RoomError::Ended`].
    ///
    /// # Cancel safety
    /// As [`join`](Self::join).
    pub async fn enter(&self, room: RoomId, password: Option<String>) -> Result<(), RoomError> {
        self.command(|reply| Request::Enter(room, password, reply)).await
    }

    /// Writes to the room. Longer texts are cut at [`TEXT`](lxst_rooms::limits::TEXT) bytes. The
    /// server drops more than [`TEXTS`](lxst_rooms::limits::TEXTS) a second without a word.
    ///
    /// # Errors
    /// [`RoomError::Refused`]: the client is in no room. [`RoomError::Ended`].
    ///
    /// # Cancel safety
    /// As [`join`](Self::join).
    pub async fn write(&self, text: impl Into<String>) -> Result<(), RoomError> {
        self.command(|reply| Request::Write(text.into(), reply)).await
    }

    /// Writes to one member, as [`write`](Self::write) does to the room.
    ///
    /// # Errors
    /// [`RoomError::Refused`]: the client is no member of a server, or there is no such member.
    /// [`RoomError::Ended`].
    ///
    /// # Cancel safety
    /// As [`join`](Self::join).
    pub async fn poke(&self, to: MemberId, text: impl Into<String>) -> Result<(), RoomError> {
        self.command(|reply| Request::Poke(to, text.into(), reply)).await
    }

    /// Mutes the microphone ([`Direction::Send`]) or the speaker ([`Direction::Receive`]), which
    /// the other members are told. A muted speaker gets no voice, and mutes the microphone too.
    ///
    /// # Errors
    /// [`RoomError::Ended`].
    ///
    /// # Cancel safety
    /// As [`join`](Self::join).
    pub async fn mute(&self, direction: Direction) -> Result<(), RoomError> {
        self.command(|reply| Request::Mute(direction, Mute::Muted, reply)).await
    }

    /// Unmutes the microphone or the speaker. An unmuted microphone unmutes the speaker too.
    ///
    /// # Errors
    /// [`RoomError::Ended`].
    ///
    /// # Cancel safety
    /// As [`join`](Self::join).
    pub async fn unmute(&self, direction: Direction) -> Result<(), RoomError> {
        self.command(|reply| Request::Mute(direction, Mute::Unmuted, reply)).await
    }

    /// Asks the server for what operators may do. It answers others with
    /// [`Notice`](lxst_rooms::ClientEvent::Notice).
    ///
    /// # Errors
    /// [`RoomError::Refused`]: the client is no member of a server, or there is no such member.
    /// [`RoomError::Ended`].
    ///
    /// # Cancel safety
    /// As [`join`](Self::join).
    pub async fn operate(&self, action: Action, on: MemberId) -> Result<(), RoomError> {
        self.command(|reply| Request::Operate(action, on, reply)).await
    }

    /// Returns what the client does at this moment.
    ///
    /// # Errors
    /// [`RoomError::Ended`].
    ///
    /// # Cancel safety
    /// Cancel safe: it changes nothing.
    pub async fn status(&self) -> Result<RoomClientStatus, RoomError> {
        ask(&self.requests, Request::Status).await
    }

    /// Ends the client, and waits until its link is closed.
    ///
    /// *Bounds*: 1 s.
    ///
    /// # Cancel safety
    /// Cancel safe: a shutdown that has begun goes on, and can be awaited again.
    pub async fn shutdown(&self) {
        // A client that is shutting down refuses requests at its end.
        let _ = ask(&self.requests, Request::ShutDown).await;
    }

    async fn command(
        &self,
        request: impl FnOnce(Reply<Taken>) -> Request,
    ) -> Result<(), RoomError> {
        Ok(ask(&self.requests, request).await??)
    }
}
