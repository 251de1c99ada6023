//! What the machine can do.

use std::f32::consts::TAU;
use std::time::{Duration, Instant};

use super::decoder::NeuralDecoder;
use super::level::{NeuralDecoding, NeuralLevel};
use crate::encoding::Encoding;
use crate::error::CodecError;
use crate::limits::SAMPLE_RATE_HZ;
use crate::opus::{MAX_OPUS_SAMPLES, OpusConfig};

impl NeuralLevel {
    /// Measures which levels this machine decodes in at most `share` of a core, and returns the
    /// highest; [`Self::Off`] where there is none.
    ///
    /// A call takes that share while the peer speaks. With 0.03 a desktop has [`Self::Extended`].
    /// The measurement takes some ten milliseconds there, and up to a second on a small board: call
    /// it at the start, on a thread that may block. Other work on the machine counts little: the
    /// best of three runs counts.
    ///
    /// *Bounds*: the share is that of frames that arrive. From [`Self::Concealment`] on, what is lost
    /// takes up to 9 % of an AVX2 core, for 120 ms at most.
    ///
    /// # Errors
    /// [`CodecError::Opus`] when libopus has no memory.
    pub fn measured(share: f32) -> Result<Self, CodecError> {
        let frames = frames()?;
        let heard = SAMPLES as f32 * frames.len() as f32 / SAMPLE_RATE_HZ as f32;
        let mut best = Self::Off;
        for level in [Self::Concealment, Self::Lace, Self::NoLace, Self::Extended] {
            if time_of(level, &frames)?.as_secs_f32() > share * heard {
                break;
            }
            best = level;
        }
        Ok(best)
    }
}

/// The time that the frames take.
fn time_of(level: NeuralLevel, frames: &[Vec<u8>]) -> Result<Duration, CodecError> {
    let mut decoder = NeuralDecoder::new(NeuralDecoding::new(level))?;
    let mut stereo = vec![0.0; 2 * MAX_OPUS_SAMPLES];
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let begun = Instant::now();
        for frame in frames {
            decoder.decode_float(frame, &mut stereo)?;
        }
        best = best.min(begun.elapsed());
    }
    Ok(best)
}

/// A quarter of a second of a hum in frames of Low Latency, on which every network runs.
fn frames() -> Result<Vec<Vec<u8>>, CodecError> {
    let hum = |n: usize| {
        let phase = TAU * 120.0 * n as f32 / SAMPLE_RATE_HZ as f32;
        (1..=20_u8).map(|harmonic| 0.05 * (phase * f32::from(harmonic)).sin()).sum()
    };
    let pcm: Vec<f32> = (0..SAMPLE_RATE_HZ as usize / 4).map(hum).collect();
    let mut encoder = Encoding::Opus(OpusConfig::VOICE_MEDIUM_20_MS).encoder()?;
    pcm.chunks_exact(SAMPLES)
        .map(|frame| {
            let mut payload = Vec::new();
            encoder.encode(frame, &mut payload)?;
            Ok(payload)
        })
        .collect()
}

const SAMPLES: usize = 960;
