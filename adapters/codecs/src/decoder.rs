//! The receive side: payloads to PCM, and what fills in for payloads that are missing.

use crate::opus::OpusDecoder;
use crate::{CodecError, Level, raw};

/// The codec of one frame, as the byte that leads it on the wire says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// IEEE floats at 48 kHz, codec byte 0.
    Raw = 0,
    /// Opus, codec byte 1.
    Opus = 1,
}

impl TryFrom<u8> for Codec {
    type Error = CodecError;

    /// *Errors*: [`CodecError::UnsupportedCodec`], for Codec2 (2) too.
    fn try_from(byte: u8) -> Result<Self, CodecError> {
        match byte {
            0 => Ok(Self::Raw),
            1 => Ok(Self::Opus),
            _ => Err(CodecError::UnsupportedCodec { byte }),
        }
    }
}

/// What a frame or a concealment added to the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Played {
    /// Samples that were appended.
    pub samples: u32,
    /// How loud they are.
    pub level: Level,
}

/// Decodes one receive stream.
///
/// Each frame names its own codec. One Opus decoder serves the whole stream, mono or stereo; it
/// starts anew when Opus follows another codec.
#[derive(Debug)]
pub struct Decoder {
    last: Option<Codec>,
    opus: OpusDecoder,
    /// The last raw sample, as far as it has faded.
    raw_tail: f32,
}

impl Decoder {
    /// Creates a decoder with fresh state.
    ///
    /// *Errors*: [`CodecError::Opus`] when libopus has no memory.
    pub fn new() -> Result<Self, CodecError> {
        Ok(Self { last: None, opus: OpusDecoder::new()?, raw_tail: 0.0 })
    }

    /// Decodes one payload, without its codec byte, and appends its PCM to `out`: mono, 48 kHz,
    /// between -1 and 1. The channels of the payload are mixed to their mean.
    ///
    /// *Bounds*: at most [`MAX_OPUS_SAMPLES`](crate::MAX_OPUS_SAMPLES) for Opus; for raw less than
    /// half as many samples as the payload has bytes.
    ///
    /// *Errors*: [`CodecError::Opus`] for what is no Opus packet, [`CodecError::Empty`] for a
    /// payload without samples, [`CodecError::Partial`] for raw data that ends within a sample. The
    /// stream goes on as if the frame had not come, and `out` is as it was.
    pub fn decode(
        &mut self,
        codec: Codec,
        payload: &[u8],
        out: &mut Vec<f32>,
    ) -> Result<Played, CodecError> {
        let before = out.len();
        match codec {
            Codec::Opus => {
                if self.last == Some(Codec::Raw) {
                    self.opus.reset()?;
                }
                self.opus.decode(payload, out)?;
            }
            Codec::Raw => {
                raw::decode(payload, out)?;
                self.raw_tail = out.last().copied().unwrap_or_default();
            }
        }
        self.last = Some(codec);
        Ok(played(&out[before..]))
    }

    /// Fills in for `samples` that did not come and appends them to `out`.
    ///
    /// Opus continues what it heard for 60 ms and is silent after 120 ms; raw audio fades from its
    /// last sample within 5 ms; a stream that has not begun is silent.
    ///
    /// *Bounds*: `out` grows by exactly `samples`.
    ///
    /// *Errors*: [`CodecError::Opus`] when libopus fails, which it has no reason to.
    pub fn conceal(&mut self, samples: u32, out: &mut Vec<f32>) -> Result<Played, CodecError> {
        let before = out.len();
        match self.last {
            Some(Codec::Opus) => self.opus.conceal(samples as usize, out)?,
            Some(Codec::Raw) | None => out.extend((0..samples).map(|_| {
                self.raw_tail =
                    if self.raw_tail.abs() < INAUDIBLE { 0.0 } else { self.raw_tail * FADE };
                self.raw_tail
            })),
        }
        Ok(played(&out[before..]))
    }
}

fn played(pcm: &[f32]) -> Played {
    Played { samples: pcm.len() as u32, level: Level::of(pcm) }
}

/// A sample's share of the one before while raw audio fades: -60 dB in 4.8 ms.
const FADE: f32 = 0.97;
const INAUDIBLE: f32 = 1e-5;
