//! Why a phone did not start, or a handle's request was not done.

use std::io;
#[cfg(feature = "trace")]
use std::path::PathBuf;

use lxst_core::{EndReason, InputError, SettingError};
use lxst_engine::DialError;

/// Why a request was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The telephone refused a command, and nothing changed.
    #[error(transparent)]
    Refused(#[from] InputError),
    /// Nobody was dialled.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// The call that was waited for is over.
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
        /// Why, and what helps.
        error: io::Error,
    },
    /// The file of the trace was not to be had.
    #[cfg(feature = "trace")]
    #[error("cannot record to {}: {error}; it takes a name that is free", path.display())]
    Trace {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        error: io::Error,
    },
    /// A setting is beyond its bound.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The operating system gave no thread for the codecs.
    #[error("cannot start the codec thread: {0}")]
    Thread(io::Error),
}
