//! Lost packets: how many, and which of them a copy replaces.
//!
//! Packets have no numbers. A copy of frames that are not among those that came shows that their
//! packet is missing, lost or late. If it comes later, it is not played again.

use crate::limits::{LOSS_WINDOW, MIN_LOSSY};
use crate::wire::Frames;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Recovery {
    /// The frames of the latest packets, the newest first.
    recent: [Option<Fingerprint>; RECENT],
    /// The frames that a copy replaced, and how many packets came since.
    replaced: Option<(Fingerprint, usize)>,
    /// Frames lost and received in each interval of the window, the newest first.
    window: [(i64, u64); LOSS_WINDOW],
    /// The counts of these frames at the end of the newest interval.
    counted: (u64, u64),
}

/// What a packet's frames are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrived {
    /// Whether a copy replaced them already.
    pub(super) is_replaced: bool,
    /// Whether the packet before is missing, whose frames it has.
    pub(super) has_missing: bool,
}

/// A hash of the frames of a packet.
type Fingerprint = u64;

impl Recovery {
    pub(super) fn open(counted: (u64, u64)) -> Self {
        Self { counted, ..Self::default() }
    }

    /// Records a packet with these frames and copies.
    pub(super) fn on_packet(&mut self, frames: Frames<'_>, copies: Frames<'_>) -> Arrived {
        let Some(own) = fingerprint(frames) else {
            return Arrived { is_replaced: false, has_missing: false };
        };
        if let Some((replaced, since)) = &mut self.replaced {
            *since += 1;
            let (is_replaced, is_over) = (*replaced == own, *since == RECENT);
            if is_replaced || is_over {
                self.replaced = None;
            }
            if is_replaced {
                return Arrived { is_replaced, has_missing: false };
            }
        }
        let copy = fingerprint(copies);
        // The packets before the first one are none of ours.
        let has_missing =
            copy.is_some() && self.recent[0].is_some() && !self.recent.contains(&copy);
        // A frame like the one after it, such as silence, cannot be told from it.
        if has_missing && copy != Some(own) {
            self.replaced = copy.map(|copy| (copy, 0));
        }
        self.recent.rotate_right(1);
        self.recent[0] = Some(own);
        Arrived { is_replaced: false, has_missing }
    }

    /// Ends an interval with these counts of frames. Returns the share of frames lost since the
    /// first interval of the window with loss, in percent, if there are several of these.
    pub(super) fn on_interval(&mut self, lost: u64, received: u64) -> Option<u8> {
        let (lost_before, received_before) = self.counted;
        self.counted = (lost, received);
        self.window.rotate_right(1);
        self.window[0] =
            (signed(lost) - signed(lost_before), received.saturating_sub(received_before));
        if self.window.iter().filter(|(lost, _)| *lost > 0).count() < MIN_LOSSY {
            return None;
        }
        let first = self.window.iter().rposition(|(lost, _)| *lost > 0)?;
        let since = self.window.iter().take(first + 1);
        let (lost, received) = since.fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
        let lost = u64::try_from(lost).ok().filter(|lost| *lost > 0)?;
        // At most 100.
        u8::try_from((lost * 100).div_ceil(lost + received)).ok()
    }
}

/// Returns the hash of a packet's good frames, `None` if there are none.
///
/// *Source*: FNV-1a of 64 bits. It need not resist an attacker, who may as well send other frames.
fn fingerprint(frames: Frames<'_>) -> Option<Fingerprint> {
    let mut hash = None;
    for frame in frames.flatten() {
        let bytes = [frame.codec.byte()];
        for byte in bytes.iter().chain(frame.payload) {
            let so_far = hash.unwrap_or(0xcbf2_9ce4_8422_2325_u64);
            hash = Some((so_far ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
        }
    }
    hash
}

fn signed(count: u64) -> i64 {
    // A quarter of the range leaves room for sums.
    i64::try_from(count).unwrap_or(i64::MAX).min(i64::MAX / 4)
}

/// Packets that one may overtake.
const RECENT: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Codec, Frame, Packet, append_copy, encode_frame};

    const NEW: Arrived = Arrived { is_replaced: false, has_missing: false };
    const AFTER_MISSING: Arrived = Arrived { is_replaced: false, has_missing: true };
    const REPLACED: Arrived = Arrived { is_replaced: true, has_missing: false };

    #[test]
    fn a_copy_is_used_only_if_its_packet_is_missing() {
        let mut recovery = Recovery::default();
        let arrived = [1, 2, 4, 5, 8].map(|number| arrive(&mut recovery, number, Some(number - 1)));
        assert_eq!(arrived, [NEW, NEW, AFTER_MISSING, NEW, AFTER_MISSING]);
    }

    #[test]
    fn a_packet_that_comes_after_its_copy_is_not_played_again() {
        let mut recovery = Recovery::default();
        let order = [1, 3, 2, 4, 5];
        let arrived = order.map(|number| arrive(&mut recovery, number, Some(number - 1)));
        assert_eq!(arrived, [NEW, AFTER_MISSING, REPLACED, NEW, NEW]);
    }

    #[test]
    fn a_packet_that_was_overtaken_before_copies_began_is_not_missing() {
        let mut recovery = Recovery::default();
        let copies = [(1, None), (3, None), (2, None), (4, Some(3))];
        let arrived = copies.map(|(number, copy)| arrive(&mut recovery, number, copy));
        assert_eq!(arrived, [NEW; 4]);
    }

    #[test]
    fn equal_frames_are_all_played() {
        let mut recovery = Recovery::default();
        arrive(&mut recovery, 1, None);
        let arrived = [7; 6].map(|number| arrive(&mut recovery, number, Some(7)));
        assert_eq!(arrived, [AFTER_MISSING, NEW, NEW, NEW, NEW, NEW]);
    }

    #[test]
    fn loss_is_told_if_it_lasts_until_the_window_has_passed() {
        let mut recovery = Recovery::open((100, 1_000));
        let counts = [(100, 1_016), (104, 1_028), (104, 1_044), (106, 1_058), (108, 1_072)];
        let told = counts.map(|(lost, received)| recovery.on_interval(lost, received));
        assert_eq!(told, [None, None, None, None, Some(13)], "8 of 64");
        let later = (1..=12).map(|n| recovery.on_interval(108, 1_072 + n * 16));
        let told: std::vec::Vec<bool> = later.map(|told| told.is_some()).collect();
        assert_eq!(told.iter().filter(|told| **told).count(), 11, "{told:?}");
        assert!(!told[11], "one of three is out of the window");
    }

    #[test]
    fn frames_that_were_late_and_not_lost_are_not_told() {
        let mut recovery = Recovery::open((0, 0));
        let told = [(3, 10), (6, 20), (9, 30), (0, 49)]
            .map(|(lost, received)| recovery.on_interval(lost, received));
        assert_eq!(told, [None, None, Some(24), None]);
    }

    fn arrive(recovery: &mut Recovery, number: u8, copy: Option<u8>) -> Arrived {
        let (mut out, mut before) = ([0; 40], [0; 20]);
        let payload = [number; 9];
        let mut length =
            encode_frame(Frame { codec: Codec::Opus, payload: &payload }, &mut out).unwrap();
        if let Some(copy) = copy {
            let payload = [copy; 9];
            let of_copy = Frame { codec: Codec::Opus, payload: &payload };
            let end = encode_frame(of_copy, &mut before).unwrap();
            length = append_copy(&before[2..end], &mut out, length).unwrap();
        }
        let packet = Packet::parse(&out[..length]).unwrap();
        recovery.on_packet(packet.frames(), packet.copies())
    }
}
