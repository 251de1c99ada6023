//! The two PCM queues of a stream: capture, from the microphone, and playout, to the speaker.

use std::collections::VecDeque;

use bytes::Bytes;
use lxst_codecs::ComfortNoise;
use lxst_core::{Direction, Instant, JobId, Samples, Source, StreamChange, StreamId, Work};

use crate::allowance::Allowance;
use crate::coder::{Done, Task};

#[derive(Debug)]
pub(crate) struct Audio {
    is_sending: bool,
    captured: VecDeque<f32>,
    /// Captured samples that the core was not told of.
    untold: usize,
    /// How many of them it may be told of.
    allowance: Allowance,
    /// The encode jobs that are out, and their samples.
    encoding: VecDeque<(JobId, usize)>,
    is_receiving: bool,
    playable: VecDeque<f32>,
    /// The decode or concealment job that is out.
    playing: Option<(JobId, Playing)>,
    comfort: ComfortNoise,
    /// Whether the peer said that it has spoken: what does not come is not missing.
    is_told_silent: bool,
}

/// What a job makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Playing {
    Decoded,
    Concealed,
}

impl Default for Audio {
    fn default() -> Self {
        Self {
            is_sending: false,
            captured: VecDeque::new(),
            untold: 0,
            allowance: Allowance::new(CAPTURE_PACE_PER_MILLE, CAPTURE_BURST),
            encoding: VecDeque::new(),
            is_receiving: false,
            playable: VecDeque::new(),
            playing: None,
            comfort: ComfortNoise::default(),
            is_told_silent: false,
        }
    }
}

impl Audio {
    /// Queues captured PCM. Returns how much was dropped to make room.
    pub(crate) fn capture(&mut self, pcm: &[f32]) -> Samples {
        if !self.is_sending {
            return Samples::ZERO;
        }
        let most = CAPTURE_QUEUE.0 as usize;
        self.captured.extend(pcm.iter().copied().map(sanitised));
        let excess = self.captured.len().saturating_sub(most);
        self.captured.drain(..excess);
        // A dropped sample that the core was told of is replaced by one that follows.
        self.untold += pcm.len().saturating_sub(excess);
        samples(excess)
    }

    /// Returns how much captured audio to tell the core of: about as much as time has passed. A
    /// long block then becomes packets at the same distances as those of short blocks.
    pub(crate) fn captured(&mut self, now: Instant) -> Option<Samples> {
        let due = self.untold.min(self.allowance.left(now));
        self.allowance.spend(due);
        self.untold -= due;
        Some(samples(due)).filter(|due| !due.is_zero())
    }

    /// Returns when to tell the core of more.
    pub(crate) fn due(&self) -> Option<Instant> {
        let wanted = self.untold.min(CAPTURE_STEP);
        (wanted > 0).then(|| self.allowance.due(wanted))
    }

    /// Fills a block for the speaker. Returns how much of it is audio; the rest is comfort noise or
    /// silence because the queue is empty.
    pub(crate) fn play(&mut self, pcm: &mut [f32]) -> usize {
        let heard = self.playable.len().min(pcm.len());
        let (sound, silence) = pcm.split_at_mut(heard);
        for (place, sample) in sound.iter_mut().zip(self.playable.drain(..heard)) {
            *place = sample;
        }
        silence.fill(0.0);
        if self.is_receiving && !self.is_told_silent {
            self.comfort.fill(silence);
        }
        heard
    }

    pub(crate) const fn is_closed(&self) -> bool {
        !self.is_sending && !self.is_receiving
    }

    #[cfg(feature = "voice-processing")]
    pub(crate) const fn is_sending(&self) -> bool {
        self.is_sending
    }

    pub(crate) const fn is_receiving(&self) -> bool {
        self.is_receiving
    }

    /// Returns whether a block of this length would be incomplete only because a job is out.
    pub(crate) fn is_awaited(&self, length: usize) -> bool {
        self.playable.len() < length && self.playing.is_some()
    }

    /// Opens or closes a direction.
    pub(crate) fn on_stream(&mut self, direction: Direction, change: StreamChange) {
        let is_open = change == StreamChange::Opened;
        match direction {
            Direction::Send => {
                self.is_sending = is_open;
                self.captured.clear();
                self.untold = 0;
                self.encoding.clear();
            }
            Direction::Receive => {
                self.is_receiving = is_open;
                self.playable.clear();
                self.playing = None;
                self.comfort = ComfortNoise::default();
            }
        }
    }

    /// Makes the task of a job, or `None` if the job is done at once.
    pub(crate) fn on_job(&mut self, stream: StreamId, job: JobId, work: Work<'_>) -> Option<Task> {
        Some(match work {
            Work::Encode { format, source, samples } => {
                let pcm = self.take_captured(samples);
                self.encoding.push_back((job, pcm.len()));
                match source {
                    Source::Captured => Task::Encode { stream, job, format, pcm },
                    Source::Silence => Task::EncodeSilence { stream, job, format, samples },
                }
            }
            Work::Discard { samples } => {
                self.take_captured(samples);
                return None;
            }
            Work::Decode { codec, payload, tempo } => {
                self.playing = Some((job, Playing::Decoded));
                let payload = Bytes::copy_from_slice(payload);
                Task::Decode { stream, job, codec, payload, tempo }
            }
            Work::Conceal { samples } => {
                self.playing = Some((job, Playing::Concealed));
                Task::Conceal { stream, job, samples }
            }
        })
    }

    /// Returns the captured samples that are not encoded.
    pub(crate) fn unsent(&self) -> usize {
        self.captured.len() + self.encoding.iter().map(|(_, samples)| samples).sum::<usize>()
    }

