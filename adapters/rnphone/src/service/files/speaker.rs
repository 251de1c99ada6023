//! The speaker as a file or standard output.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::thread;
use std::time::Duration;

use futures_lite::future::block_on;
use lxst_tokio::{AudioFormat, AudioSink, Phone};
use tokio::sync::oneshot;

use super::SoundFilesError;
use crate::errln;
use crate::raw_audio::write_stdout;
use crate::wav::{Existing, SoundError, WavSink};

/// The speaker's thread, which ends with the phone.
#[derive(Debug)]
pub(super) struct Speaker {
    done: oneshot::Receiver<()>,
    is_pipe: bool,
}

impl Speaker {
    /// Writes the phone's audio on a thread of its own, because a slow reader must not block the
    /// phone. A failure to write is told at once, and the call goes on without the file.
    pub(super) async fn start(
        path: &Path,
        existing: Existing,
        phone: &Phone,
    ) -> Result<Self, SoundFilesError> {
        let is_pipe = path == Path::new("-");
        if is_pipe && io::stdout().is_terminal() {
            return Err(SoundFilesError::OutputIsTerminal);
        }
        let wav = if is_pipe { None } else { Some(WavSink::create(path, existing)?) };
        let sink = phone.audio_sink(AudioFormat::PHONE).await?;
        let (sender, done) = oneshot::channel::<()>();
        thread::spawn(move || {
            let _sender = sender;
            match wav {
                Some(wav) => {
                    if let Err(error) = block_on(record(wav, sink)) {
                        errln!("rnphone-rs: {error}");
                    }
                }
                None => block_on(write_stdout(sink)),
            }
        });
        Ok(Self { done, is_pipe })
    }

    pub(super) async fn finish(self) {
        // Nothing is sent: the channel closes.
        if self.is_pipe {
            let _ = tokio::time::timeout(PATIENCE, self.done).await;
        } else {
            let _ = self.done.await;
        }
    }
}

async fn record(mut wav: WavSink, mut sink: AudioSink) -> Result<(), SoundError> {
    let mut block = [0.0; BLOCK];
    while sink.read(&mut block).await.is_ok() {
        wav.write(&block)?;
    }
    wav.finish()
}

/// 20 ms.
const BLOCK: usize = 960;
/// Time limit of a pipe's reader for the last block.
const PATIENCE: Duration = Duration::from_secs(1);
