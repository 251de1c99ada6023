//! Concealment by repetition (PLC): the last pitch period, again and again.

use crate::likeness::{MAX_LAG, MIN_LAG, Side, WINDOW, find};

/// Continues audio by its last pitch period, without end and at full level.
#[derive(Debug, Default)]
pub(crate) struct Repetition {
    cycle: Vec<f32>,
    next: usize,
    /// What is left of the step from the last sample to the cycle.
    step: f32,
}

impl Repetition {
    /// Starts after the end of `line`, which has at least [`REPETITION_HISTORY`] samples.
    ///
    /// The end of the cycle fades into the audio before its start, so the cycle joins itself.
    pub(crate) fn start(&mut self, line: &[f32]) {
        let end = line.len();
        let found = find(line, end - WINDOW, Side::Earlier, MIN_LAG..=MAX_LAG);
        let lag = if found.likeness < VOICED { MAX_LAG } else { found.lag };
        self.cycle.clear();
        self.cycle.extend_from_slice(&line[end - lag..]);
        let earlier = &line[end - 2 * lag..end - lag];
        let fade = lag / 4;
        for (n, (sample, before)) in self.cycle.iter_mut().zip(earlier).skip(lag - fade).enumerate()
        {
            *sample += (before - *sample) * (n + 1) as f32 / fade as f32;
        }
        self.next = 0;
        self.step = line[end - 1] - line[end - lag - 1];
    }

    /// Returns the next sample, between -1 and 1.
    pub(crate) fn next(&mut self) -> f32 {
        let sample = self.cycle.get(self.next).copied().unwrap_or_default() + self.step;
        self.next = (self.next + 1) % self.cycle.len().max(1);
        self.step = if self.step.abs() < INAUDIBLE { 0.0 } else { self.step * STEP_DECAY };
        sample.clamp(-1.0, 1.0)
    }
}

/// Samples that [`Repetition::start`] reads.
pub(crate) const REPETITION_HISTORY: usize = 2 * MAX_LAG;

/// Correlation below which there is no pitch, and the longest cycle is used: it hums least.
const VOICED: f32 = 0.5;
/// Decay of the step per sample: -60 dB in 4.8 ms.
const STEP_DECAY: f32 = 0.97;
const INAUDIBLE: f32 = 1e-5;
