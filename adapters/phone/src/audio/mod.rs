//! The app's microphone and speaker: ports of any format, for a device's callbacks or for a task
//! that waits.

mod format;
mod port;
mod sink;
mod source;

pub use format::{AudioFormat, Sample};
pub(crate) use sink::SinkPort;
pub use sink::{AudioSink, DeviceSink};
pub(crate) use source::SourcePort;
pub use source::{AudioSource, DeviceSource};

/// Why audio was not taken or given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// The phone has shut down, or another port took this one's place.
    #[error("the audio port is detached: the phone has shut down, or another port took its place")]
    Detached,
    /// The call ended before all that was written was sent.
    #[error("the call ended before all that was written was sent")]
    CallEnded,
    /// The rate is out of bounds.
    #[error("{rate_hz} Hz is no usable sample rate, {least} to {most} are")]
    Rate {
        /// What was asked for.
        rate_hz: u32,
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// There must be a channel.
    #[error("audio without a channel; 1 is mono, 2 is stereo")]
    NoChannel,
    /// The block ends between two channels of one moment.
    #[error("a block of {length} samples does not divide into {channels} channels")]
    Partial {
        /// The samples of the block.
        length: usize,
        /// The channels of the format.
        channels: u16,
    },
}

/// A block of the phone's clock: 20 ms at 48 kHz.
pub(crate) const BLOCK: usize = 960;
/// What a callback and the phone pass each other at most: 3 s at 48 kHz, for periods of up to 2 s.
const RING: usize = 144_000;
