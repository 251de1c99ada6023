//! The handle to a server of rooms, and how it starts.

use async_channel::Sender;
use async_executor::Executor;
use lxst_core::Destination;
use lxst_reticulum::{DestinationConfig, limits, name_hash};
use lxst_rooms::limits::{MAX_MEMBERS, REFUSED, ROOMS, VISITORS};
use lxst_rooms::wire::{Action, AnnouncedRoom, encode_announce};
use lxst_rooms::{MemberId, RoomConfig, RoomId, ServerCommand, ServerConfig};

use super::REQUESTS;
use super::events::RoomServerEvents;
use super::request::{RoomError, RoomServerStatus, ServerRequest as Request, ask};
use super::server_task::{Parts, ServerTask};
use crate::carried_links::{Links, PACKETS};
use crate::clock::Clock;
use crate::destinations::{DestinationError, Destinations};
use crate::runtime::Runtime;

/// A server of rooms that is not started, on the runtime `R`.
#[derive(Debug)]
pub struct RoomServerBuilder<R> {
    runtime: R,
    config: ServerConfig,
}

impl<R: Runtime> RoomServerBuilder<R> {
    /// Begins a server with these settings.
    #[must_use]
    pub fn new(config: ServerConfig) -> Self {
        Self { runtime: R::default(), config }
    }

    /// Starts the server at `lxst.room` of the phone's identity, and announces it.
    ///
    /// # Errors
    /// [`RoomError::Destination`]: the phone serves rooms already, has shut down, or the settings
    /// have more members than a phone has links.
    ///
    /// # Panics
    /// Outside of a runtime, where the runtime's functions do.
    ///
    /// # Cancel safety
    /// Cancel safe: a cancelled start leaves nothing running.
    pub async fn start(
        self,
        destinations: &Destinations,
    ) -> Result<(RoomServer, RoomServerEvents), RoomError> {
        let Self { runtime, config } = self;
        let clock = Clock::new(runtime.clone());
        let server = lxst_rooms::Server::new(config, clock.now());
        // Links that are refused are told why, so they need room too.
        let links = (server.max_members() + VISITORS + REFUSED)
            .min(limits::MAX_INCOMING_LINKS)
            .max(server.max_members());
        let destination = DestinationConfig::new(name_hash("lxst.room"))
            .app_data(&app_data(&server.announced()))
            .and_then(|destination| destination.incoming_links(links))
            .map_err(DestinationError::from)?;
        let served = destinations.serve(destination).await?;
        let (requests, requested) = async_channel::bounded(REQUESTS);
        let (events, reader) = RoomServerEvents::new();
        let on = served.destination();
        let parts = Parts { clock, server, served, events, requests: requested };
        let destinations = destinations.clone();
        runtime.spawn(async move {
            let carriers = Executor::new();
            let links = Links::new(&carriers, destinations, MEMBER_PACKETS);
            carriers.run(ServerTask::new(parts, links).run()).await;
        });
        Ok((RoomServer { requests, on }, reader))
    }
}

/// A handle to a server of rooms, whose members talk and write: each a
/// [`RoomClient`](super::RoomClient) or a client of Partyline. Cheap to clone.
///
/// The server relays frames. It neither decodes nor mixes them. It is one task of the runtime. It
/// ends when the last handle is dropped or the phone shuts down, and closes the links of its
/// members.
///
/// *Wire*: `lxst.room`, as the README of [`lxst_rooms`] lays it out.
///
/// *Bounds*: those of its [`ServerConfig`], and 32 packets of voice that wait for a member. Beyond
/// it the oldest is dropped and counted in [`RoomServerStatus::late`]: no member waits for another.
///
/// *Source*: partyline/server.py of Partyline 1.0.5.
///
/// Two phones of one process, of which one talks in a room of the other:
///
#[cfg_attr(feature = "opus", doc = "```")]
#[cfg_attr(not(feature = "opus"), doc = "```ignore")]
/// use lxst_phone::rooms::{
///     ClientConfig, ClientEvent, Join, RoomConfig, RoomProfile, ServerConfig,
/// };
/// use lxst_phone::{
///     AudioFormat, Identity, Interface, OsRng, PhoneBuilder, RadioBuilder, RoomClientBuilder,
///     RoomServerBuilder,
/// };
/// use lxst_smol::Smol;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// smol::block_on(async {
///     let [left, right] = Interface::pair("a line");
///     let phone = || PhoneBuilder::<Smol>::new(Identity::generate(&mut OsRng));
///     let (here, there) = (phone().interface(left), phone().interface(right));
///     let (ours, theirs) = (here.destinations(), there.destinations());
///     let ((alice, _), (bob, _)) = (here.start().await?, there.start().await?);
///
///     let lobby = RoomConfig::new("Lobby", RoomProfile::OpusHigh)?;
///     let config = ServerConfig::new("Meeting")?.room(lobby)?;
///     let (server, _) = RoomServerBuilder::<Smol>::new(config).start(&ours).await?;
///
///     let (radio, _) = RadioBuilder::<Smol>::new().start()?;
///     let config = ClientConfig::new("Bob")?;
///     let (client, events) = RoomClientBuilder::<Smol>::new(config).start(&theirs, &radio);
///     client.join(alice.identity(), Join::default()).await?;
///     while !matches!(events.next().await, Some(ClientEvent::Entered(Some(_))) | None) {}
///     let mut microphone = radio.audio_source(AudioFormat::PHONE).await?;
///     radio.press_to_talk().await?;
///     microphone.write(&[0.1_f32; 9_600]).await?;
///     client.write("hello").await?;
///     assert_eq!(server.status().await?.members[0].name, "Bob");
///
///     client.shutdown().await;
///     server.shutdown().await;
///     # radio.shutdown().await;
///     # for phone in [alice, bob] { phone.shutdown().await; }
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RoomServer {
    requests: Sender<Request>,
    on: Destination,
}

