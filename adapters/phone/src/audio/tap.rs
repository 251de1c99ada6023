//! What is shown the audio of a call.

use std::fmt;
use std::ops::ControlFlow;

use lxst_core::Direction;

/// Is shown the audio of a call, until it breaks or the call ends.
pub(crate) struct AudioTap(Box<Show>);

type Show = dyn FnMut(Direction, &[f32]) -> ControlFlow<()> + Send;

impl AudioTap {
    pub(crate) fn new(
        tap: impl FnMut(Direction, &[f32]) -> ControlFlow<()> + Send + 'static,
    ) -> Self {
        Self(Box::new(tap))
    }

    /// Shows it a block, and tells whether it wants more.
    pub(crate) fn show(&mut self, direction: Direction, pcm: &[f32]) -> bool {
        (self.0)(direction, pcm).is_continue()
    }
}

impl fmt::Debug for AudioTap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AudioTap").finish_non_exhaustive()
    }
}
