//! Edits: each replaces a piece of the text, and is refused if it would change more than it says.

use std::ops::Range;

use super::value::{is_space, quotings};
use super::{Document, Entry, Value};

/// Why an edit is refused. The document is unchanged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// There is no such entry.
    #[error("no {0:?} is there")]
    Missing(String),
    /// There is such an entry.
    #[error("{0:?} is there already")]
    Exists(String),
    /// The text cannot be written so that rnphone reads the same.
    #[error(
        "{0:?} cannot be written to a configuration file: leave out control characters, %(..)s, \
         and one of both kinds of quotes"
    )]
    Unwritable(String),
}

impl Document {
    /// Gives an entry of an outermost section a value. A new entry goes behind the last one of its
    /// section, a new section to the end.
    ///
    /// The key, the comment behind the value, and all other lines stay as they are.
    ///
    /// # Errors
    /// [`EditError::Unwritable`].
    pub fn set(&mut self, section: &str, key: &str, value: &Value) -> Result<(), EditError> {
        for text in value.items().iter().map(String::as_str).chain([section, key]) {
            check(text)?;
        }
        let was = self.get(section, key).cloned();
        if was.as_ref().is_some_and(|was| was.value == *value) {
            return Ok(());
        }
        let edits: Vec<Edit> = match &was {
            Some(entry) => {
                value.spellings().into_iter().map(|value| self.value_edit(entry, &value)).collect()
            }
            None => quotings(key)
                .into_iter()
                .flat_map(|key| {
                    let values = value.spellings().into_iter();
                    values.map(move |value| format!("{key} = {value}"))
                })
                .flat_map(|entry| self.new_entry(section, &entry))
                .collect(),
        };
        let wanted = (section, key, value);
        self.apply_one(edits, was.as_ref(), Some(wanted))
            .ok_or_else(|| EditError::Unwritable(unwritable(key, value)))
    }

    /// Gives an entry of an outermost section another key. Its value and its place stay.
    ///
    /// # Errors
    /// [`EditError`].
    pub fn rename(&mut self, section: &str, key: &str, new: &str) -> Result<(), EditError> {
        check(new)?;
        let entry = self.get(section, key).ok_or_else(|| EditError::Missing(key.to_owned()))?;
        let entry = entry.clone();
        if key == new {
            return Ok(());
        }
        if self.get(section, new).is_some() {
            return Err(EditError::Exists(new.to_owned()));
        }
        let keys = quotings(new).into_iter();
        let edits = keys.map(|key| Edit { place: entry.key_text.clone(), text: key }).collect();
        self.apply_one(edits, Some(&entry), Some((section, new, &entry.value)))
            .ok_or_else(|| EditError::Unwritable(new.to_owned()))
    }

    /// Removes an entry of an outermost section, with its lines.
    ///
    /// # Errors
    /// [`EditError::Missing`].
    pub fn remove(&mut self, section: &str, key: &str) -> Result<(), EditError> {
        let missing = || EditError::Missing(key.to_owned());
        let entry = self.get(section, key).ok_or_else(missing)?.clone();
        let edit = Edit { place: entry.lines.clone(), text: String::new() };
        self.apply_one(vec![edit], Some(&entry), None).ok_or_else(missing)
    }

    fn value_edit(&self, entry: &Entry, value: &str) -> Edit {
        let place = entry.value_text.clone();
        let (before, after) = (self.text.get(..place.start), self.text.get(place.end..));
        let touches = before.is_some_and(|before| before.ends_with('='));
        let is_before_comment = after.is_some_and(|after| after.starts_with('#'));
        let (left, right) =
            (if touches { " " } else { "" }, if is_before_comment { " " } else { "" });
        Edit { place, text: format!("{left}{value}{right}") }
    }

    /// The ways to add an entry: there is one for each way to write the name of its section.
    fn new_entry(&self, section: &str, entry: &str) -> Vec<Edit> {
        let end = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        let Some(index) = self.section(section) else {
            let at = self.text.len();
            let unfinished = if self.is_line_start(at) { "" } else { end };
            let gap = if self.text.is_empty() { "" } else { end };
            let names = quotings(section).into_iter();
            let texts = names.map(|name| format!("{unfinished}{gap}[{name}]{end}{entry}{end}"));
            return texts.map(|text| Edit { place: at..at, text }).collect();
        };
        let at = self.end_of(index);
        let unfinished = if self.is_line_start(at) { "" } else { end };
        let text = format!("{unfinished}{}{entry}{end}", self.indent(index));
        vec![Edit { place: at..at, text }]
    }

