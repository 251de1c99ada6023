//! What a device plays: its demand is the clock of playout.

use std::sync::atomic::Ordering;

use super::end::SinkEnd;
use super::port::{MAX_DEMAND, SinkPort};
use crate::audio::AudioError;
use crate::audio::format::{AudioFormat, PIECE, Sample};

/// Gives a speaker's callback what the peer says, while a call receives.
///
/// The device's demand is the clock of playout, so that two clocks never drift apart.
///
/// There is one sink: the latest that was attached plays. Dropping it detaches it; the call goes on
/// without.
#[derive(Debug)]
pub struct DeviceSink(SinkEnd);

impl DeviceSink {
    pub(crate) fn new(format: AudioFormat) -> Result<(Self, SinkPort), AudioError> {
        let (ring, shared, port) = SinkPort::of_device();
        Ok((Self(SinkEnd::new(format, ring, shared)?), port))
    }

    /// Fills a block of any length, and tells how many samples of it are sound; silence follows these.
    /// It never blocks, allocates, takes a lock or wakes another thread, so that an audio callback may
    /// call it.
    ///
    /// *Bounds*: periods of up to 2 s; a longer one finds silence after it.
    ///
    /// # Errors
    /// [`AudioError::Detached`]; [`AudioError::Partial`]. The block is silence then.
    pub fn fill<S: Sample>(&mut self, block: &mut [S]) -> Result<usize, AudioError> {
        let end = &mut self.0;
        let (channels, moments) = match end.moments(block.len()) {
            Ok(shape) => shape,
            Err(partial) => {
                block.fill(S::from_float(0.0));
                return Err(partial);
            }
        };
        let needed = end.phones(moments).min(MAX_DEMAND);
        end.shared.demand.fetch_max(needed, Ordering::Relaxed);
        let is_detached = end.shared.attachment.is_detached();
        let mut sound = 0;
        for piece in block.chunks_mut(PIECE * channels) {
            end.take(piece.len() / channels);
            sound += end.give(piece, channels);
        }
        if sound == 0 && is_detached { Err(AudioError::Detached) } else { Ok(sound) }
    }
}
