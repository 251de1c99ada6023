//! The page of a drawing in text.

/// The width and the character set of a drawing in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    pub(super) columns: usize,
    pub(super) charset: Charset,
}

/// A character set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// Unicode, with box drawing and arrows.
    Unicode,
    /// ASCII.
    Ascii,
}

impl Page {
    /// The widest page, in Unicode.
    pub const WIDE: Self = Self { columns: Self::MAX_COLUMNS, charset: Charset::Unicode };
    /// The narrowest page, in columns.
    pub const MIN_COLUMNS: usize = 40;
    /// The widest page, in columns.
    pub const MAX_COLUMNS: usize = 80;

    /// Creates a page of this width.
    ///
    /// # Errors
    /// [`PageError`] below [`MIN_COLUMNS`](Self::MIN_COLUMNS) or beyond
    /// [`MAX_COLUMNS`](Self::MAX_COLUMNS).
    pub const fn new(columns: usize, charset: Charset) -> Result<Self, PageError> {
        if columns < Self::MIN_COLUMNS || columns > Self::MAX_COLUMNS {
            return Err(PageError(columns));
        }
        Ok(Self { columns, charset })
    }

    /// Returns the width of a line, in columns.
    #[must_use]
    pub const fn columns(self) -> usize {
        self.columns
    }

    /// Returns the character set.
    #[must_use]
    pub const fn charset(self) -> Charset {
        self.charset
    }

    /// Cuts a text to at most `most` characters, the mark of the cut included.
    #[must_use]
    pub fn cut(self, text: &str, most: usize) -> String {
        if text.chars().count() <= most {
            return text.into();
        }
        let end = match self.charset {
            Charset::Unicode => "…",
            Charset::Ascii => "..",
        };
        let kept = most.saturating_sub(end.chars().count());
        text.chars().take(kept).chain(end.chars()).collect()
    }
}

/// The width is outside of the bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "page of {0} columns, where {least} to {most} are possible",
    least = Page::MIN_COLUMNS,
    most = Page::MAX_COLUMNS
)]
pub struct PageError(pub usize);

/// Breaks a text between words into lines of at most `columns`. All lines but the first are
/// indented. A word longer than a line stays whole.
#[must_use]
pub fn wrap(text: &str, columns: usize, indent: usize) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_folded_between_words_and_indented() {
        assert_eq!(wrap("name   one two three", 80, 7), "name   one two three");
        assert_eq!(wrap("name   one two three", 15, 7), "name   one two\n       three");
        assert_eq!(wrap("name   hash   and words", 13, 7), "name   hash\n       and\n       words");
        assert_eq!(wrap("a longest-word b", 6, 2), "a longest-word\n  b");
    }
}
