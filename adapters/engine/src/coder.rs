//! The codec work of a phone, separate from the engine so that a thread of its own can do it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use bytes::Bytes;
use lxst_codecs::{BuiltInCodecs, CodecError, Codecs, Decoder, Encoded, Encoder, Played};
use lxst_core::wire::{Codec, Frame};
use lxst_core::{self as core, Direction, JobId, Outcome, SendFormat, StreamId};

/// A task for a [`Coder`]. Tasks are done in the order in which the engine gave them.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum Task {
    /// Open a direction of a stream with fresh codec state.
    Open { stream: StreamId, direction: Direction },
    /// Drop the codec state of a direction of a stream, which has no more tasks.
    Close { stream: StreamId, direction: Direction },
    /// Encode one frame of 48 kHz mono PCM.
    Encode {
        stream: StreamId,
        /// The job to report.
        job: JobId,
        format: SendFormat,
        /// One frame.
        pcm: Vec<f32>,
    },
    /// Encode one frame of silence, which is sent also with DTX.
    EncodeSilence {
        stream: StreamId,
        /// The job to report.
        job: JobId,
        format: SendFormat,
        /// The length of the frame.
        samples: core::Samples,
    },
    /// Decode one frame.
    Decode {
        stream: StreamId,
        /// The job to report.
        job: JobId,
        codec: core::wire::Codec,
        /// The frame, without the codec byte.
        payload: Bytes,
        tempo: core::Tempo,
    },
    /// Append concealment (PLC) for missing audio.
    Conceal {
        stream: StreamId,
        /// The job to report.
        job: JobId,
        samples: core::Samples,
    },
}

/// The result of a task that has a job.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum Done {
    /// A frame was encoded.
    Encoded {
        job: JobId,
        /// The codec, whose byte leads the payload on the wire.
        codec: Codec,
        /// The payload, without the codec byte.
        payload: Bytes,
    },
    /// A frame has no voice, and is not sent: see [`Coder::dtx`].
    NoVoice { job: JobId },
    /// Audio was decoded or concealed.
    Played {
        job: JobId,
        /// 48 kHz mono PCM.
        pcm: Vec<f32>,
        /// The level, in -dBov.
        level: u8,
    },
    /// The coder panicked. The next task starts with fresh codec state.
    Crashed { job: JobId },
    /// The codec refused the frame.
    Failed { job: JobId, error: CodecError },
}

impl Task {
    /// Returns the job, if the task has one.
    #[must_use]
    pub const fn job(&self) -> Option<JobId> {
        match self {
            Self::Open { .. } | Self::Close { .. } => None,
            Self::Encode { job, .. }
            | Self::EncodeSilence { job, .. }
            | Self::Decode { job, .. }
            | Self::Conceal { job, .. } => Some(*job),
        }
    }
}

impl Done {
    /// Returns the job.
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

    /// Returns what the core is told of the job.
    pub(crate) fn outcome(&self) -> Outcome<'_> {
        match self {
            Self::Encoded { codec, payload, .. } => {
                Outcome::Encoded(Frame { codec: *codec, payload })
            }
            Self::Played { pcm, level, .. } => {
                Outcome::Played { samples: core::Samples(pcm.len() as u64), level: *level }
            }
            Self::NoVoice { .. } => Outcome::NoVoice,
            Self::Failed { .. } | Self::Crashed { .. } => Outcome::Failed,
        }
    }
}

/// Does a phone's codec work, one task at a time. It holds the encoder and the decoder of each
/// stream.
#[derive(Debug)]
pub struct Coder {
    codecs: Arc<dyn Codecs>,
    dtx: bool,
    encoders: BTreeMap<StreamId, (SendFormat, Encoder)>,
    decoders: BTreeMap<StreamId, Decoder>,
    payload: Vec<u8>,
}

impl Default for Coder {
    /// Creates a coder of the codecs that are built in. It sends every frame.
    fn default() -> Self {
        Self::new(Arc::new(BuiltInCodecs))
    }
}

impl Coder {
    /// Creates a coder that sends every frame. Its codecs are those of the engine's
    /// [`Config::codecs`](crate::Config::codecs).
    #[must_use]
    pub fn new(codecs: Arc<dyn Codecs>) -> Self {
        Self {
            codecs,
            dtx: false,
            encoders: BTreeMap::new(),
            decoders: BTreeMap::new(),
            payload: Vec::new(),
        }
    }

    /// Sets whether no frame is sent while nobody speaks: discontinuous transmission (DTX).
    #[must_use]
    pub fn dtx(mut self, dtx: bool) -> Self {
        self.dtx = dtx;
        self
    }

