//! The receive side: payloads to PCM, and what fills in for payloads that are missing.

use lxst_core::Tempo;
use lxst_core::wire::Codec;

use crate::codec2::Codec2Decoder;
use crate::error::CodecError;
use crate::level::Level;
use crate::opus::OpusDecoder;
use crate::raw;
use crate::splice::Splicer;

/// What became of a frame or a concealment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Played {
    /// Samples that were appended.
    pub samples: u32,
    /// How loud the frame is, whether it was appended or not; of a concealment, what was appended.
    pub level: Level,
}

/// Decodes one receive stream.
///
/// Each frame names its own codec. One decoder of each codec serves the whole stream, Opus mono or
/// stereo; it starts anew when its codec follows another. Where a frame does not continue the one
/// before, it fades in over 5 ms from what would have come next.
#[derive(Debug)]
pub struct Decoder {
    last: Option<Codec>,
    opus: OpusDecoder,
    codec2: Codec2Decoder,
    splicer: Splicer,
    frame: Vec<f32>,
}

impl Decoder {
    /// Creates a decoder with fresh state.
    ///
    /// *Errors*: [`CodecError::Opus`] when libopus has no memory.
    pub fn new() -> Result<Self, CodecError> {
        Ok(Self {
            last: None,
            opus: OpusDecoder::new()?,
            codec2: Codec2Decoder::new()?,
            splicer: Splicer::new(),
            frame: Vec::new(),
        })
    }

    /// Decodes one payload, without its codec byte, and appends its PCM to `out`: mono, 48 kHz,
    /// between -1 and 1. The channels of the payload are mixed to their mean.
    ///
    /// At [`Tempo::Normal`] the frame is appended as it is, after what is held back, if anything
    /// is.
    ///
    /// *Bounds*: a frame has at most [`MAX_OPUS_SAMPLES`](crate::MAX_OPUS_SAMPLES) for Opus,
    /// [`MAX_CODEC2_SAMPLES`](crate::MAX_CODEC2_SAMPLES) for Codec2; for raw less than half as many
    /// samples as the payload has bytes. What is appended is a quarter longer at most, and
    /// [`MAX_HELD_SAMPLES`](crate::MAX_HELD_SAMPLES).
    ///
    /// *Errors*: [`CodecError::Opus`] for what is no Opus packet, [`CodecError::Empty`] for a
    /// payload without samples, [`CodecError::Partial`] for raw data that ends within a sample,
    /// [`CodecError::TooLong`] for Codec2 beyond its bound, [`CodecError::UnsupportedCodec`],
    /// [`CodecError::UnsupportedMode`] and [`CodecError::UnknownMode`] for Codec2 that this build
    /// does not decode. The stream goes on as if the frame had not come, and `out` is as it was.
    pub fn decode(
        &mut self,
        codec: Codec,
        payload: &[u8],
        tempo: Tempo,
        out: &mut Vec<f32>,
    ) -> Result<Played, CodecError> {
        let is_new = self.last != Some(codec);
        let is_break = match self.last {
            None => false,
            Some(_) if is_new => true,
            Some(_) => codec == Codec::Opus && self.opus.is_broken(),
        };
        self.frame.clear();
        match codec {
            Codec::Opus => {
                if is_new {
                    self.opus.reset()?;
                }
                self.opus.decode(payload, &mut self.frame)?;
            }
            Codec::Raw => raw::decode(payload, &mut self.frame)?,
            Codec::Codec2 => {
                if is_new {
                    self.codec2.reset();
                }
                self.codec2.decode(payload, &mut self.frame)?;
            }
        }
        if is_break {
            self.splicer.cut();
        }
        self.last = Some(codec);
        let before = out.len();
        self.splicer.push(&self.frame, tempo, out);
        Ok(played(&self.frame, out.len() - before))
    }

    /// Fills in for `samples` that did not come and appends them to `out`, after what is held back,
    /// which counts.
    ///
    /// Opus continues what it heard for 60 ms and is silent after 120 ms. Codec2 and raw repeat
    /// their last pitch period for 20 ms and are silent after 120 ms. A stream that has not begun
    /// is silent.
    ///
    /// *Bounds*: `out` grows by exactly `samples`, or by what is held back if that is more, at most
    /// [`MAX_HELD_SAMPLES`](crate::MAX_HELD_SAMPLES).
    ///
    /// *Errors*: [`CodecError::Opus`] when libopus fails, which it has no reason to.
    pub fn conceal(&mut self, samples: u32, out: &mut Vec<f32>) -> Result<Played, CodecError> {
        let before = out.len();
        let missing = (samples as usize).saturating_sub(self.splicer.held());
        if self.last == Some(Codec::Opus) {
            self.frame.clear();
            self.opus.conceal(missing, &mut self.frame)?;
            self.splicer.push_made_up(&self.frame, out);
        } else {
            self.splicer.repeat(missing, out);
        }
        Ok(played(&out[before..], out.len() - before))
    }
}

fn played(frame: &[f32], appended: usize) -> Played {
    // What is appended is bounded far below 2^32.
    Played { samples: appended as u32, level: Level::of(frame) }
}