    /// Where a new entry of a section goes: behind its last entry; else behind its comments, but
    /// for those that stand directly above the next section.
    fn end_of(&self, section: usize) -> usize {
        let last = self.entries.iter().rfind(|entry| entry.section == Some(section));
        if let Some(last) = last {
            return last.lines.end;
        }
        let body = self.body(section);
        let text = self.text.get(body.clone()).unwrap_or_default();
        let mut kept: Vec<&str> = text.split_inclusive('\n').collect();
        let is_blank = |line: &str| line.trim_matches(is_space).is_empty();
        if body.end < self.text.len() {
            while kept.pop_if(|line| !is_blank(line)).is_some() {}
        }
        while kept.pop_if(|line| is_blank(line)).is_some() {}
        body.start + kept.iter().map(|line| line.len()).sum::<usize>()
    }

    /// The indentation of a new entry of a section: that of the last line that has text.
    fn indent(&self, section: usize) -> &str {
        let Some(header) = self.sections.get(section).map(|section| section.header.start) else {
            return "";
        };
        let above = self.text.get(header..self.end_of(section)).unwrap_or_default();
        let entry = self.entries.iter().rfind(|entry| entry.section == Some(section));
        let line = match entry {
            Some(entry) => self.text.get(entry.lines.clone()).unwrap_or_default(),
            None => above.lines().last().unwrap_or_default(),
        };
        let text = line.trim_start_matches(is_space);
        line.get(..line.len() - text.len()).unwrap_or_default()
    }

    /// What stands between the header of a section and the next one.
    fn body(&self, section: usize) -> Range<usize> {
        let start = self.sections.get(section).map_or(0, |section| section.header.end);
        let next = self.sections.get(section + 1).map(|next| next.header.start);
        start..next.unwrap_or(self.text.len())
    }

    fn is_line_start(&self, at: usize) -> bool {
        self.text.get(..at).is_none_or(|before| before.is_empty() || before.ends_with('\n'))
    }

    /// Applies the first edit that leaves the entries as they are, without `was` and with `wanted`.
    fn apply_one(
        &mut self,
        edits: Vec<Edit>,
        was: Option<&Entry>,
        wanted: Option<(&str, &str, &Value)>,
    ) -> Option<()> {
        let edited = edits.into_iter().find_map(|edit| {
            let mut text = self.text.clone();
            text.replace_range(edit.place, &edit.text);
            let edited = Self::read(self.byte_order_mark, text).ok()?;
            let mut kept: Vec<_> = self.facts().collect();
            let mut now: Vec<_> = edited.facts().collect();
            if let Some(was) = was {
                let at = self.entries.iter().position(|entry| entry == was)?;
                kept.remove(at);
            }
            if let Some((section, key, value)) = wanted {
                let at = now.iter().position(|fact| *fact == (Some(section), 1, key, value))?;
                now.remove(at);
            }
            (kept == now).then_some(edited)
        })?;
        *self = edited;
        Some(())
    }

    /// Returns of each entry its section, that one's depth, its key and its value.
    fn facts(&self) -> impl Iterator<Item = (Option<&str>, usize, &str, &Value)> {
        self.all().map(|(section, entry)| {
            let name = section.map(|section| section.name.as_str());
            (name, section.map_or(0, |section| section.depth), entry.key.as_str(), &entry.value)
        })
    }
}

/// A piece of the text, and what takes its place.
struct Edit {
    place: Range<usize>,
    text: String,
}

/// Refuses what cannot stand on a line, and what ConfigObj would replace.
fn check(text: &str) -> Result<(), EditError> {
    match text.contains(char::is_control) || is_interpolated(text) {
        true => Err(EditError::Unwritable(text.to_owned())),
        false => Ok(()),
    }
}

/// Whether ConfigObj puts another value in the place of a part of the text: `%(key)s`.
pub(crate) fn is_interpolated(text: &str) -> bool {
    text.split("%(")
        .skip(1)
        .any(|rest| rest.split_once(')').is_some_and(|(_, after)| after.starts_with('s')))
}

/// Names what has both kinds of quotes.
fn unwritable(key: &str, value: &Value) -> String {
    let texts = value.items().iter().map(String::as_str);
    let quoted = texts.chain([key]).find(|text| text.contains('"') && text.contains('\''));
    quoted.unwrap_or(key).to_owned()
}
