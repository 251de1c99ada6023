//! The audio of all open streams: PCM queues and voice processing for each.

use std::collections::BTreeMap;

#[cfg(feature = "voice-processing")]
use lxst_audio::{VoiceProcessing, VoiceProcessor};
use lxst_core::{Direction, Instant, JobId, Samples, StreamChange, StreamId, Work};

use crate::audio::Audio;
use crate::coder::{Done, Task};

#[derive(Debug, Default)]
pub(crate) struct Streams {
    open: BTreeMap<StreamId, Open>,
    dropped: Samples,
    #[cfg(feature = "voice-processing")]
    processing: VoiceProcessing,
    /// Those of closed streams. A new stream takes one, because its estimate of the room's echo
    /// still holds.
    #[cfg(feature = "voice-processing")]
    processors: Vec<VoiceProcessor>,
}

#[derive(Debug, Default)]
struct Open {
    audio: Audio,
    #[cfg(feature = "voice-processing")]
    processor: Option<VoiceProcessor>,
}

impl Streams {
    #[cfg(feature = "voice-processing")]
    pub(crate) fn processed_by(processing: VoiceProcessing) -> Self {
        Self { processing, ..Self::default() }
    }

    /// Opens or closes a direction of a stream, for which the coder has a task.
    pub(crate) fn on_stream(
        &mut self,
        stream: StreamId,
        direction: Direction,
        change: StreamChange,
    ) -> Task {
        let open = self.open.entry(stream).or_default();
        open.audio.on_stream(direction, change);
        match change {
            StreamChange::Opened => {
                #[cfg(feature = "voice-processing")]
                if open.processor.is_none() {
                    let waiting = self.processors.pop();
                    open.processor = waiting.or_else(|| {
                        let wanted = (!self.processing.is_none()).then_some(self.processing);
                        wanted.map(VoiceProcessor::new)
                    });
                }
                Task::Open { stream, direction }
            }
            StreamChange::Closed => {
                if open.audio.is_closed() {
                    let closed = self.open.remove(&stream);
                    #[cfg(feature = "voice-processing")]
                    self.processors.extend(closed.and_then(|closed| closed.processor));
                    #[cfg(not(feature = "voice-processing"))]
                    drop(closed);
                }
                Task::Close { stream, direction }
            }
        }
    }

    /// Queues captured PCM. Returns how much was dropped to make room.
    pub(crate) fn capture(&mut self, stream: StreamId, pcm: &[f32]) -> Samples {
        let Some(open) = self.open.get_mut(&stream) else { return Samples::ZERO };
        #[cfg(feature = "voice-processing")]
        let mut processed = Vec::new();
        #[cfg(feature = "voice-processing")]
        let pcm = match &mut open.processor {
            Some(processor) if open.audio.is_sending() => {
                processor.capture(pcm, &mut processed);
                &processed
            }
            _ => pcm,
        };
        let dropped = open.audio.capture(pcm);
        self.dropped = self.dropped + dropped;
        dropped
    }

    /// Returns how much captured audio of a stream to tell the core of; `None` if it was told of
    /// all that is due.
    pub(crate) fn captured(&mut self, now: Instant) -> Option<(StreamId, Samples)> {
        let mut open = self.open.iter_mut();
        open.find_map(|(stream, open)| Some((*stream, open.audio.captured(now)?)))
    }

    /// Returns when to tell the core of more.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.open.values().filter_map(|open| open.audio.due()).min()
    }

    pub(crate) const fn dropped(&self) -> Samples {
        self.dropped
    }

    /// Fills a block for a speaker. Returns how much of it is audio; the rest is silence because
    /// the queue is empty.
    pub(crate) fn play(&mut self, stream: StreamId, pcm: &mut [f32]) -> usize {
        let Some(open) = self.open.get_mut(&stream) else {
            pcm.fill(0.0);
            return 0;
        };
        let heard = open.audio.play(pcm);
        #[cfg(feature = "voice-processing")]
        if let (Some(processor), true) = (&mut open.processor, open.audio.is_receiving()) {
            processor.play(pcm);
        }
        heard
    }

    /// Plays silence in place of comfort noise until the peer's audio plays again.
    pub(crate) fn hush(&mut self, stream: StreamId) {
        if let Some(open) = self.open.get_mut(&stream) {
            open.audio.hush();
        }
    }

    /// Plays silence in place of comfort noise while the peer said that it has spoken.
    pub(crate) fn set_told_silent(&mut self, stream: StreamId, is_told_silent: bool) {
        if let Some(open) = self.open.get_mut(&stream) {
            open.audio.set_told_silent(is_told_silent);
        }
    }

    pub(crate) fn is_receiving(&self, stream: StreamId) -> bool {
        self.open.get(&stream).is_some_and(|open| open.audio.is_receiving())
    }

    /// Returns whether a block of this length would be incomplete only because a job is out.
    pub(crate) fn is_awaited(&self, stream: StreamId, length: usize) -> bool {
        self.open.get(&stream).is_some_and(|open| open.audio.is_awaited(length))
    }

    /// Makes the task of a job, or `None` if the job is done at once.
    pub(crate) fn on_job(&mut self, stream: StreamId, job: JobId, work: Work<'_>) -> Option<Task> {
        // The core hands out jobs of open streams only.
        self.open.entry(stream).or_default().audio.on_job(stream, job, work)
    }

    /// Queues the PCM of a decode or concealment job, unless its stream has closed meanwhile.
    pub(crate) fn on_done(&mut self, done: &Done) {
        self.open.values_mut().for_each(|open| open.audio.on_done(done));
    }

    /// Returns the captured samples of a stream that are not encoded.
    pub(crate) fn unsent(&self, stream: StreamId) -> usize {
        let Some(open) = self.open.get(&stream) else { return 0 };
        #[cfg(feature = "voice-processing")]
        let processed = open.processor.as_ref().map_or(0, VoiceProcessor::waiting);
        #[cfg(not(feature = "voice-processing"))]
        let processed = 0;
        open.audio.unsent() + processed
    }
}
