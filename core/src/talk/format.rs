//! What a radio sends: a codec and the length of its frames.

use crate::audio::Samples;
use crate::codec_profile::CodecProfile;
use crate::config::RawDepth;
use crate::output::SendFormat;
use crate::profile::Profile;
use crate::stream::raw_frame;
use crate::wire::SEQUENCE_OVERHEAD;

/// The codec of a radio's frames, and their length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Format {
    send: SendFormat,
    /// `None` for raw audio: the longest that fits a packet.
    frame: Option<Samples>,
}

/// The codec has no frames of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a frame of {} ms is none of the codec's: Opus has 2.5, 5, 10, 20, 40 and 60 ms, Codec2 \
     multiples of 20 or 40 ms up to 400 ms",
    .0.duration().as_millis()
)]
pub struct FrameLengthError(pub Samples);

impl Format {
    /// Sends with a telephony profile.
    #[must_use]
    pub const fn profile(profile: Profile) -> Self {
        Self { send: SendFormat::Profile(profile), frame: Some(profile.frame()) }
    }

    /// Sends with a codec profile, in frames of its usual length.
    #[must_use]
    pub const fn codec(profile: CodecProfile) -> Self {
        Self { send: SendFormat::Codec(profile), frame: Some(profile.frame()) }
    }

    /// Sends with a codec profile, in frames of another length.
    ///
    /// # Errors
    /// [`FrameLengthError`].
    pub const fn codec_in_frames(
        profile: CodecProfile,
        frame: Samples,
    ) -> Result<Self, FrameLengthError> {
        if !profile.has_frame(frame) {
            return Err(FrameLengthError(frame));
        }
        Ok(Self { send: SendFormat::Codec(profile), frame: Some(frame) })
    }

    /// Sends raw samples. A frame is the longest of 10, 5, 4, 2, 1 and 0.5 ms that fits a packet.
    #[must_use]
    pub const fn raw(depth: RawDepth) -> Self {
        Self { send: SendFormat::Raw(depth), frame: None }
    }

    /// Returns what the encoder is told.
    #[must_use]
    pub const fn send(self) -> SendFormat {
        self.send
    }

    /// Returns the length of a frame in packets of `room` bytes, or `None` if no raw frame fits.
    pub(super) fn frame(self, room: usize) -> Option<Samples> {
        match self.send {
            SendFormat::Raw(depth) => raw_frame(depth, room.saturating_sub(SEQUENCE_OVERHEAD)),
            SendFormat::Profile(_) | SendFormat::Codec(_) => self.frame,
        }
    }

    /// Returns the telephony profile that talkers are rated by.
    pub(super) const fn rating(self) -> Profile {
        match self.send {
            SendFormat::Profile(profile) => profile,
            SendFormat::Codec(profile) => profile.nearest(),
            SendFormat::Raw(_) => Profile::SuperHighQuality,
        }
    }
}

impl Default for Format {
    /// Medium Quality.
    fn default() -> Self {
        Self::profile(Profile::MediumQuality)
    }
}

impl From<Profile> for Format {
    fn from(profile: Profile) -> Self {
        Self::profile(profile)
    }
}

impl From<CodecProfile> for Format {
    fn from(profile: CodecProfile) -> Self {
        Self::codec(profile)
    }
}
