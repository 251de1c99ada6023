//! DTX: detects by a VAD when a transmit stream has no voice.
//!
//! A frame has voice if the detector finds it, or if it is 10 dB louder than the noise. One rule
//! serves every codec. The DTX of libopus still sends a frame every 400 ms of a pause and, at these
//! bitrates, every frame when there is noise.

use core::fmt;

use earshot::Detector;

use crate::error::CodecError;
use crate::limits::SAMPLE_RATE_HZ;
use crate::resample::Resampler;

/// Finds pauses in a stream of 48 kHz PCM.
pub(crate) struct PauseDetector {
    detector: Box<Detector>,
    resampler: Resampler,
    /// 16 kHz PCM that does not fill a frame of the detector yet.
    pending: Vec<f32>,
    /// The RMS of the noise.
    noise: f32,
    /// Samples since the last speech.
    quiet: usize,
}

impl PauseDetector {
    pub(crate) fn new() -> Result<Self, CodecError> {
        Ok(Self {
            detector: Detector::default_boxed(),
            resampler: Resampler::new(SAMPLE_RATE_HZ, DETECTOR_RATE_HZ)?,
            pending: Vec::new(),
            noise: 1.0,
            quiet: 0,
        })
    }

    /// Returns whether a frame need not be sent. Its samples are between -1 and 1.
    pub(crate) fn is_pause(&mut self, pcm: &[f32]) -> bool {
        let is_voiced = self.is_voiced(pcm);
        let is_loud = self.is_loud(pcm, if is_voiced { 1.0 } else { NOISE_RISE });
        if is_voiced || is_loud {
            self.quiet = 0;
            return false;
        }
        let is_over = self.quiet >= HANGOVER_SAMPLES;
        self.quiet = self.quiet.saturating_add(pcm.len());
        is_over
    }

    fn is_voiced(&mut self, pcm: &[f32]) -> bool {
        self.resampler.push(pcm, &mut self.pending);
        let mut is_voiced = false;
        let mut frames = self.pending.chunks_exact(DETECTOR_SAMPLES);
        for frame in &mut frames {
            let mut speech = [0; DETECTOR_SAMPLES];
            for (to, from) in speech.iter_mut().zip(frame) {
                *to = (from * f32::from(i16::MAX)) as i16;
            }
            is_voiced |= self.detector.predict_i16(&speech) >= VOICE;
        }
        let rest = frames.remainder().len();
        self.pending.drain(..self.pending.len() - rest);
        is_voiced
    }

    /// Compares each 10 ms with the noise estimate, which falls at once and rises by a factor each
    /// 10 ms.
    fn is_loud(&mut self, pcm: &[f32], rise: f32) -> bool {
        let mut is_loud = false;
        for block in pcm.chunks(BLOCK_SAMPLES) {
            let energy: f32 = block.iter().map(|sample| sample * sample).sum();
            let rms = (energy / block.len() as f32).sqrt();
            is_loud |= rms > self.noise * LOUD;
            let risen = self.noise * rise.powf(block.len() as f32 / BLOCK_SAMPLES as f32);
            self.noise = rms.min(risen).max(MIN_NOISE);
        }
        is_loud
    }
}

impl fmt::Debug for PauseDetector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PauseDetector")
            .field("noise", &self.noise)
            .field("quiet", &self.quiet)
            .finish_non_exhaustive()
    }
}

/// Hangover: 200 ms, for the gaps between words and the ends of words that the detector misses.
const HANGOVER_SAMPLES: usize = 9_600;
const DETECTOR_RATE_HZ: u32 = 16_000;
const DETECTOR_SAMPLES: usize = 256;
/// Score of the detector from which a frame has voice.
const VOICE: f32 = 0.5;
const BLOCK_SAMPLES: usize = 480;
/// 10 dB above the noise.
const LOUD: f32 = 3.16;
/// -75 dBov: anything below counts as silence.
const MIN_NOISE: f32 = 1.8e-4;
/// 30 dB per second: noise that begins is sent for a second at most.
const NOISE_RISE: f32 = 1.035;
