//! Why a phone does not start.

use std::io;
use std::path::PathBuf;

use lxst_tokio::{AudioError, IdentityFileError, StartError};

use super::files::SoundFilesError;
use crate::folder::FileError;
use crate::settings::Mistakes;

/// Why a phone does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The folder cannot be made.
    #[error("{}: {error}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The identity cannot be read or made.
    #[error(transparent)]
    Identity(#[from] IdentityFileError),
    /// The file of settings cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It holds what is not understood.
    #[error(transparent)]
    Settings(#[from] Mistakes),
    /// The history cannot be read.
    #[error("{}: {error}", path.display())]
    History {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The folder of messages cannot be read.
    #[error("{}: {error}", path.display())]
    Messages {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The phone does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The sound of files or pipes does not begin.
    #[error(transparent)]
    Sound(#[from] SoundFilesError),
    /// It ended at once.
    #[error(transparent)]
    Ended(#[from] AudioError),
}
