//! How much audio of a talker comes at once.
//!
//! 1. A packet of several frames is a batch. Talkers of push-to-talk rooms collect seconds of audio
//!    for one.
//! 2. A server splits a packet that is too long for a listener's link. Packets at the start of a
//!    talk that come before the audio of those before them has passed are one batch.
//! 3. The longest batch of a talker is no excess delay: the jitter buffer holds it, and measures
//!    headroom over at least as long.

use crate::audio::Samples;
use crate::limits::MAX_BATCH;
use crate::time::Instant;

/// The longest batch of a talker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Batches {
    /// Zero until a packet has several frames.
    longest: Samples,
    /// When the audio of the first batch of the talk has passed; `None` before that batch.
    first_passes: Option<Instant>,
}

/// How a frame came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    /// Length of the packet that begins with the frame; `None` for its further frames.
    pub(super) packet: Option<Samples>,
    /// Length of the longest batch.
    pub(super) batch: Samples,
}

impl Batches {
    /// Handles the start of a talk.
    pub(super) const fn on_talk(&mut self) {
        self.first_passes = None;
    }

    /// Records a packet of so many frames, of this length together.
    pub(super) fn on_packet(&mut self, now: Instant, frames: usize, length: Samples) {
        if frames < 2 && self.longest.is_zero() {
            return;
        }
        let batch = if self.first_passes.is_none_or(|passes| now < passes) {
            let passes = self.first_passes.unwrap_or(now) + length.duration();
            self.first_passes = Some(passes);
            Samples::of(passes.since(now))
        } else {
            length
        };
        self.longest = self.longest.max(batch).min(MAX_BATCH);
    }

    pub(super) const fn longest(&self) -> Samples {
        self.longest
    }
}

impl Arrival {
    /// A frame that came alone.
    pub(super) const fn alone(frame: Samples) -> Self {
        Self { packet: Some(frame), batch: frame }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_that_come_alone_are_no_batch() {
        let mut batches = Batches::default();
        batches.on_talk();
        for packet in 0..10 {
            batches.on_packet(at(packet), 1, ms(60));
        }
        assert_eq!(batches.longest(), Samples::ZERO);
    }

    #[test]
    fn packets_that_come_together_at_the_start_of_a_talk_are_one_batch() {
        let mut batches = Batches::default();
        batches.on_talk();
        for part in 0..4 {
            batches.on_packet(at(10 * part), 10, ms(600));
        }
        assert_eq!(batches.longest(), ms(2_370));
        // A later stall makes no longer batch.
        for part in 0..8 {
            batches.on_packet(at(10_000 + part), 10, ms(600));
        }
        assert_eq!(batches.longest(), ms(2_370));
        batches.on_packet(at(20_000), 50, ms(3_000));
        assert_eq!(batches.longest(), ms(3_000));
        batches.on_talk();
        for part in 0..64 {
            batches.on_packet(at(30_000 + part), 10, ms(600));
        }
        assert_eq!(batches.longest(), MAX_BATCH);
    }

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    fn ms(millis: u64) -> Samples {
        Samples::from_millis(millis)
    }
}
