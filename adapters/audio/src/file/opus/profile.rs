//! Profiles of files.

use lxst_codecs::Channels;

/// How an Ogg/Opus file is encoded: the reference's profiles by its names.
///
/// All of them take 48 kHz here and code the bandwidth of the reference's rate; a file says 48 kHz
/// in every unit, as RFC 7845 has it. (The reference's files play at a wrong pitch when what it
/// records has another rate.)
///
/// *Source*: LXST/Codecs/Opus.py: PROFILE_VOICE_LOW to PROFILE_AUDIO_MAX.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OpusProfile {
    /// PROFILE_VOICE_LOW: mono, 4 kHz of bandwidth, 6 kbit/s.
    VoiceLow,
    /// PROFILE_VOICE_MEDIUM: mono, 12 kHz of bandwidth, 8 kbit/s.
    VoiceMedium,
    /// PROFILE_VOICE_HIGH: mono, 20 kHz of bandwidth, 16 kbit/s.
    VoiceHigh,
    /// PROFILE_VOICE_MAX: stereo, 20 kHz of bandwidth, 32 kbit/s.
    VoiceMax,
    /// PROFILE_AUDIO_MIN: mono, 4 kHz of bandwidth, 8 kbit/s.
    AudioMin,
    /// PROFILE_AUDIO_LOW: mono, 6 kHz of bandwidth, 14 kbit/s.
    AudioLow,
    /// PROFILE_AUDIO_MEDIUM: stereo, 12 kHz of bandwidth, 28 kbit/s.
    AudioMedium,
    /// PROFILE_AUDIO_HIGH: stereo, 20 kHz of bandwidth, 56 kbit/s.
    AudioHigh,
    /// PROFILE_AUDIO_MAX: stereo, 20 kHz of bandwidth, 128 kbit/s. The reference's recorder uses
    /// it.
    #[default]
    AudioMax,
}

impl OpusProfile {
    /// Returns the channels of a file.
    #[must_use]
    pub const fn channels(self) -> Channels {
        match self {
            Self::VoiceLow
            | Self::VoiceMedium
            | Self::VoiceHigh
            | Self::AudioMin
            | Self::AudioLow => Channels::Mono,
            Self::VoiceMax | Self::AudioMedium | Self::AudioHigh | Self::AudioMax => {
                Channels::Stereo
            }
        }
    }

    /// Returns the most that is sent, in bit/s: no packet is longer.
    #[must_use]
    pub const fn ceiling_bps(self) -> u32 {
        match self {
            Self::VoiceLow => 6_000,
            Self::VoiceMedium | Self::AudioMin => 8_000,
            Self::VoiceHigh => 16_000,
            Self::VoiceMax => 32_000,
            Self::AudioLow => 14_000,
            Self::AudioMedium => 28_000,
            Self::AudioHigh => 56_000,
            Self::AudioMax => 128_000,
        }
    }

    /// Moments of a packet: 60 ms of voice, since each is a page of Ogg with 28 bytes of its own;
    /// 20 ms of audio.
    pub(super) const fn frame(self) -> usize {
        match self {
            Self::VoiceLow | Self::VoiceMedium | Self::VoiceHigh | Self::VoiceMax => 2_880,
            _ => 960,
        }
    }

    /// The longest packet, in bytes.
    pub(super) const fn packet_bytes(self) -> usize {
        (self.ceiling_bps() as usize * self.frame()).div_ceil(8 * 48_000)
    }

    pub(super) const fn application(self) -> opus::Application {
        match self {
            Self::VoiceLow | Self::VoiceMedium | Self::VoiceHigh | Self::VoiceMax => {
                opus::Application::Voip
            }
            _ => opus::Application::Audio,
        }
    }

    pub(super) const fn bandwidth(self) -> opus::Bandwidth {
        match self {
            Self::VoiceLow | Self::AudioMin => opus::Bandwidth::Narrowband,
            Self::AudioLow => opus::Bandwidth::Mediumband,
            Self::VoiceMedium | Self::AudioMedium => opus::Bandwidth::Superwideband,
            _ => opus::Bandwidth::Fullband,
        }
    }
}
