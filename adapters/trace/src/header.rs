//! The first line of a trace and the last.

use core::fmt;

use lxst_core::{Config, IdentityHash, Instant};

/// The version that is written, and the highest that is read.
pub const VERSION: u64 = 1;

/// Bytes of a line at most, its line feed included. A recorder ends a trace by overflow before a
/// longer one, which no Reticulum packet is; a reader refuses it.
pub const LINE_BYTES: usize = 1 << 20;

/// Upper bound of the lines of a telephone whose trace is read.
pub const MAX_LINES: usize = 8;

/// What a trace tells of the voices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Payloads {
    /// All: the trace replays.
    #[default]
    Kept,
    /// Nothing: encoded audio is zeros of the same length, its loudness that of silence, and packets
    /// are reduced to the signals or frames that they are read as. Who called whom stays. The trace
    /// draws, but does not replay.
    Stripped,
}

/// The first line of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The version of the crate that recorded it.
    pub by: String,
    /// What is in it.
    pub payloads: Payloads,
    /// The first `now`.
    pub at: Instant,
    /// Whose phone it is.
    pub identity: IdentityHash,
    /// How many lines it has.
    pub lines: usize,
    /// The telephone's settings, as they were in force.
    pub config: Config,
}

/// The last line of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// The phone ended.
    Closed,
    /// The file could not keep up with the phone; the call went on.
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
    /// The last line of a trace that ends so, with its line feed.
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
