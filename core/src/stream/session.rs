//! The session of a line: what its streams send and play.

use core::time::Duration;

use crate::id::{CallId, LinkId, StreamId};
use crate::input::{Mute, PortChange};
use crate::profile::Profile;

/// The wanted state of the two streams of an established call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Session {
    pub(crate) call: CallId,
    pub(crate) link: LinkId,
    pub(crate) mdu: usize,
    pub(crate) profile: Profile,
    /// Whether the peer knows loss reports and copies of frames.
    pub(crate) knows_copies: bool,
    pub(crate) gate: Gate,
    pub(crate) microphone: PortChange,
    pub(crate) receive: Mute,
    pub(crate) speaker: PortChange,
    pub(crate) rtt: Duration,
}

impl Session {
    pub(crate) fn stream(&self) -> StreamId {
        self.call.into()
    }
}

/// What is sent of the microphone's audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Gate {
    Voice,
    Silence,
    /// Nothing but the frames of silence that show that we are there.
    Presence,
    Shut,
}
