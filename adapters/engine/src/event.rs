//! The events of an engine, and the errors of dialling.

use core::time::Duration;

use lxst_core::{
    CallId, Direction, DisplayName, IdentityHash, InputError, Profile, StreamChange, StreamId,
};

/// An event of an engine. The enum is exhaustive by intent: an owner handles each variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum Event {
    /// An event of a call.
    Call(lxst_core::Event),
    /// A direction of a call's audio opens or closes.
    Stream {
        /// The stream, which has the number of its call.
        stream: StreamId,
        direction: Direction,
        change: StreamChange,
    },
    /// The coder panicked, which is a bug. One frame is lost, and the codecs start with fresh
    /// state.
    CoderCrashed,
    /// The dialled hash is that of a destination, as its announce shows. The call ends as
    /// [`NoPath`](lxst_core::EndReason::NoPath). If the destination is known before, dialling fails
    /// with [`DialError::DestinationHash`].
    DestinationDialled {
        call: CallId,
        /// The hash that was dialled.
        given: IdentityHash,
        /// The identity that owns the destination: the hash to dial.
        identity: IdentityHash,
    },
    /// The profile of a call dialled with [`ProfileChoice::Auto`](crate::ProfileChoice::Auto) is
    /// chosen. It is told to the callee when the call rings there.
    ProfileChosen {
        call: CallId,
        profile: Profile,
        /// The round trip of the link, or the time to the callee's first answer on it if that was
        /// longer.
        round_trip: Duration,
    },
    /// A phone announced itself.
    Announced {
        identity: IdentityHash,
        /// Distance in hops; 1 is a neighbour.
        hops: u8,
        /// The display name. Anybody can claim any name.
        name: Option<DisplayName>,
    },
}

/// Why nobody was dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// The telephone refused: no line is free, or the profile cannot be sent.
    #[error(transparent)]
    Refused(#[from] InputError),
    /// The hash is that of a destination: of a phone that announced itself, or our own.
    #[error("{given} is a telephony destination; dial the identity that it belongs to, {identity}")]
    DestinationHash {
        /// The hash that was to be dialled.
        given: IdentityHash,
        /// The identity that owns the destination: the hash to dial.
        identity: IdentityHash,
    },
}
