//! What is known of a device.

use core::fmt::{self, Display};

/// A device that the system has now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Device {
    /// What the system calls it; the same at its next start, as far as the system can tell.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Whether it hears or plays. A headset is two devices.
    pub direction: Direction,
    /// What it looks like.
    pub form: Form,
    /// The system takes it where nothing else is asked for.
    pub is_default: bool,
    /// Its native format.
    pub format: Format,
}

/// Which way the sound goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the room: a microphone.
    Input,
    /// Into the room: a speaker.
    Output,
}

/// The shape of a device's audio. Channels of one moment stand side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Format {
    /// Samples per second and channel.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u16,
}

/// What a device looks like, which decides whether its microphone hears its speaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Form {
    /// It stands in the room, or nobody knows.
    Loudspeaker,
    /// It is worn on both ears.
    Headphones,
    /// Headphones with a microphone.
    Headset,
    /// A telephone's handset.
    Handset,
    /// The speaker at the ear of a mobile phone.
    Earpiece,
    /// A hearing aid.
    HearingAid,
    /// What a speaker plays, as a source: a monitor or loopback.
    Monitor,
}

impl Form {
    /// Tells whether a microphone in the room hears what this plays, so that its echo must be
    /// cancelled. What is not known counts as a loudspeaker.
    #[must_use]
    pub const fn makes_echo(self) -> bool {
        matches!(self, Self::Loudspeaker | Self::Monitor)
    }

    /// Reads the form off a name, for systems that tell no more: PulseAudio's and ALSA's names have
    /// these words in them.
    pub(crate) fn of_name(id: &str, name: &str) -> Self {
        if id.ends_with(".monitor") || name.starts_with("Monitor of ") {
            return Self::Monitor;
        }
        let name = name.to_lowercase();
        let forms = [
            ("headset", Self::Headset),
            ("hands-free", Self::Headset),
            ("headphone", Self::Headphones),
            ("earphone", Self::Headphones),
            ("earbud", Self::Headphones),
            ("airpods", Self::Headset),
            ("handset", Self::Handset),
            ("earpiece", Self::Earpiece),
            ("hearing aid", Self::HearingAid),
        ];
        let found = forms.into_iter().find(|(word, _)| name.contains(word));
        found.map_or(Self::Loudspeaker, |(_, form)| form)
    }
}

impl Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Input => "microphone",
            Self::Output => "speaker",
        })
    }
}

impl Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rate_hz, channels } = self;
        match channels {
            1 => write!(f, "{rate_hz} Hz, mono"),
            2 => write!(f, "{rate_hz} Hz, stereo"),
            _ => write!(f, "{rate_hz} Hz, {channels} channels"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sits_at_the_ear_makes_no_echo_and_what_is_not_known_does() {
        let echo = |name| Form::of_name("id", name).makes_echo();
        assert!(!echo("WH-1000XM4 Headset Head Unit (HSP/HFP)"));
        assert!(!echo("Plantronics HEADSET Mono"));
        assert!(!echo("Built-in Audio Headphones"));
        assert!(!echo("USB Handset"));
        assert!(echo("Built-in Audio Analog Stereo"));
        assert!(echo("HDA NVidia Digital Stereo (HDMI)"));
        assert_eq!(Form::of_name("alsa_output.pci.monitor", "Monitor of Headset"), Form::Monitor);
    }
}
