//! The send side: PCM to payloads.

use lxst_core::wire::Codec;

use crate::encoding::Encoding;
use crate::error::CodecError;
use crate::float::sanitised;
use crate::pause::PauseDetector;
use crate::provider::FrameEncoder;

/// The result of encoding a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoded {
    /// A payload of this many bytes was appended.
    Payload(usize),
    /// The frame has no voice and need not be sent. Only with DTX.
    NoVoice,
}

/// Encodes one transmit stream.
///
/// The state carries over from frame to frame, of any duration. A stream whose format changes gets
/// a new encoder.
#[derive(Debug)]
pub struct Encoder {
    codec: Box<dyn FrameEncoder>,
    pauses: Option<PauseDetector>,
    pcm: Vec<f32>,
}

impl Encoder {
    /// Creates an encoder that is built in, with fresh state. It sends every frame.
    ///
    /// # Errors
    /// As [`Encoding::encoder`].
    pub fn new(encoding: Encoding) -> Result<Self, CodecError> {
        encoding.encoder().map(Self::of)
    }

    /// Creates an encoder from any codec. It sends every frame.
    #[must_use]
    pub fn of(codec: Box<dyn FrameEncoder>) -> Self {
        Self { codec, pauses: None, pcm: Vec::new() }
    }

    /// Sets discontinuous transmission (DTX): no frame is sent from 200 ms after the last speech to
    /// the next frame with speech. *Default*: every frame is sent, as the reference does.
    ///
    /// # Errors
    /// [`CodecError`] of the resampler before the voice activity detector (VAD), which its rates
    /// never cause.
    pub fn with_dtx(mut self, dtx: bool) -> Result<Self, CodecError> {
        self.pauses = if dtx { Some(PauseDetector::new()?) } else { None };
        Ok(self)
    }

    /// Encodes one frame and appends its payload, without the codec byte, to `out`, or finds that
    /// it need not be sent. The codec encodes such a frame too, so its state is continuous after a
    /// pause.
    ///
    /// *Units*: mono PCM at 48 kHz. Samples are clipped to -1 to 1; NaN becomes zero.
    ///
    /// *Bounds*: a codec that is built in appends at most [`Encoding::max_payload_bytes`].
    ///
    /// # Errors
    /// [`CodecError::FrameLength`] if `pcm` is empty, is none of
    /// [`OPUS_FRAME_SAMPLES`](crate::OPUS_FRAME_SAMPLES), or is no multiple of
    /// [`Codec2Mode::native_samples`](crate::Codec2Mode::native_samples); the errors of an app's
    /// codec. `out` is unchanged.
    pub fn encode(&mut self, pcm: &[f32], out: &mut Vec<u8>) -> Result<Encoded, CodecError> {
        self.pcm.clear();
        self.pcm.extend(pcm.iter().copied().map(sanitised));
        let before = out.len();
        self.encode_buffer(out)?;
        if self.pauses.as_mut().is_some_and(|pauses| pauses.is_pause(&self.pcm)) {
            out.truncate(before);
            return Ok(Encoded::NoVoice);
        }
        Ok(Encoded::Payload(out.len().saturating_sub(before)))
    }

    /// Encodes one frame of silence and appends its payload as [`encode`](Self::encode) does, also
    /// in a pause (DTX): it shows the peer that we are there.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn encode_silence(&mut self, samples: usize, out: &mut Vec<u8>) -> Result<(), CodecError> {
        self.pcm.clear();
        self.pcm.resize(samples, 0.0);
        self.encode_buffer(out)
    }

    fn encode_buffer(&mut self, out: &mut Vec<u8>) -> Result<(), CodecError> {
        let before = out.len();
        let encoded = self.codec.encode(&self.pcm, out);
        if encoded.is_err() {
            out.truncate(before);
        }
        encoded
    }

    /// Returns the codec, whose byte leads each payload on the wire.
    #[must_use]
    pub fn codec(&self) -> Codec {
        self.codec.codec()
    }

    /// Returns whether DTX is on.
    #[must_use]
    pub const fn dtx(&self) -> bool {
        self.pauses.is_some()
    }
}
