//! What a phone knows of the network, kept in a file across restarts.

use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use async_channel::Receiver;
use lxst_engine::core::Instant;
use lxst_reticulum::Endpoint;

use crate::host::{replace_private_file, unix_time};

/// Writes the known destinations some time after they changed, on a thread of its own.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    /// What the file holds; `None` where it holds something else.
    revision: Option<u64>,
    has_failed: bool,
    due: Option<Instant>,
    writing: Option<Writing>,
}

#[derive(Debug)]
struct Writing {
    thread: JoinHandle<bool>,
    revision: u64,
    /// Closed when the thread is done.
    done: Receiver<()>,
}

impl Store {
    pub(crate) const fn new(path: PathBuf, revision: Option<u64>) -> Self {
        Self { path, revision, has_failed: false, due: None, writing: None }
    }

    /// Takes note of what the endpoint has come to know, and tells when that is to be written.
    pub(crate) fn observe(&mut self, endpoint: &Endpoint, now: Instant) {
        if self.due.is_none() && self.is_behind(endpoint) {
            self.due = Some(now + DELAY);
        }
    }

    pub(crate) const fn due(&self) -> Option<Instant> {
        self.due
    }

    pub(crate) fn on_timeout(&mut self, endpoint: &Endpoint, now: Instant) {
        if self.due.is_none_or(|due| due > now) {
            return;
        }
        if self.writing.as_ref().is_some_and(|writing| !writing.done.is_closed()) {
            // A slow disk must not stop the phone.
            self.due = Some(now + DELAY);
            return;
        }
        self.due = None;
        self.join();
        if self.is_behind(endpoint) {
            self.write(endpoint, now);
        }
    }

    /// Begins to write what is not written.
    pub(crate) fn catch_up(&mut self, endpoint: &Endpoint, now: Instant) {
        if self.is_behind(endpoint) {
            self.write(endpoint, now);
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

    fn is_behind(&self, endpoint: &Endpoint) -> bool {
        self.revision != Some(endpoint.revision())
    }

    fn write(&mut self, endpoint: &Endpoint, now: Instant) {
        // A look at what became of it, and another try where it failed.
        self.due = Some(now + if self.has_failed { AGAIN } else { DELAY });
        let revision = endpoint.revision();
        let bytes = endpoint.export(now, unix_time());
        let path = self.path.clone();
        let (sender, done) = async_channel::bounded(1);
        let write = move || {
            let _sender = sender;
            let written = replace_private_file(&path, &bytes);
            if let Err(error) = &written {
                let path = path.display();
                tracing::warn!("known destinations are not kept: {path}: {error}; trying on");
            }
            written.is_ok()
        };
        match thread::Builder::new().name("lxst-store".into()).spawn(write) {
            Ok(thread) => self.writing = Some(Writing { thread, revision, done }),
            Err(error) => tracing::warn!("known destinations are not kept: {error}"),
        }
    }

    fn join(&mut self) {
        if let Some(writing) = self.writing.take() {
            let written = writing.thread.join();
            debug_assert!(written.is_ok(), "the writing thread panicked");
            self.has_failed = !written.unwrap_or(false);
            if !self.has_failed {
                self.revision = Some(writing.revision);
            }
        }
    }
}

/// Announces come in bursts; one write is to hold them all.
const DELAY: Duration = Duration::from_secs(5);
/// How long after a write that failed again the next one is tried.
const AGAIN: Duration = Duration::from_secs(60);
