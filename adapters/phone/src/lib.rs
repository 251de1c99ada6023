//! A phone for any async runtime: handles, events, audio ports, and the task that serves them.
//!
//! Apps use it through `lxst-tokio` or `lxst-smol`, which are this crate on a [`Runtime`]; an app
//! on another runtime implements that trait. Here is a phone on the links of an app, whose network
//! finds nobody:
//!
//! ```
//! use lxst_core::{LinkEvent, LinkFailed, LinkRequest};
//! use lxst_phone::{AppStack, CallError, EndReason, IdentityHash, LinkCommand, PhoneBuilder, Profile};
//! use lxst_smol::Smol;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! smol::block_on(async {
//!     let identity = IdentityHash([1; 16]);
//!     let (builder, port) = PhoneBuilder::<Smol, AppStack>::on_links(identity);
//!     let (phone, _events) = builder.start().await?;
//!     let call = phone.dial(IdentityHash([7; 16]), Profile::MediumQuality).await?;
//!
//!     // The app does the phone's link commands with its stack, and reports what happens to links.
//!     while let Some(command) = port.next().await {
//!         if let LinkCommand::Link { link, request: LinkRequest::Open(_) } = command {
//!             let event = LinkEvent::Failed(LinkFailed::NoPath);
//!             port.reporter().event(link, event).await;
//!             break;
//!         }
//!     }
//!     assert_eq!(call.established().await, Err(CallError::Ended(EndReason::NoPath)));
//!     phone.shutdown().await;
//!     Ok(())
//! })
//! # }
//! ```
//!
//! A phone is one task and one thread. The task owns the [`Engine`](lxst_engine::Engine), moves
//! bytes between it and the interfaces, and sleeps until the next deadline; the thread runs the
//! codecs. [`Phone`] and [`Call`] are handles to the task, `Send` and cheap to clone. An idle phone
//! wakes for its timers only. In a call it polls a [`DeviceSource`] and a [`DeviceSink`] every 5
//! ms, because the callback of a device must not wake a task. The phone logs to `tracing`.
//!
//! *Features*: `endpoint` (on by default: our own Reticulum endpoint, under the Reticulum License;
//! without it a phone is [on the app's links](PhoneBuilder::on_links), and no `rns-*` crate is in
//! the tree); and, off by default, `codec2` (Codec2 3200 and 1600, in Rust) and `codec2-system`
//! (700C as well, by the system's libcodec2), both LGPL; `voice-processing` (echo cancellation,
//! noise suppression, gain control); `conference` (calls that hear each other, and a room that any
//! LXST phone calls); `rooms` (servers and clients of `lxst.room`); `stations` (stations of
//! `lxst.station` and their listeners); `paging` (pages to neighbours who share
//! a key); `trace` (recorded calls).

#![forbid(unsafe_code)]

mod audio;
mod begin;
#[cfg(feature = "conference")]
mod bridge;
mod builder;
mod call;
#[cfg(any(feature = "rooms", feature = "stations"))]
mod carried_links;
#[cfg(any(feature = "paging", feature = "rooms", feature = "stations"))]
mod clock;
#[cfg(feature = "conference")]
mod conference;
#[cfg(feature = "endpoint")]
mod destinations;
mod error;
mod event;
mod event_stream;
mod events;
pub mod host;
mod inbox;
mod link_reporter;
mod links;
mod log_limit;
mod mailbox;
mod network;
mod outlets;
mod pace;
#[cfg(feature = "paging")]
mod paging;
mod patience;
mod phone;
mod ports;
mod radio;
#[cfg(feature = "recording")]
mod recording;
mod request;
#[cfg(feature = "rooms")]
mod room;
mod runner;
mod runtime;
mod settings;
mod stack_links;
mod state;
#[cfg(feature = "stations")]
mod stations;
mod store;

