//! Sample-rate conversion of mono streams by a rational polyphase windowed sinc.

use core::f64::consts::PI;
use core::fmt;

use crate::error::CodecError;
use crate::limits::{MAX_RATE_HZ, MIN_RATE_HZ};

/// Converts a mono stream from one sample rate to another, in blocks of any size.
///
/// The state carries over from block to block: the same samples give bit-identical output however
/// they are split. The filter is a Kaiser-windowed sinc of 32 zero crossings a side at the lower of
/// the two rates: flat within 0.01 dB up to 0.8 of the lower Nyquist frequency, and what lies above
/// that Nyquist frequency is at least 90 dB down. It is causal: the output is delayed by
/// [`Self::delay`] and [`Self::flush`] brings the tail. Equal rates copy, without delay.
///
/// *Bounds*: after `n` samples in, exactly `ceil(n * to / from)` samples have come out. The filter
/// table holds at most 1025 phases, of 64 taps times the ratio when the rate goes down; ratios with
/// more phases than that interpolate between two neighbours, with an error below -120 dB.
///
/// *Source*: our choice.
pub struct Resampler {
    from_hz: u32,
    to_hz: u32,
    filter: Filter,
    /// Whole input samples from one output to the next, and the rest in `1 / fraction`ths.
    step: usize,
    step_rest: u32,
    fraction: u32,
    /// Position of the next output after its window's newest sample, in `1 / fraction`ths.
    phase: u32,
    /// Start of the next output's window in `window`; beyond its end if inputs are skipped.
    start: usize,
    window: Vec<f32>,
}

impl Resampler {
    /// Creates a resampler whose past is silence.
    ///
    /// # Errors
    /// [`CodecError::UnsupportedRate`] if a rate is outside of [`MIN_RATE_HZ`]`..=`[`MAX_RATE_HZ`].
    pub fn new(from_hz: u32, to_hz: u32) -> Result<Self, CodecError> {
        for rate_hz in [from_hz, to_hz] {
            if !(MIN_RATE_HZ..=MAX_RATE_HZ).contains(&rate_hz) {
                return Err(CodecError::UnsupportedRate { rate_hz });
            }
        }
        let divisor = greatest_common_divisor(from_hz, to_hz);
        let (from, fraction) = (from_hz / divisor, to_hz / divisor);
        let filter = Filter::new(from, fraction);
        let mut window = Vec::with_capacity(filter.taps + BLOCK);
        window.resize(filter.taps - 1, 0.0);
        Ok(Self {
            from_hz,
            to_hz,
            step: (from / fraction) as usize,
            step_rest: from % fraction,
            fraction,
            phase: 0,
            start: 0,
            window,
            filter,
        })
    }

    /// Takes a block of any size and appends the output it completes to `out`. Returns the number
    /// of samples appended. Allocates only if `out` lacks room.
    pub fn push(&mut self, input: &[f32], out: &mut Vec<f32>) -> usize {
        let before = out.len();
        for block in input.chunks(BLOCK) {
            self.window.extend_from_slice(block);
            self.advance(out);
        }
        out.len() - before
    }

    /// Appends the tail that the filter's delay holds back. Returns its length. The stream then
    /// starts again from silence.
    pub fn flush(&mut self, out: &mut Vec<f32>) -> usize {
        let before = out.len();
        self.window.resize(self.window.len() + self.filter.delay, 0.0);
        self.advance(out);
        self.reset();
        out.len() - before
    }

    /// Drops the state: the past is silence again.
    pub fn reset(&mut self) {
        self.phase = 0;
        self.start = 0;
        self.window.clear();
        self.window.resize(self.filter.taps - 1, 0.0);
    }

    /// Returns the delay of the output, in input samples.
    #[must_use]
    pub fn delay(&self) -> usize {
        self.filter.delay
    }

    /// Returns the rate of the samples that go in.
    #[must_use]
    pub fn from_hz(&self) -> u32 {
        self.from_hz
    }

    /// Returns the rate of the samples that come out.
    #[must_use]
    pub fn to_hz(&self) -> u32 {
        self.to_hz
    }

    fn advance(&mut self, out: &mut Vec<f32>) {
        while let Some(window) = self.window.get(self.start..self.start + self.filter.taps) {
            out.push(self.filter.apply(window, self.phase, self.fraction));
            self.start += self.step;
            self.phase += self.step_rest;
            if self.phase >= self.fraction {
                self.phase -= self.fraction;
                self.start += 1;
            }
        }
        let used = self.start.min(self.window.len());
        self.window.drain(..used);
        self.start -= used;
    }
}

