//! The control protocol: how prompts, programs and scripts use the phone.
//!
//! A client sends a [`Request`] a line and reads [`Message`]s, a JSON object each, over any ordered
//! byte stream. There is no other way to the phone: the prompt of `rnphone-rs` speaks it too.
//!
//! ```text
//! < {"event":"hello","identity":"f3e8c335..","listening":[],"version":1}
//! > {"id":1,"command":"dial","to":"mary"}
//! < {"call":7,"event":"dialled","peer":{"hash":"b8d80b1b..","is_contact":true,"name":"Mary"}}
//! < {"id":1,"ok":{"call":7}}
//! < {"call":7,"event":"ringing"}
//! > {"id":2,"command":"mut","on":true}
//! < {"error":"unknown variant `mut`, expected one of ..","id":2}
//! ```
//!
//! *Bounds*: a line has at most [`MAX_LINE`] bytes. Every client hears every event; one that reads
//! slower than events come is told how many it missed ([`Event::LeftOut`]).
//!
//! *Versions*: [`VERSION`] changes when a command or a field is removed or means something else.
//! Clients ignore events and fields that they do not know.

mod command;
mod event;
mod message;
mod reply;
mod text;

pub use command::{Command, ExportFormat, GreetingAction};
pub use event::Event;
pub use message::{BadRequest, MAX_LINE, Message, Request};
pub use reply::{
    AnnouncedInfo, CallInfo, CallQuality, CallStage, ChosenProfile, ContactInfo, DeviceInfo,
    DeviceUse, MessageInfo, PastCall, Peer, Reply, StationInfo, Status,
};

/// The version of the protocol.
pub const VERSION: u32 = 1;

#[cfg(test)]
mod tests;
