//! The profiles of rooms: codec, length and size of frames.

use core::fmt;
use core::str::FromStr;

use lxst_core::talk::Format;
use lxst_core::wire::{Codec, Frame};
use lxst_core::{CodecProfile, Samples, frame_length};

/// How a room speaks: one codec setting, one length of frames.
///
/// | profile | codec | frame | bytes with the codec byte, at most |
/// |---|---|---|---|
/// | `opus-high` | Opus 16 kbit/s, 48 kHz, voice | 20 ms | 41 |
/// | `opus-med` | Opus 8 kbit/s, 24 kHz, voice | 60 ms | 61 |
/// | `opus-low` | Opus 6 kbit/s, 8 kHz, voice | 60 ms | 46 |
/// | `c2-3200` | Codec2 3200 | 200 ms | 400 |
/// | `c2-2400` | Codec2 2400 | 200 ms | 400 |
/// | `c2-1200` | Codec2 1200 | 400 ms | 400 |
/// | `c2-700` | Codec2 700C | 400 ms | 400 |
/// | `music-low` | Opus 14 kbit/s, 12 kHz, audio | 40 ms | 71 |
/// | `music-med` | Opus 28 kbit/s, 24 kHz, stereo | 40 ms | 141 |
/// | `music-high` | Opus 56 kbit/s, 48 kHz, stereo | 40 ms | 281 |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the table above describes them")]
pub enum RoomProfile {
    #[default]
    OpusHigh,
    OpusMedium,
    OpusLow,
    Codec2At3200,
    Codec2At2400,
    Codec2At1200,
    Codec2At700,
    MusicLow,
    MusicMedium,
    MusicHigh,
}

/// A text that names no profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such profile: there are opus-*, c2-* and music-*, as opus-high")]
pub struct UnknownRoomProfile;

/// The facts of one profile.
struct Facts {
    name: &'static str,
    codec: Codec,
    frame_ms: u32,
    /// Of a frame with its codec byte.
    max_bytes: usize,
}

impl RoomProfile {
    /// Every profile, in the order of the table.
    pub const ALL: [Self; 10] = [
        Self::OpusHigh,
        Self::OpusMedium,
        Self::OpusLow,
        Self::Codec2At3200,
        Self::Codec2At2400,
        Self::Codec2At1200,
        Self::Codec2At700,
        Self::MusicLow,
        Self::MusicMedium,
        Self::MusicHigh,
    ];

    /// Returns the name on the wire: `opus-high`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// Returns the codec of its frames.
    #[must_use]
    pub const fn codec(self) -> Codec {
        self.facts().codec
    }

    /// Returns the length of a frame in ms.
    #[must_use]
    pub const fn frame_ms(self) -> u32 {
        self.facts().frame_ms
    }

    /// Returns whether a server relays the frame: its codec is that of the profile, its length
    /// exact, its size within the bound.
    ///
    /// The mode of Codec2, and bandwidth and channels of Opus, may be any: a decoder follows the
    /// bytes.
    #[must_use]
    pub fn accepts(self, frame: Frame<'_>) -> bool {
        let Facts { codec, frame_ms, max_bytes, .. } = self.facts();
        frame.codec == codec
            && frame.payload.len() < max_bytes
            && frame_length(frame) == Some(Samples::from_millis(frame_ms.into()))
    }

    const fn facts(self) -> Facts {
        let (name, codec, frame_ms, max_bytes) = match self {
            Self::OpusHigh => ("opus-high", Codec::Opus, 20, 41),
            Self::OpusMedium => ("opus-med", Codec::Opus, 60, 61),
            Self::OpusLow => ("opus-low", Codec::Opus, 60, 46),
            Self::Codec2At3200 => ("c2-3200", Codec::Codec2, 200, 400),
            Self::Codec2At2400 => ("c2-2400", Codec::Codec2, 200, 400),
            Self::Codec2At1200 => ("c2-1200", Codec::Codec2, 400, 400),
            Self::Codec2At700 => ("c2-700", Codec::Codec2, 400, 400),
            Self::MusicLow => ("music-low", Codec::Opus, 40, 71),
            Self::MusicMedium => ("music-med", Codec::Opus, 40, 141),
            Self::MusicHigh => ("music-high", Codec::Opus, 40, 281),
        };
        Facts { name, codec, frame_ms, max_bytes }
    }
}

impl From<RoomProfile> for Format {
    fn from(profile: RoomProfile) -> Self {
        match profile {
            RoomProfile::OpusHigh => OPUS_HIGH,
            RoomProfile::OpusMedium => Self::codec(CodecProfile::VoiceMedium),
            RoomProfile::OpusLow => Self::codec(CodecProfile::VoiceLow),
            RoomProfile::Codec2At3200 => Self::codec(CodecProfile::Codec2At3200),
            RoomProfile::Codec2At2400 => Self::codec(CodecProfile::Codec2At2400),
            RoomProfile::Codec2At1200 => Self::codec(CodecProfile::Codec2At1200),
            RoomProfile::Codec2At700 => Self::codec(CodecProfile::Codec2At700),
            RoomProfile::MusicLow => Self::codec(CodecProfile::AudioLow),
            RoomProfile::MusicMedium => Self::codec(CodecProfile::AudioMedium),
            RoomProfile::MusicHigh => Self::codec(CodecProfile::AudioHigh),
        }
    }
}

impl fmt::Display for RoomProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for RoomProfile {
    type Err = UnknownRoomProfile;

    fn from_str(text: &str) -> Result<Self, UnknownRoomProfile> {
        Self::ALL.into_iter().find(|profile| profile.name() == text).ok_or(UnknownRoomProfile)
    }
}

/// The only profile whose frames are not of their codec profile's usual length.
const OPUS_HIGH: Format =
    match Format::codec_in_frames(CodecProfile::VoiceHigh, Samples::from_millis(20)) {
        Ok(format) => format,
        Err(_) => panic!("Opus has frames of 20 ms"),
    };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_radio_sends_frames_of_the_length_and_codec_of_each_profile() {
        for profile in RoomProfile::ALL {
            let lxst_core::SendFormat::Codec(codec) = Format::from(profile).send() else {
                panic!("{profile} is a codec profile")
            };
            let frame = Samples::from_millis(profile.frame_ms().into());
            assert_eq!(codec.codec(), profile.codec(), "{profile}");
            assert_eq!(Format::codec_in_frames(codec, frame), Ok(Format::from(profile)));
        }
    }
}