impl fmt::Debug for Resampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resampler")
            .field("from_hz", &self.from_hz)
            .field("to_hz", &self.to_hz)
            .field("delay", &self.filter.delay)
            .finish_non_exhaustive()
    }
}

/// A row of taps for each phase, the newest input sample's tap last.
struct Filter {
    rows: Vec<f32>,
    taps: usize,
    /// Rows per input sample. One more row closes the last interval.
    phases: u32,
    delay: usize,
}

impl Filter {
    /// Designs the filter for `from` input samples to every `to` output samples, in lowest terms.
    fn new(from: u32, to: u32) -> Self {
        if from == to {
            let mut rows = vec![0.0; LANES];
            rows[LANES - 1] = 1.0;
            return Self { rows, taps: LANES, phases: 1, delay: 0 };
        }
        let bandwidth = f64::from(to.min(from)) / f64::from(from);
        let half_width = ZERO_CROSSINGS / bandwidth;
        let delay = half_width.ceil() as usize;
        let taps = (2 * delay).next_multiple_of(LANES);
        let phases = to.min(MAX_PHASES);
        let mut rows = Vec::with_capacity((phases as usize + 1) * taps);
        let mut row = vec![0.0; taps];
        for phase in 0..=phases {
            let newest = delay as f64 - f64::from(phase) / f64::from(phases);
            for (age, tap) in row.iter_mut().rev().enumerate() {
                *tap = kernel(newest - age as f64, half_width, bandwidth * CUTOFF);
            }
            let gain: f64 = row.iter().sum();
            rows.extend(row.iter().map(|tap| (tap / gain) as f32));
        }
        Self { rows, taps, phases, delay }
    }

    /// Computes the output that lies `phase / fraction` after the window's newest sample (less the
    /// delay). `phase` is below `fraction`, which is a rate at most: the product fits.
    fn apply(&self, window: &[f32], phase: u32, fraction: u32) -> f32 {
        let scaled = phase * self.phases;
        let (row, rest) = (scaled / fraction, scaled % fraction);
        let here = dot(window, self.row(row));
        if rest == 0 {
            return here;
        }
        let next = dot(window, self.row(row + 1));
        here + (next - here) * (rest as f32 / fraction as f32)
    }

    /// Returns a row. `phase` is at most `phases`, and there is one row more than that.
    fn row(&self, phase: u32) -> &[f32] {
        &self.rows[phase as usize * self.taps..][..self.taps]
    }
}

/// The Kaiser-windowed sinc at `distance` input samples from its centre, not yet of unit gain.
fn kernel(distance: f64, half_width: f64, cutoff: f64) -> f64 {
    let across = distance / half_width;
    if across.abs() >= 1.0 {
        return 0.0;
    }
    let angle = PI * cutoff * distance;
    let sinc = if angle == 0.0 { 1.0 } else { angle.sin() / angle };
    sinc * bessel_i0(KAISER_BETA * (1.0 - across * across).sqrt())
}

/// The modified Bessel function of the first kind and order zero, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term, mut n) = (1.0, 1.0, 1.0);
    while term > sum * f64::EPSILON {
        term *= quarter / (n * n);
        sum += term;
        n += 1.0;
    }
    sum
}

/// Returns the dot product, summed in lanes: it compiles to vector instructions, and every machine
/// rounds alike.
fn dot(window: &[f32], taps: &[f32]) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (windows, _) = window.as_chunks::<LANES>();
    let (taps, _) = taps.as_chunks::<LANES>();
    for (window, taps) in windows.iter().zip(taps) {
        for ((lane, sample), tap) in lanes.iter_mut().zip(window).zip(taps) {
            *lane += sample * tap;
        }
    }
    lanes.iter().sum()
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

const ZERO_CROSSINGS: f64 = 32.0;
/// The middle of the transition band, which ends at the lower Nyquist frequency.
const CUTOFF: f64 = 0.905;
/// About 95 dB of stop-band attenuation.
const KAISER_BETA: f64 = 9.5;
const MAX_PHASES: u32 = 1024;
const LANES: usize = 8;
const BLOCK: usize = 4096;
