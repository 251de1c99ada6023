//! Received frames in the order of their playout, in fixed memory.
//!
//! ```text
//! ... | codec | bytes, 2 | samples, 2 | payload | codec | ...
//! ```
//!
//! A gap is a head without payload, of [`MISSING`] or [`DELAY`] bytes. A frame follows each gap.
//!
//! The payload of a frame that was taken out lies before the oldest head, reserved, until its job is
//! polled: it is copied once.

mod gaps;

use core::fmt;

use crate::audio::Samples;
use crate::limits::{FRAME_BYTES, MIN_RING_BYTES};
use crate::wire::{Codec, Frame};
pub(super) use gaps::Gap;

#[derive(Clone, PartialEq, Eq)]
pub(super) struct FrameRing<const BYTES: usize> {
    bytes: [u8; BYTES],
    /// Where the oldest frame or gap begins.
    head: usize,
    /// Bytes of the frames and gaps, without the reserved ones.
    filled: usize,
    /// Length of the payload before `head` that is not copied yet.
    reserved: Option<usize>,
    frames: usize,
    /// Playing time of the frames and gaps in the ring.
    samples: Samples,
}

/// A frame taken out of the ring, without its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) codec: Codec,
    pub(super) bytes: usize,
    pub(super) samples: Samples,
}

/// The frames that were dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dropped {
    pub(super) frames: u64,
    pub(super) samples: Samples,
}

impl core::ops::AddAssign for Dropped {
    fn add_assign(&mut self, more: Self) {
        self.frames += more.frames;
        self.samples = self.samples + more.samples;
    }
}

impl<const BYTES: usize> FrameRing<BYTES> {
    pub(super) const fn new() -> Self {
        const { assert!(BYTES >= MIN_RING_BYTES, "the ring holds two frames at least") };
        let bytes = [0; BYTES];
        Self { bytes, head: 0, filled: 0, reserved: None, frames: 0, samples: Samples::ZERO }
    }

    pub(super) const fn frames(&self) -> usize {
        self.frames
    }

    pub(super) const fn samples(&self) -> Samples {
        self.samples
    }

    /// Adds a frame of this length. Returns the oldest frames that were dropped to make room.
    ///
    /// # Errors
    /// [`TooLong`]: nothing changed.
    pub(super) fn push(&mut self, frame: Frame<'_>, samples: Samples) -> Result<Dropped, TooLong> {
        let length = frame.payload.len();
        if length >= FRAME_BYTES {
            return Err(TooLong);
        }
        let dropped = self.make_room(HEAD + length);
        // At most FRAME_BYTES, so two bytes hold it.
        let head =
            Head { codec: frame.codec.byte(), bytes: length as u16, samples: short(samples) };
        self.write(&head.encode());
        self.write(frame.payload);
        self.frames += 1;
        self.samples = self.samples + head.samples();
        Ok(dropped)
    }

    /// Takes the oldest frame; no gap may lie before it. Its payload stays, reserved, until
    /// [`copy_reserved`](Self::copy_reserved).
    pub(super) fn reserve(&mut self) -> Option<Kept> {
        debug_assert!(self.reserved.is_none(), "the frame before was not copied");
        let kept = self.oldest()?;
        self.skip(HEAD + kept.bytes);
        self.reserved = Some(kept.bytes);
        self.frames -= 1;
        self.samples = self.samples - kept.samples;
        Some(kept)
    }

    /// Returns whether a payload is reserved.
    pub(super) const fn has_reserved(&self) -> bool {
        self.reserved.is_some()
    }

