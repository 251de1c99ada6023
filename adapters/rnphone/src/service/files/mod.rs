//! Sound of files and pipes in place of devices.

mod microphone;
mod speaker;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use lxst_tokio::{AudioError, CallId, Phone};

pub(super) use microphone::Microphone;
use microphone::Speaking;
use speaker::Speaker;

use crate::wav::{Existing, SoundError};

/// What a phone says and where it writes what it hears, in place of devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoundFiles {
    /// A WAV file, which each call hears from its start on and then silence; or `-`: 48 kHz mono
    /// s16le of a recorder on standard input, of which a call hears what comes while it lasts.
    /// Without it, nothing is sent.
    pub microphone: Option<PathBuf>,
    /// A WAV file that is made, mode 0600; or `-`: 48 kHz mono s16le on standard output, in blocks
    /// of 10 ms, of which a reader that is late misses some.
    pub speaker: Option<PathBuf>,
    /// What becomes of a file that has the speaker's name.
    pub existing: Existing,
}

/// Why the sound of files or pipes does not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SoundFilesError {
    /// A file cannot be read or made.
    #[error(transparent)]
    File(#[from] SoundError),
    /// Standard input cannot be read.
    #[error("standard input: {0}")]
    Input(#[from] io::Error),
    /// Standard input is a terminal.
    #[error("sound of standard input, which is a terminal: pipe a recorder into it")]
    InputIsTerminal,
    /// Standard output is a terminal.
    #[error("sound on standard output, which is a terminal: pipe it into a player")]
    OutputIsTerminal,
    /// The phone has ended.
    #[error(transparent)]
    Ended(#[from] AudioError),
}

/// The files and pipes of a phone.
#[derive(Debug, Default)]
pub(super) struct Files {
    microphone: Option<Microphone>,
    speaker: Option<Speaker>,
    /// The calls that a file is said in.
    speaking: BTreeMap<CallId, Speaking>,
}

impl Files {
    /// Gives a phone its microphone, which was opened before, and its speaker, which is made now.
    pub(super) async fn attach(
        phone: &Phone,
        microphone: Option<Microphone>,
        files: &SoundFiles,
    ) -> Result<Self, SoundFilesError> {
        let speaker = match &files.speaker {
            Some(path) => Some(Speaker::start(path, files.existing, phone).await?),
            None => None,
        };
        if let Some(microphone) = &microphone {
            microphone.listen(phone).await?;
        }
        Ok(Self { microphone, speaker, speaking: BTreeMap::new() })
    }

    /// Begins to say the file in a call.
    pub(super) async fn handle_established(&mut self, phone: &Phone, call: CallId) {
        if let Some(microphone) = &self.microphone
            && let Some(speaking) = microphone.speak(&phone.call(call)).await
        {
            self.speaking.insert(call, speaking);
        }
    }

    pub(super) fn handle_ended(&mut self, call: CallId) {
        self.speaking.remove(&call);
    }

    /// Waits until everything is written after the phone has shut down; at most a second for the
    /// reader of a pipe.
    pub(super) async fn finish(self) {
        if let Some(speaker) = self.speaker {
            speaker.finish().await;
        }
    }
}
