//! The greeting that the user speaks.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lxst_audio::{OpusProfile, OpusWriter, Recorded, Recorder, Sink, Tags};
use lxst_core::Samples;
use lxst_tokio::host::create_private_file;
use tokio::sync::mpsc;

use super::news::News;
use super::playback::millis;
use super::progress::{Progress, Tracked};
use super::refused::Refused;
use crate::control::Event;
use crate::voicemail::Greeting;

/// A greeting that is being recorded, or whose file is not whole yet.
#[derive(Debug)]
pub(super) struct GreetingRecording {
    part: PathBuf,
    /// Where it will be.
    path: PathBuf,
    progress: Progress,
    /// `None` from when it is stopped.
    recorder: Option<Recorder>,
    is_kept: bool,
    /// Seconds that were told.
    told: u64,
}

/// What became of a recording since it was looked at last.
#[derive(Debug)]
pub(super) enum Spoken {
    /// Nothing that is told.
    Nothing,
    /// It goes on.
    Told(Event),
    /// It is as long as a greeting may be.
    Full,
}

impl GreetingRecording {
    /// Begins to record. What was recorded before stays until this is kept.
    pub(super) fn start(
        folder: &Path,
        news: mpsc::Sender<News>,
    ) -> Result<(Self, Tracked<impl Sink + Send + use<>>), Refused> {
        let [path, part] = [NAME, PART].map(|name| folder.join(name));
        // Left by a phone that was killed.
        match fs::remove_file(&part) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let writer =
            OpusWriter::new(create_private_file(&part)?, OpusProfile::VoiceHigh, &Tags::default())?;
        let ended = move |recorded| {
            // The phone may have ended.
            let _ = news.blocking_send(News::GreetingRecorded(recorded));
        };
        let (recorder, sink) = Recorder::start(writer, ended)?;
        let progress = Progress::default();
        let sink = progress.of(sink);
        let recorder = Some(recorder);
        Ok((Self { part, path, progress, recorder, is_kept: false, told: 0 }, sink))
    }

    /// Ends it. Its file is whole when [`News::GreetingRecorded`] comes.
    pub(super) fn stop(&mut self, is_kept: bool) {
        self.is_kept = is_kept;
        self.recorder = None;
    }

    pub(super) const fn is_stopped(&self) -> bool {
        self.recorder.is_none()
    }

    /// Tells how long it is.
    pub(super) fn recording(&self) -> Event {
        Event::GreetingRecording { length_ms: millis(self.progress.time()) }
    }

    /// Looks how long it is.
    pub(super) fn step(&mut self) -> Spoken {
        let time = self.progress.time();
        if time >= Greeting::MAX_LENGTH.duration() {
            return Spoken::Full;
        }
        if time.as_secs() == self.told {
            return Spoken::Nothing;
        }
        self.told = time.as_secs();
        Spoken::Told(self.recording())
    }

    /// Takes note that the file is whole. Returns the name of the new greeting in the folder, unless
    /// it is not to be kept.
    pub(super) fn finish(self, recorded: &Recorded) -> Result<&'static str, Refused> {
        let kept = self.check(recorded);
        if kept.is_err() {
            // A part that stays is removed by the next recording.
            let _ = fs::remove_file(&self.part);
            kept?;
        }
        fs::rename(&self.part, &self.path)?;
        Ok(NAME)
    }

    fn check(&self, recorded: &Recorded) -> Result<(), Refused> {
        if let Err(error) = &recorded.result {
            return Err(Refused::new(error));
        }
        if !self.is_stopped() {
            return Err(Refused::new("a call came, or the microphone went"));
        }
        if !self.is_kept {
            return Err(Refused::new("it is cancelled"));
        }
        if recorded.length < Samples::of(MIN_LENGTH) {
            return Err(Refused::new(
                "it is shorter than half a second: see devices for a microphone",
            ));
        }
        Ok(())
    }
}

/// What is shorter is no greeting.
const MIN_LENGTH: Duration = Duration::from_millis(500);
const NAME: &str = "recorded-greeting.opus";
const PART: &str = "recorded-greeting.part";
