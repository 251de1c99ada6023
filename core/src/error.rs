//! Errors of local misuse.

use crate::id::{JobId, LinkId, StreamId};
use crate::profile::Profile;
use crate::state::CallState;

/// Why an input was refused. A refused input changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// Outputs wait: drain them with `poll_output` and give the input again.
    #[error("outputs wait: drain poll_output and give the input again")]
    OutputFull,
    /// The link is unknown: it was closed, or never reported as incoming.
    #[error("{0:?} is not known: it was closed, or never reported as incoming")]
    UnknownLink(LinkId),
    /// The link goes to a destination other than the telephone's own. The driver's other apps
    /// handle it.
    #[error("{0:?} is to another destination: give it to the app of that name")]
    OtherDestination(LinkId),
    /// The call is unknown: it has ended, or never existed.
    #[error("the call is not known: it is over, or never was")]
    UnknownCall,
    /// The stream is unknown: its call has ended, or never existed.
    #[error("{0:?} is not known: its call is over, or never was")]
    UnknownStream(StreamId),
    /// No job with this id was handed out.
    #[error("{0:?} was never given out")]
    UnknownJob(JobId),
    /// The state of the call does not allow it.
    #[error("not allowed while the call is {state}")]
    NotAllowed {
        /// The current state; [`CallState::Idle`] if there is no call.
        state: CallState,
    },
    /// Our encoder cannot send the profile: it is not in [`Config::profiles`](crate::Config).
    #[error("{0} cannot be sent: this phone has no encoder for it")]
    UnsupportedProfile(Profile),
}
