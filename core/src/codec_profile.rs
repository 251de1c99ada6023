//! The codec profiles of streams without a call: those that telephony does not use, and music.

use crate::audio::Samples;
use crate::profile::Profile;
use crate::wire::Codec;

/// A codec with the settings of its encoder, without a frame time.
///
/// | profile | codec | rate | channels | bitrate |
/// |---|---|---|---|---|
/// | `VoiceLow` | Opus, voice | 8 kHz | 1 | 6 kbit/s |
/// | `VoiceMedium` | Opus, voice | 24 kHz | 1 | 8 kbit/s |
/// | `VoiceHigh` | Opus, voice | 48 kHz | 1 | 16 kbit/s |
/// | `VoiceMax` | Opus, voice | 48 kHz | 2 | 32 kbit/s |
/// | `AudioMin` | Opus, music | 8 kHz | 1 | 8 kbit/s |
/// | `AudioLow` | Opus, music | 12 kHz | 1 | 14 kbit/s |
/// | `AudioMedium` | Opus, music | 24 kHz | 2 | 28 kbit/s |
/// | `AudioHigh` | Opus, music | 48 kHz | 2 | 56 kbit/s |
/// | `AudioMax` | Opus, music | 48 kHz | 2 | 128 kbit/s |
/// | `Codec2At700` to `Codec2At3200` | Codec2 (700 is 700C) | 8 kHz | 1 | as named |
///
/// *Source*: the profile tables of LXST/Codecs/Opus.py; LXST/Codecs/Codec2.py.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the table above describes them")]
pub enum CodecProfile {
    VoiceLow,
    VoiceMedium,
    VoiceHigh,
    VoiceMax,
    AudioMin,
    AudioLow,
    AudioMedium,
    AudioHigh,
    AudioMax,
    Codec2At700,
    Codec2At1200,
    Codec2At1300,
    Codec2At1400,
    Codec2At1600,
    Codec2At2400,
    Codec2At3200,
}

impl CodecProfile {
    /// Every profile, in the order of the table.
    pub const ALL: [Self; 16] = [
        Self::VoiceLow,
        Self::VoiceMedium,
        Self::VoiceHigh,
        Self::VoiceMax,
        Self::AudioMin,
        Self::AudioLow,
        Self::AudioMedium,
        Self::AudioHigh,
        Self::AudioMax,
        Self::Codec2At700,
        Self::Codec2At1200,
        Self::Codec2At1300,
        Self::Codec2At1400,
        Self::Codec2At1600,
        Self::Codec2At2400,
        Self::Codec2At3200,
    ];

    /// Returns the codec of its frames.
    #[must_use]
    pub const fn codec(self) -> Codec {
        match self.native_frame() {
            None => Codec::Opus,
            Some(_) => Codec::Codec2,
        }
    }

    /// Returns the usual length of a frame: 60 ms for voice, 40 ms for music, as Partyline has it,
    /// but 20 ms for `AudioMax`, whose longer frames exceed a packet of 431 bytes; for Codec2 that
    /// of the telephony profile at the nearest bitrate.
    #[must_use]
    pub const fn frame(self) -> Samples {
        Samples::from_millis(match self {
            Self::VoiceLow | Self::VoiceMedium | Self::VoiceHigh | Self::VoiceMax => 60,
            Self::AudioMin | Self::AudioLow | Self::AudioMedium | Self::AudioHigh => 40,
            Self::AudioMax => 20,
            Self::Codec2At700 | Self::Codec2At1200 | Self::Codec2At1300 | Self::Codec2At1400 => 400,
            Self::Codec2At1600 => 320,
            Self::Codec2At2400 | Self::Codec2At3200 => 200,
        })
    }

    /// Returns whether the encoder takes frames of this length: 2.5, 5, 10, 20, 40 or 60 ms of
    /// Opus, a whole number of native frames of Codec2 up to 400 ms.
    #[must_use]
    pub const fn has_frame(self, frame: Samples) -> bool {
        match self.native_frame() {
            None => matches!(frame.0, 120 | 240 | 480 | 960 | 1_920 | 2_880),
            Some(native) => frame.0 > 0 && frame.0 <= MAX_CODEC2 && frame.0.is_multiple_of(native),
        }
    }

    /// Returns the name in a trace and in settings: `audio_high`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::VoiceLow => "voice_low",
            Self::VoiceMedium => "voice_medium",
            Self::VoiceHigh => "voice_high",
            Self::VoiceMax => "voice_max",
            Self::AudioMin => "audio_min",
            Self::AudioLow => "audio_low",
            Self::AudioMedium => "audio_medium",
            Self::AudioHigh => "audio_high",
            Self::AudioMax => "audio_max",
            Self::Codec2At700 => "codec2_700",
            Self::Codec2At1200 => "codec2_1200",
            Self::Codec2At1300 => "codec2_1300",
            Self::Codec2At1400 => "codec2_1400",
            Self::Codec2At1600 => "codec2_1600",
            Self::Codec2At2400 => "codec2_2400",
            Self::Codec2At3200 => "codec2_3200",
        }
    }

    /// Returns the telephony profile that sounds most like it.
    #[must_use]
    pub const fn nearest(self) -> Profile {
        match self {
            Self::VoiceLow | Self::VoiceMedium | Self::AudioMin => Profile::MediumQuality,
            Self::VoiceHigh | Self::AudioLow => Profile::HighQuality,
            Self::VoiceMax | Self::AudioMedium | Self::AudioHigh | Self::AudioMax => {
                Profile::SuperHighQuality
            }
            Self::Codec2At700 | Self::Codec2At1200 => Profile::UltraLowBandwidth,
            Self::Codec2At1300 | Self::Codec2At1400 | Self::Codec2At1600 => {
                Profile::VeryLowBandwidth
            }
            Self::Codec2At2400 | Self::Codec2At3200 => Profile::LowBandwidth,
        }
    }

    /// Returns the length of a native frame of Codec2; `None` for Opus.
    const fn native_frame(self) -> Option<u64> {
        match self {
            Self::VoiceLow
            | Self::VoiceMedium
            | Self::VoiceHigh
            | Self::VoiceMax
            | Self::AudioMin
            | Self::AudioLow
            | Self::AudioMedium
            | Self::AudioHigh
            | Self::AudioMax => None,
            Self::Codec2At700
            | Self::Codec2At1200
            | Self::Codec2At1300
            | Self::Codec2At1400
            | Self::Codec2At1600 => Some(1_920),
            Self::Codec2At2400 | Self::Codec2At3200 => Some(960),
        }
    }
}

/// The longest frame of Codec2: 400 ms, as that of Ultra Low Bandwidth.
const MAX_CODEC2: u64 = 19_200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_frame_is_one_that_the_encoder_takes() {
        for profile in CodecProfile::ALL {
            assert!(profile.has_frame(profile.frame()), "{profile:?}");
            assert!(!profile.has_frame(Samples::ZERO), "{profile:?}");
            assert!(!profile.has_frame(Samples::from_millis(440)), "{profile:?}");
        }
        assert!(!CodecProfile::AudioHigh.has_frame(Samples::from_millis(50)));
        assert!(!CodecProfile::Codec2At700.has_frame(Samples::from_millis(20)));
        assert!(CodecProfile::Codec2At2400.has_frame(Samples::from_millis(20)));
    }
}
