//! The sockets of the phone: Unix sockets in its folder, for its owner alone.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::client::{Client, ClientEvents};
use super::pcm::Pcm;
use super::server::Control;

/// Why a folder has no socket.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SocketError {
    /// Another phone has the folder.
    #[error("a phone runs in this folder already: {}", path.display())]
    Taken {
        /// The folder's socket.
        path: PathBuf,
    },
    /// The path of the folder has too many bytes for a socket.
    #[error("{}: too long for a socket; take a folder of a shorter path with --config", path.display())]
    TooLong {
        /// The folder's socket.
        path: PathBuf,
    },
    /// What has the folder is no phone that takes commands.
    #[error(
        "{}: an echo line or a room runs in this folder; name another folder with --config",
        path.display()
    )]
    NoPhone {
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

    use std::time::Duration;

    use rustix::fs::{FlockOperation, flock};
    use rustix::net::sockopt::set_socket_send_buffer_size;
    use tokio::net::{UnixListener, UnixStream};

    use super::*;

    /// A control socket that takes clients. Dropping it removes it.
    #[derive(Debug)]
    pub struct Listener {
        socket: Socket,
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
            check_length(path)?;
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
            Ok(Self { socket: Socket::bind(path).map_err(failed)?, _lock: lock })
        }

        /// Serves clients until the phone ends.
        pub async fn serve(self, control: Control) {
            let mut end = control.events();
            tokio::select! {
                () = accept(&self.socket.listener, |stream| {
                    let control = control.clone();
                    async move { control.serve(stream).await }
                }) => {}
                () = end.stopped() => {}
            }
        }

        /// Turns all clients away, for ever: what has the folder takes no commands.
        pub async fn turn_away(&self) {
            accept(&self.socket.listener, |_| async { Ok(()) }).await;
        }
    }

    /// A socket that takes clients of the sound of calls. Dropping it removes it.
    #[derive(Debug)]
    pub struct PcmListener(Socket);

    impl PcmListener {
        /// Makes the socket at `path`, in a folder that a [`Listener`] has taken.
        ///
        /// # Errors
        /// [`SocketError`].
        pub fn bind(path: &Path) -> Result<Self, SocketError> {
            check_length(path)?;
            let failed = |error| SocketError::Io { path: path.to_owned(), error };
            Socket::bind(path).map(Self).map_err(failed)
        }

        /// Serves clients until the phone ends.
        pub async fn serve(self, pcm: Pcm) {
            let mut end = pcm.events();
            tokio::select! {
                () = accept(&self.0.listener, |stream| {
                    let pcm = pcm.clone();
                    // A client that is late misses sound; what waits for it here is old then.
                    let _ = set_socket_send_buffer_size(&stream, SEND_BUFFER_BYTES);
                    async move { pcm.serve(stream).await }
                }) => {}
                () = end.stopped() => {}
            }
        }
    }

    /// A socket in the file system. Dropping it removes it.
    #[derive(Debug)]
    struct Socket {
        path: PathBuf,
        listener: UnixListener,
    }

    impl Socket {
        /// Makes a socket, in place of one that a phone that was killed left.
        fn bind(path: &Path) -> io::Result<Self> {
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let listener = UnixListener::bind(path)?;
            // The folder is its owner's alone too.
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
            Ok(Self { path: path.to_owned(), listener })
        }
    }

    impl Drop for Socket {
        fn drop(&mut self) {
            // It may be gone.
            let _ = fs::remove_file(&self.path);
        }
    }

    fn check_length(path: &Path) -> Result<(), SocketError> {
        let address = std::os::unix::net::SocketAddr::from_pathname(path);
        address.map(drop).map_err(|_| SocketError::TooLong { path: path.to_owned() })
    }

    /// Serves each client in a task of its own.
    async fn accept<F>(listener: &UnixListener, serve: impl Fn(UnixStream) -> F)
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        loop {
            match listener.accept().await {
                // A client that is gone needs nothing.
                Ok((stream, _)) => drop(tokio::spawn(serve(stream))),
                // Too many open files, say.
                Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
            }
        }
    }

    /// Begins to talk with the phone that has the folder whose socket is at `path`; `None` where none
    /// runs.
    ///
    /// # Errors
    /// [`SocketError`].
    pub async fn connect(path: &Path) -> Result<Option<(Client, ClientEvents)>, SocketError> {
        check_length(path)?;
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
        match Client::over(stream).await {
            Ok(client) => Ok(Some(client)),
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                Err(SocketError::NoPhone { path: path.to_owned() })
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// About 50 ms at 48 kHz mono, as the system counts.
    const SEND_BUFFER_BYTES: usize = 8_192;
}

pub use system::{Listener, PcmListener, connect};
