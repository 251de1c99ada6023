//! Gaps between the frames of a ring: places that late frames fill.

use super::{DELAY, Dropped, FrameRing, HEAD, Head, MISSING, short};
use crate::audio::Samples;
use crate::limits::FRAME_BYTES;
use crate::wire::Frame;

/// A place in the ring without a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::stream) enum Gap {
    /// A frame that did not come yet.
    Missing,
    /// Nothing: delay.
    Delay,
}

#[derive(Debug, PartialEq, Eq)]
pub(in crate::stream) struct NoGap;

impl<const BYTES: usize> FrameRing<BYTES> {
    /// Adds a gap of this length. Returns the oldest frames that were dropped to make room.
    pub(in crate::stream) fn push_gap(&mut self, gap: Gap, samples: Samples) -> Dropped {
        let dropped = self.make_room(HEAD);
        let head = Head { codec: 0, bytes: gap.bytes(), samples: short(samples) };
        self.write(&head.encode());
        self.samples = self.samples + head.samples();
        dropped
    }

    /// Puts a frame into the gap that lies `back` frames before the newest one. Returns the playing
    /// time before it.
    ///
    /// # Errors
    /// [`NoGap`]: there is none, or no room for the frame. Nothing changed.
    pub(in crate::stream) fn fill(
        &mut self,
        back: u16,
        frame: Frame<'_>,
        samples: Samples,
    ) -> Result<Samples, NoGap> {
        let length = frame.payload.len();
        if length >= FRAME_BYTES || self.free() < length {
            return Err(NoGap);
        }
        let (at, ahead) = self.missing(back).ok_or(NoGap)?;
        for index in (at + HEAD..self.filled).rev() {
            *self.at(index + length) = *self.at(index);
        }
        let gap = self.head(at);
        let head =
            Head { codec: frame.codec.byte(), bytes: length as u16, samples: short(samples) };
        for (index, byte) in head.encode().iter().chain(frame.payload).enumerate() {
            *self.at(at + index) = *byte;
        }
        self.filled += length;
        self.frames += 1;
        self.samples = self.samples - gap.samples() + head.samples();
        Ok(ahead)
    }

    /// Takes the gap before the oldest frame, if there is one. Returns its length.
    pub(in crate::stream) fn pop_gap(&mut self) -> Option<Samples> {
        let head = (self.filled > 0).then(|| self.head(0)).filter(Head::is_gap)?;
        self.skip(HEAD);
        self.samples = self.samples - head.samples();
        Some(head.samples())
    }

    pub(super) fn drop_gaps(&mut self, dropped: &mut Dropped) {
        while let Some(samples) = self.pop_gap() {
            dropped.samples = dropped.samples + samples;
        }
    }

    /// Returns where the missing frame lies that is `back` frames before the newest one, and the
    /// playing time before it.
    fn missing(&mut self, back: u16) -> Option<(usize, Samples)> {
        let heads = self.heads().filter(|(_, _, head)| head.bytes != DELAY);
        let index = heads.count().checked_sub(usize::from(back) + 1)?;
        let mut heads = self.heads().filter(|(_, _, head)| head.bytes != DELAY);
        let (at, ahead, head) = heads.nth(index)?;
        (head.bytes == MISSING).then_some((at, ahead))
    }

    /// Returns the heads of all frames and gaps: their offset, the playing time before them, and
    /// the head.
    fn heads(&self) -> impl Iterator<Item = (usize, Samples, Head)> {
        let (mut at, mut ahead) = (0, Samples::ZERO);
        core::iter::from_fn(move || {
            let head = (at < self.filled).then(|| self.head(at))?;
            let found = (at, ahead, head);
            at += HEAD + if head.is_gap() { 0 } else { usize::from(head.bytes) };
            ahead = ahead + head.samples();
            Some(found)
        })
    }

    fn at(&mut self, index: usize) -> &mut u8 {
        &mut self.bytes[(self.head + index) % BYTES]
    }
}

impl Gap {
    const fn bytes(self) -> u16 {
        match self {
            Self::Missing => MISSING,
            Self::Delay => DELAY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::pop;
    use super::super::*;
    use super::*;

    const BYTES: usize = 4_096;
    const LENGTH: Samples = Samples(960);

    #[test]
    fn a_late_frame_fills_its_gap_and_no_other() {
        let mut ring = FrameRing::<BYTES>::new();
        let mut out = [0; FRAME_BYTES];
        // The frames lie round the end of the memory.
        for _ in 0..3 {
            ring.push(frame(&[0; FRAME_BYTES - 1]), LENGTH).unwrap();
            pop(&mut ring, &mut out);
        }
        ring.push(frame(&[1; 100]), LENGTH).unwrap();
        ring.push_gap(Gap::Missing, LENGTH);
        ring.push_gap(Gap::Delay, LENGTH);
        ring.push_gap(Gap::Missing, LENGTH);
        ring.push(frame(&[4; 70]), LENGTH).unwrap();
        assert_eq!((ring.frames(), ring.samples()), (2, Samples(5 * LENGTH.0)));
        for back in [0, 3, 4] {
            assert_eq!(ring.fill(back, frame(&[9; 5]), LENGTH), Err(NoGap), "{back}");
        }
        assert_eq!(ring.fill(2, frame(&[2; 200]), Samples(480)), Ok(LENGTH));
        assert_eq!(ring.fill(2, frame(&[2; 200]), LENGTH), Err(NoGap));
        assert_eq!((ring.frames(), ring.samples()), (3, Samples(4 * LENGTH.0 + 480)));
        let mut played = std::vec::Vec::new();
        loop {
            if let Some(gap) = ring.pop_gap() {
                played.push((0, gap));
            } else if let Some(kept) = pop(&mut ring, &mut out) {
                assert!(out[..kept.bytes].iter().all(|byte| *byte == out[0]));
                played.push((usize::from(out[0]) * 1_000 + kept.bytes, kept.samples));
            } else {
                break;
            }
        }
        let expected =
            [(1_100, LENGTH), (2_200, Samples(480)), (0, LENGTH), (0, LENGTH), (4_070, LENGTH)];
        assert_eq!(played, expected);
        assert_eq!((ring.frames(), ring.samples(), ring.filled), (0, Samples::ZERO, 0));
    }

    #[test]
    fn gaps_make_room_as_frames_do() {
        let mut ring = FrameRing::<BYTES>::new();
        for _ in 0..BYTES {
            ring.push_gap(Gap::Missing, LENGTH);
        }
        let dropped = ring.push(frame(&[7; FRAME_BYTES - 1]), LENGTH).unwrap();
        assert_eq!((dropped.frames, dropped.samples.0 % LENGTH.0), (0, 0));
        assert_eq!(ring.frames(), 1);
    }

    #[test]
    fn a_late_frame_without_room_is_refused() {
        let mut ring = FrameRing::<BYTES>::new();
        for _ in 0..3 {
            ring.push(frame(&[1; FRAME_BYTES - 1]), LENGTH).unwrap();
        }
        ring.push_gap(Gap::Missing, LENGTH);
        ring.push(frame(&[3; 100]), LENGTH).unwrap();
        let room = BYTES - ring.filled;
        let payload = [2; BYTES];
        assert_eq!(ring.fill(1, frame(&payload[..=room]), LENGTH), Err(NoGap));
        assert_eq!(ring.fill(1, frame(&payload[..room]), LENGTH), Ok(Samples(3 * LENGTH.0)));
        assert_eq!((ring.frames(), ring.filled), (5, BYTES));
    }

    fn frame(payload: &[u8]) -> Frame<'_> {
        Frame { codec: Codec::Opus, payload }
    }
}
