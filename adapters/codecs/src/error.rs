//! Errors of frames and of settings.

use crate::codec2::mode::Codec2Mode;
use crate::limits::{
    MAX_BITRATE_BPS, MAX_FRAME_SAMPLES, MAX_RATE_HZ, MAX_RAW_SEND_CHANNELS, MIN_BITRATE_BPS,
    MIN_RATE_HZ,
};

/// A setting that is not supported, or a frame that cannot be encoded or decoded.
///
/// After an error the encoder or decoder continues with the next frame, and `out` is unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum CodecError {
    /// No decoder or encoder for this codec byte: the codec is not built in, and the app brings
    /// none.
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
    UnsupportedMode { mode: Codec2Mode },
    /// A Codec2 stream whose first mode byte is unknown.
    #[error("mode byte {header} is unknown: 0 to 6 are known")]
    UnknownMode {
        /// The byte that leads the payload.
        header: u8,
    },
    /// A sample rate that [`Resampler`](crate::Resampler) does not convert.
    #[error("sample rate of {rate_hz} Hz is outside of {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz")]
    UnsupportedRate { rate_hz: u32 },
    /// A bitrate that [`OpusConfig`](crate::OpusConfig) does not support.
    #[error("bitrate of {bitrate_bps} bit/s is outside of {MIN_BITRATE_BPS} to {MAX_BITRATE_BPS}")]
    UnsupportedBitrate { bitrate_bps: u32 },
    /// A channel count of zero, or above what [`RawConfig`](crate::RawConfig) supports.
    #[error(
        "{channels} channels are not supported: raw frames are sent with 1 to \
         {MAX_RAW_SEND_CHANNELS}"
    )]
    UnsupportedChannels { channels: u16 },
    /// PCM whose length is no frame of the codec: Opus takes 2.5, 5, 10, 20, 40 or 60 ms, Codec2
    /// multiples of 20 or 40 ms, raw at least one sample.
    #[error(
        "{samples} samples are no frame of this codec: opus takes 120, 240, 480, 960, 1920 or \
         2880, codec2 multiples of 960 or 1920"
    )]
    FrameLength { samples: usize },
    /// A payload that decodes to more than [`MAX_FRAME_SAMPLES`].
    #[error("payload of {samples} samples exceeds {MAX_FRAME_SAMPLES}")]
    TooLong {
        /// The samples it would decode to.
        samples: usize,
    },
    /// A payload without a sample.
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
    /// libopus refused, for example a payload from the network that is no Opus packet.
    #[error("libopus: {reason}")]
    Opus {
        /// The message of libopus.
        reason: &'static str,
    },
    /// A codec of the app refused a frame or a format.
    #[error("the app's codec: {reason}")]
    App {
        /// The message of the codec.
        reason: &'static str,
    },
}

#[cfg(feature = "opus")]
impl From<::opus::Error> for CodecError {
    fn from(error: ::opus::Error) -> Self {
        Self::Opus { reason: error.description() }
    }
}
