//! Codec2 at 8 kHz, behind the features `codec2` and `codec2-system`.
//!
//! ```text
//! | mode: 1 byte | native frames ... |
//! ```
//!
//! *Source*: LXST/Codecs/Codec2.py. An unknown mode byte keeps the mode of the frame before. Bytes
//! after the last whole native frame are ignored.

use lxst_core::wire::Codec;
use mode::{Codec2Mode, RATE_HZ};

use crate::error::CodecError;
use crate::limits::{MAX_FRAME_SAMPLES, SAMPLE_RATE_HZ};
use crate::provider::{FrameDecoder, FrameEncoder};
use crate::resample::Resampler;

#[cfg(feature = "codec2-system")]
use system::Native;

#[cfg(all(feature = "codec2", not(feature = "codec2-system")))]
use pure::Native;

#[cfg(not(any(feature = "codec2", feature = "codec2-system")))]
use absent::Native;

pub(crate) mod mode;

#[cfg(feature = "codec2-system")]
mod system;

#[cfg(all(feature = "codec2", not(feature = "codec2-system")))]
mod pure;

#[cfg(not(any(feature = "codec2", feature = "codec2-system")))]
mod absent;

impl Codec2Mode {
    /// Returns whether this build encodes and decodes the mode.
    #[must_use]
    pub const fn is_supported(self) -> bool {
        Native::check(self).is_ok()
    }

    pub(crate) const fn check(self) -> Result<(), CodecError> {
        Native::check(self)
    }
}

/// A Codec2 encoder with its state, and its resampler from 48 kHz.
#[derive(Debug)]
pub(crate) struct Codec2Encoder {
    mode: Codec2Mode,
    native: Native,
    resampler: Resampler,
    narrow: Vec<f32>,
}

impl Codec2Encoder {
    pub(crate) fn new(mode: Codec2Mode) -> Result<Self, CodecError> {
        Ok(Self {
            mode,
            native: Native::new(mode)?,
            resampler: Resampler::new(SAMPLE_RATE_HZ, RATE_HZ)?,
            narrow: Vec::new(),
        })
    }
}

impl FrameEncoder for Codec2Encoder {
    fn codec(&self) -> Codec {
        Codec::Codec2
    }

    fn encode(&mut self, pcm: &[f32], out: &mut Vec<u8>) -> Result<(), CodecError> {
        if pcm.is_empty() || !pcm.len().is_multiple_of(self.mode.native_samples()) {
            return Err(CodecError::FrameLength { samples: pcm.len() });
        }
        self.narrow.clear();
        self.resampler.push(pcm, &mut self.narrow);
        out.push(self.mode as u8);
        let mut speech = [0; MAX_NATIVE_SAMPLES];
        let speech = &mut speech[..self.mode.frame_samples()];
        for frame in self.narrow.chunks_exact(speech.len()) {
            for (to, from) in speech.iter_mut().zip(frame) {
                *to = (from * FULL_SCALE).round() as i16;
            }
            let start = out.len();
            out.resize(start + self.mode.native_bytes(), 0);
            self.native.encode(speech, &mut out[start..]);
        }
        Ok(())
    }
}

/// A Codec2 decoder with its state, and its resampler to 48 kHz.
#[derive(Debug)]
pub(crate) struct Codec2Decoder {
    /// The mode of the latest frame and its state.
    current: Option<(Codec2Mode, Native)>,
    resampler: Resampler,
    narrow: Vec<f32>,
}

impl Codec2Decoder {
    pub(crate) fn new() -> Result<Self, CodecError> {
        // Every build that has Codec2 has this mode.
        Codec2Mode::Mode3200.check()?;
        Ok(Self {
            current: None,
            resampler: Resampler::new(RATE_HZ, SAMPLE_RATE_HZ)?,
            narrow: Vec::new(),
        })
    }
}

impl FrameDecoder for Codec2Decoder {
    fn decode(&mut self, payload: &[u8], out: &mut Vec<f32>) -> Result<(), CodecError> {
        let Some((&header, data)) = payload.split_first() else {
            return Err(CodecError::Empty);
        };
        let last = self.current.as_ref().map(|(mode, _)| *mode);
        let named = Codec2Mode::ALL.into_iter().find(|&mode| mode as u8 == header);
        let mode = named.or(last).ok_or(CodecError::UnknownMode { header })?;
        let frames = data.len() / mode.native_bytes();
        match frames * mode.native_samples() {
            0 => return Err(CodecError::Empty),
            samples if samples > MAX_FRAME_SAMPLES => {
                return Err(CodecError::TooLong { samples });
            }
            _ => {}
        }
        let native = match self.current.take() {
            Some((last, native)) if last == mode => native,
            last => match Native::new(mode) {
                Ok(native) => native,
                Err(error) => {
                    self.current = last;
                    return Err(error);
                }
            },
        };
        let (_, native) = self.current.insert((mode, native));
        self.narrow.clear();
        let mut speech = [0; MAX_NATIVE_SAMPLES];
        let speech = &mut speech[..mode.frame_samples()];
        for frame in data.chunks_exact(mode.native_bytes()) {
            native.decode(frame, speech);
            self.narrow.extend(speech.iter().map(|&sample| f32::from(sample) / FULL_SCALE));
        }
        self.resampler.push(&self.narrow, out);
        Ok(())
    }
}

const MAX_NATIVE_SAMPLES: usize = 320;
/// Full scale of `i16`. The conversion saturates beyond it; NaN becomes zero.
const FULL_SCALE: f32 = 32_767.0;

#[cfg(all(test, any(feature = "codec2", feature = "codec2-system")))]
mod tests;
