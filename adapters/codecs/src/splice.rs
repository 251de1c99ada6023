//! Decoded frames joined into one line of sound: faster, slower, cut and continued without a click.
//!
//! All that is edited is edited at a pitch period: a period is taken out or played twice, and one
//! period is repeated where frames are missing. What was edited fades over into what follows.

use core::mem::discriminant;

use lxst_core::Tempo;

use crate::likeness::{MAX_LAG, MIN_LAG, Side, WINDOW, dot, find};
use crate::repetition::{REPETITION_HISTORY, Repetition};

/// The most that a [`Tempo`] holds back: 25 ms.
pub const MAX_HELD_SAMPLES: usize = WINDOW + MAX_LAG;

#[derive(Debug)]
pub(crate) struct Splicer {
    /// What was handed out, at least [`REPETITION_HISTORY`] of it, then what is held back.
    line: Vec<f32>,
    /// Where what is held back begins.
    held: usize,
    tempo: Tempo,
    /// Samples that may be taken out or put in.
    allowance: usize,
    break_at_end: Option<Break>,
    repetition: Repetition,
    /// Samples that were made by repetition in a row.
    repeated: usize,
}

/// Why the next frame does not continue the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Break {
    /// A frame was left out, another codec begins, or what the codec made up has faded.
    Cut,
    /// Repetition made up what came last.
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

    /// Appends what of the line is due with one more frame to `out`.
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
            Tempo::Faster { most } => self.compress(usize::try_from(most.0).unwrap_or(usize::MAX)),
            Tempo::Slower => self.expand(),
        }
        self.hand_out(due, out);
    }

    /// Tells that the next frame does not continue the last.
    pub(crate) fn cut(&mut self) {
        self.break_at_end.get_or_insert(Break::Cut);
    }

    /// Appends what is held back to `out`, and then what the codec made up.
    pub(crate) fn push_made_up(&mut self, frame: &[f32], out: &mut Vec<f32>) {
        self.append(frame);
        self.flush(out);
    }

    /// Appends what is held back to `out`, and then `samples` of repetition that fades away.
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

    /// Counts what is held back.
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
        // `held` never falls below the length of the history.
        self.line.drain(..self.held - REPETITION_HISTORY);
        self.held = REPETITION_HISTORY;
    }

    /// Appends a frame to the line. After a break, the line as it would have gone on fades into it.
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

    /// Takes periods out of what is held back, until less than [`MAX_HELD_SAMPLES`] is left.
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

    /// Plays periods twice, where 10 ms are at hand.
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

    /// Hands out samples as they are, which allows for edits later.
    fn pass(&mut self, samples: usize) {
        self.held += samples;
        self.allowance = (self.allowance + samples / ALLOWANCE_SHARE).min(MAX_ALLOWANCE);
    }

    /// Finds a period of so many samples at most beside the begin of what is held back whose edit
    /// is allowed and not heard.
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
        // At an end of the lags, likeness only grows towards a period that lies beyond.
        let is_period = found.likeness >= ALIKE && found.lag > MIN_LAG && found.lag < longest;
        (is_quiet || is_period).then_some((found.lag, found.likeness))
    }
}

/// Fades from one window to another: sample `n` of it. Whatever their likeness, the power stays.
fn fade(from: f32, to: f32, n: usize, likeness: f32) -> f32 {
    let share = (n + 1) as f32 / (WINDOW + 1) as f32;
    let rest = 1.0 - share;
    let power = share * share + rest * rest + 2.0 * share * rest * likeness.clamp(0.0, 1.0);
    ((from * rest + to * share) / power.sqrt()).clamp(-1.0, 1.0)
}

/// Over how much a frame fades in after a break: 5 ms.
const JOINT_SAMPLES: usize = 240;
/// How long a repetition is heard: 120 ms, of which it fades over the last 100.
const REPEATED_SAMPLES: usize = 5_760;
const REPEATED_FADE_SAMPLES: f32 = 4_800.0;
/// How far to look for the next place to edit.
const STEP: usize = 240;
/// A quarter of what passes may be edited.
const ALLOWANCE_SHARE: usize = 4;
/// What is not edited at once is lost, so that edits do not crowd.
const MAX_ALLOWANCE: usize = MAX_LAG + MAX_LAG / 2;
/// How like two periods are whose exchange is not heard.
const ALIKE: f32 = 0.7;
/// The energy of a [`WINDOW`] at -45 dBov.
const QUIET_ENERGY: f32 = WINDOW as f32 * 3.2e-5;
