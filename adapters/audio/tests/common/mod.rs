//! Signals and how they are measured.

#![allow(dead_code, reason = "each test needs some of it")]

use std::f64::consts::TAU;

use lxst_audio::{Block, Source};

pub(crate) fn sine(hertz: f64, amplitude: f64, length: usize) -> Vec<f32> {
    (0..length).map(|n| ((n as f64 * hertz * TAU / 48_000.0).sin() * amplitude) as f32).collect()
}

/// The level of one frequency, in dB of a sine's peak: Goertzel's sum behind a Hann window.
pub(crate) fn level_at(sound: &[f32], hertz: f64) -> f64 {
    let length = sound.len() as f64;
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (n, &sample) in sound.iter().enumerate() {
        let window = 1.0 - (n as f64 * TAU / length).cos();
        let angle = n as f64 * hertz * TAU / 48_000.0;
        real += f64::from(sample) * window * angle.cos();
        imaginary += f64::from(sample) * window * angle.sin();
    }
    20.0 * (2.0 * (real * real + imaginary * imaginary).sqrt() / length).log10()
}

/// Pulls mono sound in blocks of this length.
pub(crate) fn pull_all(source: &mut impl Source, moments: usize, length: usize) -> Vec<f32> {
    let mut sound = vec![9.0; moments];
    for block in sound.chunks_mut(length) {
        source.pull(&mut Block::mono(block));
    }
    sound
}
