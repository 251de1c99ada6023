//! When the echo of the speaker is taken out of the microphone.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// When the echo of the speaker is taken out of the microphone. Written `auto`, `on` or `off`.
///
/// A canceller cannot tell a pure tone from its echo: while the peer sends one, what the user says is
/// suppressed. Speech and music are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EchoCancellation {
    /// Unless the speaker says that it sits at the ear: headphones, a headset, a handset.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// A text is none of the three.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not known to echo cancellation: write auto, on or off")]
pub struct ParseEchoCancellationError(String);

impl fmt::Display for EchoCancellation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::On => "on",
            Self::Off => "off",
        })
    }
}

/// Upper and lower case are the same.
impl FromStr for EchoCancellation {
    type Err = ParseEchoCancellationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Auto, Self::On, Self::Off];
        let found = all.into_iter().find(|one| one.to_string().eq_ignore_ascii_case(text));
        found.ok_or_else(|| ParseEchoCancellationError(text.to_owned()))
    }
}
