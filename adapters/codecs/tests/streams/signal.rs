//! Signals that the tests encode, and how like they come out.

use std::f64::consts::TAU;
use std::fs;
use std::ops::Range;
use std::path::Path;

#[cfg(feature = "opus")]
use lxst_codecs::OpusConfig;
use lxst_codecs::{
    Codec, Decoder, Encoder, Encoding, Played, RawConfig, RawDepth, Resampler, Tempo,
};
use lxst_sim::random::Seeded;

/// What telephony sends with Opus: name, encoding, samples of a frame.
#[cfg(feature = "opus")]
pub(crate) const PROFILES: [(&str, Encoding, usize); 6] = [
    ("medium quality", Encoding::Opus(OpusConfig::VOICE_MEDIUM_60_MS), 2880),
    ("high quality", Encoding::Opus(OpusConfig::VOICE_HIGH), 2880),
    ("super high quality", Encoding::Opus(OpusConfig::VOICE_MAX), 2880),
    ("ultra low latency", Encoding::Opus(OpusConfig::VOICE_MEDIUM_10_MS), 480),
    ("full band in 10 ms", Encoding::Opus(OpusConfig::VOICE_FULL_BAND_10_MS), 480),
    ("low latency", Encoding::Opus(OpusConfig::VOICE_MEDIUM_20_MS), 960),
];

/// Something like speech: a gliding voice through three moving formants in syllables of 0.2 s, with
/// pauses and a little breath.
pub(crate) fn speech(seconds: f64) -> Vec<f32> {
    let mut noise = Noise::new(7);
    let mut phase = 0.0;
    (0..(seconds * RATE) as usize)
        .map(|n| {
            let t = n as f64 / RATE;
            let pitch = 120.0 + 30.0 * (TAU * 0.7 * t).sin();
            phase += pitch / RATE;
            let formants = [
                (500.0 + 250.0 * (TAU * 1.3 * t).sin(), 90.0, 1.0),
                (1400.0 + 600.0 * (TAU * 0.9 * t).sin(), 120.0, 0.5),
                (2600.0 + 200.0 * (TAU * 1.7 * t).sin(), 180.0, 0.25),
            ];
            let voice: f64 = (1..=30)
                .map(|harmonic| {
                    let hz = pitch * f64::from(harmonic);
                    let gain: f64 = formants
                        .iter()
                        .map(|(centre, width, gain)| gain / (1.0 + ((hz - centre) / width).powi(2)))
                        .sum();
                    gain * (TAU * phase * f64::from(harmonic)).sin()
                })
                .sum();
            let syllable = (TAU * 2.5 * t).sin().max(0.0).powf(0.7);
            let pause = f64::from(t % 2.0 < 1.5);
            let breath = 0.003 * noise.next();
            (0.25 * voice * syllable * pause + breath).clamp(-1.0, 1.0) as f32
        })
        .collect()
}

/// Something like speech up to 12 kHz: vowels of seven formants that glide, and an `s`, whose noise
/// is strongest at 7 kHz, every 0.6 s.
pub(crate) fn wideband_speech(seconds: f64) -> Vec<f32> {
    let mut noise = Noise::new(13);
    let mut phase = 0.0;
    let mut hiss = [0.0; 2];
    (0..(seconds * RATE) as usize)
        .map(|n| {
            let t = n as f64 / RATE;
            let pitch = 150.0 + 40.0 * (TAU * 0.6 * t).sin();
            phase += pitch / RATE;
            let glide = (TAU * 1.1 * t).sin();
            let formants = [
                (550.0 + 250.0 * glide, 1.0),
                (1_500.0 - 500.0 * glide, 0.6),
                (2_700.0 + 200.0 * glide, 0.35),
                (3_700.0, 0.2),
                (4_900.0, 0.15),
                (6_200.0, 0.1),
                (7_800.0, 0.08),
            ];
            let voice: f64 = (1..=80)
                .map(|harmonic| {
                    let hz = pitch * f64::from(harmonic);
                    let gain: f64 = formants
                        .iter()
                        .map(|(centre, gain)| gain / (1.0 + ((hz - centre) / 150.0).powi(2)))
                        .sum();
                    gain * (TAU * phase * f64::from(harmonic)).sin()
                })
                .sum();
            // Two poles at 7 kHz.
            let next = noise.next() + 1.6 * (TAU * 7_000.0 / RATE).cos() * hiss[0] - 0.64 * hiss[1];
            hiss = [next, hiss[0]];
            let is_hissing = t % 0.6 > 0.45;
            let pause = f64::from(t % 2.0 < 1.6);
            let sound = if is_hissing { 0.08 * next } else { 0.12 * voice };
            (sound * pause).clamp(-1.0, 1.0) as f32
        })
        .collect()
}

