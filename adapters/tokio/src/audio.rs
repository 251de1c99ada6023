//! The app's microphone and speaker.

use tokio::sync::mpsc::{self, Receiver, Sender};

/// Samples of one block that a [`Speaker`] gives: 20 ms.
pub const BLOCK_SAMPLES: usize = 960;

/// Takes what the app's microphone hears, and sends it while a call does.
///
/// There is one microphone: the latest that was made is heard. Dropping it detaches it; the call
/// goes on.
#[derive(Debug)]
pub struct Microphone(Sender<Vec<f32>>);

/// Gives what the peer says, in blocks of 20 ms at real-time pace while a call receives.
///
/// There is one speaker: the latest that was made plays. Dropping it detaches it; the call goes
/// on.
#[derive(Debug)]
pub struct Speaker(Receiver<Vec<f32>>);

impl Microphone {
    pub(crate) fn new() -> (Self, Receiver<Vec<f32>>) {
        let (pcm, receiver) = mpsc::channel(MICROPHONE_BLOCKS);
        (Self(pcm), receiver)
    }

    /// Sends a block of 48 kHz mono PCM, -1.0 to 1.0, at the pace of speech. Waits while eight
    /// blocks wait; while no call sends, blocks are dropped.
    ///
    /// *Bounds*: any length is taken, but only half a second waits for the encoder: beyond it the
    /// oldest is dropped and counted.
    ///
    /// Returns `false` when the phone has shut down, or another microphone took over.
    pub async fn write(&mut self, pcm: &[f32]) -> bool {
        self.0.send(pcm.to_vec()).await.is_ok()
    }
}

impl Speaker {
    pub(crate) fn new() -> (Self, Sender<Vec<f32>>) {
        let (sender, pcm) = mpsc::channel(SPEAKER_BLOCKS);
        (Self(pcm), sender)
    }

    /// Waits for the next [`BLOCK_SAMPLES`] of 48 kHz mono PCM. A reader that falls 32 blocks
    /// behind goes on with what is played then, so that no delay stays.
    ///
    /// Returns `None` when the phone has shut down, or another speaker took over.
    pub async fn read(&mut self) -> Option<Vec<f32>> {
        if self.0.len() == SPEAKER_BLOCKS {
            while self.0.try_recv().is_ok() {}
        }
        self.0.recv().await
    }
}

const MICROPHONE_BLOCKS: usize = 8;
const SPEAKER_BLOCKS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_late_reader_goes_on_with_the_newest_sound() {
        let (mut speaker, sender) = Speaker::new();
        while sender.try_send(vec![0.0]).is_ok() {}
        let (heard, sent) = tokio::join!(speaker.read(), async {
            tokio::task::yield_now().await;
            sender.try_send(vec![1.0])
        });
        assert_eq!((heard, sent), (Some(vec![1.0]), Ok(())));
    }
}
