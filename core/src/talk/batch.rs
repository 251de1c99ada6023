//! Encoded frames that go out together in one packet, with the number of the first.

use core::fmt;

use heapless::Vec;

use crate::limits::{PACKET_BYTES, TALK_FRAMES};
use crate::wire::{self, Codec, Frame, Media, Overflow, SEQUENCE_OVERHEAD, Sequence};

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Batch {
    frames: Vec<(Codec, usize), TALK_FRAMES>,
    payloads: [u8; PACKET_BYTES],
    /// Bytes of the payloads.
    filled: usize,
    /// The number of the first frame.
    first: Sequence,
}

impl Batch {
    pub(super) const fn new() -> Self {
        Self { frames: Vec::new(), payloads: [0; PACKET_BYTES], filled: 0, first: Sequence(1) }
    }

    pub(super) fn frames(&self) -> usize {
        self.frames.len()
    }

    /// Adds a frame to a numbered packet of at most `room` bytes.
    ///
    /// # Errors
    /// [`Overflow`]: the frame does not fit beside the others, and was not added.
    pub(super) fn push(&mut self, frame: Frame<'_>, room: usize) -> Result<(), Overflow> {
        let overflow = Overflow { room };
        let length = frame.payload.len();
        let lengths = self.frames.iter().map(|(_, length)| *length);
        if packet_bytes(lengths.chain([length])) > room {
            return Err(overflow);
        }
        let end = self.filled + length;
        let place = self.payloads.get_mut(self.filled..end).ok_or(overflow)?;
        self.frames.push((frame.codec, length)).map_err(|_| overflow)?;
        place.copy_from_slice(frame.payload);
        self.filled = end;
        Ok(())
    }

    /// Writes a packet of the frames, numbered or not, and clears them. Returns its length and the
    /// bytes of its frames, codec bytes included.
    pub(super) fn write(&mut self, is_numbered: bool, out: &mut [u8]) -> Option<(usize, usize)> {
        let length = self.encode(is_numbered, out);
        let (frames, bytes) = (self.frames.len(), self.filled);
        // There are at most TALK_FRAMES.
        self.first = self.first.plus(frames as u16);
        self.frames.clear();
        self.filled = 0;
        Some((length?, bytes + frames))
    }

    fn encode(&self, is_numbered: bool, out: &mut [u8]) -> Option<usize> {
        let mut payloads = &self.payloads[..];
        let mut frames: Vec<Frame<'_>, TALK_FRAMES> = Vec::new();
        for (codec, length) in &self.frames {
            let (payload, rest) = payloads.split_at_checked(*length)?;
            payloads = rest;
            frames.push(Frame { codec: *codec, payload }).ok()?;
        }
        let sequence = is_numbered.then_some(self.first);
        let media = Media { frames: &frames, speaker: None, sequence };
        wire::encode_media(media, out).ok().filter(|_| !frames.is_empty())
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batch({} frames from {})", self.frames.len(), self.first.0)
    }
}

/// Returns the largest length of a packet with these payloads.
fn packet_bytes(payloads: impl Iterator<Item = usize>) -> usize {
    const MAP_AND_KEY: usize = 2;
    let bytes_of = |payload: usize| payload + if payload < 255 { 3 } else { 4 };
    let (frames, bytes) =
        payloads.fold((0, MAP_AND_KEY), |(n, bytes), payload| (n + 1, bytes + bytes_of(payload)));
    let array = match frames {
        0 | 1 => 0,
        2..16 => 1,
        _ => 3,
    };
    bytes + array + SEQUENCE_OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_at_most_as_long_as_was_foreseen() {
        for lengths in [&[0][..], &[254], &[255], &[60, 61], &[300, 254, 0, 255], &[20; 16]] {
            let foreseen = packet_bytes(lengths.iter().copied());
            let mut batch = Batch { first: Sequence(300), ..Batch::new() };
            for (index, length) in lengths.iter().enumerate() {
                let frame = Frame { codec: Codec::Opus, payload: &[index as u8; 500][..*length] };
                batch.push(frame, foreseen).unwrap();
            }
            let mut out = [0; PACKET_BYTES];
            let (length, _) = batch.write(true, &mut out).unwrap();
            assert_eq!(length, foreseen, "{lengths:?}");
            let read = wire::Packet::parse(&out[..length]).unwrap();
            let payloads = read.frames().map(|frame| frame.unwrap().payload.len());
            assert!(payloads.eq(lengths.iter().copied()), "{lengths:?}");
            assert_eq!(read.sequence(), Some(Sequence(300)));
            assert_eq!(batch.first, Sequence(300 + lengths.len() as u16));
        }
    }

    #[test]
    fn a_frame_that_does_not_fit_is_refused_and_the_others_stay() {
        let mut batch = Batch::new();
        let frame = Frame { codec: Codec::Opus, payload: &[7; 60] };
        batch.push(frame, 132).unwrap();
        assert_eq!(batch.push(frame, 132), Err(Overflow { room: 132 }));
        assert_eq!(batch.write(false, &mut [0; 132]), Some((65, 61)));
    }
}