    /// Copies the reserved payload to the front of `buf`, and returns it. It is no longer reserved.
    pub(super) fn copy_reserved<'b>(&mut self, buf: &'b mut [u8]) -> &'b [u8] {
        let length = self.reserved.take().unwrap_or(0);
        let start = self.before_head(length);
        // A frame has at most FRAME_BYTES, which is less than PACKET_BYTES.
        let payload = &mut buf[..length];
        let (first, second) = payload.split_at_mut(length.min(BYTES - start));
        first.copy_from_slice(&self.bytes[start..start + first.len()]);
        second.copy_from_slice(&self.bytes[..second.len()]);
        payload
    }

    /// Drops the oldest frame, if there is one, and the gaps beside it. Adds them to `dropped`.
    pub(super) fn drop_oldest(&mut self, dropped: &mut Dropped) {
        self.drop_gaps(dropped);
        if let Some(kept) = self.oldest() {
            self.skip(HEAD + kept.bytes);
            self.frames -= 1;
            self.samples = self.samples - kept.samples;
            dropped.frames += 1;
            dropped.samples = dropped.samples + kept.samples;
        }
        self.drop_gaps(dropped);
    }

    /// Drops all frames and gaps. A reserved payload stays.
    pub(super) fn clear(&mut self) {
        (self.filled, self.frames, self.samples) = (0, 0, Samples::ZERO);
    }

    const fn free(&self) -> usize {
        let reserved = match self.reserved {
            Some(bytes) => bytes,
            None => 0,
        };
        BYTES - self.filled - reserved
    }

    fn oldest(&self) -> Option<Kept> {
        let head = (self.frames > 0).then(|| self.head(0))?;
        let bytes = usize::from(head.bytes);
        Some(Kept { codec: Codec::from_byte(head.codec), bytes, samples: head.samples() })
    }

    /// Removes this many bytes at the head. The reserved payload moves up to the new head.
    fn skip(&mut self, bytes: usize) {
        let reserved = self.reserved.unwrap_or(0);
        let start = self.before_head(reserved);
        for index in (0..reserved).rev() {
            self.bytes[(start + bytes + index) % BYTES] = self.bytes[(start + index) % BYTES];
        }
        self.head = (self.head + bytes) % BYTES;
        self.filled -= bytes;
    }

    const fn before_head(&self, bytes: usize) -> usize {
        (self.head + BYTES - bytes) % BYTES
    }

    fn make_room(&mut self, bytes: usize) -> Dropped {
        let mut dropped = Dropped::default();
        while self.free() < bytes {
            self.drop_oldest(&mut dropped);
        }
        dropped
    }

    fn head(&self, at: usize) -> Head {
        let byte = |index| self.bytes[(self.head + at + index) % BYTES];
        Head {
            codec: byte(0),
            bytes: u16::from_le_bytes([byte(1), byte(2)]),
            samples: u16::from_le_bytes([byte(3), byte(4)]),
        }
    }

    fn write(&mut self, data: &[u8]) {
        let start = (self.head + self.filled) % BYTES;
        let (first, second) = data.split_at(data.len().min(BYTES - start));
        self.bytes[start..start + first.len()].copy_from_slice(first);
        self.bytes[..second.len()].copy_from_slice(second);
        self.filled += data.len();
    }
}

impl<const BYTES: usize> fmt::Debug for FrameRing<BYTES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FrameRing({} frames, {} bytes)", self.frames, self.filled)
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// What stands before a payload, or in place of one.
#[derive(Clone, Copy)]
struct Head {
    codec: u8,
    /// Length of the payload, or the kind of gap.
    bytes: u16,
    samples: u16,
}

impl Head {
    const fn encode(self) -> [u8; HEAD] {
        let ([low, high], [least, most]) = (self.bytes.to_le_bytes(), self.samples.to_le_bytes());
        [self.codec, low, high, least, most]
    }

    const fn is_gap(&self) -> bool {
        self.bytes >= DELAY
    }

    const fn samples(&self) -> Samples {
        Samples(self.samples as u64)
    }
}

fn short(samples: Samples) -> u16 {
    u16::try_from(samples.0).unwrap_or(u16::MAX)
}

const HEAD: usize = 5;

/// A frame that did not come, in place of the length of its payload.
const MISSING: u16 = u16::MAX;

