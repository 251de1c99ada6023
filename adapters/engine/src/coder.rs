//! The codec work of a phone, apart from it, so that a thread of its own can do it.

use std::sync::Arc;

use bytes::Bytes;
use lxst_codecs::{BuiltInCodecs, CodecError, Codecs, Decoder, Encoded, Encoder, Played};
use lxst_core::wire::Codec;
use lxst_core::{self as core, Direction, JobId, SendFormat};

/// Something for a [`Coder`] to do. Tasks are done in the order in which the engine gave them.
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
    /// Encode one frame of silence, which is sent whatever becomes of pauses.
    EncodeSilence {
        /// The job to report.
        job: JobId,
        /// How.
        format: SendFormat,
        /// The frame's length.
        samples: core::Samples,
    },
    /// Decode one frame.
    Decode {
        /// The job to report.
        job: JobId,
        /// The codec.
        codec: core::wire::Codec,
        /// The frame, codec byte not included.
        payload: Bytes,
        /// How fast it plays.
        tempo: core::Tempo,
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
        /// The codec, whose byte leads the payload on the wire.
        codec: Codec,
        /// The payload, codec byte not included.
        payload: Bytes,
    },
    /// A frame is a pause, and nothing is sent of it: see [`Coder::dtx`].
    NoVoice {
        /// The job.
        job: JobId,
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
    /// The coder panicked; one with fresh state does the next task.
    Crashed {
        /// The job.
        job: JobId,
    },
    /// It did not work.
    Failed {
        /// The job.
        job: JobId,
        /// Why.
        error: CodecError,
    },
}

impl Task {
    /// The job, if it has one.
    #[must_use]
    pub const fn job(&self) -> Option<JobId> {
        match self {
            Self::Open(_) => None,
            Self::Encode { job, .. }
            | Self::EncodeSilence { job, .. }
            | Self::Decode { job, .. }
            | Self::Conceal { job, .. } => Some(*job),
        }
    }
}

impl Done {
    /// The job that is done.
    #[must_use]
    pub const fn job(&self) -> JobId {
        match self {
            Self::Encoded { job, .. }
            | Self::NoVoice { job }
            | Self::Played { job, .. }
            | Self::Crashed { job }
            | Self::Failed { job, .. } => *job,
        }
    }
}

/// Does a phone's codec work, one task at a time: the encoder of the send stream and the decoder
/// of the receive stream.
#[derive(Debug)]
pub struct Coder {
    codecs: Arc<dyn Codecs>,
    dtx: bool,
    encoder: Option<(SendFormat, Encoder)>,
    decoder: Decoder,
    payload: Vec<u8>,
}

impl Default for Coder {
    /// Makes a coder without state of the codecs that are built in. It sends every frame.
    fn default() -> Self {
        Self::new(Arc::new(BuiltInCodecs))
    }
}

impl Coder {
    /// Makes a coder without state that sends every frame. Its codecs are those of the engine's
    /// [`Config::codecs`](crate::Config::codecs).
    #[must_use]
    pub fn new(codecs: Arc<dyn Codecs>) -> Self {
        let decoder = Decoder::new(codecs.clone());
        Self { codecs, dtx: false, encoder: None, decoder, payload: Vec::new() }
    }

    /// Sets whether nothing is sent while nobody speaks: discontinuous transmission (DTX).
    #[must_use]
    pub fn dtx(mut self, dtx: bool) -> Self {
        self.dtx = dtx;
        self
    }

    /// Does one task. Blocks for as long as the codec takes: a millisecond or two a frame.
    pub fn run(&mut self, task: Task) -> Option<Done> {
        let (job, done) = match task {
            Task::Open(direction) => {
                self.open(direction);
                return None;
            }
            Task::Encode { job, format, pcm } => (job, self.encode(job, format, &pcm)),
            Task::EncodeSilence { job, format, samples } => {
                (job, self.encode_silence(job, format, samples))
            }
            Task::Decode { job, codec, payload, tempo } => {
                (job, self.play(job, |decoder, pcm| decoder.decode(codec, &payload, tempo, pcm)))
            }
            Task::Conceal { job, samples } => {
                // The core asks for less than a second.
                let samples = u32::try_from(samples.0).unwrap_or(0);
                (job, self.play(job, |decoder, pcm| decoder.conceal(samples, pcm)))
            }
        };
        Some(done.unwrap_or_else(|error| Done::Failed { job, error }))
    }

    fn open(&mut self, direction: Direction) {
        match direction {
            Direction::Send => self.encoder = None,
            Direction::Receive => self.decoder = Decoder::new(self.codecs.clone()),
        }
    }

