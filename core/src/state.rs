//! The states of a call.

use core::fmt;

use crate::id::{CallId, IdentityHash};
use crate::profile::{Mode, Profile};

/// The state of the line's call.
///
/// ```text
/// caller  Idle > Calling > Linked > Identified > Ringing > Connecting > Established > Idle
/// callee  Idle > Ringing > Connecting > Established > Idle
/// ```
/// Every state may end in `Idle`. A caller skips states if signals were lost. A caller becomes the
/// callee if glare is resolved in favour of the peer. [`TRANSITIONS`](crate::TRANSITIONS) lists
/// every transition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallState {
    /// There is no call.
    #[default]
    Idle,
    /// We dialled: the network searches for a path and opens a link.
    Calling,
    /// The link is up. AVAILABLE has not been heard.
    Linked,
    /// The callee said AVAILABLE, and we identified.
    Identified,
    /// The callee sent BUSY. We wait for a call of the callee's own: glare.
    GlareWait,
    /// The call rings, at the callee or here.
    Ringing,
    /// The call is answered. Both sides set up their audio.
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
    /// The peer did; or both did, and glare was resolved in favour of the peer's call.
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

/// The current state of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallStatus {
    /// The id of the call.
    pub call: CallId,
    /// Our role.
    pub role: Role,
    /// The other side's identity.
    pub peer: IdentityHash,
    /// The state, never `Idle`.
    pub state: CallState,
    /// The profile that we send or propose.
    pub profile: Profile,
    /// The mode.
    pub mode: Mode,
}
