//! Says whether speech came through a call, by comparing loudness over time.
//!
//! A voice codec keeps no waveform, so samples cannot be compared. The envelope, the RMS of every
//! 20 ms, survives any codec that speech can be understood through, and its correlation does not
//! depend on volume or on the sample rate of either recording.

use core::fmt;
use core::ops::RangeInclusive;
use core::time::Duration;

/// Mono samples and their rate.
#[derive(Clone, Copy)]
pub struct Pcm<'a> {
    /// The samples.
    pub samples: &'a [i16],
    /// Samples a second.
    pub rate_hz: u32,
}

/// How alike two recordings are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CorrelationPeak {
    /// Pearson's correlation of the envelopes at the best lag: 1 for a copy at any volume, about 0
    /// for unrelated sounds.
    pub correlation: f64,
    /// How much later the sound is in what was heard, in steps of 5 ms.
    pub lag: Duration,
}

/// Why two recordings cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Less than a second is left to compare after the largest lag.
    TooShort {
        /// What could be compared at every lag.
        compared: Duration,
        /// The largest lag, as asked for.
        max_lag: Duration,
    },
    /// Nothing in the reference is louder than -60 dBFS.
    SilentReference,
    /// Nothing that was heard is louder than -60 dBFS.
    SilentHeard,
}

/// Correlates the envelopes of a reference and of what was heard, at the lag in `0..=max_lag` that
/// fits best.
///
/// Playout may change its delay while somebody speaks, so each second is compared at the lag within
/// 50 ms of that one that fits it best.
///
/// The same stretch from the start of the reference is compared at every lag: all of it, or what
/// the end of `heard` leaves after `max_lag`. So `heard` should last `max_lag` longer than the
/// reference; what follows in it is ignored.
///
/// # Errors
/// [`EnvelopeError`] when less than a second can be compared or one of the two is silent.
pub fn correlation(
    reference: Pcm<'_>,
    heard: Pcm<'_>,
    max_lag: Duration,
) -> Result<CorrelationPeak, EnvelopeError> {
    let steps_of_lag =
        usize::try_from(max_lag.as_micros() / LAG_STEP.as_micros()).unwrap_or(usize::MAX);
    let reference = envelope(reference, WINDOW);
    let heard = envelope(heard, LAG_STEP);
    let windows =
        reference.len().min(heard.len().saturating_sub(steps_of_lag).div_ceil(STEPS_PER_WINDOW));
    if windows < MIN_WINDOWS {
        let compared = WINDOW * u32::try_from(windows).unwrap_or(u32::MAX);
        return Err(EnvelopeError::TooShort { compared, max_lag });
    }
    if is_silent(&reference) {
        return Err(EnvelopeError::SilentReference);
    }
    if is_silent(&heard) {
        return Err(EnvelopeError::SilentHeard);
    }
    let reference = &reference[..windows];
    let lag = best_lag(reference, &heard, 0..=steps_of_lag);
    let aligned: Vec<(f64, f64)> = seconds(reference)
        .flat_map(|(start, second)| {
            let heard = heard.get(start * STEPS_PER_WINDOW..).unwrap_or_default();
            let near =
                lag.saturating_sub(STEPS_OF_DRIFT)..=(lag + STEPS_OF_DRIFT).min(steps_of_lag);
            pairs(second, heard, best_lag(second, heard, near))
        })
        .collect();
    let correlation = pearson(aligned.into_iter()).max(pearson(pairs(reference, &heard, lag)));
    Ok(CorrelationPeak { correlation, lag: LAG_STEP * u32::try_from(lag).unwrap_or(u32::MAX) })
}

/// Returns the RMS of the loudest 20 ms; 0 where there are not as many.
pub fn loudness(pcm: Pcm<'_>) -> f64 {
    envelope(pcm, WINDOW).into_iter().fold(0.0, f64::max)
}

impl fmt::Debug for Pcm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pcm({} samples at {} Hz)", self.samples.len(), self.rate_hz)
    }
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { compared, max_lag } => {
                write!(
                    f,
                    "only {compared:?} to compare beside a lag of up to {max_lag:?}, at least 1 s \
                     is needed"
                )
            }
            Self::SilentReference => f.write_str("the reference is silent"),
            Self::SilentHeard => f.write_str("nothing was heard"),
        }
    }
}

