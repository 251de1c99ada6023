//! What the app tells a station, and what it is told.

use core::time::Duration;

use lxst_core::{Destination, IdentityHash, LinkId};

use crate::client::CloseReason;
use crate::wire::Program;

/// What the app wants of a station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StationCommand<'a> {
    /// Send a packet of voice to all listeners: frames of the profile, or the end of a talk spurt,
    /// as a [`Radio`](lxst_core::talk::Radio) sends it. A packet without a number gets one.
    Send(&'a [u8]),
    /// Relay another station, also after [`StationEvent::SourceClosed`]. We prove our identity to
    /// it: a place may be reserved for us.
    Relay {
        /// The id of the new link. No id is reused.
        link: LinkId,
        /// `lxst.station` of the other station's identity.
        station: Destination,
    },
    /// Close the link to the other station, and have a source of our own.
    StopRelay,
    /// Close the links of all listeners. The station goes on and takes new ones.
    Close,
}

/// What the app of a station is told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum StationEvent {
    /// A listener has a place.
    TunedIn { link: LinkId, identity: Option<IdentityHash> },
    /// A listener is gone.
    TunedOut { link: LinkId },
    /// A link was refused: there is no place for it.
    Refused { link: LinkId },
    /// What the listeners get is another program. [`Station::announced`] may tell something else
    /// now.
    ///
    /// [`Station::announced`]: super::Station::announced
    Program(Program),
    /// The link to the relayed station is closed. The listeners were told.
    SourceClosed {
        reason: CloseReason,
        /// How long to wait before [`StationCommand::Relay`]. `None`: trying again does not help.
        again: Option<Duration>,
    },
}

/// What a station dropped since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StationCounters {
    /// Packets of unknown links, and packets of listeners that ask nothing, or too often.
    pub packets: u64,
    /// Links that had no place.
    pub refused: u64,
    /// Packets that were too long for the link of a listener.
    pub too_long: u64,
}
