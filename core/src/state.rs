//! Where a call can be.

use core::fmt;

use crate::id::{CallId, IdentityHash};
use crate::profile::{Mode, Profile};

/// The state of the line's call.
///
/// ```text
/// caller  Idle > Calling > Linked > Identified > Ringing > Connecting > Established > Idle
/// callee  Idle > Ringing > Connecting > Established > Idle
/// ```
/// Every state may end in `Idle`. A caller's call may skip forward when a signal got lost, and may
/// become a callee's when both dialled each other; [`TRANSITIONS`](crate::TRANSITIONS) has it all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallState {
    /// There is no call.
    #[default]
    Idle,
    /// A path is searched and a link opened.
    Calling,
    /// The link is up; the callee has not said that it is AVAILABLE.
    Linked,
    /// We told the callee who we are.
    Identified,
    /// The callee is busy, perhaps because it calls us.
    GlareWait,
    /// It rings at the callee.
    Ringing,
    /// Answered; the streams are being set up.
    Connecting,
    /// Audio flows.
    Established,
}

impl fmt::Display for CallState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle => "idle",
            Self::Calling => "calling",
            Self::Linked => "linked",
            Self::Identified => "identified",
            Self::GlareWait => "glare wait",
            Self::Ringing => "ringing",
            Self::Connecting => "connecting",
            Self::Established => "established",
        })
    }
}

/// Who dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// We did.
    Caller,
    /// The peer did, or both and the peer's call stands.
    Callee,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Caller => "caller",
            Self::Callee => "callee",
        })
    }
}

/// A call as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallStatus {
    /// Its id.
    pub call: CallId,
    /// Our role.
    pub role: Role,
    /// The other side.
    pub peer: IdentityHash,
    /// Its state, never `Idle`.
    pub state: CallState,
    /// The profile that we send or propose.
    pub profile: Profile,
    /// The mode.
    pub mode: Mode,
}
