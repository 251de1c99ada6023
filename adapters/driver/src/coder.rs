//! The codec work of a phone, apart from it, so that a thread of its own can do it.

use bytes::Bytes;
use lxst_codecs::{
    Codec, CodecError, Decoder, Encoder, Encoding, OpusConfig, Played, RawConfig, RawDepth,
};
use lxst_core::{self as core, Direction, JobId, Profile, SendFormat, VoiceCodec};

/// Something for a [`Coder`] to do. Tasks are done in the order in which the driver gave them.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// Start the direction with fresh codec state.
    Open(Direction),
    /// Encode one frame of 48 kHz mono PCM.
    Encode {
        /// The job to report.
        job: JobId,
        /// How.
        format: SendFormat,
        /// The frame.
        pcm: Vec<f32>,
    },
    /// Decode one frame.
    Decode {
        /// The job to report.
        job: JobId,
        /// The codec.
        codec: core::wire::Codec,
        /// The frame, codec byte not included.
        payload: Bytes,
    },
    /// Make up audio.
    Conceal {
        /// The job to report.
        job: JobId,
        /// How much.
        samples: core::Samples,
    },
}

/// What became of a task that has a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    /// A frame was encoded.
    Encoded {
        /// The job.
        job: JobId,
        /// The payload, codec byte not included.
        payload: Bytes,
    },
    /// Audio was decoded or made up.
    Played {
        /// The job.
        job: JobId,
        /// 48 kHz mono PCM.
        pcm: Vec<f32>,
        /// How loud it is, in -dBov.
        level: u8,
    },
    /// It did not work.
    Failed {
        /// The job.
        job: JobId,
        /// Why.
        error: CodecError,
    },
}

impl Done {
    /// The job that is done.
    #[must_use]
    pub const fn job(&self) -> JobId {
        match self {
            Self::Encoded { job, .. } | Self::Played { job, .. } | Self::Failed { job, .. } => *job,
        }
    }
}

/// Does a phone's codec work, one task at a time: the encoder of the send stream and the decoder
/// of the receive stream.
#[derive(Debug, Default)]
pub struct Coder {
    encoder: Option<Encoder>,
    decoder: Option<Decoder>,
    payload: Vec<u8>,
}

impl Coder {
    /// Makes a coder without state.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Does one task. Blocks for as long as the codec takes: a millisecond or two a frame.
    pub fn run(&mut self, task: Task) -> Option<Done> {
        let (job, done) = match task {
            Task::Open(direction) => {
                self.open(direction);
                return None;
            }
            Task::Encode { job, format, pcm } => (job, self.encode(job, format, &pcm)),
            Task::Decode { job, codec, payload } => {
                (job, self.play(job, |decoder, pcm| decoder.decode(wire(codec)?, &payload, pcm)))
            }
            Task::Conceal { job, samples } => {
                (job, self.play(job, |decoder, pcm| decoder.conceal(samples.0, pcm)))
            }
        };
        Some(done.unwrap_or_else(|error| Done::Failed { job, error }))
    }

    fn open(&mut self, direction: Direction) {
        match direction {
            Direction::Send => self.encoder = None,
            Direction::Receive => self.decoder = None,
        }
    }

    fn encode(&mut self, job: JobId, format: SendFormat, pcm: &[f32]) -> Result<Done, CodecError> {
        let encoding = encoding(format)?;
        let encoder = match self.encoder.take() {
            Some(encoder) if encoder.encoding() == encoding => encoder,
            _ => Encoder::new(encoding)?,
        };
        self.payload.clear();
        self.encoder.insert(encoder).encode(pcm, &mut self.payload)?;
        Ok(Done::Encoded { job, payload: Bytes::copy_from_slice(&self.payload) })
    }

    fn play(
        &mut self,
        job: JobId,
        work: impl FnOnce(&mut Decoder, &mut Vec<f32>) -> Result<Played, CodecError>,
    ) -> Result<Done, CodecError> {
        let decoder = match self.decoder.take() {
            Some(decoder) => decoder,
            None => Decoder::new()?,
        };
        let mut pcm = Vec::new();
        let played = work(self.decoder.insert(decoder), &mut pcm)?;
        Ok(Done::Played { job, pcm, level: played.level.minus_dbov() })
    }
}

fn encoding(format: SendFormat) -> Result<Encoding, CodecError> {
    let profile = match format {
        SendFormat::Raw(depth) => {
            return Ok(Encoding::Raw(RawConfig { depth: raw_depth(depth), channels: 1 }));
        }
        SendFormat::Profile(profile) => profile,
    };
    match profile {
        Profile::MediumQuality | Profile::LowLatency | Profile::UltraLowLatency => {
            Ok(Encoding::Opus(OpusConfig::VOICE_MEDIUM))
        }
        Profile::HighQuality => Ok(Encoding::Opus(OpusConfig::VOICE_HIGH)),
        Profile::SuperHighQuality => Ok(Encoding::Opus(OpusConfig::VOICE_MAX)),
        Profile::UltraLowBandwidth | Profile::VeryLowBandwidth | Profile::LowBandwidth => {
            debug_assert!(matches!(profile.codec(), VoiceCodec::Codec2 { .. }));
            Err(CodecError::UnsupportedCodec { byte: core::wire::Codec::Codec2.byte() })
        }
    }
}

const fn raw_depth(depth: core::RawDepth) -> RawDepth {
    match depth {
        core::RawDepth::Float16 => RawDepth::Float16,
        core::RawDepth::Float32 => RawDepth::Float32,
        core::RawDepth::Float64 => RawDepth::Float64,
        core::RawDepth::Float128 => RawDepth::Float128,
    }
}

fn wire(codec: core::wire::Codec) -> Result<Codec, CodecError> {
    match codec {
        core::wire::Codec::Raw => Ok(Codec::Raw),
        core::wire::Codec::Opus => Ok(Codec::Opus),
        core::wire::Codec::Codec2 => Err(CodecError::UnsupportedCodec { byte: codec.byte() }),
    }
}
