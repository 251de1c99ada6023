//! The lock that keeps a folder to one phone at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::identity_file::IdentityFileError;

/// The lock of a folder. The operating system releases it when this is dropped and when the process
/// ends.
#[derive(Debug)]
pub(crate) struct FolderLock(#[expect(dead_code, reason = "an open file holds the lock")] File);

impl FolderLock {
    /// Locks a folder; `None` if its file system has no locks, as some network file systems.
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
