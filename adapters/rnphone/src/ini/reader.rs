//! Reads sections and entries from a text.

use std::collections::BTreeSet;
use std::ops::Range;

use super::value::{TRIPLE_QUOTES, ends, is_space, unquoted};
use super::{Entry, Problem, Section, SyntaxError, Value};

/// Goes through a text line by line.
pub(super) struct Reader<'a> {
    text: &'a str,
    /// Where the next line begins, and its number.
    at: usize,
    line: usize,
    sections: Vec<Section>,
    entries: Vec<Entry>,
    /// The sections from the outermost to the one that entries go to.
    open: Vec<usize>,
    /// The names that are taken, by the section that they are in.
    taken: BTreeSet<(Option<usize>, String)>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            line: 0,
            sections: Vec::new(),
            entries: Vec::new(),
            open: Vec::new(),
            taken: BTreeSet::new(),
        }
    }

    pub(super) fn read(mut self) -> Result<(Vec<Section>, Vec<Entry>), SyntaxError> {
        while let Some(content) = self.next_line() {
            let line = self.line;
            self.handle_line(content).map_err(|problem| SyntaxError { line, problem })?;
        }
        Ok((self.sections, self.entries))
    }

    /// Returns the next line without its end.
    fn next_line(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
        let line = rest.split_inclusive('\n').next().unwrap_or(rest);
        self.at += line.len();
        self.line += 1;
        Some(start..start + line.trim_end_matches(['\r', '\n']).len())
    }

    fn handle_line(&mut self, content: Range<usize>) -> Result<(), Problem> {
        let line = self.slice(content.clone());
        let indented = line.trim_start_matches(is_space);
        if ends(indented) {
            return Ok(());
        }
        if indented.starts_with('[') {
            let (name, opening, closing) = section_header(indented).ok_or(Problem::Brackets)?;
            let name = unquoted(name).to_owned();
            return self.handle_section(name, opening, closing, content.start);
        }
        let key = key(indented).ok_or(Problem::Line)?;
        let key_start = content.end - indented.len();
        let behind = indented.get(key.len()..).unwrap_or_default();
        let behind = behind.trim_start_matches(is_space).strip_prefix('=').unwrap_or_default();
        let value_start = content.end - behind.trim_start_matches(is_space).len();
        self.handle_entry(content, key_start..key_start + key.len(), value_start)
    }

    fn handle_section(
        &mut self,
        name: String,
        opening: usize,
        closing: usize,
        start: usize,
    ) -> Result<(), Problem> {
        if opening != closing {
            return Err(Problem::Brackets);
        }
        if opening > self.open.len() + 1 {
            return Err(Problem::Depth);
        }
        self.open.truncate(opening - 1);
        self.take_name(&name)?;
        self.open.push(self.sections.len());
        let header = start..self.at;
        self.sections.push(Section { name, depth: opening, line: self.line, header });
        Ok(())
    }

    fn handle_entry(
        &mut self,
        content: Range<usize>,
        key_text: Range<usize>,
        value_start: usize,
    ) -> Result<(), Problem> {
        let line = self.line;
        let behind = self.slice(value_start..content.end);
        let triple = TRIPLE_QUOTES.into_iter().find(|quote| behind.starts_with(quote));
        let (value, value_end) = match triple {
            Some(quote) => self.multiline(quote, value_start, content.end)?,
            None => {
                let (value, length) = Value::parse(behind)?;
                (value, value_start + length)
            }
        };
        let key = unquoted(self.slice(key_text.clone())).to_owned();
        self.take_name(&key)?;
        self.entries.push(Entry {
            section: self.open.last().copied(),
            key,
            value,
            line,
            lines: content.start..self.at,
            key_text,
            value_text: value_start..value_end,
        });
        Ok(())
    }

    /// Reads a value in three quotes. Line ends in it are `\n`. Returns its end as well.
    fn multiline(
        &mut self,
        quote: &str,
        start: usize,
        end: usize,
    ) -> Result<(Value, usize), Problem> {
        let mut content = start + quote.len()..end;
        let mut value = String::new();
        loop {
            let line = self.slice(content.clone());
            match closing(line, quote) {
                Some(at) => {
                    value += line.get(..at).unwrap_or_default();
                    return Ok((Value::Text(value), content.start + at + quote.len()));
                }
                // Three quotes of the other end may overlap those of the beginning.
                None if line.contains(quote) => return Err(Problem::Quote),
                None => value += line,
            }
            value.push('\n');
            content = self.next_line().ok_or(Problem::Unclosed)?;
        }
    }

    fn take_name(&mut self, name: &str) -> Result<(), Problem> {
        let section = self.open.last().copied();
        match self.taken.insert((section, name.to_owned())) {
            true => Ok(()),
            false => Err(Problem::Duplicate),
        }
    }

    fn slice(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }
}

/// Reads the header of a section: its name, as it is written, and the numbers of `[` and `]`.
fn section_header(line: &str) -> Option<(&str, usize, usize)> {
    let inner = line.trim_start_matches(|c| c == '[' || is_space(c));
    let opening = count(line.get(..line.len() - inner.len())?, '[');
    let mut from = inner.chars().next()?.len_utf8();
    loop {
        let at = from + inner.get(from..)?.find(']')?;
        let (name, behind) = inner.split_at(at);
        let name = name.trim_end_matches(is_space);
        let comment = behind.trim_start_matches(|c| c == ']' || is_space(c));
        from = inner.len() - comment.len();
        if is_section_name(name) && ends(comment) {
            return Some((name, opening, count(inner.get(at..from)?, ']')));
        }
    }
}

/// Whether a name that begins with a quote ends with it, and has text between them.
fn is_section_name(name: &str) -> bool {
    match name.chars().next() {
        Some(quote @ ('"' | '\'')) => name
            .get(1..)
            .and_then(|rest| rest.strip_suffix(quote))
            .is_some_and(|name| !name.trim_matches(is_space).is_empty()),
        _ => true,
    }
}

/// Returns the key at the beginning of a line, as it is written.
fn key(line: &str) -> Option<&str> {
    let first = line.chars().next()?;
    if first != '"' && first != '\'' {
        let (key, _) = line.split_once('=')?;
        return Some(key.trim_end_matches(is_space)).filter(|key| !key.is_empty());
    }
    line.match_indices(first).skip(1).find_map(|(at, _)| {
        let (key, behind) = line.split_at_checked(at + 1)?;
        behind.trim_start_matches(is_space).starts_with('=').then_some(key)
    })
}

/// Returns where the three quotes are that close a value.
fn closing(line: &str, quote: &str) -> Option<usize> {
    line.char_indices()
        .map(|(at, _)| at)
        .find(|at| line.get(*at..).and_then(|rest| rest.strip_prefix(quote)).is_some_and(ends))
}

fn count(text: &str, bracket: char) -> usize {
    text.chars().filter(|c| *c == bracket).count()
}
