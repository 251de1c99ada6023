//! The settings of the encoders that are built in.

use lxst_core::wire::Codec;
use lxst_core::{CodecProfile, Profile, SendFormat};

use crate::codec2::Codec2Encoder;
use crate::codec2::mode::Codec2Mode;
use crate::error::CodecError;
use crate::opus::{OpusConfig, OpusEncoder};
use crate::provider::FrameEncoder;
use crate::raw::{RawConfig, RawEncoder};

/// The settings of an encoder that is built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Opus, codec byte 1.
    Opus(OpusConfig),
    /// Raw samples, codec byte 0.
    Raw(RawConfig),
    /// Codec2, codec byte 2.
    Codec2(Codec2Mode),
}

impl Encoding {
    /// Checks that this build has the codec and the mode.
    ///
    /// # Errors
    /// As [`encoder`](Self::encoder).
    pub fn check(&self) -> Result<(), CodecError> {
        match self {
            Self::Opus(config) => config.check().map(|_| ()),
            Self::Raw(config) => config.check().map(|_| ()),
            Self::Codec2(mode) => mode.check(),
        }
    }

    /// Creates an encoder with fresh state.
    ///
    /// # Errors
    /// [`CodecError::UnsupportedBitrate`], [`CodecError::UnsupportedChannels`],
    /// [`CodecError::UnsupportedCodec`] or [`CodecError::UnsupportedMode`] if this build cannot
    /// encode it; [`CodecError::Opus`] if libopus has no memory.
    pub fn encoder(&self) -> Result<Box<dyn FrameEncoder>, CodecError> {
        Ok(match *self {
            Self::Opus(config) => Box::new(OpusEncoder::new(config)?),
            Self::Raw(config) => Box::new(RawEncoder::new(config)?),
            Self::Codec2(mode) => Box::new(Codec2Encoder::new(mode)?),
        })
    }

    /// Returns the codec, whose byte leads each payload on the wire.
    #[must_use]
    pub const fn codec(&self) -> Codec {
        match self {
            Self::Opus(_) => Codec::Opus,
            Self::Raw(_) => Codec::Raw,
            Self::Codec2(_) => Codec::Codec2,
        }
    }

    /// Returns the largest payload of a frame of `samples`, in bytes.
    #[must_use]
    pub const fn max_payload_bytes(&self, samples: usize) -> usize {
        match self {
            Self::Opus(config) => config.ceiling(samples),
            Self::Raw(config) => config.payload_bytes(samples),
            Self::Codec2(mode) => mode.payload_bytes(samples),
        }
    }
}

impl From<SendFormat> for Encoding {
    /// Returns the settings of a profile, of a codec profile, or of mono raw audio.
    fn from(format: SendFormat) -> Self {
        let profile = match format {
            SendFormat::Raw(depth) => return Self::Raw(RawConfig { depth, channels: 1 }),
            SendFormat::Codec(profile) => return profile.into(),
            SendFormat::Profile(profile) => profile,
        };
        match profile {
            Profile::UltraLowBandwidth => Self::Codec2(Codec2Mode::Mode700C),
            Profile::VeryLowBandwidth => Self::Codec2(Codec2Mode::Mode1600),
            Profile::LowBandwidth => Self::Codec2(Codec2Mode::Mode3200),
            Profile::MediumQuality => Self::Opus(OpusConfig::VOICE_MEDIUM_60_MS),
            Profile::UltraLowLatency => Self::Opus(OpusConfig::VOICE_MEDIUM_10_MS),
            Profile::LowLatency => Self::Opus(OpusConfig::VOICE_MEDIUM_20_MS),
            Profile::HighQuality => Self::Opus(OpusConfig::VOICE_HIGH),
            Profile::SuperHighQuality => Self::Opus(OpusConfig::VOICE_MAX),
        }
    }
}

impl From<CodecProfile> for Encoding {
    /// Returns the settings of a codec profile. Those of voice are telephony's at the bitrate of the
    /// reference: a server of rooms relays no longer frames.
    fn from(profile: CodecProfile) -> Self {
        let voice = |config, bitrate_bps| Self::Opus(OpusConfig { bitrate_bps, ..config });
        match profile {
            CodecProfile::VoiceLow => Self::Opus(OpusConfig::VOICE_LOW),
            CodecProfile::VoiceMedium => voice(OpusConfig::VOICE_MEDIUM_60_MS, 8_000),
            CodecProfile::VoiceHigh => voice(OpusConfig::VOICE_HIGH, 16_000),
            CodecProfile::VoiceMax => voice(OpusConfig::VOICE_MAX, 32_000),
            CodecProfile::AudioMin => Self::Opus(OpusConfig::AUDIO_MIN),
            CodecProfile::AudioLow => Self::Opus(OpusConfig::AUDIO_LOW),
            CodecProfile::AudioMedium => Self::Opus(OpusConfig::AUDIO_MEDIUM),
            CodecProfile::AudioHigh => Self::Opus(OpusConfig::AUDIO_HIGH),
            CodecProfile::AudioMax => Self::Opus(OpusConfig::AUDIO_MAX),
            CodecProfile::Codec2At700 => Self::Codec2(Codec2Mode::Mode700C),
            CodecProfile::Codec2At1200 => Self::Codec2(Codec2Mode::Mode1200),
            CodecProfile::Codec2At1300 => Self::Codec2(Codec2Mode::Mode1300),
            CodecProfile::Codec2At1400 => Self::Codec2(Codec2Mode::Mode1400),
            CodecProfile::Codec2At1600 => Self::Codec2(Codec2Mode::Mode1600),
            CodecProfile::Codec2At2400 => Self::Codec2(Codec2Mode::Mode2400),
            CodecProfile::Codec2At3200 => Self::Codec2(Codec2Mode::Mode3200),
        }
    }
}