pub use audio::{
    AudioError, AudioFormat, AudioSink, AudioSource, DeviceSink, DeviceSource, Sample,
};
#[cfg(feature = "conference")]
pub use bridge::Bridge;
pub use builder::PhoneBuilder;
pub use call::Call;
#[cfg(feature = "conference")]
pub use conference::{Conference, ConferenceBuilder, ConferenceError, ConferenceEvents};
#[cfg(feature = "endpoint")]
pub use destinations::{
    Announce, Announces, Broadcasts, DestinationError, Destinations, Link, LinkMessage, Served,
};
pub use error::{CallError, StartError};
pub use event::Event;
pub use event_stream::EventStream;
pub use events::Events;
#[cfg(feature = "endpoint")]
pub use host::{IdentityFileError, OsRng, load_or_create_identity};
pub use link_reporter::LinkReporter;
pub use links::LinkPort;
pub use log_limit::{LeftOut, LogLimit};
#[cfg(any(feature = "conference", feature = "recording"))]
pub use lxst_audio;
pub use lxst_core::{
    Admission, AirBudget, AnnouncePolicy, Boundary, CallId, CallState, CallStatus, CallerLimits,
    Class, CodecProfile, Destination, Direction, DisplayName, DisplayNameError, DropReason,
    EndReason, IdentityHash, InputError, InsteadOfVoice, Limit, LinkClosed, LinkEvent, LinkFailed,
    LinkId, LinkRequest, Mode, Mos, Profile, Quality, RawDepth, Role, SettingError, Side, StreamId,
    ThinPath, TransmitCodec, talk,
};
#[cfg(feature = "voice-processing")]
pub use lxst_engine::VoiceProcessing;
pub use lxst_engine::codecs::{BuiltInCodecs, CodecSettings, Codecs};
pub use lxst_engine::{
    Callers, DialError, LinkCommand, LinkCounters, LinkNames, ProfileChoice, RadioPacket, Tap,
    codecs,
};
#[cfg(feature = "endpoint")]
pub use lxst_reticulum as reticulum;
#[cfg(feature = "endpoint")]
pub use lxst_reticulum::{DestinationHash, Framing, Identity, Ifac, Rng};
#[cfg(any(
    feature = "conference",
    feature = "paging",
    feature = "rooms",
    feature = "stations"
))]
pub use lxst_rooms as rooms;
#[cfg(feature = "trace")]
pub use lxst_trace as trace;
pub use network::StackSettings;
#[cfg(feature = "endpoint")]
pub use network::interface::{
    AutoConfig, ByteStream, Datagrams, DiscoveryScope, Interface, MulticastAddressType, PacketPort,
    Sockets, prepare_tcp,
};
#[cfg(feature = "endpoint")]
pub use network::own_stack::OwnStack;
pub use network::port::AppStack;
#[cfg(feature = "endpoint")]
pub use network::reticulum_config::{
    ConfigFault, ConfigProblem, ConfigSection, ConfiguredInterface, Parity, ReticulumConfig,
    SerialLine,
};
#[cfg(feature = "paging")]
pub use paging::{Pager, PagerBuilder, PagerEvents, PagingError};
pub use phone::Phone;
pub use radio::{Radio, RadioBuilder, RadioError, RadioEvent, RadioEvents, RadioPort};
#[cfg(feature = "recording")]
pub use recording::RecordingError;
pub use request::Counters;
#[cfg(feature = "rooms")]
pub use room::{
    Room, RoomClient, RoomClientBuilder, RoomClientEvents, RoomClientStatus, RoomError, RoomMember,
    RoomServer, RoomServerBuilder, RoomServerEvents, RoomServerStatus,
};
pub use runtime::Runtime;
pub use settings::{Network, Settings, Timing, Voice};
pub use stack_links::StackLinks;
pub use state::{InterfaceState, State, Watch};
#[cfg(feature = "stations")]
pub use stations::{
    Station, StationBuilder, StationError, StationEvents, StationStatus, Tuner, TunerBuilder,
    TunerEvents, TunerStatus,
};
