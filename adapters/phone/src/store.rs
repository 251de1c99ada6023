//! What a phone knows of the network, kept in a file across restarts.

use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use async_channel::Receiver;
use lxst_driver::Driver;
use lxst_driver::core::Instant;
use lxst_driver::system::{replace_private_file, unix_time};

/// Writes the known destinations some time after they changed, on a thread of its own.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    /// What the file holds, or is about to.
    revision: u64,
    due: Option<Instant>,
    writing: Option<Writing>,
}

#[derive(Debug)]
struct Writing {
    thread: JoinHandle<()>,
    /// Closed when the thread is done.
    done: Receiver<()>,
}

impl Store {
    pub(crate) const fn new(path: PathBuf, revision: u64) -> Self {
        Self { path, revision, due: None, writing: None }
    }

    /// Takes note of what the driver has come to know, and tells when that is to be written.
    pub(crate) fn observe(&mut self, driver: &Driver, now: Instant) {
        if driver.known_revision() != self.revision && self.due.is_none() {
            self.due = Some(now + DELAY);
        }
    }

    pub(crate) const fn due(&self) -> Option<Instant> {
        self.due
    }

    pub(crate) fn on_timeout(&mut self, driver: &Driver, now: Instant) {
        if self.due.is_none_or(|due| due > now) {
            return;
        }
        if self.writing.as_ref().is_some_and(|writing| !writing.done.is_closed()) {
            // A slow disk must not stop the phone.
            self.due = Some(now + DELAY);
            return;
        }
        self.join();
        self.write(driver, now);
    }

    /// Begins to write what is not written.
    pub(crate) fn catch_up(&mut self, driver: &Driver, now: Instant) {
        if driver.known_revision() != self.revision {
            self.write(driver, now);
        }
    }

    /// Waits until nothing is being written.
    pub(crate) async fn written(&mut self) {
        if let Some(writing) = &self.writing {
            // Nothing is sent: the channel closes.
            let _ = writing.done.recv().await;
        }
        self.join();
    }

    fn write(&mut self, driver: &Driver, now: Instant) {
        self.due = None;
        self.revision = driver.known_revision();
        let Some(bytes) = driver.export_known(now, unix_time()) else { return };
        let path = self.path.clone();
        let (sender, done) = async_channel::bounded(1);
        let write = move || {
            let _sender = sender;
            if let Err(error) = replace_private_file(&path, &bytes) {
                tracing::warn!("known destinations are not kept: {}: {error}", path.display());
            }
        };
        match thread::Builder::new().name("lxst-store".into()).spawn(write) {
            Ok(thread) => self.writing = Some(Writing { thread, done }),
            Err(error) => tracing::warn!("known destinations are not kept: {error}"),
        }
    }

    fn join(&mut self) {
        if let Some(writing) = self.writing.take() {
            let ended = writing.thread.join();
            debug_assert!(ended.is_ok(), "the writing thread panicked");
        }
    }
}

/// Announces come in bursts; one write is to hold them all.
const DELAY: Duration = Duration::from_secs(5);