    fn encode(&mut self, job: JobId, format: SendFormat, pcm: &[f32]) -> Result<Done, CodecError> {
        let (encoder, payload) = self.encoder(format)?;
        Ok(match encoder.encode(pcm, payload)? {
            Encoded::Payload(_) => encoded(job, encoder, payload),
            Encoded::NoVoice => Done::NoVoice { job },
        })
    }

    fn encode_silence(
        &mut self,
        job: JobId,
        format: SendFormat,
        samples: core::Samples,
    ) -> Result<Done, CodecError> {
        let (encoder, payload) = self.encoder(format)?;
        encoder.encode_silence(samples.0 as usize, payload)?;
        Ok(encoded(job, encoder, payload))
    }

    /// The stream's encoder, and an empty buffer.
    fn encoder(&mut self, format: SendFormat) -> Result<(&mut Encoder, &mut Vec<u8>), CodecError> {
        let encoder = match self.encoder.take() {
            Some((of, encoder)) if of == format => encoder,
            _ => Encoder::of(self.codecs.encoder(format)?).with_dtx(self.dtx)?,
        };
        self.payload.clear();
        Ok((&mut self.encoder.insert((format, encoder)).1, &mut self.payload))
    }

    fn play(
        &mut self,
        job: JobId,
        work: impl FnOnce(&mut Decoder, &mut Vec<f32>) -> Result<Played, CodecError>,
    ) -> Result<Done, CodecError> {
        let mut pcm = Vec::new();
        let played = work(&mut self.decoder, &mut pcm)?;
        Ok(Done::Played { job, pcm, level: played.level.minus_dbov() })
    }
}

fn encoded(job: JobId, encoder: &Encoder, payload: &[u8]) -> Done {
    Done::Encoded { job, codec: encoder.codec(), payload: Bytes::copy_from_slice(payload) }
}

#[cfg(test)]
mod tests {
    use lxst_core::Profile;

    use super::*;

    const JOB: JobId = JobId(7);

    #[test]
    fn every_profile_that_is_not_refused_comes_back_whole() {
        for profile in Profile::ALL {
            let format = SendFormat::Profile(profile);
            let samples = profile.frame().0 as usize;
            let mut coder = Coder::default();
            let encode = Task::Encode { job: JOB, format, pcm: vec![0.1; samples] };
            let (codec, payload) = match coder.run(encode) {
                Some(Done::Encoded { job: JOB, codec, payload }) => (codec, payload),
                Some(Done::Failed { job: JOB, error }) => {
                    assert_eq!(BuiltInCodecs.check(format), Err(error), "{profile:?}");
                    continue;
                }
                other => panic!("{profile:?}: {other:?}"),
            };
            assert_eq!(BuiltInCodecs.check(format), Ok(()), "{profile:?}");
            assert!(payload.len() <= profile.byte_ceiling(), "{profile:?}");
            assert_eq!(codec, format.codec(), "{profile:?}");
            let tempo = core::Tempo::Normal;
            let Some(Done::Played { job: JOB, pcm, .. }) =
                coder.run(Task::Decode { job: JOB, codec, payload, tempo })
            else {
                panic!("{profile:?} is not decoded");
            };
            assert_eq!(pcm.len(), samples, "{profile:?}");
        }
    }

    #[cfg(feature = "opus")]
    #[test]
    fn the_tempo_of_a_task_is_that_of_its_frame() {
        let played = |tempo| {
            let mut coder = Coder::default();
            let format = SendFormat::Profile(Profile::MediumQuality);
            let mut samples = 0;
            for _ in 0..20 {
                let encode = Task::Encode { job: JOB, format, pcm: vec![0.0; 2_880] };
                let Some(Done::Encoded { codec, payload, .. }) = coder.run(encode) else {
                    panic!("it is not encoded");
                };
                let decode = Task::Decode { job: JOB, codec, payload, tempo };
                let Some(Done::Played { pcm, .. }) = coder.run(decode) else {
                    panic!("it is not decoded");
                };
                samples += pcm.len();
            }
            samples
        };
        let normal = played(core::Tempo::Normal);
        assert!(played(core::Tempo::Faster { most: core::Samples(2_880) }) < normal);
        assert!(played(core::Tempo::Slower) > normal);
    }

    #[cfg(feature = "opus")]
    #[test]
    fn pauses_are_silent_where_that_was_asked_for() {
        let silent = |mut coder: Coder| {
            let format = SendFormat::Profile(Profile::MediumQuality);
            let encode = || Task::Encode { job: JOB, format, pcm: vec![0.0; 2_880] };
            (0..20).filter(|_| coder.run(encode()) == Some(Done::NoVoice { job: JOB })).count()
        };
        assert_eq!(silent(Coder::default()), 0);
        assert!(silent(Coder::default().dtx(true)) > 10);
    }
}
