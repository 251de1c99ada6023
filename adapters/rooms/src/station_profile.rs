//! The profiles of stations: codec and length of frames.

use core::fmt;

use lxst_core::talk::Format;
use lxst_core::wire::{Codec, Frame};
use lxst_core::{CodecProfile, Profile, Samples, VoiceCodec, frame_length};

/// What a station sends: the frames of a telephony profile, or music.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StationProfile {
    /// A telephony profile, under its number on the wire: 0x10 to 0x80.
    Voice(Profile),
    /// Opus 14 kbit/s, 12 kHz, frames of 40 ms: 0x05 (PROFILE_AUDIO_LOW).
    MusicLow,
    /// Opus 28 kbit/s, 24 kHz, stereo, frames of 40 ms: 0x06 (PROFILE_AUDIO_MEDIUM).
    MusicMedium,
    /// Opus 56 kbit/s, 48 kHz, stereo, frames of 40 ms: 0x07 (PROFILE_AUDIO_HIGH).
    MusicHigh,
}

impl StationProfile {
    /// Returns the number on the wire.
    ///
    /// *Source*: `Profiles` in LXST/Primitives/Telephony.py; PROFILE_AUDIO_* in LXST/Codecs/Opus.py.
    #[must_use]
    pub const fn id(self) -> u8 {
        match self {
            Self::Voice(profile) => profile.id(),
            Self::MusicLow => 0x05,
            Self::MusicMedium => 0x06,
            Self::MusicHigh => 0x07,
        }
    }

    /// Returns the profile with this number on the wire.
    #[must_use]
    pub fn from_id(id: u64) -> Option<Self> {
        let music = [Self::MusicLow, Self::MusicMedium, Self::MusicHigh];
        let is_it = |profile: &Self| u64::from(profile.id()) == id;
        music.into_iter().find(is_it).or_else(|| Profile::from_id(id).map(Self::Voice))
    }

    /// Returns the codec of its frames.
    #[must_use]
    pub const fn codec(self) -> Codec {
        match self {
            Self::Voice(profile) => match profile.codec() {
                VoiceCodec::Codec2 { .. } => Codec::Codec2,
                VoiceCodec::Opus { .. } => Codec::Opus,
            },
            Self::MusicLow | Self::MusicMedium | Self::MusicHigh => Codec::Opus,
        }
    }

    /// Returns the length of a frame.
    #[must_use]
    pub const fn frame(self) -> Samples {
        match self {
            Self::Voice(profile) => profile.frame(),
            Self::MusicLow | Self::MusicMedium | Self::MusicHigh => Samples::from_millis(40),
        }
    }

    /// Returns whether the frame is relayed: its codec is that of the profile, its length exact.
    ///
    /// Bitrate, bandwidth and channels may be any: a decoder follows the bytes.
    #[must_use]
    pub fn accepts(self, frame: Frame<'_>) -> bool {
        frame.codec == self.codec() && frame_length(frame) == Some(self.frame())
    }
}

impl From<StationProfile> for Format {
    fn from(profile: StationProfile) -> Self {
        match profile {
            StationProfile::Voice(profile) => Self::profile(profile),
            StationProfile::MusicLow => Self::codec(CodecProfile::AudioLow),
            StationProfile::MusicMedium => Self::codec(CodecProfile::AudioMedium),
            StationProfile::MusicHigh => Self::codec(CodecProfile::AudioHigh),
        }
    }
}

impl fmt::Display for StationProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Voice(profile) => profile.name(),
            Self::MusicLow => "Music, Low",
            Self::MusicMedium => "Music, Medium",
            Self::MusicHigh => "Music, High",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_profile_has_a_number_of_its_own() {
        let music =
            [StationProfile::MusicLow, StationProfile::MusicMedium, StationProfile::MusicHigh];
        for profile in Profile::ALL.map(StationProfile::Voice).into_iter().chain(music) {
            assert_eq!(StationProfile::from_id(profile.id().into()), Some(profile));
        }
        assert_eq!(StationProfile::from_id(0), None);
        assert_eq!(StationProfile::from_id(0x105), None);
    }

    #[test]
    fn a_radio_sends_music_in_frames_of_the_profile() {
        for (profile, codec) in [
            (StationProfile::MusicLow, CodecProfile::AudioLow),
            (StationProfile::MusicMedium, CodecProfile::AudioMedium),
            (StationProfile::MusicHigh, CodecProfile::AudioHigh),
        ] {
            assert_eq!(Format::from(profile), Format::codec(codec));
            assert_eq!((profile.codec(), profile.frame()), (codec.codec(), codec.frame()));
        }
    }
}
