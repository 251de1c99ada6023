//! The lock that makes a folder one phone's at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::identity_file::IdentityFileError;

/// Holds a folder. The operating system lets go of it when this is dropped, and when the process
/// ends in any way.
#[derive(Debug)]
pub(crate) struct FolderLock(#[expect(dead_code, reason = "what counts is that it is open")] File);

impl FolderLock {
    /// Takes the folder; `None` where it cannot be locked at all, as on some network file systems.
    ///
    /// # Errors
    /// [`IdentityFileError::InUse`].
    pub(crate) fn take(folder: &Path) -> Result<Option<Self>, IdentityFileError> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let locked = options.open(folder.join("lock")).map_err(TryLockError::Error);
        match locked.and_then(|file| file.try_lock().map(|()| file)) {
            Ok(file) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Err(IdentityFileError::InUse { path: folder.into() }),
            Err(TryLockError::Error(error)) => {
                tracing::debug!("{} cannot be locked: {error}", folder.display());
                Ok(None)
            }
        }
    }
}
