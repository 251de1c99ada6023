//! What streams are asked to do.

use core::time::Duration;

use crate::id::{CallId, LinkId, StreamId};
use crate::input::{Mute, PortChange};
use crate::profile::Profile;

/// The two streams of an established call, as they are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Session {
    pub(crate) call: CallId,
    pub(crate) link: LinkId,
    pub(crate) mdu: usize,
    pub(crate) profile: Profile,
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

/// What leaves the microphone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Gate {
    Voice,
    Silence,
    /// Only what shows that we are there.
    Presence,
    Shut,
}
