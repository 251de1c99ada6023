//! The dialect of INI that rnphone's `config` is written in: that of Python's ConfigObj.
//!
//! A [`Document`] keeps the text it was read from. Reading finds sections, keys and values in it; an
//! edit replaces a piece of it, and reads it again. So what an edit does not touch stays byte for
//! byte, and what it writes is known to be read as it was meant.
//!
//! *The dialect*: `[section]`, and `[[section]]` inside it; `key = value`; `key = a, b` is a list,
//! `a,` a list of one, `,` an empty list. Keys, values and names of sections may stand in single or
//! double quotes, which have no escapes. A value in three quotes may go over several lines. `#`
//! begins a comment, on a line of its own or behind a value. No key nor section comes twice. UTF-8,
//! with or without a byte order mark.
//!
//! What ConfigObj reads by accident, such as a quote inside quotes of its kind before a comma, is
//! read the same or refused, never read differently.
//!
//! *Source*: `RNS/vendor/configobj.py`.

mod edit;
mod reader;
mod value;

use std::ops::Range;

pub use edit::EditError;
pub(crate) use edit::is_interpolated;
use reader::Reader;
pub use value::Value;

/// A file of INI: its text, and the sections and entries in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    byte_order_mark: bool,
    text: String,
    /// In the order of the text, after what stands before the first of them.
    sections: Vec<Section>,
    entries: Vec<Entry>,
}

/// A section of a [`Document`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    name: String,
    /// 1 for `[name]`.
    depth: usize,
    line: usize,
    /// Its first line, with the line's end.
    header: Range<usize>,
}

/// An entry of a section: `key = value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `None` before the first section.
    section: Option<usize>,
    key: String,
    value: Value,
    line: usize,
    /// Its lines, with the end of the last.
    lines: Range<usize>,
    key_text: Range<usize>,
    value_text: Range<usize>,
}

/// Why a text is not read, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct SyntaxError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The text is no UTF-8.
    #[error("not UTF-8: save the file as UTF-8")]
    Encoding,
    /// The line is neither.
    #[error("neither `[section]` nor `key = value`: begin a comment with #")]
    Line,
    /// The line begins with a bracket and is no section, or its brackets do not match.
    #[error("a section is its name between as many [ as ]")]
    Brackets,
    /// A section is more than one deeper than the one above it.
    #[error("a section is at most one [ deeper than the section above it")]
    Depth,
    /// Its section has this name already.
    #[error("this name is taken in its section: remove one of both")]
    Duplicate,
    /// A quote is not closed, or something follows the closing one.
    #[error(
        "a quoted text ends with the quote that it begins with, before a comma, a # or the end"
    )]
    Quote,
    /// A list has an item without text.
    #[error("an empty item of a list is written \"\"")]
    EmptyItem,
    /// Three quotes are never closed.
    #[error("the three quotes that begin here are not closed")]
    Unclosed,
}

impl Document {
    /// Reads a file.
    ///
    /// # Errors
    /// [`SyntaxError`], the first.
    pub fn parse(bytes: &[u8]) -> Result<Self, SyntaxError> {
        let (byte_order_mark, bytes) = match bytes.strip_prefix(BYTE_ORDER_MARK) {
            Some(rest) => (true, rest),
            None => (false, bytes),
        };
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = bytes.iter().take(error.valid_up_to());
            let line = before.filter(|byte| **byte == b'\n').count() + 1;
            SyntaxError { line, problem: Problem::Encoding }
        })?;
        Self::read(byte_order_mark, text.to_owned())
    }

    /// Returns the file as it is now.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mark = if self.byte_order_mark { BYTE_ORDER_MARK } else { &[] };
        [mark, self.text.as_bytes()].concat()
    }

    /// Returns the sections, of every depth, in the order of the file.
    pub fn sections(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter()
    }

    /// Returns the entries of an outermost section, in the order of the file.
    pub fn entries(&self, section: &str) -> impl Iterator<Item = &Entry> {
        let section = self.section(section);
        self.entries.iter().filter(move |entry| section.is_some() && entry.section == section)
    }

    /// Returns an entry of an outermost section.
    #[must_use]
    pub fn get(&self, section: &str, key: &str) -> Option<&Entry> {
        self.entries(section).find(|entry| entry.key == key)
    }

    /// Returns every entry with its section, in the order of the file. There is none before the first
    /// section.
    pub fn all(&self) -> impl Iterator<Item = (Option<&Section>, &Entry)> {
        self.entries
            .iter()
            .map(|entry| (entry.section.and_then(|section| self.sections.get(section)), entry))
    }

    fn read(byte_order_mark: bool, text: String) -> Result<Self, SyntaxError> {
        let (sections, entries) = Reader::new(&text).read()?;
        Ok(Self { byte_order_mark, text, sections, entries })
    }

    fn section(&self, name: &str) -> Option<usize> {
        self.sections.iter().position(|section| section.depth == 1 && section.name == name)
    }
}

impl Section {
    /// Returns its name, without brackets and quotes.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number of its brackets: 1 for `[name]`.
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.depth
    }

    /// Returns its line, counted from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }
}

impl Entry {
    /// Returns the key, without quotes.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the value.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// Returns its first line, counted from 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }
}

/// That of UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

#[cfg(test)]
mod tests;