/// Delay, in place of the length of a payload.
const DELAY: u16 = u16::MAX - 1;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BYTES: usize = 4_096;
    const LENGTH: Samples = Samples(960);

    fn frame(payload: &[u8]) -> Frame<'_> {
        Frame { codec: Codec::Opus, payload }
    }

    #[test]
    fn frames_come_out_as_they_went_in_round_the_end_of_the_memory() {
        let mut ring = FrameRing::<BYTES>::new();
        let mut out = [0; FRAME_BYTES];
        for length in 0..2_000_usize {
            let payload = [length as u8; FRAME_BYTES - 1];
            let payload = &payload[..length % FRAME_BYTES];
            assert_eq!(ring.push(frame(payload), LENGTH), Ok(Dropped::default()));
            assert_eq!(ring.samples(), LENGTH);
            let kept = Kept { codec: Codec::Opus, bytes: payload.len(), samples: LENGTH };
            assert_eq!(pop(&mut ring, &mut out), Some(kept));
            assert_eq!(&out[..payload.len()], payload);
        }
        assert_eq!(pop(&mut ring, &mut out), None);
    }

    #[test]
    fn the_oldest_frames_make_room_for_the_newest() {
        let mut ring = FrameRing::<BYTES>::new();
        for number in 0..1_100_u32 {
            ring.push(frame(&number.to_le_bytes()[..2]), LENGTH).unwrap();
        }
        assert_eq!((ring.frames(), ring.samples()), (585, Samples(585 * LENGTH.0)));
        let mut out = [0; FRAME_BYTES];
        pop(&mut ring, &mut out);
        assert_eq!(u16::from_le_bytes([out[0], out[1]]), 1_100 - 585);
        for _ in 0..3 {
            assert!(ring.push(frame(&[0; FRAME_BYTES - 1]), LENGTH).is_ok());
        }
        let dropped = ring.push(frame(&[0; FRAME_BYTES - 1]), LENGTH).unwrap();
        assert_eq!(dropped.samples, Samples(dropped.frames * LENGTH.0));
        assert_eq!((ring.frames(), ring.samples()), (3, Samples(3 * LENGTH.0)));
    }

    #[test]
    fn a_frame_and_its_head_may_fill_the_memory_to_the_last_byte() {
        for (length, frames) in [(251, 0), (252, 1)] {
            let mut ring = FrameRing::<BYTES>::new();
            for _ in 0..3 {
                ring.push(frame(&[0; FRAME_BYTES - 1]), LENGTH).unwrap();
            }
            let dropped = ring.push(frame(&[0; FRAME_BYTES][..length]), LENGTH);
            assert_eq!(dropped.map(|dropped| dropped.frames), Ok(frames));
        }
    }

    #[test]
    fn a_frame_that_is_too_long_is_refused() {
        let mut ring = FrameRing::<BYTES>::new();
        assert_eq!(ring.push(frame(&[0; FRAME_BYTES]), LENGTH), Err(TooLong));
        assert_eq!(ring.frames(), 0);
    }

    proptest! {
        /// The model keeps a copy of each payload.
        #[test]
        fn a_reserved_payload_outlives_whatever_happens_to_the_ring(
            ops in proptest::collection::vec(op(), 1..400)
        ) {
            let mut ring = FrameRing::<MIN_RING_BYTES>::new();
            let mut model = std::collections::VecDeque::new();
            let mut reserved: Option<std::vec::Vec<u8>> = None;
            let mut number = 0_u8;
            for op in ops {
                match op {
                    Op::Push(length) => {
                        number = number.wrapping_add(1);
                        let payload = std::vec![number; length];
                        let dropped = ring.push(frame(&payload), LENGTH).unwrap();
                        for _ in 0..dropped.frames {
                            model.pop_front().unwrap();
                        }
                        model.push_back(payload);
                    }
                    Op::Gap => {
                        let dropped = ring.push_gap(Gap::Missing, LENGTH);
                        model.drain(..usize::try_from(dropped.frames).unwrap());
                    }
                    Op::Reserve => {
                        while ring.pop_gap().is_some() {}
                        if reserved.is_none() {
                            reserved = model.pop_front();
                            let kept = ring.reserve().map(|kept| kept.bytes);
                            prop_assert_eq!(kept, reserved.as_ref().map(std::vec::Vec::len));
                        }
                    }
                    Op::Copy => {
                        let mut out = [0; FRAME_BYTES];
                        let expected = reserved.take().unwrap_or_default();
                        prop_assert_eq!(ring.copy_reserved(&mut out), &expected);
                    }
                    Op::Clear => {
                        ring.clear();
                        model.clear();
                    }
                }
                prop_assert_eq!(ring.frames(), model.len());
                prop_assert_eq!(ring.has_reserved(), reserved.is_some());
            }
        }
    }

    #[derive(Clone, Copy, Debug)]
    enum Op {
        Push(usize),
        Gap,
        Reserve,
        Copy,
        Clear,
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            4 => (0..FRAME_BYTES).prop_map(Op::Push),
            4 => (0..60_usize).prop_map(Op::Push),
            2 => Just(Op::Gap),
            4 => Just(Op::Reserve),
            3 => Just(Op::Copy),
            1 => Just(Op::Clear),
        ]
    }

    pub(super) fn pop(ring: &mut FrameRing<BYTES>, out: &mut [u8; FRAME_BYTES]) -> Option<Kept> {
        let kept = ring.reserve();
        ring.copy_reserved(out);
        kept
    }
}
