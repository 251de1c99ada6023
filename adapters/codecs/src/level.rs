//! The level of a frame.

/// The level of PCM, in decibels below overload.
///
/// *Units*: -dBov, 0 (a full-scale square wave) to 127 (silence); a full-scale sine has 3.
///
/// *Source*: RFC 6464 section 3, computed as in RFC 6465 appendix A.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Level(u8);

impl Level {
    /// Silence.
    pub const SILENCE: Self = Self(127);

    /// Measures the root mean square of `pcm`. No samples are silence.
    #[must_use]
    pub fn of(pcm: &[f32]) -> Self {
        let energy: f64 = pcm.iter().map(|&sample| f64::from(sample).powi(2)).sum();
        if energy <= 0.0 {
            return Self::SILENCE;
        }
        let below_overload = -10.0 * (energy / pcm.len() as f64).log10();
        Self(below_overload.round().clamp(0.0, 127.0) as u8)
    }

    /// Returns the level in the units of RFC 6464: 0 is the loudest, 127 is silence.
    #[must_use]
    pub fn minus_dbov(self) -> u8 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_signals_have_known_levels() {
        let sine: Vec<f32> =
            (0..480).map(|n| (n as f32 * core::f32::consts::TAU / 48.0).sin()).collect();
        let quiet: Vec<f32> = sine.iter().map(|sample| sample * 0.001).collect();
        for (pcm, expected) in [
            (vec![1.0, -1.0, 1.0, -1.0], 0),
            (sine, 3),
            (quiet, 63),
            (vec![0.0; 480], 127),
            (vec![1e-9; 480], 127),
            (vec![2.0; 480], 0),
            (Vec::new(), 127),
        ] {
            assert_eq!(Level::of(&pcm).minus_dbov(), expected, "{:?}", pcm.first());
        }
    }
}
