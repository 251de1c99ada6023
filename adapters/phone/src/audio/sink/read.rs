//! The sink of an async task that reads in real time, such as a recorder.

use std::sync::atomic::Ordering;

use super::end::SinkEnd;
use super::port::{MAX_LIVE_WAITING, SinkPort};
use crate::audio::AudioError;
use crate::audio::format::{AudioFormat, Sample};

/// Gives the app the peer's audio in real time, on the phone's clock.
///
/// Between calls, [`read`](Self::read) waits. The callback of a device needs a
/// [`DeviceSink`](crate::DeviceSink): its clock and the phone's drift apart.
///
/// A phone has one sink, and each call may have one of its own: the latest that was attached plays.
/// Dropping it detaches it; the call goes on without.
#[derive(Debug)]
pub struct AudioSink(SinkEnd);

impl AudioSink {
    pub(crate) fn new(format: AudioFormat) -> Result<(Self, SinkPort), AudioError> {
        let (ring, shared, port) = SinkPort::paced();
        Ok((Self(SinkEnd::new(format, ring, shared)?), port))
    }

    /// Makes it the sink of a reader that plays, such as a pipe to a player: one that falls 100 ms
    /// behind, and not 640 ms, continues with the latest 60 ms.
    ///
    /// ```
    /// use lxst_phone::{AudioError, AudioFormat, Call};
    ///
    /// async fn listen(call: &Call) -> Result<(), AudioError> {
    ///     let mut sink = call.audio_sink(AudioFormat::PHONE).await?.live();
    ///     let mut block = [0_i16; 480];
    ///     sink.read(&mut block).await
    /// }
    /// ```
    #[must_use]
    pub fn live(self) -> Self {
        self.0.shared.most_waiting.store(MAX_LIVE_WAITING, Ordering::Relaxed);
        self
    }

    /// Waits until there is audio for all of a block of any length, and fills it.
    ///
    /// *Bounds*: a reader that falls 640 ms behind, or 100 ms where it is [`live`](Self::live),
    /// continues with the latest 60 ms. The rest is dropped and counted in [`Counters`](crate::Counters) and in the call's
    /// [`Quality`](crate::Quality).
    ///
    /// # Errors
    /// [`AudioError::Detached`]; [`AudioError::Partial`]. The block is unchanged.
    ///
    /// # Cancel safety
    /// Cancel safe: no audio is lost; the next read begins with it.
    pub async fn read<S: Sample>(&mut self, block: &mut [S]) -> Result<(), AudioError> {
        let end = &mut self.0;
        let (channels, moments) = end.moments(block.len())?;
        loop {
            // First listened, then looked: nothing falls between.
            let given = end.shared.given.listen();
            let is_detached = end.shared.attachment.is_detached();
            end.take(moments);
            if end.ready() >= moments {
                break;
            }
            if is_detached {
                return Err(AudioError::Detached);
            }
            given.await;
        }
        end.give(block, channels);
        Ok(())
    }
}
