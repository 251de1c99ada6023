//! Codec2 at 8 kHz, behind the features `codec2` and `codec2-system`.
//!
//! ```text
//! | mode: 1 byte | native frames ... |
//! ```
//!
//! *Source*: LXST/Codecs/Codec2.py. A mode byte that means nothing keeps the mode of the frame
//! before, and what is left after the last whole native frame is ignored.

use crate::SAMPLE_RATE_HZ;
use crate::error::CodecError;
use crate::resample::Resampler;

#[cfg(feature = "codec2-system")]
use system::Native;

#[cfg(all(feature = "codec2", not(feature = "codec2-system")))]
use pure::Native;

#[cfg(not(any(feature = "codec2", feature = "codec2-system")))]
use absent::Native;

#[cfg(feature = "codec2-system")]
mod system;

#[cfg(all(feature = "codec2", not(feature = "codec2-system")))]
mod pure;

#[cfg(not(any(feature = "codec2", feature = "codec2-system")))]
mod absent;

/// The bit rate of Codec2; the values are those of the mode byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec2Mode {
    /// 700 bit/s: Ultra Low Bandwidth. With the feature `codec2-system` only.
    Mode700C = 0,
    /// 1200 bit/s.
    Mode1200 = 1,
    /// 1300 bit/s.
    Mode1300 = 2,
    /// 1400 bit/s.
    Mode1400 = 3,
    /// 1600 bit/s: Very Low Bandwidth.
    Mode1600 = 4,
    /// 2400 bit/s.
    Mode2400 = 5,
    /// 3200 bit/s: Low Bandwidth.
    Mode3200 = 6,
}

impl Codec2Mode {
    /// Every mode.
    pub const ALL: [Self; 7] = [
        Self::Mode700C,
        Self::Mode1200,
        Self::Mode1300,
        Self::Mode1400,
        Self::Mode1600,
        Self::Mode2400,
        Self::Mode3200,
    ];

    /// Tells whether this build encodes and decodes the mode.
    #[must_use]
    pub const fn is_supported(self) -> bool {
        Native::check(self).is_ok()
    }

    pub(crate) const fn check(self) -> Result<(), CodecError> {
        Native::check(self)
    }

    /// Returns how much 48 kHz PCM a native frame holds: 20 or 40 ms. A frame to encode is a whole
    /// number of these.
    #[must_use]
    pub const fn native_samples(self) -> usize {
        RATIO * self.frame_samples()
    }

    /// Returns the length of a native frame.
    #[must_use]
    pub const fn native_bytes(self) -> usize {
        match self {
            Self::Mode700C => 4,
            Self::Mode1200 | Self::Mode2400 => 6,
            Self::Mode1300 | Self::Mode1400 => 7,
            Self::Mode1600 | Self::Mode3200 => 8,
        }
    }

    /// Returns the length of a payload of `samples`, mode byte included.
    #[must_use]
    pub const fn payload_bytes(self, samples: usize) -> usize {
        1 + samples / self.native_samples() * self.native_bytes()
    }

    const fn frame_samples(self) -> usize {
        match self {
            Self::Mode2400 | Self::Mode3200 => 160,
            Self::Mode700C | Self::Mode1200 | Self::Mode1300 | Self::Mode1400 | Self::Mode1600 => {
                320
            }
        }
    }
}

/// The longest Codec2 payload that is decoded: 2 s, five times the longest that is sent.
pub const MAX_CODEC2_SAMPLES: usize = 2 * SAMPLE_RATE_HZ as usize;

/// A Codec2 encoder with its state and its way down from 48 kHz.
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

    pub(crate) fn mode(&self) -> Codec2Mode {
        self.mode
    }

    pub(crate) fn encode(&mut self, pcm: &[f32], out: &mut Vec<u8>) -> Result<(), CodecError> {
        if pcm.is_empty() || !pcm.len().is_multiple_of(self.mode.native_samples()) {
            return Err(CodecError::FrameLength { samples: pcm.len() });
        }
        self.narrow.clear();
        self.resampler.push(pcm, &mut self.narrow);
        out.push(self.mode as u8);
        let mut speech = [0; MAX_FRAME_SAMPLES];
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

/// A Codec2 decoder with its state and its way up to 48 kHz.
#[derive(Debug)]
pub(crate) struct Codec2Decoder {
    /// The mode of the last frame and its state.
    current: Option<(Codec2Mode, Native)>,
    resampler: Resampler,
    narrow: Vec<f32>,
}

impl Codec2Decoder {
    pub(crate) fn new() -> Result<Self, CodecError> {
        Ok(Self {
            current: None,
            resampler: Resampler::new(RATE_HZ, SAMPLE_RATE_HZ)?,
            narrow: Vec::new(),
        })
    }

    /// Starts a new stream.
    pub(crate) fn reset(&mut self) {
        self.current = None;
        self.resampler.reset();
    }

    pub(crate) fn decode(&mut self, payload: &[u8], out: &mut Vec<f32>) -> Result<(), CodecError> {
        // Every build that has Codec2 has this mode.
        Codec2Mode::Mode3200.check()?;
        let Some((&header, data)) = payload.split_first() else {
            return Err(CodecError::Empty);
        };
        let last = self.current.as_ref().map(|(mode, _)| *mode);
        let named = Codec2Mode::ALL.into_iter().find(|&mode| mode as u8 == header);
        let mode = named.or(last).ok_or(CodecError::UnknownMode { header })?;
        let frames = data.len() / mode.native_bytes();
        match frames * mode.native_samples() {
            0 => return Err(CodecError::Empty),
            samples if samples > MAX_CODEC2_SAMPLES => {
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
        let mut speech = [0; MAX_FRAME_SAMPLES];
        let speech = &mut speech[..mode.frame_samples()];
        for frame in data.chunks_exact(mode.native_bytes()) {
            native.decode(frame, speech);
            self.narrow.extend(speech.iter().map(|&sample| f32::from(sample) / FULL_SCALE));
        }
        let start = out.len();
        self.resampler.push(&self.narrow, out);
        // The filter may swing a little beyond full scale.
        out[start..].iter_mut().for_each(|sample| *sample = sample.clamp(-1.0, 1.0));
        Ok(())
    }
}

const RATE_HZ: u32 = 8_000;
const RATIO: usize = (SAMPLE_RATE_HZ / RATE_HZ) as usize;
const MAX_FRAME_SAMPLES: usize = 320;
/// Beyond it, a conversion to `i16` saturates; not a number becomes zero.
const FULL_SCALE: f32 = 32_767.0;

#[cfg(all(test, any(feature = "codec2", feature = "codec2-system")))]
mod tests;
