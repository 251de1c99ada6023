//! A tone to send, and how loud it is in what was heard.

use std::f64::consts::TAU;

/// Returns a sample of a sine of half the scale.
pub fn tone(index: usize, hz: u32, rate_hz: u32) -> f32 {
    (0.5 * phase(index, hz, rate_hz).sin()) as f32
}

/// Returns the amplitude of one frequency in a sound, 0.5 of a [`tone`].
pub fn amplitude(sound: &[f32], hz: u32, rate_hz: u32) -> f32 {
    let [mut real, mut imaginary] = [0.0; 2];
    for (index, sample) in sound.iter().enumerate() {
        let (sine, cosine) = phase(index, hz, rate_hz).sin_cos();
        real += f64::from(*sample) * cosine;
        imaginary += f64::from(*sample) * sine;
    }
    (2.0 * f64::hypot(real, imaginary) / sound.len() as f64) as f32
}

fn phase(index: usize, hz: u32, rate_hz: u32) -> f64 {
    TAU * index as f64 * f64::from(hz) / f64::from(rate_hz)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_found_at_its_own_frequency_alone() {
        let sound: Vec<f32> = (77..4_877).map(|index| tone(index, 400, 48_000)).collect();
        assert!((amplitude(&sound, 400, 48_000) - 0.5).abs() < 0.001);
        assert!(amplitude(&sound, 1_500, 48_000) < 0.001);
    }
}
