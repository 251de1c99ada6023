//! The transmit side: PCM to payloads.

use crate::opus::OpusEncoder;
use crate::{CodecError, OpusConfig, RawConfig};

/// How a transmit stream is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Opus, codec byte 1.
    Opus(OpusConfig),
    /// Raw samples, codec byte 0.
    Raw(RawConfig),
}

impl Encoding {
    /// Returns the most bytes that the payload of a frame of `samples` has.
    #[must_use]
    pub const fn max_payload_bytes(&self, samples: usize) -> usize {
        match self {
            Self::Opus(config) => config.ceiling(samples),
            Self::Raw(config) => config.payload_bytes(samples),
        }
    }
}

/// Encodes one transmit stream.
///
/// The state carries over from frame to frame, whatever their durations: a stream whose frame time
/// changes keeps its encoder, one whose [`Encoding`] changes gets a new one.
#[derive(Debug)]
pub struct Encoder(State);

impl Encoder {
    /// Creates an encoder with fresh state.
    ///
    /// *Errors*: [`CodecError::UnsupportedBitrate`], [`CodecError::UnsupportedChannels`];
    /// [`CodecError::Opus`] when libopus has no memory.
    pub fn new(encoding: Encoding) -> Result<Self, CodecError> {
        Ok(Self(match encoding {
            Encoding::Opus(config) => State::Opus(OpusEncoder::new(config)?),
            Encoding::Raw(config) => State::Raw(config.check()?),
        }))
    }

    /// Encodes one frame and appends its payload, without the codec byte, to `out`; returns how
    /// many bytes that is.
    ///
    /// *Units*: mono PCM at 48 kHz; values beyond -1 and 1 are clipped, by Opus on decoding.
    ///
    /// *Bounds*: at most [`Encoding::max_payload_bytes`].
    ///
    /// *Errors*: [`CodecError::FrameLength`] when `pcm` is none of
    /// [`OPUS_FRAME_SAMPLES`](crate::OPUS_FRAME_SAMPLES), or empty for raw.
    pub fn encode(&mut self, pcm: &[f32], out: &mut Vec<u8>) -> Result<usize, CodecError> {
        let before = out.len();
        match &mut self.0 {
            State::Opus(encoder) => encoder.encode(pcm, out)?,
            State::Raw(config) => config.encode(pcm, out)?,
        }
        Ok(out.len() - before)
    }

    /// Returns how this stream is encoded.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        match &self.0 {
            State::Opus(encoder) => Encoding::Opus(encoder.config()),
            State::Raw(config) => Encoding::Raw(*config),
        }
    }
}

#[derive(Debug)]
enum State {
    Opus(OpusEncoder),
    Raw(RawConfig),
}
