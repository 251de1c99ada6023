//! A packet of a station's voice, read and written in one form.

use alloc::vec::Vec;

use lxst_core::wire::{
    Frame, Media, Overflow, Packet, Sequence, TalkEnd, encode_media, encode_talk_end,
};

use crate::limits::FRAMES;

/// The voice in a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Spoken<'p> {
    /// 1 to [`FRAMES`] frames.
    Frames { frames: Vec<Frame<'p>>, sequence: Option<Sequence> },
    /// The talk spurt is over.
    TalkEnd,
}

impl<'p> Spoken<'p> {
    /// Reads a packet. `None`: it has no voice, or a frame that is not accepted.
    pub(crate) fn read(data: &'p [u8], accepts: impl Fn(Frame<'p>) -> bool) -> Option<Self> {
        let packet = Packet::parse(data).ok()?;
        let frames: Result<Vec<_>, _> = packet.frames().take(FRAMES + 1).collect();
        let frames = frames.ok()?;
        if frames.is_empty() {
            return packet.talk_end().map(|_| Self::TalkEnd);
        }
        let are_good = frames.iter().all(|frame| accepts(*frame));
        let sequence = packet.sequence();
        (frames.len() <= FRAMES && are_good).then_some(Self::Frames { frames, sequence })
    }

    /// Writes a packet with nothing else in it. Returns its length in bytes.
    pub(crate) fn write(&self, out: &mut [u8]) -> Result<usize, Overflow> {
        match self {
            Self::Frames { frames, sequence } => {
                encode_media(Media { frames, speaker: None, sequence: *sequence }, out)
            }
            Self::TalkEnd => encode_talk_end(TalkEnd { speaker: None }, out),
        }
    }
}

/// The numbers of the packets that came last. Each is taken once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Window {
    newest: Option<Sequence>,
    /// Bit n: the number that is n below the newest one came.
    came: u64,
}

impl Window {
    /// Takes the number of a packet. Returns whether it is a new one.
    ///
    /// *Bounds*: a number that is [`WINDOW`] or more below the newest one begins anew: the source
    /// was restarted.
    pub(crate) fn take(&mut self, number: Sequence) -> bool {
        let ahead = self.newest.map_or(WINDOW, |newest| number.since(newest));
        match ahead {
            1..WINDOW => self.came = self.came << ahead | 1,
            BEHIND..1 => {
                let bit = 1 << -ahead;
                let is_new = self.came & bit == 0;
                self.came |= bit;
                return is_new;
            }
            _ => self.came = 1,
        }
        self.newest = Some(number);
        true
    }
}

/// Numbers that are remembered.
const WINDOW: i16 = 64;
const BEHIND: i16 = 1 - WINDOW;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_taken_once() {
        let mut window = Window::default();
        for (number, is_new) in [
            (65_534, true),
            (65_534, false),
            (1, true),
            (65_535, true),
            (65_535, false),
            (0, true),
            (1, false),
            (64, true),
            (1, false),
            (2, true),
            (70, true),
            // Too far behind to be a late one.
            (6, true),
            (6, false),
            (1_000, true),
            (999, true),
            (999, false),
        ] {
            assert_eq!(window.take(Sequence(number)), is_new, "{number}");
        }
    }
}
