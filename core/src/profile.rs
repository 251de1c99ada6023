//! Call profiles and modes: the codec, frame time and size of each.

use core::fmt;
use core::str::FromStr;

use crate::audio::Samples;

/// A telephony profile: a codec, its settings and a frame time under one number.
///
/// *Source*: `Profiles` in LXST/Primitives/Telephony.py. Low Latency is 0x80 and Ultra Low Latency
/// 0x70, against the order of their frame times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Profile {
    /// Codec2 700C, 400 ms frames.
    UltraLowBandwidth = 0x10,
    /// Codec2 1600, 320 ms frames.
    VeryLowBandwidth = 0x20,
    /// Codec2 3200, 200 ms frames.
    LowBandwidth = 0x30,
    /// Opus at 8 kbit/s, 60 ms frames. The default of the reference.
    #[default]
    MediumQuality = 0x40,
    /// Opus at 16 kbit/s, 60 ms frames.
    HighQuality = 0x50,
    /// Opus at 32 kbit/s in stereo, 60 ms frames.
    SuperHighQuality = 0x60,
    /// Opus at 8 kbit/s, 10 ms frames.
    UltraLowLatency = 0x70,
    /// Opus at 8 kbit/s, 20 ms frames.
    LowLatency = 0x80,
}

/// A codec and the settings of its encoder.
///
/// Medium Quality and Low Latency share these settings, but each needs a fresh encoder: they differ
/// in frame time and audio bandwidth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VoiceCodec {
    /// Codec2 in the mode of this bitrate (700 is 700C).
    Codec2 {
        /// Bits per second.
        bitrate_bps: u16,
    },
    /// Opus for voice.
    Opus {
        /// Bits per second.
        bitrate_bps: u32,
        /// The encoder's sampling rate.
        sample_rate_hz: u32,
        /// 1 is mono, 2 is stereo.
        channels: u8,
    },
}

impl Profile {
    /// Every profile, in the order of the reference's `next_profile`.
    pub const ALL: [Self; 8] = [
        Self::UltraLowBandwidth,
        Self::VeryLowBandwidth,
        Self::LowBandwidth,
        Self::MediumQuality,
        Self::HighQuality,
        Self::SuperHighQuality,
        Self::LowLatency,
        Self::UltraLowLatency,
    ];

    /// Returns the profile's number on the wire, before 0xFF is added.
    #[must_use]
    pub const fn id(self) -> u8 {
        self as u8
    }

