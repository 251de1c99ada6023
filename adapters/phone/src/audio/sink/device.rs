//! The sink of a playback device. The device's demand is the clock of playout.

use std::sync::atomic::Ordering;

use super::end::SinkEnd;
use super::port::{MAX_DEMAND, SinkPort};
use crate::audio::AudioError;
use crate::audio::format::{AudioFormat, PIECE, Sample};

/// Gives the callback of a speaker the peer's audio.
///
/// The device's demand is the clock of playout, so there is no clock drift between the two. Between
/// calls the sink gives silence.
///
/// A phone has one sink, and each call may have one of its own: the latest that was attached plays.
/// Dropping it detaches it; the call goes on without.
#[derive(Debug)]
pub struct DeviceSink(SinkEnd);

impl DeviceSink {
    pub(crate) fn new(format: AudioFormat) -> Result<(Self, SinkPort), AudioError> {
        let (ring, shared, port) = SinkPort::of_device();
        Ok((Self(SinkEnd::new(format, ring, shared)?), port))
    }

    /// Fills a block of any length, and returns how many samples at its start are the peer's audio;
    /// the rest is silence.
    ///
    /// An audio callback may call it: it never blocks, allocates, takes a lock or wakes a thread.
    ///
    /// *Bounds*: periods of up to 2 s. Beyond that the block ends in silence.
    ///
    /// # Errors
    /// [`AudioError::Detached`], once all that the phone gave is played; [`AudioError::Partial`].
    /// The block is filled with silence.
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
