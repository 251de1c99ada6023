//! What can go wrong with a frame or a configuration.

use crate::codec2::mode::Codec2Mode;
use crate::limits::{
    MAX_BITRATE_BPS, MAX_FRAME_SAMPLES, MAX_RATE_HZ, MAX_RAW_SEND_CHANNELS, MIN_BITRATE_BPS,
    MIN_RATE_HZ,
};

/// A configuration that cannot be had, or a frame that cannot be coded.
///
/// After an error the encoder or decoder goes on with the next frame, and `out` is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// Nobody brings the codec of this byte: it is not built in.
    #[error(
        "codec byte {byte} is not supported: 0 (raw) is built in, 1 (opus) with the feature opus, \
         2 (codec2) with codec2 or codec2-system; an app brings others"
    )]
    UnsupportedCodec {
        /// The byte that leads the frame.
        byte: u8,
    },
    /// A mode of Codec2 that is not built in.
    #[error("codec2 {mode:?} is not supported: the feature codec2-system has it")]
    UnsupportedMode {
        /// The mode that was asked for, or that leads the frame.
        mode: Codec2Mode,
    },
    /// A Codec2 stream that begins with a mode byte that means nothing.
    #[error("mode byte {header} is unknown: 0 to 6 are known")]
    UnknownMode {
        /// The byte that leads the payload.
        header: u8,
    },
    /// A sample rate outside of what [`Resampler`](crate::Resampler) converts.
    #[error("sample rate of {rate_hz} Hz is outside of {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz")]
    UnsupportedRate {
        /// The rate that was asked for.
        rate_hz: u32,
    },
    /// A bitrate outside of what [`OpusConfig`](crate::OpusConfig) takes.
    #[error("bitrate of {bitrate_bps} bit/s is outside of {MIN_BITRATE_BPS} to {MAX_BITRATE_BPS}")]
    UnsupportedBitrate {
        /// The bitrate that was asked for.
        bitrate_bps: u32,
    },
    /// A channel count of zero, or above what [`RawConfig`](crate::RawConfig) takes.
    #[error(
        "{channels} channels are not supported: raw frames are sent with 1 to \
         {MAX_RAW_SEND_CHANNELS}"
    )]
    UnsupportedChannels {
        /// The count that was asked for.
        channels: u16,
    },
    /// PCM to encode that is no frame of the codec: Opus takes 2.5, 5, 10, 20, 40 or 60 ms, Codec2
    /// multiples of 20 or 40 ms, raw at least one sample.
    #[error(
        "{samples} samples are no frame of this codec: opus takes 120, 240, 480, 960, 1920 or \
         2880, codec2 multiples of 960 or 1920"
    )]
    FrameLength {
        /// Samples that were given.
        samples: usize,
    },
    /// A payload of more than a call has any use for.
    #[error("payload of {samples} samples exceeds {MAX_FRAME_SAMPLES}")]
    TooLong {
        /// What it would decode to.
        samples: usize,
    },
    /// A payload without a single sample.
    #[error("payload holds no samples")]
    Empty,
    /// Interleaved audio that ends within a sample of all channels.
    #[error("a length of {length} is no multiple of {unit}")]
    Partial {
        /// The length found: bytes of a raw payload, or interleaved samples.
        length: usize,
        /// The length of one sample of all channels, in the same unit.
        unit: usize,
    },
    /// libopus refused; a payload from the network that is no Opus packet ends here.
    #[error("libopus: {reason}")]
    Opus {
        /// What libopus says.
        reason: &'static str,
    },
    /// A codec that the app brings refused a frame or a format.
    #[error("the app's codec: {reason}")]
    App {
        /// What the codec says.
        reason: &'static str,
    },
}

#[cfg(feature = "opus")]
impl From<::opus::Error> for CodecError {
    fn from(error: ::opus::Error) -> Self {
        Self::Opus { reason: error.description() }
    }
}
