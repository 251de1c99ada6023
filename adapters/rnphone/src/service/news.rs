//! What those who work for the phone's task have to tell it.

use std::path::PathBuf;

use lxst_audio::Recorded;
use lxst_tokio::rooms::{PagerEvent, TunerEvent};
use lxst_tokio::{Announce, CallId};
use tokio::sync::mpsc;

use super::refused::Refused;
use super::sound_file::FileCommand;
use crate::voicemail::{TakeError, Taken};

/// What is told.
#[derive(Debug)]
pub(super) enum News {
    /// A call has rung long enough for the voicemail.
    Due(CallId),
    /// The voicemail answered a call, which is over.
    Taken { call: CallId, result: Result<Taken, TakeError> },
    /// The recording of a call is over.
    Recorded { path: PathBuf, recorded: Recorded },
    /// The recording of a greeting is over.
    GreetingRecorded(Recorded),
    /// What the pager tells.
    Page(PagerEvent),
    /// A station announced itself.
    Station(Announce),
    /// What the tuner tells.
    Tuner(TunerEvent),
    /// The speaker may play the station again.
    SpeakerFree,
    /// So many listen to the station of this phone.
    Listeners(usize),
    /// The file of a command is read, or cannot be.
    FileRead { command: FileCommand, pcm: Result<Vec<f32>, Refused> },
    /// The file of a page is played, or cannot be.
    PageSaid,
    /// The last packet of a page is sent.
    PageSent {
        /// Why it ended before its time.
        fault: Option<String>,
    },
    /// Something the user should know of, in words.
    Warning(String),
}

/// Returns the way of news to the task. What does not fit waits where it is told.
pub(super) fn channel() -> (mpsc::Sender<News>, mpsc::Receiver<News>) {
    mpsc::channel(NEWS)
}

const NEWS: usize = 16;
