//! Commands that need a sound file, which is read beside the task: a file may be large, and its disk
//! slow.

use std::fs;
use std::path::{Path, PathBuf};

use tokio::sync::{mpsc, oneshot};

use super::news::News;
use super::refused::Refused;
use super::server::Asked;
use crate::control::{Command, Reply};
use crate::wav::read_wav;

/// What is to be done with a sound file.
#[derive(Debug)]
pub(super) struct FileCommand {
    path: PathBuf,
    pub(super) to: FileUse,
    pub(super) reply: oneshot::Sender<Result<Reply, String>>,
}

#[derive(Debug)]
pub(super) enum FileUse {
    Page { is_urgent: bool },
    Station { title: Option<String> },
}

impl FileCommand {
    /// Returns the command back where it needs no file.
    pub(super) fn of(asked: Asked) -> Result<Self, Asked> {
        let Asked { command, reply } = asked;
        match command {
            Command::Page { on: true, path: Some(path), is_urgent } => {
                Ok(Self { path, to: FileUse::Page { is_urgent }, reply })
            }
            Command::Station { path: Some(path), title } => {
                Ok(Self { path, to: FileUse::Station { title }, reply })
            }
            command => Err(Asked { command, reply }),
        }
    }

    /// Reads the file, and tells it as [`News::FileRead`].
    pub(super) fn read(self, news: mpsc::Sender<News>) {
        tokio::spawn(async move {
            let path = self.path.clone();
            let pcm = match tokio::task::spawn_blocking(move || read(&path)).await {
                Ok(pcm) => pcm,
                Err(error) => Err(error.into()),
            };
            // The phone may have ended.
            let _ = news.send(News::FileRead { command: self, pcm }).await;
        });
    }
}

/// Reads a regular file. A pipe may have no end.
fn read(path: &Path) -> Result<Vec<f32>, Refused> {
    let shown = path.display();
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        let text = format!("sound file {shown}: not a regular file; a WAV file is wanted");
        return Err(Refused::new(text));
    }
    let pcm = read_wav(path)?;
    match pcm.is_empty() {
        true => Err(Refused::new(format!("{shown}: there is no sound in it"))),
        false => Ok(pcm),
    }
}