    /// Queues the PCM of a decode or concealment job, unless its stream has closed meanwhile.
    pub(crate) fn on_done(&mut self, done: &Done) {
        self.encoding.retain(|(job, _)| *job != done.job());
        let Some((_, kind)) = self.playing.take_if(|(job, _)| *job == done.job()) else { return };
        if let Done::Played { pcm, .. } = done {
            let mut pcm = pcm.clone();
            match kind {
                Playing::Decoded => self.comfort.on_decoded(&mut pcm),
                Playing::Concealed => self.comfort.on_concealed(&mut pcm),
            }
            self.playable.extend(pcm);
        }
    }

    /// Ends the comfort noise until the peer's audio plays again: the user muted the peer.
    pub(crate) const fn hush(&mut self) {
        self.comfort.stop();
    }

    /// Takes note of whether the peer said that it has spoken.
    pub(crate) const fn set_told_silent(&mut self, is_told_silent: bool) {
        self.is_told_silent = is_told_silent;
    }

    /// Takes PCM from the front of the capture queue, with silence for what it lacks.
    fn take_captured(&mut self, samples: Samples) -> Vec<f32> {
        let wanted = samples.0 as usize;
        let held = wanted.min(self.captured.len());
        let mut pcm: Vec<f32> = self.captured.drain(..held).collect();
        pcm.resize(wanted, 0.0);
        pcm
    }
}

/// Upper bound of the captured audio that waits: the longest block, and the rest of the one before.
pub const CAPTURE_QUEUE: Samples = Samples::from_millis(2_500);

/// Captured audio that the core is told of at once: two of the longest Opus frames, 120 ms. A block
/// that is no longer than this does not wait.
const CAPTURE_BURST: usize = 5_760;
/// The rate at which it is told of the rest, in thousandths of real time: enough for a microphone
/// whose clock is fast.
const CAPTURE_PACE_PER_MILLE: u64 = 1_100;
/// Smallest amount that a timer is set for: 10 ms.
const CAPTURE_STEP: usize = 480;

/// Returns a float from an app as a sample: clipped to -1 to 1, and silent if it is not finite.
#[must_use]
pub const fn sanitised(sample: f32) -> f32 {
    if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 }
}

/// Returns the amount of audio of this many samples.
pub(crate) fn samples(length: usize) -> Samples {
    Samples(u64::try_from(length).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: StreamId = StreamId(1);

    #[test]
    fn captured_sound_is_taken_in_order_and_its_want_is_silence() {
        let mut audio = Audio::default();
        audio.capture(&[1.0]);
        assert_eq!(audio.captured(Instant::ORIGIN), None, "nobody sends");
        audio.on_stream(Direction::Send, StreamChange::Opened);
        audio.capture(&[0.1, 0.2, 0.3]);
        assert_eq!(audio.captured(Instant::ORIGIN), Some(Samples(3)));
        let work = Work::Discard { samples: Samples(1) };
        assert_eq!(audio.on_job(STREAM, JobId(0), work), None);
        assert_eq!(audio.take_captured(Samples(3)), [0.2, 0.3, 0.0]);
    }

    #[test]
    fn the_core_is_told_of_a_long_block_as_time_passes() {
        let mut audio = Audio::default();
        audio.on_stream(Direction::Send, StreamChange::Opened);
        let mut now = Instant::from_millis(10_000);
        audio.capture(&[0.0; 96_000]);
        let mut told = audio.captured(now).expect("a burst is told of at once").0 as usize;
        assert_eq!(told, CAPTURE_BURST);
        while let Some(due) = audio.due() {
            assert!(due > now && due <= now + core::time::Duration::from_millis(10), "{due}");
            now = due;
            let more = audio.captured(now).expect("it is due").0 as usize;
            assert!(more < 2 * CAPTURE_STEP, "{more}");
            told += more;
        }
        assert_eq!(told, 96_000);
        let took = now.since(Instant::from_millis(10_000)).as_millis();
        assert!((1_600..1_900).contains(&took), "{took}");
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
        let told = |audio: &mut Audio| audio.captured(Instant::MAX).map_or(0, |told| told.0);
        assert_eq!(audio.capture(&[0.0; 119_520]), Samples::ZERO);
        let mut known = 0;
        while audio.untold > 0 {
            audio.allowance = Allowance::new(CAPTURE_PACE_PER_MILLE, CAPTURE_BURST);
            known += told(&mut audio);
        }
        assert_eq!(known, 119_520);
        assert_eq!(audio.capture(&[0.1; 960]), Samples(480));
        assert_eq!(audio.capture(&[0.2; 960]), Samples(960));
        assert_eq!(audio.untold, 480);
        let kept = audio.take_captured(Samples(120_000));
        assert_eq!((kept.len(), &kept[119_039..119_041]), (120_000, &[0.1, 0.2][..]));
    }

    #[test]
    fn what_a_job_made_after_its_stream_closed_is_not_played() {
        let mut audio = Audio::default();
        audio.on_stream(Direction::Receive, StreamChange::Opened);
        audio.on_job(STREAM, JobId(0), Work::Conceal { samples: Samples(1) });
        assert!(audio.is_awaited(1));
        audio.on_stream(Direction::Receive, StreamChange::Closed);
        audio.on_stream(Direction::Receive, StreamChange::Opened);
        audio.on_done(&Done::Played { job: JobId(0), pcm: vec![1.0], level: 0 });
        let mut block = [9.0];
        assert_eq!((audio.play(&mut block), block), (0, [0.0]));
    }
}
