//! A call that the app answers itself, without any device.

use lxst_phone::{AudioError, AudioFormat, AudioSink, AudioSource, Call, CallError};

/// Why a call was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The call was over before it was established, or is no incoming one.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The call has no audio port.
    #[error(transparent)]
    Audio(#[from] AudioError),
}

/// The sound of an answered call, by ports of its own: no microphone is heard in it.
///
/// It needs no clock: a block of what the peer says comes every 20 ms.
#[derive(Debug)]
pub(crate) struct AnsweredCall {
    call: Call,
    source: AudioSource,
    sink: AudioSink,
}

impl AnsweredCall {
    /// Answers a call that rings, and waits until it is established. In half duplex, we talk.
    pub(crate) async fn answer(call: &Call) -> Result<Self, AnswerError> {
        let mut source = call.audio_source(AudioFormat::PHONE).await?;
        let sink = call.audio_sink(AudioFormat::PHONE).await?;
        call.answer().await?;
        call.established().await?;
        call.press_to_talk().await?;
        // What follows is written a little ahead of time.
        source.write(&[0.0; CUSHION]).await?;
        Ok(Self { call: call.clone(), source, sink })
    }

    /// Waits for the next block of what the peer says. Tells whether there is one: not when the
    /// call is over.
    pub(crate) async fn listen(&mut self, block: &mut [f32; BLOCK]) -> bool {
        self.sink.read(block).await.is_ok()
    }

    /// Says a block.
    pub(crate) async fn say(&mut self, block: &[f32; BLOCK]) {
        // When the call is over, `listen` tells.
        let _ = self.source.write(block).await;
    }

    /// Lets the peer talk in half duplex, when all is said.
    pub(crate) async fn release(&mut self) {
        // As in `say`.
        let _ = self.source.drain().await;
        let _ = self.call.release().await;
    }

    /// Ends the call, if it is not over.
    pub(crate) async fn hang_up(self) {
        let _ = self.call.hang_up().await;
    }
}

/// Moments of a block: 20 ms.
pub(crate) const BLOCK: usize = 960;
/// 60 ms.
const CUSHION: usize = 3 * BLOCK;