    /// Returns the profile with this number on the wire.
    #[must_use]
    pub fn from_id(id: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| u64::from(profile.id()) == id)
    }

    /// Returns the length of one frame.
    #[must_use]
    pub const fn frame(self) -> Samples {
        Samples::from_millis(match self {
            Self::UltraLowBandwidth => 400,
            Self::VeryLowBandwidth => 320,
            Self::LowBandwidth => 200,
            Self::MediumQuality | Self::HighQuality | Self::SuperHighQuality => 60,
            Self::UltraLowLatency => 10,
            Self::LowLatency => 20,
        })
    }

    /// Returns the codec and its settings.
    #[must_use]
    pub const fn codec(self) -> VoiceCodec {
        match self {
            Self::UltraLowBandwidth => VoiceCodec::Codec2 { bitrate_bps: 700 },
            Self::VeryLowBandwidth => VoiceCodec::Codec2 { bitrate_bps: 1_600 },
            Self::LowBandwidth => VoiceCodec::Codec2 { bitrate_bps: 3_200 },
            Self::MediumQuality | Self::UltraLowLatency | Self::LowLatency => {
                VoiceCodec::Opus { bitrate_bps: 8_000, sample_rate_hz: 24_000, channels: 1 }
            }
            Self::HighQuality => {
                VoiceCodec::Opus { bitrate_bps: 16_000, sample_rate_hz: 48_000, channels: 1 }
            }
            Self::SuperHighQuality => {
                VoiceCodec::Opus { bitrate_bps: 32_000, sample_rate_hz: 48_000, channels: 2 }
            }
        }
    }

    /// Returns the bitrate of encoded speech, in bits per second.
    #[must_use]
    pub const fn bitrate_bps(self) -> u32 {
        match self.codec() {
            VoiceCodec::Codec2 { bitrate_bps } => bitrate_bps as u32,
            VoiceCodec::Opus { bitrate_bps, .. } => bitrate_bps,
        }
    }

    /// Returns whether the profile is below 2 kbit/s. Such a profile suits a path that carries no
    /// more.
    #[must_use]
    pub const fn is_for_thin_paths(self) -> bool {
        self.bitrate_bps() < 2_000
    }

    /// Returns the largest payload of a frame that we send, in bytes, without the codec byte, unless
    /// the app sets or brings another encoding.
    ///
    /// RNS pads the packet of a link to 16 bytes. An Opus frame may fill the padding that the
    /// reference's largest frame, ceil(bitrate / 8 · seconds), leaves: the airtime is the same. The
    /// known decoders take frames up to 1,275 bytes; the reference limits its encoder only. A
    /// Codec2 frame is a mode byte and N native frames.
    ///
    /// A frame of Super High Quality is shorter than the reference's 240 bytes, so that a packet of
    /// the default mdu has room for a copy of the frame before and a loss report: 3.46 PESQ-WB where
    /// a tenth is lost, against 2.25, for 0.08 without loss.
    ///
    /// *Source*: LXST/Codecs/Opus.py `max_bytes_per_frame`; RNS/Cryptography/PKCS7.py.
    #[must_use]
    pub const fn byte_ceiling(self) -> usize {
        match self {
            Self::UltraLowBandwidth => 41,
            Self::VeryLowBandwidth => 65,
            Self::LowBandwidth => 81,
            Self::MediumQuality => 74,
            Self::HighQuality => 122,
            Self::SuperHighQuality => 210,
            Self::UltraLowLatency => 10,
            Self::LowLatency => 26,
        }
    }

    /// Returns how many frames of one packet a Python peer plays. Its mixer keeps this many of the
    /// frames that arrive at once, and drops the older ones.
    ///
    /// *Source*: `LineSink` in LXST/Sinks.py and `Mixer` in LXST/Mixer.py; measured.
    #[must_use]
    pub const fn max_frames_per_packet(self) -> u8 {
        match self {
            Self::UltraLowBandwidth
            | Self::VeryLowBandwidth
            | Self::LowBandwidth
            | Self::UltraLowLatency => 2,
            Self::LowLatency => 3,
            Self::MediumQuality | Self::HighQuality | Self::SuperHighQuality => 5,
        }
    }

    /// Returns the display name: "Medium Quality".
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UltraLowBandwidth => "Ultra Low Bandwidth",
            Self::VeryLowBandwidth => "Very Low Bandwidth",
            Self::LowBandwidth => "Low Bandwidth",
            Self::MediumQuality => "Medium Quality",
            Self::HighQuality => "High Quality",
            Self::SuperHighQuality => "Super High Quality",
            Self::UltraLowLatency => "Ultra Low Latency",
            Self::LowLatency => "Low Latency",
        }
    }

    /// Returns the key in an app's settings: "quality_medium".
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::UltraLowBandwidth => "bandwidth_ultra_low",
            Self::VeryLowBandwidth => "bandwidth_very_low",
            Self::LowBandwidth => "bandwidth_low",
            Self::MediumQuality => "quality_medium",
            Self::HighQuality => "quality_high",
            Self::SuperHighQuality => "quality_max",
            Self::UltraLowLatency => "latency_ultra_low",
            Self::LowLatency => "latency_low",
        }
    }

    /// Returns the reference's abbreviation, in lower case: "mq".
    #[must_use]
    pub const fn abbreviation(self) -> &'static str {
        match self {
            Self::UltraLowBandwidth => "ulbw",
            Self::VeryLowBandwidth => "vlbw",
            Self::LowBandwidth => "lbw",
            Self::MediumQuality => "mq",
            Self::HighQuality => "hq",
            Self::SuperHighQuality => "shq",
            Self::UltraLowLatency => "ull",
            Self::LowLatency => "ll",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Profile {
    type Err = UnknownProfile;

    /// Reads an abbreviation (`mq`), a key (`quality_medium`) or a number (`0x40`).
    ///
    /// # Errors
    /// [`UnknownProfile`] for anything else.
    fn from_str(text: &str) -> Result<Self, UnknownProfile> {
        if let Some(hex) = text.strip_prefix("0x") {
            let id = u64::from_str_radix(hex, 16).map_err(|_| UnknownProfile)?;
            return Self::from_id(id).ok_or(UnknownProfile);
        }
        Self::ALL
            .into_iter()
            .find(|profile| {
                text.eq_ignore_ascii_case(profile.abbreviation()) || text == profile.key()
            })
            .ok_or(UnknownProfile)
    }
}

/// A text that names no profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no such profile: allowed are ulbw, vlbw, lbw, mq, hq, shq, ll, ull, their keys, or 0x10 to \
     0x80"
)]
pub struct UnknownProfile;

