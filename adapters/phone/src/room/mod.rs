//! Servers and clients of rooms on the links of a phone's endpoint.
//!
//! [`lxst_rooms`] says what a server and a client do. Here each is a task that drives one of its
//! values on [carried links](crate::carried_links). A radio is the client's voice.

mod client;
mod client_task;
mod events;
mod request;
mod roster;
mod server;
mod server_task;
mod voice;
mod wanted;

pub use client::{RoomClient, RoomClientBuilder};
pub use events::{RoomClientEvents, RoomServerEvents};
pub use request::{RoomClientStatus, RoomError, RoomServerStatus};
pub use roster::{Room, RoomMember};
pub use server::{RoomServer, RoomServerBuilder};

use lxst_core::{Destination, IdentityHash};
use lxst_reticulum::name_hash;

/// Returns the destination of a server of rooms.
fn rooms_of(identity: IdentityHash) -> Destination {
    Destination { identity, name: name_hash("lxst.room") }
}

/// Upper bound of the requests that wait for a task. Beyond it a handle waits for room.
const REQUESTS: usize = 32;
