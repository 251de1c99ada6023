//! Files that keep known destinations and people across restarts.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use async_channel::Receiver;
use lxst_core::{Instant, Stack};
use lxst_engine::Engine;
#[cfg(feature = "endpoint")]
use lxst_reticulum::{Endpoint, EndpointLinks};

#[cfg(feature = "endpoint")]
use crate::host::unix_time;
use crate::host::{create_private_file, read_regular_file, replace_private_file};

/// Keeps a part of the engine's knowledge in a file. A change is written after [`DELAY`], on a
/// thread of its own.
#[derive(Debug)]
pub(crate) struct Store<S, const LINES: usize> {
    what: Kept<S, LINES>,
    path: PathBuf,
    /// The revision that the file holds; `None` if it holds another.
    revision: Option<u64>,
    has_failed: bool,
    due: Option<Instant>,
    writing: Option<Writing>,
}

/// The part of the engine's knowledge that a file keeps.
#[derive(Debug)]
struct Kept<S, const LINES: usize> {
    name: &'static str,
    /// A number that changes with each change.
    revision: fn(&Engine<S, LINES>) -> u64,
    export: fn(&Engine<S, LINES>, Instant) -> Vec<u8>,
}

#[derive(Debug)]
struct Writing {
    thread: JoinHandle<io::Result<()>>,
    revision: u64,
    /// Closed when the thread is done.
    done: Receiver<()>,
}

#[cfg(feature = "endpoint")]
impl<const LINES: usize> Store<EndpointLinks, LINES> {
    /// Reads the known destinations. Failures are logged. `None` if the file must not be replaced.
    pub(crate) fn open_destinations(path: PathBuf, endpoint: &mut Endpoint) -> Option<Self> {
        let what = Kept {
            name: "known destinations",
            revision: |engine: &Engine<EndpointLinks, LINES>| engine.stack().endpoint().revision(),
            export: |engine: &Engine<EndpointLinks, LINES>, now| {
                engine.stack().endpoint().export(now, unix_time())
            },
        };
        let import = |bytes: &[u8]| {
            let imported = endpoint.import(Instant::ORIGIN, unix_time(), bytes);
            imported.map(drop).map_err(|error| error.to_string())
        };
        let is_whole = what.read(&path, import)?;
        Some(Self::new(what, path, is_whole.then(|| endpoint.revision())))
    }
}

impl<S: Stack, const LINES: usize> Store<S, LINES> {
    /// Reads the people that the phone knows. Failures are logged. `None` if the file must not be
    /// replaced.
    pub(crate) fn open_people(path: PathBuf, engine: &mut Engine<S, LINES>) -> Option<Self> {
        let what = Kept {
            name: "known people",
            revision: Engine::people_revision,
            export: |engine: &Engine<S, LINES>, _| engine.export_people(),
        };
        let import = |bytes: &[u8]| {
            let imported = engine.import_people(Instant::ORIGIN, bytes);
            imported.map_err(|error| error.to_string())
        };
        let is_whole = what.read(&path, import)?;
        Some(Self::new(what, path, is_whole.then(|| engine.people_revision())))
    }
}

impl<S, const LINES: usize> Store<S, LINES> {
    const fn new(what: Kept<S, LINES>, path: PathBuf, revision: Option<u64>) -> Self {
        Self { what, path, revision, has_failed: false, due: None, writing: None }
    }

    /// Schedules a write if the engine has changed.
    pub(crate) fn observe(&mut self, engine: &Engine<S, LINES>, now: Instant) {
        if self.due.is_none() && self.is_behind(engine) {
            self.due = Some(now + DELAY);
        }
    }

    pub(crate) const fn due(&self) -> Option<Instant> {
        self.due
    }

    pub(crate) fn on_timeout(&mut self, engine: &Engine<S, LINES>, now: Instant) {
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
        if self.is_behind(engine) {
            self.write(engine, now);
        }
    }

    /// Begins to write changes that are not written.
    pub(crate) fn catch_up(&mut self, engine: &Engine<S, LINES>, now: Instant) {
        if self.is_behind(engine) {
            self.write(engine, now);
        }
    }

