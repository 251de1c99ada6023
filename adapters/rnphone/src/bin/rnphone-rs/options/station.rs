//! The options of a station.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use lxst_tokio::rooms::StationProfile;

/// What the station is, and what it plays.
#[derive(Debug, Args)]
pub(crate) struct StationOptions {
    /// A WAV file, which is repeated; or - for raw s16le, 48 kHz, mono on standard input, with whose
    /// end the station ends
    #[arg(value_name = "FILE.wav|-")]
    pub(crate) sound: PathBuf,
    /// Tell this name to those who listen, and in announces: 48 bytes of UTF-8 at most
    #[arg(long, value_name = "NAME", default_value = "rnphone-rs")]
    pub(crate) title: String,
    /// What the listeners get: 14, 28 or 56 kbit/s for each
    #[arg(long, value_enum, default_value = "high")]
    pub(crate) music: Music,
}

/// The music profiles.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Music {
    Low,
    Medium,
    High,
}

impl Music {
    pub(crate) const fn profile(self) -> StationProfile {
        match self {
            Self::Low => StationProfile::MusicLow,
            Self::Medium => StationProfile::MusicMedium,
            Self::High => StationProfile::MusicHigh,
        }
    }
}
