//! Joins decoded frames into one line of audio: time-compression, time-stretching, cuts and
//! concealment without clicks.
//!
//! Every edit is made at a pitch period: a period is removed or played twice, or repeated in place
//! of missing frames. An edit fades into the audio after it.

use core::mem::discriminant;

use lxst_core::Tempo;
use lxst_core::limits::UNHELD_FRAME;

use crate::likeness::{MAX_LAG, MIN_LAG, Side, WINDOW, dot, find};
use crate::repetition::{REPETITION_HISTORY, Repetition};

/// Upper bound of the audio that a [`Tempo`] holds back of short frames: 25 ms.
pub const MAX_HELD_SAMPLES: usize = WINDOW + MAX_LAG;

#[derive(Debug)]
pub(crate) struct Splicer {
    /// Audio that was handed out, at least [`REPETITION_HISTORY`] of it, then audio that is held
    /// back.
    line: Vec<f32>,
    /// Where the audio held back begins.
    held: usize,
    tempo: Tempo,
    /// Samples that edits may remove or add.
    allowance: usize,
    break_at_end: Option<Break>,
    repetition: Repetition,
    /// Concealed samples in a row.
    repeated: usize,
}

/// Why the next frame does not continue the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Break {
    /// A frame was skipped, another codec begins, or the codec's concealment has faded.
    Cut,
    /// The latest audio is repetition.
    Repeated,
}

impl Splicer {
    pub(crate) fn new() -> Self {
        Self {
            line: vec![0.0; REPETITION_HISTORY],
            held: REPETITION_HISTORY,
            tempo: Tempo::Normal,
            allowance: 0,
            break_at_end: None,
            repetition: Repetition::default(),
            repeated: 0,
        }
    }

    /// Appends the audio of the line that is due with one more frame to `out`.
    pub(crate) fn push(&mut self, frame: &[f32], tempo: Tempo, out: &mut Vec<f32>) {
        if tempo == Tempo::Skip {
            self.cut();
            return;
        }
        self.append(frame);
        if discriminant(&tempo) != discriminant(&self.tempo) {
            self.allowance = 0;
        }
        self.tempo = tempo;
        let due = self.held;
        match tempo {
            Tempo::Normal | Tempo::Skip => self.held = self.line.len(),
            Tempo::Faster { most } => {
                self.compress(usize::try_from(most.0).unwrap_or(usize::MAX));
                if frame.len() as u64 >= UNHELD_FRAME.0 {
                    self.pass(self.held());
                }
            }
            Tempo::Slower => self.expand(),
        }
        self.hand_out(due, out);
    }

    /// Marks that the next frame does not continue the latest.
    pub(crate) fn cut(&mut self) {
        self.break_at_end.get_or_insert(Break::Cut);
    }

    /// Appends the audio held back to `out`, then the codec's own concealment.
    pub(crate) fn push_made_up(&mut self, frame: &[f32], out: &mut Vec<f32>) {
        self.append(frame);
        self.flush(out);
    }

    /// Appends the audio held back to `out`, then `samples` of a repetition that fades out.
    pub(crate) fn repeat(&mut self, samples: usize, out: &mut Vec<f32>) {
        if self.break_at_end != Some(Break::Repeated) {
            self.start_repetition();
            self.break_at_end = Some(Break::Repeated);
        }
        for _ in 0..samples {
            let sample = self.next_repeated();
            self.line.push(sample);
        }
        self.flush(out);
    }

    /// Returns the number of samples held back.
    pub(crate) fn held(&self) -> usize {
        self.line.len() - self.held
    }

    fn flush(&mut self, out: &mut Vec<f32>) {
        let due = self.held;
        self.held = self.line.len();
        self.hand_out(due, out);
    }

    fn hand_out(&mut self, due: usize, out: &mut Vec<f32>) {
        out.extend_from_slice(&self.line[due..self.held]);
        // `held` is never below the length of the history.
        self.line.drain(..self.held - REPETITION_HISTORY);
        self.held = REPETITION_HISTORY;
    }

    /// Appends a frame to the line. After a break, a continuation of the line fades into it.
    fn append(&mut self, frame: &[f32]) {
        match self.break_at_end.take() {
            None => return self.line.extend_from_slice(frame),
            Some(Break::Cut) => self.start_repetition(),
            Some(Break::Repeated) => {}
        }
        let start = self.line.len();
        self.line.extend_from_slice(frame);
        let length = frame.len().min(JOINT_SAMPLES);
        for n in 0..length {
            let (before, share) = (self.next_repeated(), (n + 1) as f32 / (length + 1) as f32);
            let sample = &mut self.line[start + n];
            *sample = before + (*sample - before) * share;
        }
    }

