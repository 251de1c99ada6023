//! The voice of a client: what a radio sends and plays.

use bytes::Bytes;
use lxst_core::wire::{TalkEnd, encode_talk_end};
use lxst_engine::RadioPacket;
use lxst_rooms::limits::MDU;
use lxst_rooms::{MemberId, RoomProfile};

use crate::radio::{Radio, RadioPort};

/// A radio, and its port of the room.
#[derive(Debug)]
pub(super) struct Voice {
    radio: Radio,
    port: RadioPort,
    /// Whether the radio sends the profile of the room.
    is_ready: bool,
}

impl Voice {
    pub(super) fn new(radio: Radio) -> Self {
        Self { port: radio.port(MDU), radio, is_ready: false }
    }

    /// Begins in a room: decoders are new, and the radio sends the room's profile if its codecs
    /// can. `None` is a profile of a later version.
    pub(super) async fn enter(&mut self, profile: Option<RoomProfile>) {
        self.port = self.radio.port(MDU);
        self.is_ready = false;
        let Some(profile) = profile else {
            return tracing::warn!("the profile of the room is unknown: it is heard only");
        };
        match self.radio.set_format(profile).await {
            Ok(()) => self.is_ready = true,
            Err(error) => tracing::warn!(%error, %profile, "the room is heard only"),
        }
    }

    /// Returns whether the radio sends the profile of the room.
    pub(super) const fn is_ready(&self) -> bool {
        self.is_ready
    }

    /// Waits for what the radio sends. `None` when it has shut down.
    ///
    /// # Cancel safety
    /// Cancel safe: no packet is lost.
    pub(super) async fn next(&self) -> Option<RadioPacket> {
        self.port.next().await
    }

    /// Plays a packet of the room.
    pub(super) fn play(&self, data: Bytes) {
        self.port.give(data);
    }

    /// Plays what is there of a member's talk, and then nothing.
    pub(super) fn end_talk(&self, of: MemberId) {
        let mut buffer = [0; 16];
        let length = encode_talk_end(TalkEnd { speaker: Some(of.into()) }, &mut buffer);
        debug_assert!(length.is_ok(), "the end of a talk has 11 bytes at most");
        self.port.give(Bytes::copy_from_slice(&buffer[..length.unwrap_or(0)]));
    }
}
