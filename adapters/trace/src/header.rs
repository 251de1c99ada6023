//! The first and the last line of a trace.

use core::fmt;

use lxst_core::{Config, IdentityHash, Instant};

/// The version that is written, and the highest that is read.
pub const VERSION: u64 = 1;

/// Largest line, in bytes, its line feed included. No Reticulum packet makes a longer one. A
/// recorder ends a trace by overflow before it; a reader refuses it.
pub const LINE_BYTES: usize = 1 << 20;

/// Most lines of a telephone whose trace is read.
pub const MAX_LINES: usize = 8;

/// Whether a trace holds the voices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Payloads {
    /// It does: the trace replays.
    #[default]
    Kept,
    /// It does not. Encoded audio is zeros of the same length, its level is that of silence, and
    /// packets are reduced to the signals or frames that they are parsed as. The identities stay.
    /// The trace can be drawn, but does not replay.
    Stripped,
}

/// The first line of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The version of the crate that recorded it.
    pub by: String,
    /// Whether it holds the voices.
    pub payloads: Payloads,
    /// The moment at which the telephone was created.
    pub at: Instant,
    /// The identity that the telephone serves.
    pub identity: IdentityHash,
    /// The number of its lines.
    pub lines: usize,
    /// The telephone's settings in force.
    pub config: Config,
}

/// The last line of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// The telephone ended.
    Closed,
    /// The file could not keep up with the telephone. The call went on.
    Overflow,
}

impl fmt::Display for Ending {
    /// Writes a few lower-case words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the phone ended",
            Self::Overflow => "recording overflowed",
        })
    }
}

impl Ending {
    /// Returns the last line of a trace that ends this way, with its line feed.
    #[must_use]
    pub fn line(self) -> String {
        format!("{{\"end\":\"{}\"}}\n", self.name())
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Overflow => "overflow",
        }
    }
}