    fn start_repetition(&mut self) {
        self.repetition.start(&self.line);
        self.repeated = 0;
    }

    fn next_repeated(&mut self) -> f32 {
        let left = REPEATED_SAMPLES.saturating_sub(self.repeated);
        self.repeated += 1;
        let gain = (left as f32 / REPEATED_FADE_SAMPLES).min(1.0);
        gain * self.repetition.next()
    }

    /// Removes periods from the audio held back, until less than [`MAX_HELD_SAMPLES`] is left.
    fn compress(&mut self, mut most: usize) {
        while self.held() >= MAX_HELD_SAMPLES {
            let Some((lag, likeness)) = self.period(Side::Later, most) else {
                self.pass(STEP);
                continue;
            };
            for n in 0..WINDOW {
                let later = self.held + lag + n;
                self.line[later] = fade(self.line[self.held + n], self.line[later], n, likeness);
            }
            self.line.drain(self.held..self.held + lag);
            most -= lag;
            self.allowance = self.allowance + lag / ALLOWANCE_SHARE - lag;
            self.pass(WINDOW);
        }
    }

    /// Plays periods twice, if 10 ms are available.
    fn expand(&mut self) {
        if self.held() < WINDOW {
            return;
        }
        while self.held() >= WINDOW {
            let Some((lag, likeness)) = self.period(Side::Earlier, MAX_LAG) else {
                self.pass(STEP);
                continue;
            };
            let mut period = [0.0; MAX_LAG];
            let period = &mut period[..lag];
            period.copy_from_slice(&self.line[self.held - lag..self.held]);
            self.line.splice(self.held..self.held, period.iter().copied());
            for n in 0..WINDOW {
                let here = self.held + n;
                self.line[here] = fade(self.line[here + lag], self.line[here], n, likeness);
            }
            self.held += lag;
            self.allowance -= lag;
            self.pass(WINDOW);
        }
        let rest = self.held();
        self.pass(rest);
    }

    /// Hands out samples unchanged, which earns an allowance for later edits.
    fn pass(&mut self, samples: usize) {
        self.held += samples;
        self.allowance = (self.allowance + samples / ALLOWANCE_SHARE).min(MAX_ALLOWANCE);
    }

    /// Finds a period of at most this many samples, next to the start of the audio held back, whose
    /// edit is allowed and inaudible.
    fn period(&self, side: Side, most: usize) -> Option<(usize, f32)> {
        let longest = self.allowance.min(most).min(MAX_LAG);
        if longest < MIN_LAG {
            return None;
        }
        let found = find(&self.line, self.held, side, MIN_LAG..=longest);
        let other = match side {
            Side::Earlier => self.held - found.lag,
            Side::Later => self.held + found.lag,
        };
        let energy = |at: usize| dot(&self.line[at..at + WINDOW], &self.line[at..at + WINDOW]);
        let is_quiet = energy(self.held).max(energy(other)) < QUIET_ENERGY;
        // At an end of the range, correlation only grows towards a period outside of it.
        let is_period = found.likeness >= ALIKE && found.lag > MIN_LAG && found.lag < longest;
        (is_quiet || is_period).then_some((found.lag, found.likeness))
    }
}

/// Returns sample `n` of a fade between two windows. It keeps the power for any correlation.
fn fade(from: f32, to: f32, n: usize, likeness: f32) -> f32 {
    let share = (n + 1) as f32 / (WINDOW + 1) as f32;
    let rest = 1.0 - share;
    let power = share * share + rest * rest + 2.0 * share * rest * likeness.clamp(0.0, 1.0);
    ((from * rest + to * share) / power.sqrt()).clamp(-1.0, 1.0)
}

/// Length of the fade after a break: 5 ms.
const JOINT_SAMPLES: usize = 240;
/// Length of a repetition: 120 ms, of which it fades over the last 100.
const REPEATED_SAMPLES: usize = 5_760;
const REPEATED_FADE_SAMPLES: f32 = 4_800.0;
/// Distance to the next place where an edit is tried.
const STEP: usize = 240;
/// A quarter of the audio may be edited.
const ALLOWANCE_SHARE: usize = 4;
/// Upper bound of the allowance. The rest is lost, so that edits do not crowd.
const MAX_ALLOWANCE: usize = MAX_LAG + MAX_LAG / 2;
/// Correlation from which the exchange of two periods is inaudible.
const ALIKE: f32 = 0.7;
/// The energy of a [`WINDOW`] at -45 dBov.
const QUIET_ENERGY: f32 = WINDOW as f32 * 3.2e-5;
