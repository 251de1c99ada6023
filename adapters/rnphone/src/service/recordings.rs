//! The recordings of calls.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind};
use std::path::{Path, PathBuf};

use lxst_audio::{
    Channels, OpusProfile, OpusWriter, Recorded, Recorder, Tags, WavDepth, WavWriter,
};
use lxst_tokio::host::{create_private_file, create_private_folder};
use lxst_tokio::{Call, CallId, CallStatus, RecordingError, Role};
use tokio::sync::mpsc;

use super::new_file::{create, named};
use super::news::News;
use super::refused::Refused;
use crate::control::Event;
use crate::history::UnixTime;

/// The recordings whose files are not whole yet.
#[derive(Debug)]
pub(super) struct Recordings {
    folder: PathBuf,
    open: BTreeMap<PathBuf, Open>,
    news: mpsc::Sender<News>,
}

#[derive(Debug)]
struct Open {
    call: CallId,
    /// `None` from when it is stopped.
    recorder: Option<Recorder>,
}

/// What a file is, by the end of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Opus,
    Wav,
}

impl Recordings {
    pub(super) const fn new(folder: PathBuf, news: mpsc::Sender<News>) -> Self {
        Self { folder, open: BTreeMap::new(), news }
    }

    /// Records a call to a file, or to one of the folder. Returns its path.
    pub(super) async fn start(
        &mut self,
        call: &Call,
        status: &CallStatus,
        path: Option<PathBuf>,
    ) -> Result<PathBuf, Refused> {
        let started = UnixTime::now();
        let kind = path.as_deref().map_or(Ok(Kind::Opus), Kind::of)?;
        let (file, path) = match path {
            Some(path) => (create(&path)?, path),
            None => self.create_named(started, status)?,
        };
        let (news, of) = (self.news.clone(), path.clone());
        let ended = move |recorded| {
            // The phone may have ended.
            let _ = news.blocking_send(News::Recorded { path: of, recorded });
        };
        let recorder = match record(call, status, started, kind, file, ended).await {
            Ok(recorder) => recorder,
            Err(error) => {
                // It holds no sound.
                let _ = fs::remove_file(&path);
                return Err(error.into());
            }
        };
        self.open.insert(path.clone(), Open { call: call.id(), recorder: Some(recorder) });
        Ok(path)
    }

    /// Ends the recordings of a call. Returns one of their files.
    pub(super) fn stop(&mut self, call: CallId) -> Result<PathBuf, Refused> {
        let mut stopped = None;
        for (path, open) in &mut self.open {
            if open.call == call && open.recorder.take().is_some() {
                stopped = Some(path.clone());
            }
        }
        stopped.ok_or_else(|| Refused::new("the call is not recorded"))
    }

    pub(super) fn is_recorded(&self, call: CallId) -> bool {
        self.open.values().any(|open| open.call == call && open.recorder.is_some())
    }

    /// Whether no file waits to be whole.
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Takes note that a file is whole. Returns what is told of it.
    pub(super) fn ended(&mut self, path: PathBuf, recorded: &Recorded) -> Option<Event> {
        let Open { call, .. } = self.open.remove(&path)?;
        let millis = |time: lxst_core::Samples| {
            u64::try_from(time.duration().as_millis()).unwrap_or(u64::MAX)
        };
        Some(Event::RecordingEnded {
            call: call.0,
            path,
            length_ms: millis(recorded.length),
            missing_ms: millis(recorded.dropped),
            fault: recorded.result.as_ref().err().map(ToString::to_string),
        })
    }

    /// Creates a file of the folder that is named by when and who.
    fn create_named(
        &self,
        started: UnixTime,
        status: &CallStatus,
    ) -> Result<(File, PathBuf), Refused> {
        create_private_folder(&self.folder)?;
        // Not every file system takes a colon.
        let name = format!("{}-{}", started.to_string().replace(':', "-"), status.peer);
        for number in 1..=MAX_OF_SECOND {
            let end = if number == 1 { String::new() } else { format!("-{number}") };
            let path = self.folder.join(format!("{name}{end}.opus"));
            match create_private_file(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                created => return Ok((created.map_err(|error| named(&path, error))?, path)),
            }
        }
        Err(Refused::new(format!("{name}.opus exists: name another file")))
    }
}

impl Kind {
    fn of(path: &Path) -> Result<Self, Refused> {
        let end = path.extension().and_then(|end| end.to_str()).map(str::to_lowercase);
        match end.as_deref() {
            Some("opus" | "ogg") => Ok(Self::Opus),
            Some("wav") => Ok(Self::Wav),
            _ => Err(Refused::new(format!(
                "{}: end the name of the recording in .opus or .wav",
                path.display()
            ))),
        }
    }
}

async fn record(
    call: &Call,
    status: &CallStatus,
    started: UnixTime,
    kind: Kind,
    file: File,
    ended: impl FnOnce(Recorded) + Send + 'static,
) -> Result<Recorder, RecordingError> {
    match kind {
        Kind::Opus => {
            let is_incoming = status.role == Role::Callee;
            let tags = Tags::call(&status.peer.to_string(), is_incoming, &started.to_string());
            // Both are shorter than a comment may be.
            let tags = tags.unwrap_or_default();
            call.record(OpusWriter::new(file, OpusProfile::VoiceMax, &tags)?, ended).await
        }
        Kind::Wav => {
            let file = BufWriter::new(file);
            let writer = WavWriter::new(file, Channels::Stereo, 48_000, WavDepth::Int16)?;
            call.record(writer, ended).await
        }
    }
}

/// Recordings that begin in one second.
const MAX_OF_SECOND: usize = 9;
