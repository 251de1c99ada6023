//! Voice rooms over Reticulum: the server of `lxst.room`, and its packets.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod bucket;
mod door;
mod id;
pub mod limits;
mod profile;
mod server;
mod text;
pub mod wire;

pub use door::{Input, InputError, Output};
pub use id::{MemberId, RoomId};
pub use profile::{RoomProfile, UnknownRoomProfile};
pub use server::{
    BoundError, RoomConfig, Server, ServerCommand, ServerConfig, ServerCounters, ServerEvent,
};
pub use text::clean;
