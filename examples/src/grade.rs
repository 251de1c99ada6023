//! A mean opinion score in a word.

use std::fmt;

use lxst_core::Mos;

/// How a call sounded, in a word and the score: `good, MOS 4.12`.
///
/// *Source*: the satisfaction of users in ITU-T G.107, annex B: very satisfied from 4.34 on,
/// satisfied from 4.03, some not from 3.60, many not from 3.10, and below nearly none. The words
/// are our choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grade(pub Mos);

impl Grade {
    /// Returns the word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self.0.0 {
            434.. => "excellent",
            403.. => "good",
            360.. => "fair",
            310.. => "poor",
            _ => "bad",
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, MOS {}", self.word(), self.0)
    }
}
