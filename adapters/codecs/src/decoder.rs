//! The receive side: payloads to PCM, and concealment of missing payloads (PLC).

use std::sync::Arc;

use lxst_core::Tempo;
use lxst_core::wire::Codec;

use crate::built_in::BuiltInCodecs;
use crate::error::CodecError;
use crate::float::sanitised;
use crate::level::Level;
use crate::limits::MAX_FRAME_SAMPLES;
use crate::provider::{Codecs, Concealed, FrameDecoder};
use crate::splice::Splicer;

/// The result of a decode or a concealment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Played {
    /// Samples that were appended.
    pub samples: u32,
    /// The level of a decoded frame, also of one that was not appended; of a concealment, the level
    /// of what was appended.
    pub level: Level,
}

/// Decodes one receive stream.
///
/// Each frame names its own codec. A stream of one codec keeps its decoder. A frame of another
/// codec than the frame before starts with fresh state. A frame that does not continue the one
/// before fades in over 5 ms, from a continuation of it.
#[derive(Debug)]
pub struct Decoder {
    codecs: Arc<dyn Codecs>,
    current: Option<(Codec, Box<dyn FrameDecoder>)>,
    splicer: Splicer,
    frame: Vec<f32>,
}

impl Default for Decoder {
    /// Creates a decoder of the codecs that are built in.
    fn default() -> Self {
        Self::new(Arc::new(BuiltInCodecs))
    }
}

impl Decoder {
    /// Creates a decoder with fresh state.
    #[must_use]
    pub fn new(codecs: Arc<dyn Codecs>) -> Self {
        Self { codecs, current: None, splicer: Splicer::new(), frame: Vec::new() }
    }

    /// Decodes one payload, without its codec byte, and appends its PCM to `out`: mono, 48 kHz,
    /// between -1 and 1. The channels of the payload are mixed to their mean.
    ///
    /// At [`Tempo::Normal`] the frame is appended unchanged, after audio that was held back.
    ///
    /// *Bounds*: a frame has at most [`MAX_OPUS_SAMPLES`](crate::MAX_OPUS_SAMPLES) for Opus, fewer
    /// than half as many samples as the payload has bytes for raw audio, and [`MAX_FRAME_SAMPLES`]
    /// for any other codec. A call appends at most five quarters of that, and
    /// [`MAX_HELD_SAMPLES`](crate::MAX_HELD_SAMPLES).
    ///
    /// # Errors
    /// [`CodecError::Opus`] for what is no Opus packet, [`CodecError::Empty`] for a payload without
    /// samples, [`CodecError::Partial`] for raw data that ends within a sample,
    /// [`CodecError::TooLong`] beyond the bound, [`CodecError::UnsupportedCodec`],
    /// [`CodecError::UnsupportedMode`] and [`CodecError::UnknownMode`] for what this build does not
    /// decode, and the errors of an app's codec. The stream goes on as if the frame had been lost,
    /// and `out` is unchanged.
    pub fn decode(
        &mut self,
        codec: Codec,
        payload: &[u8],
        tempo: Tempo,
        out: &mut Vec<f32>,
    ) -> Result<Played, CodecError> {
        self.frame.clear();
        let is_break = match &mut self.current {
            Some((of, decoder)) if *of == codec => {
                let is_broken = decoder.is_broken();
                decode_frame(decoder.as_mut(), payload, &mut self.frame)?;
                is_broken
            }
            before => {
                let mut decoder = self.codecs.decoder(codec)?;
                decode_frame(decoder.as_mut(), payload, &mut self.frame)?;
                before.replace((codec, decoder)).is_some()
            }
        };
        if is_break {
            self.splicer.cut();
        }
        let before = out.len();
        self.splicer.push(&self.frame, tempo, out);
        Ok(played(&self.frame, out.len() - before))
    }

    /// Conceals `samples` that are missing and appends them to `out`, after audio that was held
    /// back, which counts: packet loss concealment (PLC).
    ///
    /// Opus extrapolates for 60 ms and is silent after 120 ms. A codec without concealment of its
    /// own, such as Codec2 and raw audio, repeats its last pitch period for 20 ms, fades, and is
    /// silent after 120 ms. A stream that has not begun is silent.
    ///
    /// *Bounds*: `out` grows by exactly `samples`, or by the audio held back if that is more, at
    /// most [`MAX_HELD_SAMPLES`](crate::MAX_HELD_SAMPLES).
    ///
    /// # Errors
    /// [`CodecError`] of the codec. libopus has none here.
    pub fn conceal(&mut self, samples: u32, out: &mut Vec<f32>) -> Result<Played, CodecError> {
        let before = out.len();
        let missing = (samples as usize).saturating_sub(self.splicer.held());
        self.frame.clear();
        let concealed = match &mut self.current {
            Some((_, decoder)) => decoder.conceal(missing, &mut self.frame)?,
            None => Concealed::Unable,
        };
        match concealed {
            Concealed::Continued => {
                self.frame.resize(missing, 0.0);
                sanitise(&mut self.frame);
                self.splicer.push_made_up(&self.frame, out);
            }
            Concealed::Unable => self.splicer.repeat(missing, out),
        }
        Ok(played(&out[before..], out.len() - before))
    }
}

/// Decodes a frame into an empty buffer.
fn decode_frame(
    decoder: &mut dyn FrameDecoder,
    payload: &[u8],
    frame: &mut Vec<f32>,
) -> Result<(), CodecError> {
    decoder.decode(payload, frame)?;
    match frame.len() {
        0 => Err(CodecError::Empty),
        samples if samples > MAX_FRAME_SAMPLES => Err(CodecError::TooLong { samples }),
        _ => {
            sanitise(frame);
            Ok(())
        }
    }
}

/// Clips samples and replaces NaN: a filter may overshoot full scale, and an app's codec may return
/// anything.
fn sanitise(frame: &mut [f32]) {
    frame.iter_mut().for_each(|sample| *sample = sanitised(*sample));
}

fn played(frame: &[f32], appended: usize) -> Played {
    // Bounded far below 2^32.
    Played { samples: appended as u32, level: Level::of(frame) }
}
