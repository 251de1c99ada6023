//! A tap on the core's two doors.

use core::fmt;

use lxst_core::{Boundary, Instant};

/// Sees every input and output of the core, in order: for traces and pictures of a call.
///
/// It runs inside the engine's calls, so it must not block.
pub struct Tap(Box<dyn FnMut(Instant, Boundary<'_>) + Send>);

impl Tap {
    /// Creates a tap from a function.
    pub fn new(see: impl FnMut(Instant, Boundary<'_>) + Send + 'static) -> Self {
        Self(Box::new(see))
    }

    /// Adds another tap, which sees the same after this one.
    #[must_use]
    pub fn and(mut self, mut other: Self) -> Self {
        Self::new(move |now, boundary| {
            self.see(now, boundary);
            other.see(now, boundary);
        })
    }

    /// Shows an item to the tap.
    pub fn see(&mut self, now: Instant, boundary: Boundary<'_>) {
        (self.0)(now, boundary);
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tap")
    }
}
