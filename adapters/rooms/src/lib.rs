//! Voice rooms over Reticulum: the packets of `lxst.room`.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod id;
pub mod limits;
mod profile;
mod text;
pub mod wire;

pub use id::{MemberId, RoomId};
pub use profile::{RoomProfile, UnknownRoomProfile};
pub use text::clean;
