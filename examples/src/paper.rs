//! What the terminal can show.

use std::env;
use std::io;
#[cfg(unix)]
use std::os::fd::AsFd;

#[cfg(unix)]
use rustix::termios::tcgetwinsize;

/// The width and the letters of standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paper {
    /// How many columns a line may take, 40 to 80.
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
        let columns = told.filter(|columns| *columns > 0);
        let columns = columns.or_else(columns_of_stdout).unwrap_or(MAX_COLUMNS);
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

/// Breaks a text between words into lines of at most so many columns. All but the first are indented,
/// and none breaks within its indentation. A word that is longer than a line stays whole.
#[must_use]
pub fn fold(text: &str, columns: usize, indent: usize) -> String {
    let mut folded = String::new();
    let mut width = 0;
    for word in text.split_inclusive(' ') {
        let length = word.trim_end().chars().count();
        if length > 0 && width > indent && width + length > columns {
            folded.truncate(folded.trim_end().len());
            folded.push_str(&format!("\n{:indent$}", ""));
            width = indent;
        }
        folded.push_str(word);
        width += word.chars().count();
    }
    folded
}

/// How wide standard output is, where that is a terminal.
#[must_use]
pub fn columns_of_stdout() -> Option<usize> {
    seen(&io::stdout())
}

/// How wide standard error is, where that is a terminal.
#[must_use]
pub fn columns_of_stderr() -> Option<usize> {
    seen(&io::stderr())
}

#[cfg(unix)]
fn seen(terminal: &impl AsFd) -> Option<usize> {
    let columns = tcgetwinsize(terminal).ok()?.ws_col;
    Some(columns.into()).filter(|columns| *columns > 0)
}

#[cfg(not(unix))]
const fn seen<T>(_: &T) -> Option<usize> {
    None
}

const MIN_COLUMNS: usize = 40;
const MAX_COLUMNS: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_folded_between_words_and_indented() {
        assert_eq!(fold("name   one two three", 80, 7), "name   one two three");
        assert_eq!(fold("name   one two three", 15, 7), "name   one two\n       three");
        assert_eq!(fold("name   hash   and words", 13, 7), "name   hash\n       and\n       words");
        assert_eq!(fold("a longest-word b", 6, 2), "a longest-word\n  b");
    }
}
