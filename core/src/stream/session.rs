//! What streams are asked to do.

use core::time::Duration;

use crate::id::{CallId, LinkId};
use crate::input::Mute;
use crate::profile::Profile;

/// The two streams of an established call, as they are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Session {
    pub(crate) call: CallId,
    pub(crate) link: LinkId,
    pub(crate) mdu: usize,
    pub(crate) profile: Profile,
    pub(crate) gate: Gate,
    pub(crate) receive: Mute,
    pub(crate) rtt: Duration,
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
