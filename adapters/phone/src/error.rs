//! Why a handle's request was not done.

use lxst_engine::DialError;
use lxst_engine::core::{IdentityHash, InputError};

/// Why a request was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The telephone refused it, and nothing changed.
    #[error(transparent)]
    Refused(#[from] InputError),
    /// What was to be dialled is the hash of a destination.
    #[error("{given} is a telephony destination; dial the identity that it belongs to, {identity}")]
    DestinationHash {
        /// What was to be dialled.
        given: IdentityHash,
        /// The identity that the destination belongs to.
        identity: IdentityHash,
    },
    /// The phone has shut down.
    #[error("the phone has shut down")]
    ShutDown,
}

impl From<DialError> for CallError {
    fn from(error: DialError) -> Self {
        match error {
            DialError::DestinationHash { given, identity } => {
                Self::DestinationHash { given, identity }
            }
            DialError::Refused(error) => Self::Refused(error),
        }
    }
}
