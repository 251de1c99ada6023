//! Pitch search: the lag at which audio correlates best with its neighbourhood.

use core::ops::RangeInclusive;

/// The side on which the search looks for a repetition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Earlier,
    Later,
}

/// The best repetition found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Repeat {
    /// Its distance, in samples.
    pub(crate) lag: usize,
    /// The normalised correlation with it, -1 to 1; 0 if either is silent.
    pub(crate) likeness: f32,
}

/// Finds the lag at which the [`WINDOW`] from `at` on correlates best with `line`.
///
/// A search on every fourth sample, of the mean of four, is refined on all samples.
///
/// # Panics
/// If `lags` is not within [`MIN_LAG`]`..=`[`MAX_LAG`], or `line` lacks a window and the largest
/// lag on that side of `at`.
pub(crate) fn find(line: &[f32], at: usize, side: Side, lags: RangeInclusive<usize>) -> Repeat {
    let (low, high) = (*lags.start(), *lags.end());
    let (region, window) = match side {
        Side::Earlier => (&line[at - high..at + WINDOW], high),
        Side::Later => (&line[at..at + WINDOW + high], 0),
    };
    let shifted = |window: usize, lag: usize| match side {
        Side::Earlier => window - lag,
        Side::Later => window + lag,
    };

    let mut coarse = [0.0; (WINDOW + MAX_LAG) / STRIDE];
    let coarse = &mut coarse[..region.len() / STRIDE];
    for (mean, four) in coarse.iter_mut().zip(region.chunks_exact(STRIDE)) {
        *mean = four.iter().sum();
    }
    let compare = |signal: &[f32], window: usize, length: usize, lag: usize| Repeat {
        lag,
        likeness: likeness(&signal[window..][..length], &signal[shifted(window, lag)..][..length]),
    };
    // Rounding inwards keeps the window and the lag inside of the coarse signal.
    let near = (low.div_ceil(STRIDE)..=high / STRIDE)
        .map(|lag| compare(coarse, window / STRIDE, WINDOW / STRIDE, lag))
        .reduce(better)
        .map_or(high, |repeat| repeat.lag * STRIDE);
    let around = near.saturating_sub(STRIDE - 1).max(low)..=(near + STRIDE - 1).min(high);
    around
        .map(|lag| compare(region, window, WINDOW, lag))
        .reduce(better)
        .unwrap_or(Repeat { lag: high, likeness: 0.0 })
}

fn better(best: Repeat, next: Repeat) -> Repeat {
    if next.likeness > best.likeness { next } else { best }
}

fn likeness(a: &[f32], b: &[f32]) -> f32 {
    let (product, energies) = (dot(a, b), dot(a, a) * dot(b, b));
    if energies > 0.0 { product / energies.sqrt() } else { 0.0 }
}

/// Returns the dot product, summed in lanes: it compiles to vector instructions, and every machine
/// rounds alike.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    lanes.iter().sum()
}

/// The length of the window that is compared: 10 ms.
pub(crate) const WINDOW: usize = 480;

/// The shortest lag: 2.5 ms, the pitch period of 400 Hz.
pub(crate) const MIN_LAG: usize = 120;

/// The longest lag: 15 ms, the pitch period of 67 Hz.
pub(crate) const MAX_LAG: usize = 720;

const STRIDE: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_found_to_the_sample_on_both_sides() {
        for period in [121, 240, 333, 401, 480] {
            let line = pulses(period, 3_000);
            for (at, side) in [(1_500, Side::Earlier), (1_500, Side::Later)] {
                let found = find(&line, at, side, MIN_LAG..=MAX_LAG);
                assert_eq!(found.lag % period, 0, "{period} {side:?}: {found:?}");
                assert!(found.likeness > 0.999, "{period} {side:?}: {found:?}");
            }
        }
    }

    #[test]
    fn the_ends_of_the_line_suffice() {
        let line = pulses(300, WINDOW + MAX_LAG);
        assert_eq!(find(&line, MAX_LAG, Side::Earlier, MIN_LAG..=MAX_LAG).lag % 300, 0);
        assert_eq!(find(&line, 0, Side::Later, MIN_LAG..=MAX_LAG).lag % 300, 0);
        assert_eq!(find(&line, 0, Side::Later, 121..=121).lag, 121);
    }

    #[test]
    fn silence_is_like_nothing() {
        let found = find(&[0.0; WINDOW + MAX_LAG], 0, Side::Later, MIN_LAG..=MAX_LAG);
        assert_eq!(found.likeness, 0.0);
    }

    /// Returns decaying oscillations at every `period`: a crude voice.
    fn pulses(period: usize, length: usize) -> Vec<f32> {
        let ring = |n: usize| {
            let t = (n % period) as f32;
            (-t / 60.0).exp() * (t * 0.11).cos()
        };
        (0..length).map(ring).collect()
    }
}
