//! Arrivals of frames against the estimated clock of their sender: estimates loss, and detects
//! pauses (DTX).
//!
//! Frames have no sequence numbers on the wire, so an arriving frame always counts as the next one.
//! A frame counts as lost when even the earliest frame of a window is a whole frame late. Less than
//! that counts as drift between the two clocks, and the estimate follows it.

use core::time::Duration;

use crate::audio::Samples;
use crate::limits::{PAUSE, SENDER_WINDOW};
use crate::time::Instant;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Arrivals {
    /// `None` until the first frame.
    last: Option<Instant>,
    /// Length of one frame.
    frame: Samples,
    /// Length of the frames of the latest packet together.
    packet: Samples,
    /// The earliest moment at which the sender's clock makes the next frame due, in µs.
    due: i64,
    /// How late the earliest frame of the window was, in µs.
    least_late: Option<i64>,
    window_ends: Instant,
    /// Whether `due` was corrected by a window of arrivals at least once.
    is_calibrated: bool,
}

impl Arrivals {
    /// Records a frame. Returns how many more frames count as lost than before it; negative if some
    /// were only late.
    pub(super) fn on_frame(&mut self, now: Instant, frame: Samples) -> i64 {
        let mut lost = 0;
        if self.frame != frame {
            *self = Self { frame, due: micros(now), ..Self::default() };
            self.window_ends = now + SENDER_WINDOW;
        } else if self.is_pause(now) {
            lost = self.close_window(now);
            (self.due, self.is_calibrated) = (micros(now), false);
        } else if now >= self.window_ends {
            lost = self.close_window(now);
        }
        self.packet = if self.last == Some(now) { self.packet + frame } else { frame };
        self.last = Some(now);
        let late = micros(now) - self.due;
        self.least_late = Some(self.least_late.map_or(late, |least| least.min(late)));
        self.due += length(frame);
        lost
    }

    /// Returns whether the gap since the latest frame is long enough for a pause of the sender
    /// (DTX).
    pub(super) fn is_pause(&self, now: Instant) -> bool {
        self.last.is_none_or(|last| now.since(last) >= self.pause())
    }

    /// Returns the shortest gap that counts as a pause.
    pub(super) fn pause(&self) -> Duration {
        // One lost packet leaves a gap of two packets.
        let packets = self.packet + self.packet + Samples(self.packet.0 / 2);
        PAUSE.max(packets.duration())
    }

    fn close_window(&mut self, now: Instant) -> i64 {
        self.window_ends = now + SENDER_WINDOW;
        let Some(late) = self.least_late.take() else { return 0 };
        if !core::mem::replace(&mut self.is_calibrated, true) {
            self.due += late;
            return 0;
        }
        let frame = length(self.frame).max(1);
        let lost = (late + frame / 2).div_euclid(frame);
        self.due += lost * frame + (late - lost * frame) / 8;
        lost
    }
}

fn micros(at: Instant) -> i64 {
    // A quarter of the range leaves room for differences.
    i64::try_from(at.as_micros()).unwrap_or(i64::MAX).min(i64::MAX / 4)
}

fn length(samples: Samples) -> i64 {
    // A day is longer than any frame, and leaves room for sums.
    i64::try_from(samples.min(DAY).0).unwrap_or(0) * 125 / 6
}

const DAY: Samples = Samples::from_millis(24 * 3_600 * 1_000);

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Samples = Samples::from_millis(20);

    #[test]
    fn lost_frames_are_counted_and_late_ones_are_not() {
        let mut arrivals = Arrivals::default();
        let mut lost = 0;
        for number in 0..2_000_u64 {
            let late = [0, 35, 20, 5][number as usize % 4];
            if number % 10 != 9 {
                lost += arrivals.on_frame(at(number * 20 + late), FRAME);
            }
        }
        assert!((190..=200).contains(&lost), "{lost}");
    }

    #[test]
    fn longer_and_shorter_frames_are_no_loss() {
        let mut arrivals = Arrivals::default();
        let mut lost = 0;
        for number in 0..3_000_u64 {
            let millis = if number / 500 % 2 == 0 { 20 } else { 60 };
            let start = number / 1_000 * 40_000 + number % 1_000 / 500 * 10_000;
            lost +=
                arrivals.on_frame(at(start + number % 500 * millis), Samples::from_millis(millis));
        }
        assert_eq!(lost, 0);
    }

    #[test]
    fn a_drift_of_the_clocks_is_no_loss() {
        for micros in [20_004, 19_996] {
            let mut arrivals = Arrivals::default();
            let frames = (0..60_000).map(|number| Instant::from_micros(number * micros));
            let lost: i64 = frames.map(|now| arrivals.on_frame(now, FRAME)).sum();
            assert_eq!(lost, 0, "{micros}");
        }
    }

    #[test]
    fn a_pause_is_no_loss_and_neither_is_a_stall_that_ends_in_a_burst() {
        let mut arrivals = Arrivals::default();
        let mut lost = 0;
        for number in (0..100).chain(500..600) {
            lost += arrivals.on_frame(at(number * 20), FRAME);
        }
        for number in 600..900_u64 {
            lost += arrivals.on_frame(at((number * 20).max(12_500)), FRAME);
        }
        assert_eq!(lost, 0);
    }

    #[test]
    fn a_pause_is_300_ms_or_two_packets_and_a_half() {
        for (frame, packet, millis) in [(20, 1, 300), (400, 1, 1_000), (60, 4, 600)] {
            let mut arrivals = Arrivals::default();
            for _ in 0..packet {
                arrivals.on_frame(at(0), Samples::from_millis(frame));
            }
            assert!(!arrivals.is_pause(at(millis - 1)));
            assert!(arrivals.is_pause(at(millis)));
        }
    }

    fn at(millis: u64) -> Instant {
        Instant::from_millis(1_000 + millis)
    }
}
