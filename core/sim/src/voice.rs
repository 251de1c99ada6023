//! Something like a voice, for benchmarks.

/// A pulsed, resonant tone in syllables, at 48 kHz.
pub fn voice(samples: usize) -> Vec<f32> {
    (0..samples)
        .map(|n| {
            let t = (n % (380 + n / 4_800)) as f32;
            let syllable = (n as f32 / 9_600.0).sin().max(0.0);
            0.5 * syllable * (-t / 90.0).exp() * (t * 0.09).sin()
        })
        .collect()
}
