//! A view of the core's two doors.

use core::fmt;

use lxst_core::{Boundary, Instant};

/// Sees all that passes the core's doors, in order: for traces and for pictures of a call.
///
/// It runs inside the engine's calls, so it must not block.
pub struct Tap(Box<dyn FnMut(Instant, Boundary<'_>) + Send>);

impl Tap {
    /// Makes a tap of a function.
    pub fn new(see: impl FnMut(Instant, Boundary<'_>) + Send + 'static) -> Self {
        Self(Box::new(see))
    }

    /// Lets another tap see the same, after this one.
    #[must_use]
    pub fn and(mut self, mut other: Self) -> Self {
        Self::new(move |now, boundary| {
            self.see(now, boundary);
            other.see(now, boundary);
        })
    }

    /// Shows it what passed.
    pub fn see(&mut self, now: Instant, boundary: Boundary<'_>) {
        (self.0)(now, boundary);
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tap")
    }
}
