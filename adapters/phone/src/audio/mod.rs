//! Audio ports of the app, in any format: sources and sinks, each for the callback of a device or
//! for an async task.

mod format;
mod port;
mod sink;
mod source;
mod tap;

pub use format::{AudioFormat, Sample};
pub(crate) use port::Port;
pub(crate) use sink::SinkPort;
pub use sink::{AudioSink, DeviceSink};
pub(crate) use source::SourcePort;
pub use source::{AudioSource, DeviceSource};
pub(crate) use tap::AudioTap;

/// Why a port took or gave no audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// The phone has shut down, or another port took this one's place.
    #[error("the audio port is detached: the phone has shut down, or another port took its place")]
    Detached,
    /// There is no such call: it is over, or does not ring yet.
    #[error("there is no such call: it is over, or does not ring yet")]
    NoCall,
    /// The call ended before all that was written was sent.
    #[error("the call ended before all that was written was sent")]
    CallEnded,
    /// The sample rate is out of bounds.
    #[error("{rate_hz} Hz is no usable sample rate, {least} to {most} are")]
    Rate {
        /// The rate of the format, in Hz.
        rate_hz: u32,
        /// The lowest usable rate, in Hz.
        least: u32,
        /// The highest usable rate, in Hz.
        most: u32,
    },
    /// The format has no channel.
    #[error("audio without a channel; 1 is mono, 2 is stereo")]
    NoChannel,
    /// The block's length is no multiple of the channels.
    #[error("a block of {length} samples does not divide into {channels} channels")]
    Partial {
        /// The samples of the block.
        length: usize,
        /// The channels of the format.
        channels: u16,
    },
}

/// Samples of one block of the phone's clock: 20 ms at 48 kHz.
pub(crate) const BLOCK: usize = 960;
/// Samples that the ring between a callback and the phone holds: 3 s at 48 kHz, for periods of up
/// to 2 s.
const RING: usize = 144_000;
