//! How far a sound of the speaker or the microphone is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use lxst_audio::{Block, Sink, Source};
use lxst_core::Samples;

/// What a sound and its owner share.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    moments: AtomicU64,
    has_ended: AtomicBool,
    is_dropped: AtomicBool,
}

/// A source or a sink that tells how far it is.
#[derive(Debug)]
pub(super) struct Tracked<S> {
    sound: S,
    progress: Progress,
}

impl Progress {
    pub(super) fn of<S>(&self, sound: S) -> Tracked<S> {
        Tracked { sound, progress: self.clone() }
    }

    /// What was played or heard.
    pub(super) fn time(&self) -> Duration {
        Samples(self.0.moments.load(Ordering::Relaxed)).duration()
    }

    /// Whether the sound was played to its end.
    pub(super) fn has_ended(&self) -> bool {
        self.0.has_ended.load(Ordering::Acquire)
    }

    /// Whether the device has dropped it.
    pub(super) fn is_dropped(&self) -> bool {
        self.0.is_dropped.load(Ordering::Acquire)
    }

    fn pass(&self, moments: usize) {
        self.0.moments.fetch_add(moments as u64, Ordering::Relaxed);
    }
}

impl<S: Source> Source for Tracked<S> {
    fn pull(&mut self, block: &mut Block<'_>) -> usize {
        let given = self.sound.pull(block);
        self.progress.pass(given);
        if given < block.moments() {
            self.progress.0.has_ended.store(true, Ordering::Release);
        }
        given
    }
}

impl<S: Sink> Sink for Tracked<S> {
    fn take(&mut self, block: &Block<'_>) {
        self.sound.take(block);
        self.progress.pass(block.moments());
    }
}

impl<S> Drop for Tracked<S> {
    fn drop(&mut self) {
        self.progress.0.is_dropped.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use lxst_audio::{Cadence, Segment, Tone};

    use super::*;

    #[test]
    fn a_source_tells_how_far_it_is_when_it_has_ended_and_when_it_is_gone() {
        let tone = Tone::new(&[(1_000.0, -20.0)]).unwrap();
        let segments = vec![Segment { tone, on: Samples(4_800), off: Samples::ZERO }];
        let progress = Progress::default();
        let mut sound =
            progress.of(Cadence { segments: segments.into(), repeats: Some(1) }.source());
        let mut pcm = [0.0; 3_840];
        let seen = |progress: &Progress| {
            (progress.time().as_millis(), progress.has_ended(), progress.is_dropped())
        };
        assert_eq!(seen(&progress), (0, false, false));
        sound.pull(&mut Block::mono(&mut pcm));
        assert_eq!(seen(&progress), (80, false, false));
        sound.pull(&mut Block::mono(&mut pcm));
        assert_eq!(seen(&progress), (100, true, false));
        drop(sound);
        assert_eq!(seen(&progress), (100, true, true));
    }
}