    /// Makes the work take less time, because it runs late ([`Lateness`](crate::Lateness)). Returns
    /// what changed, in words; `None` if there is nothing to change.
    pub fn relieve(&mut self) -> Option<&'static str> {
        self.codecs.relieve()
    }

    /// Does one task. Blocks for as long as the codec takes: a millisecond or two per frame.
    pub fn run(&mut self, task: Task) -> Option<Done> {
        let (job, done) = match task {
            // State is created when it is first used.
            Task::Open { stream, direction } | Task::Close { stream, direction } => {
                self.forget(stream, direction);
                return None;
            }
            Task::Encode { stream, job, format, pcm } => {
                (job, self.encode(stream, job, format, &pcm))
            }
            Task::EncodeSilence { stream, job, format, samples } => {
                (job, self.encode_silence(stream, job, format, samples))
            }
            Task::Decode { stream, job, codec, payload, tempo } => {
                let decode = |decoder: &mut Decoder, pcm: &mut _| {
                    decoder.decode(codec, &payload, tempo, pcm)
                };
                (job, self.play(stream, job, decode))
            }
            Task::Conceal { stream, job, samples } => {
                // The core asks for less than a second.
                let samples = u32::try_from(samples.0).unwrap_or(0);
                (job, self.play(stream, job, |decoder, pcm| decoder.conceal(samples, pcm)))
            }
        };
        Some(done.unwrap_or_else(|error| Done::Failed { job, error }))
    }

    fn forget(&mut self, stream: StreamId, direction: Direction) {
        match direction {
            Direction::Send => drop(self.encoders.remove(&stream)),
            Direction::Receive => drop(self.decoders.remove(&stream)),
        }
    }

    fn encode(
        &mut self,
        stream: StreamId,
        job: JobId,
        format: SendFormat,
        pcm: &[f32],
    ) -> Result<Done, CodecError> {
        let (encoder, payload) = self.encoder(stream, format)?;
        Ok(match encoder.encode(pcm, payload)? {
            Encoded::Payload(_) => encoded(job, encoder, payload),
            Encoded::NoVoice => Done::NoVoice { job },
        })
    }

    fn encode_silence(
        &mut self,
        stream: StreamId,
        job: JobId,
        format: SendFormat,
        samples: core::Samples,
    ) -> Result<Done, CodecError> {
        let (encoder, payload) = self.encoder(stream, format)?;
        encoder.encode_silence(samples.0 as usize, payload)?;
        Ok(encoded(job, encoder, payload))
    }

    /// Returns the stream's encoder, and an empty buffer.
    fn encoder(
        &mut self,
        stream: StreamId,
        format: SendFormat,
    ) -> Result<(&mut Encoder, &mut Vec<u8>), CodecError> {
        self.payload.clear();
        let made = self.encoders.entry(stream);
        let (of, encoder) = match made {
            Entry::Occupied(made) => made.into_mut(),
            Entry::Vacant(place) => {
                place.insert((format, new_encoder(&*self.codecs, format, self.dtx)?))
            }
        };
        if *of != format {
            (*of, *encoder) = (format, new_encoder(&*self.codecs, format, self.dtx)?);
        }
        Ok((encoder, &mut self.payload))
    }

    fn play(
        &mut self,
        stream: StreamId,
        job: JobId,
        work: impl FnOnce(&mut Decoder, &mut Vec<f32>) -> Result<Played, CodecError>,
    ) -> Result<Done, CodecError> {
        let mut pcm = Vec::new();
        let codecs = &self.codecs;
        let decoder = self.decoders.entry(stream).or_insert_with(|| Decoder::new(codecs.clone()));
        let played = work(decoder, &mut pcm)?;
        Ok(Done::Played { job, pcm, level: played.level.minus_dbov() })
    }
}

fn new_encoder(codecs: &dyn Codecs, format: SendFormat, dtx: bool) -> Result<Encoder, CodecError> {
    Encoder::of(codecs.encoder(format)?).with_dtx(dtx)
}

fn encoded(job: JobId, encoder: &Encoder, payload: &[u8]) -> Done {
    Done::Encoded { job, codec: encoder.codec(), payload: Bytes::copy_from_slice(payload) }
}

#[cfg(test)]
mod tests {
    use lxst_core::Profile;

    use super::*;

    const STREAM: StreamId = StreamId(3);
    const JOB: JobId = JobId(7);

    #[test]
    fn every_profile_that_is_not_refused_comes_back_whole() {
        for profile in Profile::ALL {
            let format = SendFormat::Profile(profile);
            let samples = profile.frame().0 as usize;
            let mut coder = Coder::default();
            let encode = Task::Encode { stream: STREAM, job: JOB, format, pcm: vec![0.1; samples] };
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
                coder.run(Task::Decode { stream: STREAM, job: JOB, codec, payload, tempo })
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
                let encode =
                    Task::Encode { stream: STREAM, job: JOB, format, pcm: vec![0.0; 2_880] };
                let Some(Done::Encoded { codec, payload, .. }) = coder.run(encode) else {
                    panic!("it is not encoded");
                };
                let decode = Task::Decode { stream: STREAM, job: JOB, codec, payload, tempo };
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
            let encode =
                || Task::Encode { stream: STREAM, job: JOB, format, pcm: vec![0.0; 2_880] };
            (0..20).filter(|_| coder.run(encode()) == Some(Done::NoVoice { job: JOB })).count()
        };
        assert_eq!(silent(Coder::default()), 0);
        assert!(silent(Coder::default().dtx(true)) > 10);
    }
}
