//! A view of the core's two doors.

use core::fmt;

use lxst_core::{Config, IdentityHash, Input, Instant, Output};

/// What passed a door of the core.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Boundary<'a> {
    /// The telephone was made. Seen once, before all else.
    Start {
        /// Whose it is.
        identity: IdentityHash,
        /// The settings that are in force.
        config: &'a Config,
    },
    /// An input that was taken.
    In(Input<'a>),
    /// An output, in the order of the door.
    Out(Output<'a>),
}

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
        Self::new(move |now, door| {
            self.see(now, door);
            other.see(now, door);
        })
    }

    pub(crate) fn see(&mut self, now: Instant, door: Boundary<'_>) {
        (self.0)(now, door);
    }
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tap")
    }
}
