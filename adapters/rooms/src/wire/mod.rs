//! The packets of `lxst.room`: MessagePack maps with integer keys.
//!
//! A [`ClientMessage`] goes to the server, a [`ServerMessage`] to a client. A packet has one
//! message, apart from the numbers that go with frames; a packet with several is read in the order
//! of the reference. The README lays out every byte.
//!
//! *Bounds*: no recursion, work linear in the packet's length. A packet is read whole or not at
//! all; a value of the wrong type leaves out its message, and unknown keys are ignored.
//!
//! *Source*: Partyline 1.0.5, protocol version 1; recordings in `tests/captures`.

mod announce;
mod client;
mod hello;
mod record;
mod server;
mod station;
mod value;
mod voice;

pub use announce::{AnnouncedRoom, encode_announce};
pub use client::{Action, ClientMessage};
pub use hello::{Hello, RoomKey};
pub use lxst_core::wire::{Malformed, Overflow};
pub use record::{Access, MemberRecord, RoomRecord};
pub use server::{Entered, ServerMessage, Welcome};
pub use station::{AnnouncedStation, Program, StationKind, StationMessage};
pub use voice::Voice;

use value::Fields;

/// Returns the text under a key of a packet.
pub(crate) fn text_of(data: &[u8], key: u64) -> Option<&str> {
    Fields::parse(data).ok()?.get(key)?.text()
}

/// The version of the protocol.
pub const VERSION: u64 = 1;

/// The keys of packets.
mod keys {
    pub(super) const FRAMES: u64 = 0x01;
    pub(super) const SPEAKER: u64 = 0x02;
    pub(super) const ROOM: u64 = 0x03;
    pub(super) const HELLO: u64 = 0x05;
    pub(super) const WELCOME: u64 = 0x06;
    pub(super) const CHANNEL: u64 = 0x07;
    pub(super) const USER: u64 = 0x08;
    pub(super) const USER_LEFT: u64 = 0x09;
    pub(super) const MOVE: u64 = 0x0a;
    pub(super) const DENIED: u64 = 0x0b;
    pub(super) const TEXT: u64 = 0x0c;
    pub(super) const STATE: u64 = 0x0d;
    pub(super) const SYNCED: u64 = 0x0e;
    pub(super) const POKE: u64 = 0x0f;
    pub(super) const ADMIN: u64 = 0x11;
    pub(super) const NOTICE: u64 = 0x12;
    pub(super) const TALK_END: u64 = 0x13;
    pub(super) const DIALIN: u64 = 0x14;
    pub(super) const CONFIG: u64 = 0x15;
    pub(super) const CHANNEL_GONE: u64 = 0x16;
}
