//! What is kept of what a caller says.

use std::time::Duration;

use lxst_core::Samples;

/// Holds sound back until it is known to belong to a message.
///
/// A message begins [`LEAD`] before the first voice and ends [`TAIL`] behind the last. Less than
/// `min` of it is none, and nothing of it is given out.
#[derive(Debug)]
pub(super) struct Take {
    min: u64,
    held: Vec<f32>,
    /// The end of the last voice in `held`.
    voiced: usize,
    has_voice: bool,
    /// Moments that were given out.
    given: u64,
}

impl Take {
    pub(super) fn new(min: Duration) -> Self {
        Self { min: Samples::of(min).0, held: Vec::new(), voiced: 0, has_voice: false, given: 0 }
    }

    /// Takes the next block.
    pub(super) fn push(&mut self, block: &[f32], is_voice: bool) {
        self.held.extend_from_slice(block);
        if is_voice {
            self.has_voice = true;
            self.voiced = self.held.len();
        } else if !self.has_voice {
            self.held.drain(..self.held.len().saturating_sub(LEAD));
        }
    }

    /// Returns the sound that belongs to the message up to the last voice, and was not returned
    /// before; `None` if there is none.
    pub(super) fn poll(&mut self) -> Option<Vec<f32>> {
        let is_message = self.given + self.voiced as u64 >= self.min;
        if !is_message || self.voiced == 0 {
            return None;
        }
        let rest = self.held.split_off(self.voiced);
        self.voiced = 0;
        let sound = std::mem::replace(&mut self.held, rest);
        self.given += sound.len() as u64;
        Some(sound)
    }

    /// Ends the message: what [`poll`](Self::poll) returns is the last of it.
    pub(super) fn end(&mut self) {
        if self.given + self.voiced as u64 >= self.min && self.has_voice {
            self.held.truncate(self.voiced + TAIL);
            self.voiced = self.held.len();
        }
    }
}

/// 500 ms.
const LEAD: usize = 24_000;
/// 500 ms.
const TAIL: usize = 24_000;
