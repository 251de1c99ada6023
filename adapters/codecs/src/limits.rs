//! Every bound of the codecs.

/// The longest frame that is decoded: 2 s, five times the longest that a profile sends. A longer
/// one is refused.
pub const MAX_FRAME_SAMPLES: usize = 2 * SAMPLE_RATE_HZ as usize;

/// The highest bitrate of an [`OpusConfig`](crate::OpusConfig).
pub const MAX_BITRATE_BPS: u32 = 128_000;

/// The lowest bitrate of an [`OpusConfig`](crate::OpusConfig).
pub const MIN_BITRATE_BPS: u32 = 6_000;

/// The most channels that are sent; up to 64 are received.
pub const MAX_RAW_SEND_CHANNELS: u8 = 32;

/// The highest rate that is converted.
pub const MAX_RATE_HZ: u32 = 384_000;

/// The lowest rate that is converted.
pub const MIN_RATE_HZ: u32 = 8_000;

/// Samples a second of all PCM at this crate's edge.
pub const SAMPLE_RATE_HZ: u32 = 48_000;
