//! A sans-IO Reticulum endpoint for the destinations of one identity.
//!
//! [`Endpoint`] implements the part of Reticulum that voice needs. It serves named destinations
//! ([`DestinationConfig`]): it announces them, receives the announces of others, searches paths and
//! answers searches, and keeps links in both roles with identification, keepalives and teardown. It
//! sends and receives broadcasts without a link ([`Channel`]). It uses any number of interfaces at
//! once, open ones or those of a network with an access code ([`Ifac`]). It proves no data packets,
//! forwards nothing, and knows nothing of calls or codecs.
//!
//! It opens no socket and reads no clock. Its owner gives it bytes, requests and time, and drains
//! it after each: [`poll_transmit`](Endpoint::poll_transmit) per interface,
//! [`poll_event`](Endpoint::poll_event), and then [`poll_timeout`](Endpoint::poll_timeout) for the
//! moment at which [`handle_timeout`](Endpoint::handle_timeout) is due. The same seed and the same
//! inputs give the same bytes.
//!
//! The owner can store the known phones across restarts: [`Endpoint::export`] returns them when
//! [`Endpoint::revision`] has grown, and [`Endpoint::import`] reads them.
//!
//! ```
//! use lxst_reticulum::{
//!     Config, DestinationConfig, Endpoint, Identity, Instant, InterfaceConfig, Rng, UnixTime, name_hash,
//! };
//!
//! # struct Seeded(u64);
//! # impl Rng for Seeded {
//! #     fn fill_bytes(&mut self, dest: &mut [u8]) {
//! #         for byte in dest {
//! #             self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
//! #             *byte = (self.0 >> 56) as u8;
//! #         }
//! #     }
//! # }
//! # let mut rng = Seeded(1);
//! let now = Instant::ORIGIN; // of a monotonic clock
//! let identity = Identity::generate(&mut rng);
//! let mut endpoint = Endpoint::new(identity, Config::default(), Box::new(rng));
//!
//! let room = name_hash("lxst.room");
//! endpoint.register(DestinationConfig::new(room).app_data(b"a room")?)?;
//! let socket = endpoint.interface_up(now, InterfaceConfig::TCP);
//! endpoint.announce(now, room);
//!
//! let mut buffer = Vec::new();
//! let wall = UnixTime(1_800_000_000); // of a wall clock: announces are stamped as they leave
//! while let Some(bytes) = endpoint.poll_transmit(now, wall, socket, &mut buffer) {
//!     assert!(!bytes.is_empty()); // write them to the socket
//! }
//! endpoint.handle_bytes(now, socket, b"what the socket received");
//! while let Some(event) = endpoint.poll_event() {
//!     println!("{event:?}");
//! }
//! assert_eq!(endpoint.poll_timeout(), None); // sleep until bytes arrive
//! # Ok::<(), lxst_reticulum::BoundError>(())
//! ```

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod announces;
mod broadcast;
mod bucket;
mod config;
mod counters;
mod destination;
mod endpoint;
mod event;
mod framing;
mod identity;
mod ifac;
mod interface;
mod known;
pub mod limits;
mod link;
mod packet;
mod paths;
mod queue;
mod repeat;
mod stack;
mod strangers;
mod wall_clock;

pub use broadcast::{BroadcastError, Channel, GroupKey, GroupKeyError};
pub use config::Config;
pub use counters::{Counters, DropReason};
pub use destination::{BoundError, DestinationConfig};
pub use endpoint::Endpoint;
pub use event::{Event, LinkError, LinkHandle};
pub use framing::Framing;
pub use identity::{DestinationHash, Identity, IdentityError, name_hash};
pub use ifac::{Ifac, IfacError};
pub use interface::{Attachment, InterfaceConfig, InterfaceId, Mtu};
pub use known::ImportError;
pub use lxst_core::{
    Class, Destination, IdentityHash, Instant, LinkClosed, LinkEvent, LinkFailed, NameHash,
};
pub use rns_core::hash::full_hash;
pub use rns_crypto::Rng;
pub use stack::EndpointLinks;
pub use wall_clock::UnixTime;
