//! What the terminal can show.

use std::env;
use std::io;

use rustix::termios::tcgetwinsize;

/// The width and the letters of standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paper {
    /// How many columns a line may take, 60 to 80.
    pub columns: usize,
    /// Which letters there are.
    pub letters: Letters,
}

/// The letters of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    /// Lines and arrows too.
    Unicode,
    /// ASCII alone.
    Ascii,
}

impl Paper {
    /// A sheet as wide as they are, with all letters.
    pub const WIDE: Self = Self { columns: MAX_COLUMNS, letters: Letters::Unicode };

    /// What standard output has: by `COLUMNS`, else the terminal's width; by the locale.
    #[must_use]
    pub fn of_stdout() -> Self {
        let told = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let seen = || tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col));
        let columns = told.or_else(seen).filter(|columns| *columns > 0).unwrap_or(MAX_COLUMNS);
        let locale =
            ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(|name| env::var(name).ok());
        let locale = locale.filter(|value| !value.is_empty()).take(1);
        let is_unicode = locale
            .map(|value| value.to_lowercase())
            .any(|value| value.replace('-', "").contains("utf8"));
        Self {
            columns: columns.clamp(MIN_COLUMNS, MAX_COLUMNS),
            letters: if is_unicode { Letters::Unicode } else { Letters::Ascii },
        }
    }

    /// Cuts a text to so many letters.
    #[must_use]
    pub fn cut(self, text: &str, most: usize) -> String {
        if text.chars().count() <= most {
            return text.into();
        }
        let end = match self.letters {
            Letters::Unicode => "…",
            Letters::Ascii => "..",
        };
        let kept = most.saturating_sub(end.chars().count());
        text.chars().take(kept).chain(end.chars()).collect()
    }
}

const MIN_COLUMNS: usize = 60;
const MAX_COLUMNS: usize = 80;
