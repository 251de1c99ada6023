//! Our own voice: packets of frames, and their numbers.

use alloc::vec::Vec;

use bytes::Bytes;
use lxst_core::wire::{Codec, Frame, Media, Overflow, Sequence, encode_media};
use lxst_core::{Samples, frame_length};

use crate::limits::{FRAMES, MDU, TALKER_RESERVE};
use crate::profile::RoomProfile;

/// How the room that we are in takes voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RoomVoice {
    /// `None`: a profile of a later version. Its frames are of the length that the server tells.
    pub(super) profile: Option<RoomProfile>,
    pub(super) frame_ms: u32,
    /// Frames of a packet, at most.
    pub(super) batch: usize,
}

/// Frames that wait to be sent, and what is known of the talk spurt.
#[derive(Clone, Debug)]
pub(super) struct Talk {
    frames: Vec<(Codec, Bytes)>,
    /// The number of the next frame.
    next: Sequence,
    /// The profile that the numbers count frames of.
    profile: Option<RoomProfile>,
    /// Frames were spoken since the last end of talk.
    is_talking: bool,
}

impl Default for Talk {
    fn default() -> Self {
        Self { frames: Vec::new(), next: FIRST, profile: None, is_talking: false }
    }
}

impl RoomVoice {
    /// Returns how many frames of a push-to-talk room a packet has: as much audio as listeners
    /// buffer.
    pub(super) fn ptt_batch(ptt_jitter_ms: u32, frame_ms: u32) -> usize {
        let frames = ptt_jitter_ms / frame_ms.max(1);
        usize::try_from(frames).unwrap_or(FRAMES).clamp(1, FRAMES)
    }

    /// Returns whether the room takes a frame.
    pub(super) fn accepts(&self, frame: Frame<'_>) -> bool {
        let is_whole = || frame_length(frame) == Some(Samples::from_millis(self.frame_ms.into()));
        self.profile.map_or_else(is_whole, |profile| profile.accepts(frame))
    }
}

impl Talk {
    /// Begins anew in a room. The numbers run on, unless the profile is another one.
    pub(super) fn enter(&mut self, profile: Option<RoomProfile>) {
        self.frames.clear();
        self.is_talking = false;
        if self.profile != profile {
            (self.profile, self.next) = (profile, FIRST);
        }
    }

    /// Takes a frame that the room accepts. The packets that are complete go to `send`.
    pub(super) fn speak(
        &mut self,
        frame: Frame<'_>,
        voice: RoomVoice,
        mdu: usize,
        mut send: impl FnMut(Media<'_>),
    ) {
        // A link that takes more would delay the start of the talk by all that fits it.
        let room = mdu.min(MDU).saturating_sub(TALKER_RESERVE + HEAD);
        let cost = |payload: usize| payload + 1 + FRAME_HEAD;
        let held: usize = self.frames.iter().map(|(_, payload)| cost(payload.len())).sum();
        if held + cost(frame.payload.len()) > room {
            self.flush(&mut send);
        }
        self.frames.push((frame.codec, Bytes::copy_from_slice(frame.payload)));
        self.is_talking = true;
        if self.frames.len() >= voice.batch {
            self.flush(&mut send);
        }
    }

    /// Sends what waits. Returns whether a talk spurt ends with it.
    pub(super) fn end(&mut self, mut send: impl FnMut(Media<'_>)) -> bool {
        self.flush(&mut send);
        core::mem::take(&mut self.is_talking)
    }

    fn flush(&mut self, send: &mut impl FnMut(Media<'_>)) {
        let frames: Vec<_> =
            self.frames.iter().map(|(codec, payload)| Frame { codec: *codec, payload }).collect();
        if frames.is_empty() {
            return;
        }
        let sequence = Some(self.next);
        self.next = self.next.plus(frames.len() as u16);
        send(Media { frames: &frames, speaker: None, sequence });
        self.frames.clear();
    }
}

/// Writes a packet of voice.
pub(super) fn encode(media: Media<'_>) -> impl FnOnce(&mut [u8]) -> Result<usize, Overflow> {
    move |buffer| encode_media(media, buffer)
}

/// The number of the first frame.
const FIRST: Sequence = Sequence(1);

/// Bytes of a packet besides its frames.
const HEAD: usize = 8;

/// Bytes of a frame besides codec byte and payload.
const FRAME_HEAD: usize = 3;
