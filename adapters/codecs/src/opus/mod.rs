//! Opus at 48 kHz, as the voice and audio profiles of LXST use it, behind the feature `opus`.

#[cfg(not(feature = "opus"))]
mod absent;
#[cfg(feature = "opus")]
mod libopus;
#[cfg(feature = "neural")]
mod neural;

#[cfg(not(feature = "opus"))]
pub(crate) use absent::{OpusDecoder, OpusEncoder};
#[cfg(feature = "opus")]
pub(crate) use libopus::{OpusDecoder, OpusEncoder};
#[cfg(feature = "neural")]
pub use neural::{NeuralDecoding, NeuralLevel, UnknownNeuralLevel};

use crate::error::CodecError;
use crate::limits::{MAX_BITRATE_BPS, MIN_BITRATE_BPS, SAMPLE_RATE_HZ};

/// The settings of an Opus encoder.
///
/// The reference gives its encoder PCM of 8 to 48 kHz and leaves the audio bandwidth to libopus.
/// Here the encoder takes 48 kHz and uses a fixed [`Bandwidth`], never less than that of the
/// reference's packets: on its own, libopus 1.6.1 encodes 4 kHz of audio at 8 kbit/s. A frame of
/// telephony fills the padding that the reference's largest frame leaves in a packet
/// ([`Profile::byte_ceiling`](lxst_core::Profile::byte_ceiling)).
///
/// *Source*: the profile tables of LXST/Codecs/Opus.py; the first bytes of its packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OpusConfig {
    /// What the encoder optimises for.
    pub application: Application,
    /// The audio bandwidth of every frame. CELT has no medium band, and uses the wide band.
    ///
    /// *Bounds*: below 15 kbit/s speech has the wide band at most.
    pub bandwidth: Bandwidth,
    /// Channels on the wire. Both channels of stereo carry the same audio.
    pub channels: Channels,
    /// The bitrate in bit/s, [`MIN_BITRATE_BPS`]`..=`[`MAX_BITRATE_BPS`]. With the duration of the
    /// frame it bounds the payload: see [`Self::ceiling`].
    pub bitrate_bps: u32,
    /// Whether a payload may be shorter than its ceiling.
    pub rate_control: RateControl,
}

impl OpusConfig {
    /// PROFILE_VOICE_LOW: 8 kHz mono, 6 kbit/s.
    pub const VOICE_LOW: Self = Self::voice(Bandwidth::Narrow, Channels::Mono, 6_000);
    /// PROFILE_VOICE_MEDIUM in frames of 60 ms: 24 kHz mono, 8 kbit/s. Medium Quality: here wide
    /// band, 74 bytes per frame.
    pub const VOICE_MEDIUM_60_MS: Self =
        Self::voice(Bandwidth::Wide, Channels::Mono, 9_866).at_constant_rate();
    /// PROFILE_VOICE_MEDIUM in frames of 20 ms. Low Latency: here wide band, 26 bytes per frame.
    pub const VOICE_MEDIUM_20_MS: Self =
        Self::voice(Bandwidth::Wide, Channels::Mono, 10_400).at_constant_rate();
    /// PROFILE_VOICE_MEDIUM in frames of 10 ms. Ultra Low Latency: super-wide band, at most 10
    /// bytes.
    pub const VOICE_MEDIUM_10_MS: Self = Self::voice(Bandwidth::SuperWide, Channels::Mono, 8_000);
    /// Full band in frames of 10 ms, 26 bytes each: Ultra Low Latency with the setting
    /// [`CodecSettings::full_band_ultra_low_latency`](crate::CodecSettings::full_band_ultra_low_latency).
    /// The reference decodes it, and has no such profile.
    pub const VOICE_FULL_BAND_10_MS: Self =
        Self::voice(Bandwidth::Full, Channels::Mono, 20_800).at_constant_rate();
    /// PROFILE_VOICE_HIGH: 48 kHz mono, 16 kbit/s. High Quality in frames of 60 ms, 122 bytes each.
    pub const VOICE_HIGH: Self =
        Self::voice(Bandwidth::Full, Channels::Mono, 16_266).at_constant_rate();
    /// PROFILE_VOICE_MAX: 48 kHz stereo, 32 kbit/s. Super High Quality in frames of 60 ms, at most
    /// 210 bytes, so that a packet has room for a copy of the one before.
    pub const VOICE_MAX: Self = Self::voice(Bandwidth::Full, Channels::Stereo, 28_000);
    /// PROFILE_AUDIO_MIN: 8 kHz mono, 8 kbit/s.
    pub const AUDIO_MIN: Self = Self::audio(Bandwidth::Narrow, Channels::Mono, 8_000);
    /// PROFILE_AUDIO_LOW: 12 kHz mono, 14 kbit/s.
    pub const AUDIO_LOW: Self = Self::audio(Bandwidth::Medium, Channels::Mono, 14_000);
    /// PROFILE_AUDIO_MEDIUM: 24 kHz stereo, 28 kbit/s.
    pub const AUDIO_MEDIUM: Self = Self::audio(Bandwidth::SuperWide, Channels::Stereo, 28_000);
    /// PROFILE_AUDIO_HIGH: 48 kHz stereo, 56 kbit/s.
    pub const AUDIO_HIGH: Self = Self::audio(Bandwidth::Full, Channels::Stereo, 56_000);
    /// PROFILE_AUDIO_MAX: 48 kHz stereo, 128 kbit/s.
    pub const AUDIO_MAX: Self = Self::audio(Bandwidth::Full, Channels::Stereo, 128_000);