/// A stretch of a recorded voice, at 48 kHz.
pub(crate) fn spoken(samples: Range<usize>) -> Vec<f32> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/speech.wav");
    let wav = fs::read(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    // A canonical header, then 16-bit mono at 16 kHz.
    let (pcm, _) = wav[44..].as_chunks();
    let pcm: Vec<f32> =
        pcm.iter().map(|&bytes| f32::from(i16::from_le_bytes(bytes)) / 32_768.0).collect();
    let mut wide = Vec::new();
    Resampler::new(16_000, 48_000).unwrap().push(&pcm, &mut wide);
    wide[samples].to_vec()
}

pub(crate) fn white_noise(samples: usize) -> Vec<f32> {
    let mut noise = Noise::new(11);
    (0..samples).map(|_| noise.next() as f32).collect()
}

/// Full-scale square wave of 48 samples a period, 1 kHz.
pub(crate) fn square_wave(samples: usize) -> Vec<f32> {
    (0..samples).map(|n| if n % 48 < 24 { 1.0 } else { -1.0 }).collect()
}

pub(crate) fn sine(hz: f64, rate_hz: u32, samples: usize) -> Vec<f32> {
    (0..samples).map(|n| (0.5 * (TAU * hz * n as f64 / f64::from(rate_hz)).sin()) as f32).collect()
}

pub(crate) fn rms(pcm: &[f32]) -> f64 {
    (pcm.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / pcm.len() as f64).sqrt()
}

/// The correlation of the RMS of every 20 ms, at the delay from 0 to 40 ms where it is greatest.
pub(crate) fn envelope_correlation(sent: &[f32], heard: &[f32]) -> f64 {
    (0..1920)
        .step_by(48)
        .map(|delay| envelope_correlation_at(&envelope(sent), heard, delay))
        .fold(f64::MIN, f64::max)
}

/// The correlation of the RMS of every 20 ms with that of what is heard `delay` samples later.
pub(crate) fn envelope_correlation_at(sent: &[f64], heard: &[f32], delay: usize) -> f64 {
    correlation(sent, &envelope(&heard[delay..]))
}

fn envelope(pcm: &[f32]) -> Vec<f64> {
    pcm.chunks_exact(960).map(rms).collect()
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len().min(b.len());
    let mean = |x: &[f64]| x[..n].iter().sum::<f64>() / n as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product = |x: &[f64], mean_x: f64, y: &[f64], mean_y: f64| -> f64 {
        x[..n].iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum()
    };
    product(a, mean_a, b, mean_b)
        / (product(a, mean_a, a, mean_a) * product(b, mean_b, b, mean_b)).sqrt()
}

/// Encodes frames of so many samples, each to a payload.
pub(crate) fn encode(encoding: Encoding, pcm: &[f32], samples: usize) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(encoding).unwrap();
    pcm.chunks_exact(samples)
        .map(|frame| {
            let mut payload = Vec::new();
            encoder.encode(frame, &mut payload).unwrap();
            payload
        })
        .collect()
}

/// White noise between -1 and 1.
struct Noise(Seeded);

impl Noise {
    fn new(seed: u64) -> Self {
        Self(Seeded(seed))
    }

    fn next(&mut self) -> f64 {
        2.0 * self.0.unit() - 1.0
    }
}

/// The greatest difference between neighbouring samples.
pub(crate) fn largest_step(pcm: &[f32]) -> f32 {
    pcm.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
}

/// A receive stream of raw frames, which come out as they went in.
pub(crate) struct Raw(pub(crate) Decoder);

impl Raw {
    pub(crate) fn new() -> Self {
        Self(Decoder::default())
    }

    pub(crate) fn play(&mut self, pcm: &[f32], tempo: Tempo, heard: &mut Vec<f32>) -> Played {
        let config = RawConfig { depth: RawDepth::Float32, channels: 1 };
        let payload = encode(Encoding::Raw(config), pcm, pcm.len()).concat();
        self.0.decode(Codec::Raw, &payload, tempo, heard).unwrap()
    }

    pub(crate) fn conceal(&mut self, samples: u32, heard: &mut Vec<f32>) -> Played {
        self.0.conceal(samples, heard).unwrap()
    }
}

const RATE: f64 = 48_000.0;
