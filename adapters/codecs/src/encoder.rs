//! The transmit side: PCM to payloads.

use lxst_core::wire::Codec;

use crate::codec2::Codec2Encoder;
use crate::codec2::mode::Codec2Mode;
use crate::error::CodecError;
use crate::float::sanitised;
use crate::opus::{OpusConfig, OpusEncoder};
use crate::pause::PauseDetector;
use crate::raw::RawConfig;

/// How a transmit stream is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Opus, codec byte 1.
    Opus(OpusConfig),
    /// Raw samples, codec byte 0.
    Raw(RawConfig),
    /// Codec2, codec byte 2.
    Codec2(Codec2Mode),
}

impl Encoding {
    /// Tells whether this build has the codec and the mode: ask it before a call is dialled.
    ///
    /// *Errors*: as [`Encoder::new`].
    pub fn check(&self) -> Result<(), CodecError> {
        match self {
            Self::Opus(config) => config.check().map(|_| ()),
            Self::Raw(config) => config.check().map(|_| ()),
            Self::Codec2(mode) => mode.check(),
        }
    }

    /// Returns the codec, whose byte leads each payload on the wire.
    #[must_use]
    pub const fn codec(&self) -> Codec {
        match self {
            Self::Opus(_) => Codec::Opus,
            Self::Raw(_) => Codec::Raw,
            Self::Codec2(_) => Codec::Codec2,
        }
    }

    /// Returns the most bytes that the payload of a frame of `samples` has.
    #[must_use]
    pub const fn max_payload_bytes(&self, samples: usize) -> usize {
        match self {
            Self::Opus(config) => config.ceiling(samples),
            Self::Raw(config) => config.payload_bytes(samples),
            Self::Codec2(mode) => mode.payload_bytes(samples),
        }
    }
}

/// What became of a frame to encode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoded {
    /// A payload of this many bytes was appended.
    Payload(usize),
    /// Nobody speaks: there is nothing to send. Only with DTX.
    NoVoice,
}

/// Encodes one transmit stream.
///
/// The state carries over from frame to frame, whatever their durations: a stream whose frame time
/// changes keeps its encoder, one whose [`Encoding`] changes gets a new one.
#[derive(Debug)]
pub struct Encoder {
    state: State,
    pauses: Option<PauseDetector>,
    pcm: Vec<f32>,
}

impl Encoder {
    /// Creates an encoder with fresh state that sends every frame.
    ///
    /// *Errors*: [`CodecError::UnsupportedBitrate`], [`CodecError::UnsupportedChannels`],
    /// [`CodecError::UnsupportedCodec`] or [`CodecError::UnsupportedMode`] where the configuration
    /// cannot be had; [`CodecError::Opus`] when libopus has no memory.
    pub fn new(encoding: Encoding) -> Result<Self, CodecError> {
        let state = match encoding {
            Encoding::Opus(config) => State::Opus(OpusEncoder::new(config)?),
            Encoding::Raw(config) => State::Raw(config.check()?),
            Encoding::Codec2(mode) => State::Codec2(Codec2Encoder::new(mode)?),
        };
        Ok(Self { state, pauses: None, pcm: Vec::new() })
    }

    /// Creates an encoder with fresh state. With discontinuous transmission (DTX), nothing is sent from
    /// 200 ms after the last speech to the next frame that has some; without, every frame is, as the
    /// reference does.
    ///
    /// *Errors*: as [`Self::new`].
    pub fn with_dtx(encoding: Encoding, dtx: bool) -> Result<Self, CodecError> {
        let pauses = if dtx { Some(PauseDetector::new()?) } else { None };
        Ok(Self { pauses, ..Self::new(encoding)? })
    }

    /// Encodes one frame and appends its payload, without the codec byte, to `out`; or finds that
    /// nothing need be sent. The codec hears the frame all the same: what comes after a pause
    /// follows on it.
    ///
    /// *Units*: mono PCM at 48 kHz; values beyond -1 and 1 are clipped, not a number is zero.
    ///
    /// *Bounds*: at most [`Encoding::max_payload_bytes`].
    ///
    /// *Errors*: [`CodecError::FrameLength`] when `pcm` is none of
    /// [`OPUS_FRAME_SAMPLES`](crate::OPUS_FRAME_SAMPLES), no multiple of
    /// [`Codec2Mode::native_samples`], or empty.
    pub fn encode(&mut self, pcm: &[f32], out: &mut Vec<u8>) -> Result<Encoded, CodecError> {
        self.pcm.clear();
        self.pcm.extend(pcm.iter().copied().map(sanitised));
        let before = out.len();
        self.encode_buffer(out)?;
        if self.pauses.as_mut().is_some_and(|pauses| pauses.is_pause(&self.pcm)) {
            out.truncate(before);
            return Ok(Encoded::NoVoice);
        }
        Ok(Encoded::Payload(out.len() - before))
    }

    /// Encodes one frame of silence, and appends its payload as [`Self::encode`] does, pause or not:
    /// it shows the peer that we are there.
    ///
    /// *Errors*: as [`Self::encode`].
    pub fn encode_silence(&mut self, samples: usize, out: &mut Vec<u8>) -> Result<(), CodecError> {
        self.pcm.clear();
        self.pcm.resize(samples, 0.0);
        self.encode_buffer(out)
    }

    fn encode_buffer(&mut self, out: &mut Vec<u8>) -> Result<(), CodecError> {
        match &mut self.state {
            State::Opus(encoder) => encoder.encode(&self.pcm, out),
            State::Raw(config) => config.encode(&self.pcm, out),
            State::Codec2(encoder) => encoder.encode(&self.pcm, out),
        }
    }

    /// Returns how this stream is encoded.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        match &self.state {
            State::Opus(encoder) => Encoding::Opus(encoder.config()),
            State::Raw(config) => Encoding::Raw(*config),
            State::Codec2(encoder) => Encoding::Codec2(encoder.mode()),
        }
    }

    /// Tells whether nothing is sent while nobody speaks.
    #[must_use]
    pub const fn dtx(&self) -> bool {
        self.pauses.is_some()
    }
}

#[derive(Debug)]
enum State {
    Opus(OpusEncoder),
    Raw(RawConfig),
    Codec2(Codec2Encoder),
}
