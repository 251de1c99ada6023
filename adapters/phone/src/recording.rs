//! Records the audio of calls.

use std::ops::ControlFlow;

use lxst_audio::{Block, FileError, Recorded, Recorder, Sink, SoundWriter};
use lxst_core::Direction;

use crate::audio::{AudioError, BLOCK};
use crate::call::Call;

impl Call {
    /// Records the call to a stereo file: to the left what is sent, to the right what is played, as
    /// [`tap_audio`](Self::tap_audio) shows them. It ends when the recorder is stopped or dropped,
    /// or when the call ends.
    ///
    /// `ended` is told once, on the thread that writes, when the file is whole, or when it cannot be
    /// written on, as on a full disk. The call does not wait for the file, and goes on without.
    ///
    /// *Bounds*: two seconds wait for a slow disk; what has no room is silence in the file, and is
    /// counted in [`Recorded::dropped`].
    ///
    /// # Errors
    /// [`RecordingError`]. A file that was begun holds no sound, and `ended` is told if its thread
    /// had begun.
    ///
    /// # Cancel safety
    /// Cancelled, it may leave a file without sound.
    ///
    /// ```
    /// use lxst_audio::{Channels, Recorder, WavDepth, WavWriter};
    /// use lxst_phone::{Call, RecordingError};
    ///
    /// async fn record(call: &Call) -> Result<Recorder, RecordingError> {
    ///     let file = WavWriter::create("call.wav", Channels::Stereo, 48_000, WavDepth::Int16)?;
    ///     call.record(file, |recorded| match recorded.result {
    ///         Ok(()) => println!("recorded {:?}", recorded.length.duration()),
    ///         Err(error) => println!("the recording has ended: {error}"),
    ///     })
    ///     .await
    /// }
    /// ```
    pub async fn record(
        &self,
        writer: impl SoundWriter + 'static,
        ended: impl FnOnce(Recorded) + Send + 'static,
    ) -> Result<Recorder, RecordingError> {
        let (recorder, mut ours, mut theirs) = Recorder::start_call(writer, ended)?;
        let mut block = Vec::with_capacity(2 * BLOCK);
        let tap = move |direction, pcm: &[f32]| {
            let side = match direction {
                Direction::Send => &mut ours,
                Direction::Receive => &mut theirs,
            };
            block.clear();
            block.extend_from_slice(pcm);
            side.take(&Block::mono(&mut block));
            if side.is_over() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        self.tap_audio(tap).await?;
        Ok(recorder)
    }
}

/// Why a call is not recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// The call cannot be heard.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}