impl core::error::Error for EnvelopeError {}

/// RMS of each whole 20 ms window, one every `hop`.
fn envelope(pcm: Pcm<'_>, hop: Duration) -> Vec<f64> {
    let position =
        |at: Duration| usize::try_from(at.as_micros() * u128::from(pcm.rate_hz) / 1_000_000).ok();
    (0u32..)
        .map_while(|index| {
            let start = hop * index;
            pcm.samples.get(position(start)?..position(start + WINDOW)?)
        })
        .take_while(|window| !window.is_empty())
        .map(|window| {
            let energy: f64 =
                window.iter().map(|&sample| f64::from(sample) * f64::from(sample)).sum();
            (energy / window.len() as f64).sqrt()
        })
        .collect()
}

/// The lag at which these windows fit what was heard best.
fn best_lag(windows: &[f64], heard: &[f64], lags: RangeInclusive<usize>) -> usize {
    lags.map(|lag| (lag, pearson(pairs(windows, heard, lag))))
        .fold((0, f64::MIN), |best, at_lag| if at_lag.1 > best.1 { at_lag } else { best })
        .0
}

/// Windows, and what was heard a lag later.
fn pairs(windows: &[f64], heard: &[f64], lag: usize) -> impl Iterator<Item = (f64, f64)> + Clone {
    let later = heard.iter().skip(lag).step_by(STEPS_PER_WINDOW);
    windows.iter().copied().zip(later.copied())
}

/// Seconds and where they start; the last one may be longer.
fn seconds(windows: &[f64]) -> impl Iterator<Item = (usize, &[f64])> {
    let count = windows.len() / MIN_WINDOWS;
    (0..count).map(move |second| {
        let start = second * MIN_WINDOWS;
        let end = if second + 1 == count { windows.len() } else { start + MIN_WINDOWS };
        (start, &windows[start..end])
    })
}

fn is_silent(envelope: &[f64]) -> bool {
    envelope.iter().all(|&rms| rms <= SILENCE_RMS)
}

/// Pearson's correlation, 0 where one side does not vary.
fn pearson(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let count = pairs.clone().count() as f64;
    let (sum_a, sum_b) = pairs.clone().fold((0.0, 0.0), |(a, b), pair| (a + pair.0, b + pair.1));
    let (mean_a, mean_b) = (sum_a / count, sum_b / count);
    let (mut both, mut square_a, mut square_b) = (0.0, 0.0, 0.0);
    for (a, b) in pairs {
        both += (a - mean_a) * (b - mean_b);
        square_a += (a - mean_a) * (a - mean_a);
        square_b += (b - mean_b) * (b - mean_b);
    }
    let scale = (square_a * square_b).sqrt();
    if scale > 0.0 { both / scale } else { 0.0 }
}

