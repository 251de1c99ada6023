//! Encoded frames that go out together in one packet.

use core::fmt;

use heapless::Vec;

use crate::limits::{FRAMES_PER_PACKET, PACKET_BYTES};
use crate::wire::{self, Codec, Frame};

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Joined {
    frames: Vec<(Codec, usize), FRAMES_PER_PACKET>,
    payloads: [u8; PACKET_BYTES],
    /// Bytes of the payloads.
    filled: usize,
    /// Whether the packet is complete with the frames it has, or else with the next one.
    is_hurried: bool,
}

/// A packet that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) length: usize,
    /// Bytes of its frames, codec bytes included.
    pub(super) frame_bytes: usize,
    /// Where the value begins that holds the frames.
    pub(super) frames_at: usize,
}

impl Joined {
    pub(super) const fn new() -> Self {
        Self { frames: Vec::new(), payloads: [0; PACKET_BYTES], filled: 0, is_hurried: false }
    }

    /// Adds a frame to a packet of at most `room` bytes.
    ///
    /// # Errors
    /// [`Overflow`]: the frame does not fit beside the others, and was not added.
    pub(super) fn push(&mut self, frame: Frame<'_>, room: usize) -> Result<(), Overflow> {
        let length = frame.payload.len();
        let lengths = self.frames.iter().map(|(_, length)| *length);
        if packet_bytes(lengths.chain([length])) > room {
            return Err(Overflow);
        }
        let end = self.filled + length;
        let place = self.payloads.get_mut(self.filled..end).ok_or(Overflow)?;
        self.frames.push((frame.codec, length)).map_err(|_| Overflow)?;
        place.copy_from_slice(frame.payload);
        self.filled = end;
        Ok(())
    }

    /// Completes the packet with the frames it has.
    pub(super) fn flush(&mut self) {
        self.is_hurried |= !self.frames.is_empty();
    }

    /// Completes the packet with the next frame.
    pub(super) fn hurry_next(&mut self) {
        self.is_hurried = true;
    }

    /// Returns whether the packet is complete, if it wants this many frames.
    pub(super) fn is_complete(&self, wanted: u8) -> bool {
        let is_full = self.frames.len() >= usize::from(wanted);
        !self.frames.is_empty() && (is_full || self.is_hurried)
    }

    /// Writes the packet, complete or not, and clears the frames.
    pub(super) fn write(&mut self, out: &mut [u8]) -> Option<Packet> {
        let packet = self.encode(out);
        self.clear();
        packet
    }

    /// Clears the frames. Returns how many there were.
    pub(super) fn clear(&mut self) -> usize {
        let frames = self.frames.len();
        self.frames.clear();
        (self.filled, self.is_hurried) = (0, false);
        frames
    }

    fn encode(&self, out: &mut [u8]) -> Option<Packet> {
        let mut payloads = &self.payloads[..];
        let mut frames: Vec<Frame<'_>, FRAMES_PER_PACKET> = Vec::new();
        for (codec, length) in &self.frames {
            let (payload, rest) = payloads.split_at_checked(*length)?;
            payloads = rest;
            frames.push(Frame { codec: *codec, payload }).ok()?;
        }
        let length = match frames[..] {
            [] => return None,
            [frame] => wire::encode_frame(frame, out),
            _ => wire::encode_frames(&frames, out),
        };
        let frame_bytes = self.filled + frames.len();
        Some(Packet { length: length.ok()?, frame_bytes, frames_at: MAP_AND_KEY })
    }
}

impl fmt::Debug for Joined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Joined({} frames)", self.frames.len())
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Overflow;

/// Returns the length of a packet with these payloads.
fn packet_bytes(payloads: impl Iterator<Item = usize>) -> usize {
    let bytes_of = |payload: usize| payload + if payload < 255 { 3 } else { 4 };
    let (frames, bytes) =
        payloads.fold((0, MAP_AND_KEY), |(n, bytes), payload| (n + 1, bytes + bytes_of(payload)));
    bytes + usize::from(frames > 1)
}

/// Bytes of a packet before its frames.
const MAP_AND_KEY: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_as_long_as_was_foreseen() {
        for lengths in [&[0][..], &[254], &[255], &[60, 61], &[300, 254, 0, 255]] {
            let foreseen = packet_bytes(lengths.iter().copied());
            let mut joined = Joined::new();
            for (index, length) in lengths.iter().enumerate() {
                let frame = Frame { codec: Codec::Opus, payload: &[index as u8; 500][..*length] };
                joined.push(frame, foreseen).unwrap();
            }
            let mut out = [0; PACKET_BYTES];
            let packet = joined.write(&mut out).unwrap();
            assert_eq!(packet.length, foreseen, "{lengths:?}");
            let read = wire::Packet::parse(&out[..packet.length]).unwrap();
            let read = read.frames().map(|frame| frame.unwrap().payload.len());
            assert!(read.eq(lengths.iter().copied()), "{lengths:?}");
        }
    }

    #[test]
    fn a_frame_that_does_not_fit_is_refused_and_the_others_stay() {
        let mut joined = Joined::new();
        let frame = Frame { codec: Codec::Opus, payload: &[7; 60] };
        joined.push(frame, 128).unwrap();
        assert_eq!(joined.push(frame, 128), Err(Overflow));
        assert_eq!(joined.write(&mut [0; 128]).map(|packet| packet.length), Some(65));
    }
}
