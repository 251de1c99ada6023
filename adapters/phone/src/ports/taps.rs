//! The taps of the calls.

use lxst_core::{Direction, StreamId};

use crate::audio::{AudioTap, BLOCK};

#[derive(Debug, Default)]
pub(super) struct Taps(Vec<(StreamId, AudioTap)>);

impl Taps {
    pub(super) fn add(&mut self, stream: StreamId, tap: AudioTap) {
        self.0.push((stream, tap));
    }

    /// The call of a stream is over.
    pub(super) fn remove_of(&mut self, stream: StreamId) {
        self.0.retain(|(of, _)| *of != stream);
    }

    /// Shows the taps of a stream what is sent, or played.
    pub(super) fn show(&mut self, stream: StreamId, direction: Direction, pcm: &[f32]) {
        self.0.retain_mut(|(of, tap)| *of != stream || tap.show(direction, pcm));
    }

    /// Shows them as much silence: the direction is muted.
    pub(super) fn show_silence(&mut self, stream: StreamId, direction: Direction, samples: usize) {
        for begin in (0..samples).step_by(BLOCK) {
            self.show(stream, direction, &[0.0; BLOCK][..BLOCK.min(samples - begin)]);
        }
    }
}