const WINDOW: Duration = Duration::from_millis(20);
const LAG_STEP: Duration = Duration::from_millis(5);
const STEPS_PER_WINDOW: usize = 4;
/// A second.
const MIN_WINDOWS: usize = 50;
/// 50 ms.
const STEPS_OF_DRIFT: usize = 10;
/// -60 dBFS.
const SILENCE_RMS: f64 = 32.768;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seeded;

    #[test]
    fn delayed_copy_correlates_fully_and_tells_the_lag() {
        let speech = syllables(16_000, 3);
        let heard = [vec![0; 16_000 * 235 / 1000], speech.clone(), vec![0; 16_000]].concat();

        let verdict = correlation(pcm(&speech, 16_000), pcm(&heard, 16_000), SECOND).unwrap();

        assert!(verdict.correlation > 0.9999, "{verdict:?}");
        assert_eq!(verdict.lag, Duration::from_millis(235));
    }

    #[test]
    fn delay_that_grows_by_25_ms_is_followed() {
        let speech = syllables(16_000, 4);
        let (early, late) = speech.split_at(2 * 16_000);
        let heard = [early, &[0; 16_000 * 25 / 1000], late, &[0; 16_000]].concat();

        let verdict = correlation(pcm(&speech, 16_000), pcm(&heard, 16_000), SECOND).unwrap();

        assert!(verdict.correlation > 0.99, "{verdict:?}");
    }

    #[test]
    fn speech_with_gaps_does_not_correlate() {
        let speech = syllables(16_000, 4);
        let mut heard = [speech.clone(), vec![0; 16_000]].concat();
        for stretch in heard.chunks_mut(16_000 / 5) {
            stretch.iter_mut().take(16_000 * 12 / 100).for_each(|sample| *sample = 0);
        }

        let verdict = correlation(pcm(&speech, 16_000), pcm(&heard, 16_000), SECOND).unwrap();

        assert!(verdict.correlation < 0.7, "{verdict:?}");
    }

    #[test]
    fn quieter_copy_at_another_rate_correlates_fully() {
        let speech = syllables(16_000, 3);
        let tripled: Vec<i16> = speech.iter().flat_map(|sample| [sample / 4; 3]).collect();
        let heard = [tripled, vec![0; 48_000]].concat();

        let verdict = correlation(pcm(&speech, 16_000), pcm(&heard, 48_000), SECOND).unwrap();

        assert!(verdict.correlation > 0.999, "{verdict:?}");
        assert_eq!(verdict.lag, Duration::ZERO);
    }

    #[test]
    fn steady_noise_does_not_correlate_with_speech() {
        let speech = syllables(16_000, 4);
        let heard = noise(16_000 * 5);

        let verdict = correlation(pcm(&speech, 16_000), pcm(&heard, 16_000), SECOND).unwrap();

        assert!(verdict.correlation < 0.4, "{verdict:?}");
    }

    #[test]
    fn other_speech_does_not_correlate() {
        let speech = syllables(16_000, 4);
        let mut other = syllables(16_000, 5);
        other.reverse();

        let verdict = correlation(pcm(&speech, 16_000), pcm(&other, 16_000), SECOND).unwrap();

        assert!(verdict.correlation < 0.7, "{verdict:?}");
    }

    #[test]
    fn loudness_is_that_of_the_loudest_window() {
        let mut samples = vec![0; 8_000];
        samples[1_600..1_760].fill(-500);

        assert_eq!(loudness(pcm(&samples, 8_000)), 500.0);
        assert_eq!(loudness(pcm(&samples[..159], 8_000)), 0.0);
    }

    #[test]
    fn silence_on_either_side_is_an_error() {
        let speech = syllables(8_000, 3);
        let silence = vec![0; 8_000 * 4];

        assert_eq!(
            correlation(pcm(&speech, 8_000), pcm(&silence, 8_000), SECOND),
            Err(EnvelopeError::SilentHeard)
        );
        assert_eq!(
            correlation(pcm(&silence, 8_000), pcm(&silence, 8_000), SECOND),
            Err(EnvelopeError::SilentReference)
        );
    }

    #[test]
    fn less_than_a_second_beside_the_lag_is_an_error() {
        let speech = syllables(8_000, 3);
        let heard = &speech[..8_000 * 19 / 10];

        assert_eq!(
            correlation(pcm(&speech, 8_000), pcm(heard, 8_000), SECOND),
            Err(EnvelopeError::TooShort { compared: Duration::from_millis(900), max_lag: SECOND })
        );
        assert!(correlation(pcm(&speech, 8_000), pcm(&[], 8_000), SECOND).is_err());
    }

    const SECOND: Duration = Duration::from_secs(1);

    fn pcm(samples: &[i16], rate_hz: u32) -> Pcm<'_> {
        Pcm { samples, rate_hz }
    }

    /// Noise in bursts of 60 to 300 ms with pauses between: the rhythm of speech.
    fn syllables(rate_hz: usize, seconds: usize) -> Vec<i16> {
        let mut samples = noise(rate_hz * seconds);
        let mut random = Seeded(7);
        let mut rest = samples.as_mut_slice();
        while !rest.is_empty() {
            let length = (rate_hz * (60 + random.below(240) as usize) / 1000).min(rest.len());
            let volume = random.below(4) as i16;
            let (syllable, after) = rest.split_at_mut(length);
            syllable.iter_mut().for_each(|sample| *sample = *sample / 4 * volume);
            rest = after;
        }
        samples
    }

    fn noise(length: usize) -> Vec<i16> {
        let mut random = Seeded(1);
        (0..length).map(|_| (random.below(16_001) as i32 - 8_000) as i16).collect()
    }
}
