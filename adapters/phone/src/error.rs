//! Errors of the start and of requests.

use std::io;
#[cfg(feature = "trace")]
use std::path::PathBuf;

use lxst_core::{EndReason, InputError, SettingError};
use lxst_engine::DialError;

/// Why a request of a handle was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The telephone refused a command, and nothing changed.
    #[error(transparent)]
    Refused(#[from] InputError),
    /// No call was made.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// The call is over.
    #[error("the call is over: {0}")]
    Ended(EndReason),
    /// The phone has shut down.
    #[error("the phone has shut down")]
    ShutDown,
}

/// Why a phone did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// An interface cannot be opened: its address or another setting cannot work
    /// ([`InvalidInput`](io::ErrorKind::InvalidInput)), or the system does not give the address.
    #[cfg(feature = "endpoint")]
    #[error("cannot use {name}: {error}")]
    Interface {
        /// The interface, as in [`InterfaceState::name`](crate::InterfaceState::name).
        name: String,
        /// The cause, with the remedy.
        error: io::Error,
    },
    /// The file of the trace exists, or could not be created.
    #[cfg(feature = "trace")]
    #[error("cannot record to {}: {error}; it takes a name that is free", path.display())]
    Trace {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        error: io::Error,
    },
    /// A setting is beyond its bound.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The operating system refused a thread for the codecs.
    #[error("cannot start the codec thread: {0}")]
    Thread(io::Error),
}
