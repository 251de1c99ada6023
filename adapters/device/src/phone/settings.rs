//! What the devices of a phone are to be and to do.

use lxst_audio::{CallTones, Ringtone};

use super::ringtones::Ringtones;
use crate::choice::Wish;

/// Which devices a phone takes, what is done to the voice, and what its user hears of calls.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeviceSettings {
    /// The microphone.
    pub microphone: Wish,
    /// The speaker of calls.
    pub speaker: Wish,
    /// The speaker that rings.
    pub ringer: Wish,
    /// Echo cancellation.
    pub aec: Aec,
    /// Takes steady noise out of the microphone.
    pub noise_suppression: bool,
    /// Makes quiet voices louder and loud ones quieter.
    pub agc: bool,
    /// What the speaker plays of a call besides the peer; `None` for nothing.
    pub tones: Option<CallTones>,
    /// What the ringer plays while a call rings here; `None` for nothing.
    pub ringtones: Option<Ringtones>,
}

/// When the echo of the speaker is taken out of the microphone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Aec {
    /// Where the speaker [makes an echo](crate::Form::makes_echo): it is not known to sit at the
    /// ear.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

impl DeviceSettings {
    /// The settings without any voice processing, tone or ringing: what the microphone hears is
    /// sent as it is.
    #[must_use]
    pub fn plain() -> Self {
        Self {
            aec: Aec::Off,
            noise_suppression: false,
            agc: false,
            tones: None,
            ringtones: None,
            ..Self::default()
        }
    }
}

/// The system's default devices, all voice processing, the tones of the reference and a bell.
impl Default for DeviceSettings {
    fn default() -> Self {
        Self {
            microphone: Wish::Default,
            speaker: Wish::Default,
            ringer: Wish::Default,
            aec: Aec::Auto,
            noise_suppression: true,
            agc: true,
            tones: Some(CallTones::REFERENCE),
            ringtones: Some(Ringtone::Bell.cadence().into()),
        }
    }
}
