//! The control socket: a Unix socket in the folder of the phone, for its owner alone.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::client::{Client, ClientEvents};
use super::server::Control;

/// Why a folder has no control socket.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SocketError {
    /// Another phone has the folder.
    #[error("a phone runs in this folder already: {}", path.display())]
    Taken {
        /// The folder's socket.
        path: PathBuf,
    },
    /// The operating system's.
    #[error("{}: {error}", path.display())]
    Io {
        /// The folder's socket.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

#[cfg(unix)]
mod system {
    use std::fs::{self, File};
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};

    use rustix::fs::{FlockOperation, flock};
    use tokio::net::{UnixListener, UnixStream};

    use super::*;

    /// A control socket that takes clients. Dropping it removes it.
    #[derive(Debug)]
    pub struct Listener {
        path: PathBuf,
        listener: UnixListener,
        /// Who holds it has the folder.
        _lock: File,
    }

    impl Listener {
        /// Takes the folder whose socket is at `path`: one phone at a time has it.
        ///
        /// The lock is beside the socket, with `.lock` at its name's end. What a phone that was
        /// killed left is removed.
        ///
        /// # Errors
        /// [`SocketError`].
        pub fn bind(path: &Path) -> Result<Self, SocketError> {
            let failed = |error| SocketError::Io { path: path.to_owned(), error };
            let lock = path.with_extension("lock");
            let mut options = File::options();
            let lock = options.create(true).write(true).truncate(false).mode(0o600).open(lock);
            let lock = lock.map_err(failed)?;
            match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(rustix::io::Errno::WOULDBLOCK) => {
                    return Err(SocketError::Taken { path: path.to_owned() });
                }
                Err(error) => return Err(failed(error.into())),
            }
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
            let listener = UnixListener::bind(path).map_err(failed)?;
            // The folder is its owner's alone too.
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
            Ok(Self { path: path.to_owned(), listener, _lock: lock })
        }

        /// Serves clients until the phone ends.
        pub async fn serve(self, control: Control) {
            let mut events = control.events();
            loop {
                tokio::select! {
                    accepted = self.listener.accept() => match accepted {
                        Ok((stream, _)) => {
                            let control = control.clone();
                            tokio::spawn(async move {
                                // A client that is gone needs nothing.
                                let _ = control.serve(stream).await;
                            });
                        }
                        // Too many open files, say.
                        Err(_) => tokio::time::sleep(std::time::Duration::from_secs(1)).await,
                    },
                    () = events.stopped() => return,
                }
            }
        }
    }

    impl Drop for Listener {
        fn drop(&mut self) {
            // It may be gone.
            let _ = fs::remove_file(&self.path);
        }
    }

    /// Begins to talk with the phone that has the folder whose socket is at `path`; `None` where none
    /// runs.
    ///
    /// # Errors
    /// [`SocketError`].
    pub async fn connect(path: &Path) -> Result<Option<(Client, ClientEvents)>, SocketError> {
        let failed = |error| SocketError::Io { path: path.to_owned(), error };
        let stream = match UnixStream::connect(path).await {
            Ok(stream) => stream,
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(failed(error)),
        };
        Client::over(stream).await.map(Some).map_err(failed)
    }
}

pub use system::{Listener, connect};
