//! Every bound of the codecs. Each without a *Source* is our choice.

/// Longest frame that is decoded: 2 s, five times the longest of a profile. A longer one is refused
/// as [`CodecError::TooLong`](crate::CodecError::TooLong).
pub const MAX_FRAME_SAMPLES: usize = 2 * SAMPLE_RATE_HZ as usize;

/// Highest bitrate of an [`OpusConfig`](crate::OpusConfig).
///
/// *Source*: the bitrate of `PROFILE_AUDIO_MAX` in LXST/Codecs/Opus.py.
pub const MAX_BITRATE_BPS: u32 = 128_000;

/// Lowest bitrate of an [`OpusConfig`](crate::OpusConfig).
///
/// *Source*: the bitrate of `PROFILE_VOICE_LOW` in LXST/Codecs/Opus.py.
pub const MIN_BITRATE_BPS: u32 = 6_000;

/// Most channels that are sent. Up to 64 are received.
///
/// *Source*: `Raw` in LXST/Codecs/Raw.py.
pub const MAX_RAW_SEND_CHANNELS: u8 = 32;

/// Highest rate that is converted.
pub const MAX_RATE_HZ: u32 = 384_000;

/// Lowest rate that is converted.
pub const MIN_RATE_HZ: u32 = 8_000;

/// Sample rate of all PCM at this crate's boundary.
pub const SAMPLE_RATE_HZ: u32 = 48_000;