    /// Waits for the end of a write.
    pub(crate) async fn written(&mut self) {
        if let Some(writing) = &self.writing {
            // Nothing is sent: the channel closes.
            let _ = writing.done.recv().await;
        }
        self.join();
    }

    fn is_behind(&self, engine: &Engine<S, LINES>) -> bool {
        self.revision != Some((self.what.revision)(engine))
    }

    fn write(&mut self, engine: &Engine<S, LINES>, now: Instant) {
        // Checks the result of this write, and repeats a failed one.
        self.due = Some(now + if self.has_failed { AGAIN } else { DELAY });
        let revision = (self.what.revision)(engine);
        let bytes = (self.what.export)(engine, now);
        let path = self.path.clone();
        let (sender, done) = async_channel::bounded(1);
        let write = move || {
            let _sender = sender;
            replace_private_file(&path, &bytes)
        };
        match thread::Builder::new().name("lxst-store".into()).spawn(write) {
            Ok(thread) => self.writing = Some(Writing { thread, revision, done }),
            Err(error) => self.fail(&error),
        }
    }

    fn join(&mut self) {
        let Some(Writing { thread, revision, .. }) = self.writing.take() else { return };
        match thread.join() {
            Ok(Ok(())) => (self.has_failed, self.revision) = (false, Some(revision)),
            Ok(Err(error)) => self.fail(&error),
            Err(_) => {
                debug_assert!(false, "the writing thread panicked");
                self.has_failed = true;
            }
        }
    }

    fn fail(&mut self, error: &io::Error) {
        self.has_failed = true;
        let (what, path) = (self.what.name, self.path.display());
        tracing::warn!("{what} are not kept: {path}: {error}; trying on");
    }
}

impl<S, const LINES: usize> Kept<S, LINES> {
    /// Reads a file, and returns whether it was imported whole. A damaged file is set aside; `None`
    /// if that fails, and the file must not be replaced.
    fn read(&self, path: &Path, import: impl FnOnce(&[u8]) -> Result<(), String>) -> Option<bool> {
        let (name, shown) = (self.name, path.display());
        let error = match read_regular_file(path, MAX_BYTES) {
            Ok(bytes) => match import(&bytes) {
                Ok(()) => return Some(true),
                Err(error) => error,
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Some(true),
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                tracing::warn!("{name} are not kept: {shown}: {error}; give another path");
                return None;
            }
            Err(error) => error.to_string(),
        };
        match set_aside(path) {
            Ok(bad) => {
                tracing::warn!("{name} of {shown}: {error}; it is kept as {}", bad.display());
                Some(false)
            }
            Err(kept) => {
                tracing::warn!(
                    "{name} of {shown}: {error}; no copy can be kept: {kept}; \
                                it stays, and nothing is written"
                );
                None
            }
        }
    }
}

/// Copies a damaged file to a free name beside it.
fn set_aside(path: &Path) -> io::Result<PathBuf> {
    for number in 0..BAD_FILES {
        let mut bad = path.as_os_str().to_owned();
        bad.push(".bad");
        if number > 0 {
            bad.push(number.to_string());
        }
        let bad = PathBuf::from(bad);
        // A new name, which never replaces what has it, unlike a rename. The file itself is
        // replaced by a new one.
        let is_taken = |error: &io::Error| error.kind() == io::ErrorKind::AlreadyExists;
        match fs::hard_link(path, &bad) {
            Ok(()) => return Ok(bad),
            Err(error) if is_taken(&error) => continue,
            Err(_) => {}
        }
        match copy_new(path, &bad) {
            Ok(()) => return Ok(bad),
            Err(error) if is_taken(&error) => continue,
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other(format!("there are {BAD_FILES}; remove some")))
}

fn copy_new(from: &Path, to: &Path) -> io::Result<()> {
    let mut file = fs::File::open(from)?;
    io::copy(&mut file, &mut create_private_file(to)?).map(drop)
}

/// The largest file that is read, in bytes: far more than a phone writes.
const MAX_BYTES: u64 = 1 << 24;
/// The most damaged files that are kept.
const BAD_FILES: usize = 100;
/// How long after a change it is written: one write covers a burst of announces.
const DELAY: Duration = Duration::from_secs(5);
/// How long after a failed write the next one begins.
const AGAIN: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
