//! What text is drawn on.

/// The width and the letters of a terminal.
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
    pub const WIDE: Self = Self { columns: Self::MAX_COLUMNS, letters: Letters::Unicode };
    /// The fewest columns that a drawing takes.
    pub const MIN_COLUMNS: usize = 40;
    /// The most.
    pub const MAX_COLUMNS: usize = 80;

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