/// A set of profiles.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProfileSet(u8);

impl ProfileSet {
    /// The profiles that use Opus.
    pub const OPUS: Self = Self::EMPTY
        .with(Profile::MediumQuality)
        .with(Profile::HighQuality)
        .with(Profile::SuperHighQuality)
        .with(Profile::LowLatency)
        .with(Profile::UltraLowLatency);

    /// No profile.
    pub const EMPTY: Self = Self(0);

    /// Returns the set with a profile added.
    #[must_use]
    pub const fn with(self, profile: Profile) -> Self {
        Self(self.0 | Self::bit(profile))
    }

    /// Returns whether the profile is in the set.
    #[must_use]
    pub const fn contains(self, profile: Profile) -> bool {
        self.0 & Self::bit(profile) != 0
    }

    /// Returns the closest profile in the set: the profile itself, else the next one in
    /// [`Profile::ALL`] that is in the set, else the last one before it. `None` if the set is
    /// empty.
    #[must_use]
    pub fn nearest(self, profile: Profile) -> Option<Profile> {
        let mut from = Profile::ALL.into_iter().skip_while(|other| *other != profile);
        let after = from.find(|other| self.contains(*other));
        after.or_else(|| Profile::ALL.into_iter().rev().find(|other| self.contains(*other)))
    }

    const fn bit(profile: Profile) -> u8 {
        // Ids are 0x10 to 0x80 in steps of 0x10.
        1 << ((profile.id() >> 4) - 1)
    }
}

impl fmt::Debug for ProfileSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(Profile::ALL.into_iter().filter(|profile| self.contains(*profile)))
            .finish()
    }
}

/// Whether both sides may speak at once.
///
/// *Source*: `Profiles.MODE_FULL_DUPLEX` and `MODE_HALF_DUPLEX` in LXST/Primitives/Telephony.py.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Mode {
    /// Both sides send at any time.
    #[default]
    FullDuplex = 1,
    /// A side sends only while its talk button is pressed.
    HalfDuplex = 2,
}

impl Mode {
    /// Returns the mode's number on the wire, before 0xF0 is added.
    #[must_use]
    pub const fn id(self) -> u8 {
        self as u8
    }