impl RoomServer {
    /// Returns the destination at which clients join. People exchange its
    /// [hash](lxst_reticulum::DestinationHash).
    #[must_use]
    pub const fn destination(&self) -> Destination {
        self.on
    }

    /// Changes the message of the day, which all members are told. Longer ones are cut at
    /// [`TEXT`](lxst_rooms::limits::TEXT) bytes.
    ///
    /// # Errors
    /// [`RoomError::Ended`].
    ///
    /// # Cancel safety
    /// A cancelled request was either not made, or is carried out.
    pub async fn set_motd(&self, motd: impl Into<String>) -> Result<(), RoomError> {
        self.command(ServerCommand::SetMotd(motd.into())).await
    }

    /// Adds a room. It gets the number after the highest one in use.
    ///
    /// # Errors
    /// [`RoomError::Refused`]: the server has as many rooms as it may have. [`RoomError::Ended`].
    ///
    /// # Cancel safety
    /// As [`set_motd`](Self::set_motd).
    pub async fn add_room(&self, room: RoomConfig) -> Result<(), RoomError> {
        self.command(ServerCommand::AddRoom(room)).await
    }

    /// Removes a room. Its members go to the default room, or to none if that refuses them.
    ///
    /// # Errors
    /// [`RoomError::Refused`]: there is no such room, or it is the default room.
    /// [`RoomError::Ended`].
    ///
    /// # Cancel safety
    /// As [`set_motd`](Self::set_motd).
    pub async fn remove_room(&self, room: RoomId) -> Result<(), RoomError> {
        self.command(ServerCommand::RemoveRoom(room)).await
    }

    /// Does to a member what operators do: kick, ban, mute, promote, move.
    ///
    /// # Errors
    /// [`RoomError::Refused`]: there is no such member. [`RoomError::Ended`].
    ///
    /// # Cancel safety
    /// As [`set_motd`](Self::set_motd).
    pub async fn operate(&self, action: Action, on: MemberId) -> Result<(), RoomError> {
        self.command(ServerCommand::Operate { action, on }).await
    }

    /// Announces the server now, on every interface that is up. It is announced when it starts, and
    /// every 55 minutes. An app calls this when its phone has come to be connected.
    ///
    /// # Errors
    /// [`RoomError::Ended`].
    ///
    /// # Cancel safety
    /// As [`set_motd`](Self::set_motd).
    pub async fn announce(&self) -> Result<(), RoomError> {
        ask(&self.requests, Request::Announce).await
    }

    /// Returns what the server does at this moment.
    ///
    /// # Errors
    /// [`RoomError::Ended`].
    ///
    /// # Cancel safety
    /// Cancel safe: it changes nothing.
    pub async fn status(&self) -> Result<RoomServerStatus, RoomError> {
        ask(&self.requests, Request::Status).await
    }

    /// Ends the server, and waits until its links are closed.
    ///
    /// *Bounds*: 1 s.
    ///
    /// # Cancel safety
    /// Cancel safe: a shutdown that has begun goes on, and can be awaited again.
    pub async fn shutdown(&self) {
        // A server that is shutting down refuses requests at its end.
        let _ = ask(&self.requests, Request::ShutDown).await;
    }

    async fn command(&self, command: ServerCommand) -> Result<(), RoomError> {
        Ok(ask(&self.requests, |reply| Request::Command(command, reply)).await??)
    }
}

/// Returns the app data of announces.
fn app_data(announced: &AnnouncedRoom) -> Vec<u8> {
    let mut buffer = [0; 300];
    let length = encode_announce(announced, &mut buffer);
    debug_assert!(length.is_ok(), "the texts are bounded, and have 180 bytes together");
    buffer.get(..length.unwrap_or(0)).unwrap_or_default().to_vec()
}

/// Upper bound of the packets that wait for the link of a member: the lists that a new one gets
/// have one for each room and each member at most.
const MEMBER_PACKETS: usize = PACKETS + ROOMS + MAX_MEMBERS;
