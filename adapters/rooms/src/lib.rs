//! Voice of several over Reticulum: rooms, stations, paging.
//!
//! - Rooms of `lxst.room`, compatible with Partyline 1.0.5: a [`Server`] admits members and relays
//!   their voice, which it neither decodes nor mixes. A [`Client`] joins a server, lists its rooms
//!   and members, speaks and writes.
//! - Stations of `lxst.station`: a [`Station`] sends one source to many listeners, each a [`Tuner`].
//!   Relays of it form trees.
//! - Conferences of telephones: a [`Conference`] answers callers and says who hears whom.
//! - Paging at `lxst.page`: a [`Pager`] seals voice with the key of a group of neighbours, without a
//!   link.
//!
//! All are sans-IO values: their owner gives them an [`Input`], drains [`Output`]s, and is back at
//! their deadline. They know links and packets only; a Reticulum stack carries those.
//!
//! A server and a client, with the stack left out:
//!
//! ```
//! use lxst_core::{Destination, IdentityHash, Instant, LinkEvent, LinkId, NameHash};
//! use lxst_rooms::{
//!     Client, ClientCommand, ClientConfig, Input, Join, Output, RoomConfig, RoomProfile, Server,
//!     ServerConfig,
//! };
//!
//! let now = Instant::from_millis(5); // of a monotonic clock
//! let room = RoomConfig::new("Lobby", RoomProfile::OpusHigh)?.description("for all")?;
//! let mut server = Server::new(ServerConfig::new("Test")?.room(room)?, now);
//! let mut client = Client::new(ClientConfig::new("Ada")?);
//!
//! let of_server = Destination { identity: IdentityHash([7; 16]), name: NameHash([1; 10]) };
//! let link = LinkId(1);
//! let join = Join::default();
//! let join = ClientCommand::Join { link, server: of_server, hops: None, join };
//! client.handle_input(now, Input::Command(join))?;
//! let (rtt, mdu) = (None, None);
//! server.handle_input(now, Input::Link {
//!     link,
//!     event: LinkEvent::Incoming { on: of_server, rtt, mdu },
//! })?;
//! client.handle_input(now, Input::Link { link, event: LinkEvent::Up { rtt, mdu } })?;
//!
//! // Each side's packets go to the other, until there are none.
//! loop {
//!     let (to_server, to_client) = (client.poll_output(), server.poll_output());
//!     if let Some(Output::Transmit { data, .. }) = &to_server {
//!         server.handle_input(now, Input::Packet { link, data })?;
//!     }
//!     if let Some(Output::Transmit { data, .. }) = &to_client {
//!         client.handle_input(now, Input::Packet { link, data })?;
//!     }
//!     if to_server.is_none() && to_client.is_none() {
//!         break;
//!     }
//! }
//! assert_eq!(client.room().map(|room| room.name), Some("Lobby"));
//! assert_eq!(client.members().next().map(|member| member.name), Some("Ada"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Driving a server
//!
//! 1. Register `lxst.room` with the app data of [`Server::announced`], and announce it.
//! 2. Give the server the links that peers open to it, their events and packets.
//! 3. Do its outputs in their order. Let the stack send between them: a list for many members may
//!    be longer than its queue.
//! 4. Keep what [`ServerEvent`] says to keep across restarts.
//!
//! # Driving a client
//!
//! 1. Join, with a link id that was not used before.
//! 2. Give [`ClientEvent::Voice`] and [`ClientEvent::TalkEnd`] to the speakers' jitter buffers.
//! 3. Take the profile of frames from [`Client::room`], at each [`ClientEvent::Entered`].
//! 4. After [`ClientEvent::Closed`], join again after the time that it says, if it says one.
//!
//! # Driving a station
//!
//! 1. Register `lxst.station` with the app data of [`Station::announced`], and announce it.
//! 2. Give the station the links that peers open to it, their events and packets, and those of the
//!    link that it opens to relay another one.
//! 3. Give it voice: what a [`Radio`](lxst_core::talk::Radio) sends, or packets of
//!    [`encode_media`](lxst_core::wire::encode_media).
//! 4. Give what a [`Tuner`] hears to a `Radio` as packets of its link.
//! 5. After [`StationEvent::SourceClosed`] and [`TunerEvent::Closed`], tune in again after the time
//!    that they say, if they say one.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod bounds;
mod bucket;
mod client;
mod conference;
mod door;
mod id;
pub mod limits;
mod paging;
mod places;
mod profile;
mod server;
mod spoken;
mod station;
mod station_profile;
mod text;
mod tuner;
pub mod wire;

pub use bounds::BoundError;
pub use client::{Client, ClientCommand, ClientConfig, ClientEvent, CloseReason, Join, JoinRoom};
pub use conference::{
    Conference, ConferenceCommand, ConferenceConfig, ConferenceEvent, ConferenceOutput,
    ConferenceTone, UnknownCall,
};
pub use door::{Input, InputError, Output};
pub use id::{MemberId, RoomId};
pub use paging::{
    GroupId, PageId, PageKey, PageRule, Pager, PagerCommand, PagerConfig, PagerCounters,
    PagerError, PagerEvent, PagerInput, PagerOutput, ParsePageKeyError,
};
pub use profile::{RoomProfile, UnknownRoomProfile};
pub use server::{RoomConfig, Server, ServerCommand, ServerConfig, ServerCounters, ServerEvent};
pub use station::{Station, StationCommand, StationConfig, StationCounters, StationEvent};
pub use station_profile::StationProfile;
pub use text::clean;
pub use tuner::{Tuner, TunerCommand, TunerCounters, TunerEvent};
