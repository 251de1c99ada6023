//! Plays a cadence.

use std::f64::consts::{PI, TAU};

use lxst_core::Samples;

use super::{Cadence, MAX_SINES, Segment};
use crate::block::Block;
use crate::decibel::amplitude;
use crate::node::Source;

/// Plays a [`Cadence`], the same in every channel.
///
/// Each sine starts at phase 0 with its segment and runs on without a step, whatever the lengths of
/// blocks. Both edges of a segment are eased by half a period of a cosine, so that nothing clicks.
/// To end one in the middle, fade out the gain of its mixer's input.
#[derive(Clone, Debug)]
pub struct ToneSource {
    cadence: Cadence,
    /// Repeats still to begin; `None` is for ever.
    left: Option<u32>,
    /// The next segment to begin.
    next: usize,
    segment: Segment,
    /// Moments of the segment that were played.
    played: u64,
    oscillators: [Oscillator; MAX_SINES],
    /// What the fall leaves, and leaves of itself in a moment.
    fallen: (f64, f64),
    ended: bool,
}

impl ToneSource {
    /// How long each edge is eased: 5 ms. The reference: a line of 6.3 ms.
    ///
    /// *Source*: our choice; LXST/Primitives/Telephony.py and LXST/Generators.py, ToneSource, for
    /// the reference's.
    pub const EASE: Samples = Samples::from_millis(5);

    /// Makes a source that plays a cadence from the start.
    #[must_use]
    pub fn new(cadence: Cadence) -> Self {
        Self {
            left: cadence.repeats,
            next: usize::MAX,
            segment: Segment::default(),
            played: 0,
            oscillators: [Oscillator::default(); MAX_SINES],
            fallen: (1.0, 1.0),
            ended: cadence.round() == 0,
            cadence,
        }
    }

    /// Tells whether all repeats were played.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.ended
    }

    /// Moments until the segment's tone or its silence is over.
    const fn until_change(&self) -> u64 {
        let on = self.segment.on.0;
        let end = if self.played < on { on } else { on.saturating_add(self.segment.off.0) };
        end - self.played
    }

    /// Begins the next segment, or ends. One of no length is passed by the caller's loop.
    fn advance(&mut self) {
        if self.next >= self.cadence.segments.len() {
            match &mut self.left {
                Some(0) => {
                    self.ended = true;
                    return;
                }
                Some(left) => *left -= 1,
                None => {}
            }
            self.next = 0;
        }
        // In bounds: a cadence of no segments has ended.
        self.segment = self.cadence.segments[self.next];
        self.next += 1;
        self.played = 0;
        self.oscillators = [Oscillator::default(); MAX_SINES];
        for (oscillator, (frequency_hz, level_dbfs)) in
            self.oscillators.iter_mut().zip(self.segment.tone.sines())
        {
            *oscillator = Oscillator::new(frequency_hz, level_dbfs);
        }
        let fall = f64::from(self.segment.tone.fall_db_per_second());
        self.fallen = (1.0, 10_f64.powf(-fall / 20.0 / 48_000.0));
    }

    fn sample(&mut self) -> f32 {
        let sum: f64 = self.oscillators.iter_mut().map(Oscillator::step).sum();
        let eased = sum * self.fallen.0 * ease(self.played, self.segment.on.0);
        self.fallen.0 *= self.fallen.1;
        self.played += 1;
        eased as f32
    }
}

impl Source for ToneSource {
    fn pull(&mut self, block: &mut Block<'_>) -> usize {
        let moments = block.moments();
        let mut given = 0;
        while given < moments && !self.ended {
            let run =
                usize::try_from(self.until_change()).unwrap_or(usize::MAX).min(moments - given);
            let mut part = block.part(given, run);
            if run == 0 {
                self.advance();
            } else if self.played < self.segment.on.0 {
                part.fill_mono(|| self.sample());
            } else {
                part.silence_from(0);
                self.played += run as u64;
            }
            given += run;
        }
        block.silence_from(given);
        given
    }
}

/// A point that turns on a circle: a sine without a sine in each moment.
#[derive(Clone, Copy, Debug, Default)]
struct Oscillator {
    /// Cosine and sine, times the amplitude.
    point: (f64, f64),
    /// Cosine and sine of the turn in a moment.
    turn: (f64, f64),
}

impl Oscillator {
    fn new(frequency_hz: f32, level_dbfs: f32) -> Self {
        let angle = f64::from(frequency_hz) * TAU / 48_000.0;
        Self { point: (amplitude(level_dbfs).into(), 0.0), turn: (angle.cos(), angle.sin()) }
    }

    fn step(&mut self) -> f64 {
        let ((x, y), (cosine, sine)) = (self.point, self.turn);
        self.point = (x * cosine - y * sine, x * sine + y * cosine);
        y
    }
}

/// The factor of a moment of a tone: raised cosines at both edges.
fn ease(moment: u64, on: u64) -> f64 {
    let edge = ToneSource::EASE.0.min(on / 2);
    let from_edge = moment.min(on - 1 - moment);
    if from_edge >= edge {
        return 1.0;
    }
    (1.0 - (from_edge as f64 * PI / edge as f64).cos()) / 2.0
}
