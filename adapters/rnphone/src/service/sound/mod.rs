//! The sound devices of the phone, where it has them.

#[cfg(feature = "devices")]
mod devices;
#[cfg(not(feature = "devices"))]
mod nothing;

#[cfg(feature = "devices")]
pub(super) use devices::{Sound, list};
#[cfg(not(feature = "devices"))]
pub(super) use nothing::{Sound, list};

use super::files::SoundFiles;
use super::refused::Refused;

/// What a phone hears and plays with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SoundSettings {
    /// The devices of this machine, as the settings of the folder say.
    Devices,
    /// Files and pipes.
    Files(SoundFiles),
    /// Nothing. Clients of the socket `pcm` hear calls and speak in them.
    Nothing,
}

impl SoundSettings {
    /// Whether something plays calls.
    pub(super) fn has_speaker(&self) -> bool {
        match self {
            Self::Devices => cfg!(feature = "devices"),
            Self::Files(files) => files.speaker.is_some(),
            Self::Nothing => false,
        }
    }
}

/// Peaks in dBFS.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Levels {
    pub(super) microphone: Option<f32>,
    pub(super) speaker: Option<f32>,
}

fn none() -> Refused {
    Refused::new("this phone has no sound devices")
}
