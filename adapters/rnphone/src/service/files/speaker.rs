//! The speaker as a file or standard output.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use futures_lite::future::block_on;
use lxst_tokio::{AudioFormat, AudioSink, Phone};
use tokio::sync::oneshot;

use super::SoundFilesError;
use crate::errln;
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
                None => block_on(pipe(sink.live())),
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

/// Writes blocks as they come. If nobody reads any more, the call goes on without.
async fn pipe(mut sink: AudioSink) {
    shorten_pipe();
    let mut block = [0; LIVE_BLOCK];
    while sink.read(&mut block).await.is_ok() && write_pipe(&block).is_ok() {}
}

fn write_pipe(pcm: &[i16]) -> io::Result<()> {
    let bytes: Vec<u8> = pcm.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let mut stdout = io::stdout().lock();
    stdout.write_all(&bytes)?;
    stdout.flush()
}

/// Lets a pipe hold 43 ms: of the usual 64 KiB, a player that is late would play 0.7 s ago.
fn shorten_pipe() {
    #[cfg(target_os = "linux")]
    // Another kind of file has no such size.
    let _ = rustix::pipe::fcntl_setpipe_size(io::stdout(), 4_096);
}

/// 20 ms.
const BLOCK: usize = 960;
/// 10 ms.
const LIVE_BLOCK: usize = 480;
/// Time limit of a pipe's reader for the last block.
const PATIENCE: Duration = Duration::from_secs(1);
