//! The two PCM queues: what the microphone captured, and what the speaker is to play.

use std::collections::VecDeque;

use bytes::Bytes;
use lxst_core::{Direction, JobId, Samples, Source, StreamChange, Work};

use crate::coder::{Done, Task};

#[derive(Debug, Default)]
pub(crate) struct Audio {
    is_sending: bool,
    captured: VecDeque<f32>,
    dropped: Samples,
    /// The send jobs that are out, and their samples.
    encoding: VecDeque<(JobId, usize)>,
    is_receiving: bool,
    playable: VecDeque<f32>,
    /// The receive job that is out.
    playing: Option<JobId>,
}

impl Audio {
    /// Queues what the microphone heard, and tells how much of it the core is to know of.
    pub(crate) fn capture(&mut self, pcm: &[f32]) -> Option<Samples> {
        if !self.is_sending || pcm.is_empty() {
            return None;
        }
        let most = CAPTURE_QUEUE.0 as usize;
        self.captured.extend(pcm.iter().copied().map(sanitised));
        let excess = self.captured.len().saturating_sub(most);
        self.captured.drain(..excess);
        self.dropped = self.dropped + samples(excess);
        // What made room for this is what the core takes this for.
        Some(samples(pcm.len().saturating_sub(excess))).filter(|new| !new.is_zero())
    }

    pub(crate) const fn dropped(&self) -> Samples {
        self.dropped
    }

    /// Fills a block for the speaker, and tells how much of it is not silence for want of audio.
    pub(crate) fn play(&mut self, pcm: &mut [f32]) -> usize {
        let heard = self.playable.len().min(pcm.len());
        let (sound, silence) = pcm.split_at_mut(heard);
        for (place, sample) in sound.iter_mut().zip(self.playable.drain(..heard)) {
            *place = sample;
        }
        silence.fill(0.0);
        heard
    }

    #[cfg(feature = "voice-processing")]
    pub(crate) const fn is_sending(&self) -> bool {
        self.is_sending
    }

    pub(crate) const fn is_receiving(&self) -> bool {
        self.is_receiving
    }

    /// Tells whether a block of this length would be cut short only because a job is out.
    pub(crate) fn is_awaited(&self, length: usize) -> bool {
        self.playable.len() < length && self.playing.is_some()
    }

    /// Opens or closes a stream. An opened one begins with a task for the coder.
    pub(crate) fn on_stream(&mut self, direction: Direction, change: StreamChange) -> Option<Task> {
        let is_open = change == StreamChange::Opened;
        match direction {
            Direction::Send => {
                self.is_sending = is_open;
                self.captured.clear();
                self.encoding.clear();
            }
            Direction::Receive => {
                self.is_receiving = is_open;
                self.playable.clear();
                self.playing = None;
            }
        }
        is_open.then_some(Task::Open(direction))
    }

    /// Makes a job's task; `None` where the job is done with that.
    pub(crate) fn on_job(&mut self, job: JobId, work: Work<'_>) -> Option<Task> {
        Some(match work {
            Work::Encode { format, source, samples } => {
                let pcm = self.take_captured(samples);
                self.encoding.push_back((job, pcm.len()));
                match source {
                    Source::Captured => Task::Encode { job, format, pcm },
                    Source::Silence => Task::EncodeSilence { job, format, samples },
                }
            }
            Work::Discard { samples } => {
                self.take_captured(samples);
                return None;
            }
            Work::Decode { codec, payload, tempo } => {
                self.playing = Some(job);
                Task::Decode { job, codec, payload: Bytes::copy_from_slice(payload), tempo }
            }
            Work::Conceal { samples } => {
                self.playing = Some(job);
                Task::Conceal { job, samples }
            }
        })
    }

    /// Samples that were captured and are not encoded.
    pub(crate) fn unsent(&self) -> usize {
        self.captured.len() + self.encoding.iter().map(|(_, samples)| samples).sum::<usize>()
    }

    /// Queues what a receive job made, unless its stream has closed meanwhile.
    pub(crate) fn on_done(&mut self, done: &Done) {
        self.encoding.retain(|(job, _)| *job != done.job());
        if self.playing == Some(done.job()) {
            self.playing = None;
            if let Done::Played { pcm, .. } = done {
                self.playable.extend(pcm);
            }
        }
    }

    /// Takes PCM off the front of the capture queue, silence where it holds less.
    fn take_captured(&mut self, samples: Samples) -> Vec<f32> {
        let wanted = samples.0 as usize;
        let held = wanted.min(self.captured.len());
        let mut pcm: Vec<f32> = self.captured.drain(..held).collect();
        pcm.resize(wanted, 0.0);
        pcm
    }
}

/// Captured audio that waits for the coder at most.
pub const CAPTURE_QUEUE: Samples = Samples::from_millis(2_000);

/// Makes a sample of what an app gives as one: from -1 to 1, and silence of what is not finite.
#[must_use]
pub const fn sanitised(sample: f32) -> f32 {
    if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 }
}

/// Counts PCM.
pub(crate) fn samples(length: usize) -> Samples {
    Samples(u64::try_from(length).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captured_sound_is_taken_in_order_and_its_want_is_silence() {
        let mut audio = Audio::default();
        assert_eq!(audio.capture(&[1.0]), None);
        audio.on_stream(Direction::Send, StreamChange::Opened);
        assert_eq!(audio.capture(&[0.1, 0.2, 0.3]), Some(Samples(3)));
        let work = Work::Discard { samples: Samples(1) };
        assert_eq!(audio.on_job(JobId(0), work), None);
        assert_eq!(audio.take_captured(Samples(3)), [0.2, 0.3, 0.0]);
    }

    #[test]
    fn what_is_no_sample_is_silence_or_full_scale() {
        let mut audio = Audio::default();
        audio.on_stream(Direction::Send, StreamChange::Opened);
        let given = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, -0.5];
        audio.capture(&given);
        assert_eq!(audio.take_captured(Samples(6)), [0.0, 0.0, 0.0, 1.0, -1.0, -0.5]);
    }

    #[test]
    fn a_stalled_coder_costs_the_oldest_sound_and_it_is_counted() {
        let mut audio = Audio::default();
        audio.on_stream(Direction::Send, StreamChange::Opened);
        let second = [0.0; 48_000];
        assert!(audio.capture(&second).is_some());
        assert_eq!(audio.capture(&second[480..]), Some(Samples(47_520)));
        assert_eq!(audio.capture(&[0.1; 960]), Some(Samples(480)));
        assert_eq!(audio.capture(&[0.2; 960]), None);
        assert_eq!(audio.dropped(), Samples(1_440));
        let kept = audio.take_captured(Samples(96_000));
        assert_eq!((kept.len(), &kept[95_039..95_041]), (96_000, &[0.1, 0.2][..]));
    }

    #[test]
    fn what_a_job_made_after_its_stream_closed_is_not_played() {
        let mut audio = Audio::default();
        audio.on_stream(Direction::Receive, StreamChange::Opened);
        audio.on_job(JobId(0), Work::Conceal { samples: Samples(1) });
        assert!(audio.is_awaited(1));
        audio.on_stream(Direction::Receive, StreamChange::Closed);
        audio.on_stream(Direction::Receive, StreamChange::Opened);
        audio.on_done(&Done::Played { job: JobId(0), pcm: vec![1.0], level: 0 });
        let mut block = [9.0];
        assert_eq!((audio.play(&mut block), block), (0, [0.0]));
    }
}
