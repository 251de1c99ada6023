//! The microphone of a file or of standard input.

use std::io::{self, IsTerminal, Read};
#[cfg(unix)]
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use lxst_tokio::{AudioError, AudioFormat, AudioSource, Call, DeviceSource, Phone};
use tokio::sync::oneshot;

use super::SoundFilesError;
use crate::raw_audio::samples;
use crate::wav::{from_i16, read_wav};

/// What is said.
#[derive(Debug)]
pub(in super::super) enum Microphone {
    /// Said from its start in each call.
    File(Arc<[f32]>),
    /// Live audio of standard input.
    Pipe,
}

/// A file that is said in a call. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Speaking {
    _stop: oneshot::Sender<()>,
}

impl Microphone {
    /// Reads a file whole. This blocks.
    pub(in super::super) fn open(path: &Path) -> Result<Self, SoundFilesError> {
        if path != Path::new("-") {
            return Ok(Self::File(read_wav(path)?.into()));
        }
        if io::stdin().is_terminal() {
            return Err(SoundFilesError::InputIsTerminal);
        }
        if !stdin_is_file() {
            return Ok(Self::Pipe);
        }
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        Ok(Self::File(samples(&bytes).map(from_i16).collect()))
    }

    /// Reads a pipe from here on, also without a call, so that its audio does not grow old.
    pub(super) async fn listen(&self, phone: &Phone) -> Result<(), AudioError> {
        if let Self::Pipe = self {
            let source = phone.device_source(AudioFormat::PHONE).await?;
            thread::spawn(move || read_pipe(source));
        }
        Ok(())
    }

    /// Says a file in a call. `None` if there is no file, or the call is over.
    pub(super) async fn speak(&self, call: &Call) -> Option<Speaking> {
        let Self::File(pcm) = self else { return None };
        let source = call.audio_source(AudioFormat::PHONE).await.ok()?;
        let (stop, stopped) = oneshot::channel();
        let pcm = pcm.clone();
        tokio::spawn(async move {
            tokio::select! {
                // An error means that the call has another source, or is over.
                _ = say(source, &pcm) => {}
                _ = stopped => {}
            }
        });
        Some(Speaking { _stop: stop })
    }
}

/// Says it once, and holds on to the source: the call hears silence after it.
async fn say(mut source: AudioSource, pcm: &[f32]) -> Result<(), AudioError> {
    for block in pcm.chunks(BLOCK) {
        source.write(block).await?;
    }
    std::future::pending().await
}

/// Forwards standard input at once, until either side ends.
fn read_pipe(mut source: DeviceSource) {
    let mut stdin = io::stdin().lock();
    let mut bytes = vec![0; PIPE_BYTES];
    // The first byte of a sample whose second byte has not arrived.
    let mut held = 0;
    while let Ok(count @ 1..) = stdin.read(&mut bytes[held..]) {
        let filled = held + count;
        let block: Vec<i16> = samples(&bytes[..filled]).collect();
        if source.push(&block).is_err() {
            return;
        }
        held = filled % 2;
        bytes[0] = bytes[filled - 1];
    }
}

/// Returns whether standard input is a file, which can wait.
fn stdin_is_file() -> bool {
    #[cfg(unix)]
    let stdin = io::stdin().as_fd().try_clone_to_owned().map(std::fs::File::from);
    #[cfg(not(unix))]
    let stdin = Err::<std::fs::File, _>(io::ErrorKind::Unsupported);
    stdin.is_ok_and(|file| file.metadata().is_ok_and(|data| data.is_file()))
}

/// 20 ms.
const BLOCK: usize = 960;
/// Size of a pipe's buffer.
const PIPE_BYTES: usize = 65_536;
