//! Other Reticulum programs of this machine that start.
//!
//! RNS ends where a port of its interfaces is taken, and takes the data port of AutoInterface for
//! itself alone. It opens its configuration 5 to 10 ms before, which the system tells. Where that is
//! too late, the ports are free when RNS is started again.

use std::ffi::OsStr;
use std::future::pending;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use rustix::io::Errno;
use tokio::io::unix::AsyncFd;

use super::reticulum::CONFIG;

/// Sees programs that open the configuration in a folder, which need not exist.
#[derive(Debug)]
pub(super) struct Neighbours(Option<Watched>);

#[derive(Debug)]
struct Watched {
    folder: PathBuf,
    inotify: AsyncFd<OwnedFd>,
}

impl Neighbours {
    #[expect(deprecated, reason = "an OwnedFd keeps its file open, as the unsafe replacement asks")]
    pub(super) fn new(folder: Option<&Path>) -> Self {
        let watched = |folder: &Path| {
            let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).ok()?;
            Some(Watched { folder: folder.to_owned(), inotify: AsyncFd::new(inotify).ok()? })
        };
        Self(folder.and_then(watched))
    }

    /// Waits until a program opens the configuration, or makes the folder.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub(super) async fn start(&self) {
        let Some(watched) = &self.0 else { return pending().await };
        if watched.next().await.is_err() {
            // Where nothing can be watched, others are told that a port is taken.
            pending().await
        }
    }
}

impl Watched {
    async fn next(&self) -> io::Result<()> {
        let inotify = &self.inotify;
        // RNS makes a folder that is missing, and waits 1.5 s then.
        let (folder, name, what) = match (self.folder.parent(), self.folder.file_name()) {
            (Some(parent), Some(name)) if !self.folder.is_dir() => {
                (parent, name, WatchFlags::CREATE)
            }
            _ => (&*self.folder, OsStr::new(CONFIG), WatchFlags::OPEN),
        };
        inotify::add_watch(inotify.get_ref(), folder, what | WatchFlags::ONLYDIR)?;
        loop {
            let mut ready = inotify.readable().await?;
            let mut buffer = [MaybeUninit::uninit(); BUFFER];
            let mut events = Reader::new(inotify.get_ref(), &mut buffer);
            loop {
                match events.next() {
                    Ok(event) => {
                        let of = event.file_name().map(|of| OsStr::from_bytes(of.to_bytes()));
                        if of == Some(name) {
                            return Ok(());
                        }
                    }
                    Err(Errno::AGAIN) => break,
                    Err(error) => return Err(error.into()),
                }
            }
            ready.clear_ready();
        }
    }
}

/// Several events with the longest names.
const BUFFER: usize = 4_096;
