//! A client that hears both sides of a call and says nothing.

use std::future::pending;
use std::io;

use lxst_audio::{Channels, FileError, Recorder, SoundWriter};
use lxst_tokio::{Call, RecordingError};
use tokio::io::AsyncWrite;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::line::Outgoing;
use crate::wav::to_i16;

/// The sound of a call for a listener, which takes the place of nothing.
#[derive(Debug)]
pub(super) struct Listener {
    heard: mpsc::Receiver<Vec<i16>>,
    /// It ends with this.
    _recorder: Recorder,
}

/// What the thread of the recorder writes to.
struct Heard {
    blocks: mpsc::Sender<Vec<i16>>,
    channels: u16,
}

impl Listener {
    /// # Errors
    /// [`RecordingError`]: the call is over, or the system has no thread left.
    pub(super) async fn attach(call: &Call, channels: u16) -> Result<Self, RecordingError> {
        let (blocks, heard) = mpsc::channel(WAITING);
        let recorder = call.record(Heard { blocks, channels }, |_| {}).await?;
        Ok(Self { heard, _recorder: recorder })
    }

    /// Sends what is heard until the call has no more of it.
    ///
    /// # Errors
    /// The client's: it is gone.
    pub(super) async fn run(
        mut self,
        to: &mut Outgoing<impl AsyncWrite + Unpin>,
    ) -> io::Result<()> {
        while let Some(block) = self.heard.recv().await {
            to.samples(&block).await?;
        }
        // The end of the call is told elsewhere.
        pending().await
    }
}

impl SoundWriter for Heard {
    fn channels(&self) -> Channels {
        Channels::Stereo
    }

    fn write(&mut self, sound: &[f32]) -> Result<(), FileError> {
        let block = match self.channels {
            1 => sound.chunks_exact(2).map(|both| to_i16(both[0] + both[1])).collect(),
            _ => sound.iter().copied().map(to_i16).collect(),
        };
        match self.blocks.try_send(block) {
            // A client that is slow misses it.
            Ok(()) | Err(TrySendError::Full(_)) => Ok(()),
            Err(TrySendError::Closed(_)) => Err(io::Error::from(io::ErrorKind::BrokenPipe).into()),
        }
    }

    fn finish(&mut self) -> Result<(), FileError> {
        Ok(())
    }
}

/// Blocks of at most 43 ms, mostly of 20 ms.
const WAITING: usize = 8;
