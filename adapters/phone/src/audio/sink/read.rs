//! What the app reads: files and recorders, at the pace of time.

use super::end::SinkEnd;
use super::port::SinkPort;
use crate::audio::AudioError;
use crate::audio::format::{AudioFormat, Sample};

/// Gives the app what the peer says, while a call receives, at the pace of time.
///
/// A reader waits between calls. For a device's callback, use a [`DeviceSink`](crate::DeviceSink): two
/// clocks would drift apart.
///
/// There is one sink: the latest that was attached plays. Dropping it detaches it; the call goes on
/// without.
#[derive(Debug)]
pub struct AudioSink(SinkEnd);

impl AudioSink {
    pub(crate) fn new(format: AudioFormat) -> Result<(Self, SinkPort), AudioError> {
        let (ring, shared, port) = SinkPort::paced();
        Ok((Self(SinkEnd::new(format, ring, shared)?), port))
    }

    /// Waits until a block of any length is full. A reader that falls 640 ms behind goes on with the
    /// latest 60 ms, so that no delay stays; what it misses is counted in
    /// [`Counters`](crate::Counters) and in the call's [`Quality`](crate::Quality).
    ///
    /// # Errors
    /// [`AudioError::Detached`]; [`AudioError::Partial`].
    ///
    /// # Cancel safety
    /// Cancel safe: a read that is cancelled has given nothing, and the next one gives what it took.
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