    /// Returns the mode with this number on the wire.
    #[must_use]
    pub const fn from_id(id: u8) -> Option<Self> {
        match id {
            1 => Some(Self::FullDuplex),
            2 => Some(Self::HalfDuplex),
            _ => None,
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FullDuplex => "full duplex",
            Self::HalfDuplex => "half duplex",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_profile_finds_it_again() {
        for profile in Profile::ALL {
            assert_eq!(profile.abbreviation().parse(), Ok(profile));
            assert_eq!(profile.key().parse(), Ok(profile));
            assert_eq!(std::format!("{:#x}", profile.id()).parse(), Ok(profile));
            assert_eq!(Profile::from_id(u64::from(profile.id())), Some(profile));
        }
        for text in ["", "0x", "0x41", "0x140", "medium", "64"] {
            assert_eq!(text.parse::<Profile>(), Err(UnknownProfile), "{text}");
        }
    }

    #[test]
    fn the_largest_packet_has_as_many_frames_as_a_profile_allows_at_most() {
        let most = Profile::ALL.into_iter().map(Profile::max_frames_per_packet).max();
        assert_eq!(most.map(usize::from), Some(crate::limits::FRAMES_PER_PACKET));
    }

    #[test]
    fn low_latency_is_0x80_and_ultra_low_latency_0x70() {
        assert_eq!(Profile::from_id(0x80).map(Profile::frame), Some(Samples::from_millis(20)));
        assert_eq!(Profile::from_id(0x70).map(Profile::frame), Some(Samples::from_millis(10)));
    }

    #[test]
    fn an_opus_frame_has_what_a_packet_with_the_references_pads() {
        for profile in Profile::ALL {
            let VoiceCodec::Opus { bitrate_bps, .. } = profile.codec() else {
                continue;
            };
            let bits = u64::from(bitrate_bps) * profile.frame().0;
            let reference = bits.div_ceil(8 * u64::from(Samples::RATE_HZ));
            // Overhead: a map of one key, the header of a binary value, the codec byte. PKCS#7 adds
            // at least one byte.
            let padded = |payload: u64| (payload + 5) / 16 * 16 + 16;
            let ours = profile.byte_ceiling() as u64;
            if profile == Profile::SuperHighQuality {
                // A frame with its overhead, a copy with its key, and a report.
                assert_eq!(ours + 5 + (ours + 4) + 2, crate::limits::DEFAULT_MDU as u64);
                assert!(padded(ours) < padded(reference));
                continue;
            }
            assert_eq!(padded(ours), padded(reference), "{profile}");
            assert!(padded(ours + 1) > padded(reference), "{profile}");
        }
    }

    #[test]
    fn the_nearest_profile_is_the_next_that_is_there() {
        let nearest = |set: ProfileSet, profile| set.nearest(profile);
        for profile in Profile::ALL {
            let found = nearest(ProfileSet::OPUS, profile);
            let expected =
                if ProfileSet::OPUS.contains(profile) { profile } else { Profile::MediumQuality };
            assert_eq!(found, Some(expected), "{profile}");
        }
        let some = ProfileSet::OPUS.with(Profile::VeryLowBandwidth);
        assert_eq!(nearest(some, Profile::UltraLowBandwidth), Some(Profile::VeryLowBandwidth));
        assert_eq!(nearest(some, Profile::LowBandwidth), Some(Profile::MediumQuality));
        let one = ProfileSet::EMPTY.with(Profile::MediumQuality);
        assert_eq!(nearest(one, Profile::LowLatency), Some(Profile::MediumQuality));
        assert_eq!(nearest(ProfileSet::EMPTY, Profile::LowLatency), None);
    }

    #[test]
    fn profiles_below_2_kbit_a_second_are_for_thin_paths() {
        let thin = Profile::ALL.into_iter().filter(|profile| profile.is_for_thin_paths());
        let thin: std::vec::Vec<_> = thin.collect();
        assert_eq!(thin, [Profile::UltraLowBandwidth, Profile::VeryLowBandwidth]);
    }

    #[test]
    fn the_opus_set_holds_five_profiles() {
        let held = Profile::ALL.into_iter().filter(|p| ProfileSet::OPUS.contains(*p));
        assert!(held.clone().all(|p| matches!(p.codec(), VoiceCodec::Opus { .. })));
        assert_eq!(held.count(), 5);
    }
}