    /// Returns the largest payload of `samples`, in bytes: the bitrate's share of the frame,
    /// rounded up.
    #[must_use]
    pub const fn ceiling(&self, samples: usize) -> usize {
        (self.bitrate_bps as usize * samples).div_ceil(8 * SAMPLE_RATE_HZ as usize)
    }

    pub(crate) fn check(self) -> Result<Self, CodecError> {
        OpusEncoder::check()?;
        let bitrate_bps = self.bitrate_bps;
        if (MIN_BITRATE_BPS..=MAX_BITRATE_BPS).contains(&bitrate_bps) {
            return Ok(self);
        }
        Err(CodecError::UnsupportedBitrate { bitrate_bps })
    }

    const fn voice(bandwidth: Bandwidth, channels: Channels, bitrate_bps: u32) -> Self {
        let (application, rate_control) = (Application::Voip, RateControl::Variable);
        Self { application, bandwidth, channels, bitrate_bps, rate_control }
    }

    const fn at_constant_rate(self) -> Self {
        Self { rate_control: RateControl::Constant, ..self }
    }

    const fn audio(bandwidth: Bandwidth, channels: Channels, bitrate_bps: u32) -> Self {
        let (application, rate_control) = (Application::Audio, RateControl::Variable);
        Self { application, bandwidth, channels, bitrate_bps, rate_control }
    }
}

/// What an Opus encoder optimises for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Application {
    /// Intelligible speech.
    Voip,
    /// Faithful audio of any kind.
    Audio,
}

/// The audio bandwidth of an Opus stream, and the sample rate that it corresponds to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bandwidth {
    /// 4 kHz of audio, sampled at 8 kHz.
    Narrow,
    /// 6 kHz of audio, sampled at 12 kHz.
    Medium,
    /// 8 kHz of audio, sampled at 16 kHz.
    Wide,
    /// 12 kHz of audio, sampled at 24 kHz.
    SuperWide,
    /// 20 kHz of audio, sampled at 48 kHz.
    Full,
}

/// Channels of an Opus stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channels {
    /// One channel.
    Mono,
    /// Two channels.
    Stereo,
}

/// Whether the length of payloads follows the audio.
///
/// A constant rate is used where it scores better. Measured by `interop/quality.py --voices chosen`
/// with libopus 1.6.1 and five speakers: PESQ-WB, DNSMOS P.808, and bytes per second on air, with
/// packets and their padding to 16 bytes; the reference's encoder for comparison:
///
/// ```text
///                     variable              constant              reference
/// Medium Quality      3.12  3.73  2364 B/s  3.24  3.71  2450 B/s  2.85  3.45  2198 B/s  constant
/// High Quality        3.56  3.72  3121 B/s  3.65  3.79  3250 B/s  3.61  3.72  3250 B/s  constant
/// Super High Quality  4.17  3.90  4442 B/s  4.21  3.89  4850 B/s  3.64  3.84  5167 B/s  variable
/// Low Latency         3.04  3.56  4907 B/s  3.31  3.68  4950 B/s  2.12  3.57  4903 B/s  constant
/// Ultra Low Latency   1.37  3.21  8300 B/s  1.37  3.21  8300 B/s  1.43  3.23  8300 B/s  variable
/// ```
///
/// Medium band at Medium Quality scores 3.40 and 3.49, and ViSQOL 3.15 against 3.71 of the wide
/// band: PESQ gives little weight to audio above 6 kHz. In digital silence a constant rate sends
/// two to four times the payload of a variable one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RateControl {
    /// A payload is at most its ceiling, and short in pauses.
    Variable,
    /// Every payload has the length of its ceiling, so the length tells nothing about the speech.
    Constant,
}

/// The frame lengths of the encoder: 2.5, 5, 10, 20, 40 and 60 ms.
pub const OPUS_FRAME_SAMPLES: [usize; 6] = [120, 240, 480, 960, 1_920, 2_880];

/// Longest Opus packet that is decoded: 120 ms.
pub const MAX_OPUS_SAMPLES: usize = 5_760;
