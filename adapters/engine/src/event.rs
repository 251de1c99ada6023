//! What an engine tells its owner, and what it refuses.

use lxst_core::{CallId, Direction, DisplayName, IdentityHash, InputError, StreamChange, StreamId};

/// What an engine tells its owner. Exhaustive by intent: an owner handles each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Something about a call.
    Call(lxst_core::Event),
    /// A direction of a call's audio begins or ends.
    Stream {
        /// The stream, which has the number of its call.
        stream: StreamId,
        /// The direction.
        direction: Direction,
        /// Which of the two.
        change: StreamChange,
    },
    /// The coder panicked: a frame is lost, and the codecs go on with fresh state. It is a fault
    /// worth a report.
    CoderCrashed,
    /// The hash that was dialled is that of a destination, as its announce tells. The call ends as
    /// [`NoPath`](lxst_core::EndReason::NoPath); [`DialError::DestinationHash`] tells of a destination
    /// that is known before.
    DestinationDialled {
        /// The call.
        call: CallId,
        /// What was dialled.
        given: IdentityHash,
        /// The identity that the destination belongs to, and that is to be dialled.
        identity: IdentityHash,
    },
    /// A phone announced itself.
    Announced {
        /// Whose.
        identity: IdentityHash,
        /// How far away; 1 is a neighbour.
        hops: u8,
        /// What it calls itself. Nobody proves it.
        name: Option<DisplayName>,
    },
}

/// Why nobody was dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// The telephone refused it: no line is free, or the profile cannot be sent.
    #[error(transparent)]
    Refused(#[from] InputError),
    /// The hash is that of a destination, of a phone that was heard or of our own.
    #[error("{given} is a telephony destination; dial the identity that it belongs to, {identity}")]
    DestinationHash {
        /// What was to be dialled.
        given: IdentityHash,
        /// The identity that the destination belongs to.
        identity: IdentityHash,
    },
}
