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
    /// Nothing: the ports of the phone are free for others.
    Nothing,
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
