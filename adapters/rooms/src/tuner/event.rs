//! What the app tells a tuner, and what it is told.

use core::time::Duration;

use bytes::Bytes;
use lxst_core::{Destination, LinkId};

use crate::client::CloseReason;
use crate::wire::Program;

/// What the app wants of a tuner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TunerCommand {
    /// Open a link to a station and listen.
    Tune {
        /// The id of the new link. No id is reused.
        link: LinkId,
        /// `lxst.station` of the station's identity.
        station: Destination,
        /// Whether to prove our identity. A place may be reserved for it.
        identify: bool,
    },
    /// Close the link.
    Leave,
}

/// What the app of a tuner is told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum TunerEvent {
    /// What the station sends: the first event of a link, and told again at each change. With
    /// another profile or path, decoders begin anew.
    Program(Program),
    /// The station speaks: a packet of frames of its profile with the number of the first one.
    Voice(Bytes),
    /// The talk spurt is over.
    TalkEnd,
    /// The link is closed, or did not come up.
    Closed {
        reason: CloseReason,
        /// How long to wait before tuning in again. `None`: trying again does not help.
        again: Option<Duration>,
    },
}

/// What a tuner dropped since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TunerCounters {
    /// Packets that are neither voice of the station's profile nor a message, or came before it
    /// said what it sends.
    pub malformed: u64,
    /// Packets of voice that came before.
    pub repeated: u64,
    /// Packets of voice beyond twice real time.
    pub excess: u64,
}
