//! How much of neural decoding there is.

use core::fmt;
use core::str::FromStr;
use core::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::Arc;

/// How much of libopus's neural decoding a decoder does, each level more than the one before.
///
/// It acts on frames of SILK at 16 kHz: Medium Quality and Low Latency of ours, Low Latency of the
/// reference, and the lower 8 kHz of High Quality. Nothing changes what is sent, or the delay.
///
/// *Source*: OSCE and deep PLC of libopus 1.6.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum NeuralLevel {
    /// The plain decoder.
    #[default]
    Off,
    /// Lost frames are made up by a network, of CELT too: deep PLC.
    Concealment,
    /// And speech is enhanced by LACE.
    Lace,
    /// By NoLACE in place of LACE.
    NoLace,
    /// And speech of 8 kHz is extended to 20 kHz.
    Extended,
}

impl NeuralLevel {
    /// Every level, the least first.
    pub const ALL: [Self; 5] =
        [Self::Off, Self::Concealment, Self::Lace, Self::NoLace, Self::Extended];

    /// Returns the level below, or [`Self::Off`].
    #[must_use]
    pub const fn lower(self) -> Self {
        match self {
            Self::Off | Self::Concealment => Self::Off,
            Self::Lace => Self::Concealment,
            Self::NoLace => Self::Lace,
            Self::Extended => Self::NoLace,
        }
    }

    /// Returns the name that is written and read.
    const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Concealment => "concealment",
            Self::Lace => "lace",
            Self::NoLace => "nolace",
            Self::Extended => "extended",
        }
    }

    /// Returns what a phone tells of a level that it was lowered to.
    pub(crate) const fn in_words(self) -> &'static str {
        match self {
            Self::Off => "neural decoding is off",
            Self::Concealment => "neural decoding is concealment",
            Self::Lace => "neural decoding is lace",
            Self::NoLace => "neural decoding is nolace",
            Self::Extended => "neural decoding is extended",
        }
    }

    pub(super) const fn complexity(self) -> u8 {
        match self {
            Self::Off => 0,
            Self::Concealment => 5,
            Self::Lace => 6,
            Self::NoLace | Self::Extended => 7,
        }
    }
}

impl fmt::Display for NeuralLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for NeuralLevel {
    type Err = UnknownNeuralLevel;

    fn from_str(text: &str) -> Result<Self, UnknownNeuralLevel> {
        Self::ALL.into_iter().find(|level| level.name() == text).ok_or(UnknownNeuralLevel)
    }
}

/// A text that names no [`NeuralLevel`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neural levels are off, concealment, lace, nolace and extended")]
pub struct UnknownNeuralLevel;

/// The level of the decoders of some [`CodecSettings`](crate::CodecSettings), which an app may
/// change in a call: a clone is a handle to the same level.
///
/// A phone whose codec thread runs late [lowers](Self::lower) it, a level at a time, until it keeps
/// up. The level is not raised again, unless by the app.
///
/// ```
/// use lxst_codecs::{CodecSettings, NeuralDecoding, NeuralLevel};
///
/// let neural = NeuralDecoding::new(NeuralLevel::measured(0.03)?);
/// let codecs = CodecSettings::new().neural_decoding(neural.clone()); // a phone takes them
///
/// neural.set(NeuralLevel::Concealment); // in a call
/// assert_eq!(neural.times_lowered(), 0);
/// # drop(codecs);
/// # Ok::<(), lxst_codecs::CodecError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct NeuralDecoding(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    level: AtomicU8,
    times_lowered: AtomicU32,
}

impl NeuralDecoding {
    /// Makes a handle to a level of its own.
    #[must_use]
    pub fn new(level: NeuralLevel) -> Self {
        let neural = Self::default();
        neural.set(level);
        neural
    }

    /// Sets the level, which is that of each decoder from its next frame on.
    pub fn set(&self, level: NeuralLevel) {
        self.0.level.store(level as u8, Ordering::Relaxed);
    }

    /// Returns the level.
    #[must_use]
    pub fn level(&self) -> NeuralLevel {
        level_of(self.0.level.load(Ordering::Relaxed))
    }

    /// Lowers the level by one, and counts it. Returns the new level, `None` if it is
    /// [`NeuralLevel::Off`] already.
    pub fn lower(&self) -> Option<NeuralLevel> {
        let lower = |level| (level > 0).then(|| level_of(level).lower() as u8);
        let before = self.0.level.fetch_update(Ordering::Relaxed, Ordering::Relaxed, lower).ok()?;
        self.0.times_lowered.fetch_add(1, Ordering::Relaxed);
        Some(level_of(before).lower())
    }

    /// Returns how often the level was [lowered](Self::lower).
    #[must_use]
    pub fn times_lowered(&self) -> u32 {
        self.0.times_lowered.load(Ordering::Relaxed)
    }
}

fn level_of(place: u8) -> NeuralLevel {
    NeuralLevel::ALL.get(usize::from(place)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CodecSettings, Codecs};

    #[test]
    fn codecs_that_run_late_have_a_lower_level_each_time_until_it_is_off() {
        let neural = NeuralDecoding::new(NeuralLevel::Extended);
        let codecs = CodecSettings::new().neural_decoding(neural.clone());
        let told: Vec<_> = core::iter::from_fn(|| codecs.relieve()).collect();
        let names = ["nolace", "lace", "concealment", "off"];
        assert_eq!(told, names.map(|name| format!("neural decoding is {name}")));
        assert_eq!((neural.level(), neural.times_lowered()), (NeuralLevel::Off, 4));
    }
}
