//! Values: reading and quoting.

use super::Problem;

/// The value of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `a`
    Text(String),
    /// `a, b`; `a,` if it is of one; `,` if it is empty.
    List(Vec<String>),
}

impl Value {
    /// Returns the texts of the value: its items, or itself.
    #[must_use]
    pub fn items(&self) -> &[String] {
        match self {
            Self::Text(text) => std::slice::from_ref(text),
            Self::List(items) => items,
        }
    }

    /// Reads what stands behind `=` on one line. Returns its length in bytes as well, without the
    /// comment.
    pub(super) fn parse(line: &str) -> Result<(Self, usize), Problem> {
        if let Some(rest) = line.strip_prefix(',') {
            return match ends(rest) {
                true => Ok((Self::List(Vec::new()), 1)),
                false => Err(Problem::EmptyItem),
            };
        }
        let mut items = Vec::new();
        let mut rest = line;
        let mut length = 0;
        loop {
            let item = Item::parse(rest)?;
            items.extend(item.text.map(str::to_owned));
            match item.after_comma {
                Some(after) => {
                    length = line.len() - after.len();
                    rest = after.trim_start_matches(is_space);
                }
                None if length == 0 => {
                    let text = items.pop().unwrap_or_default();
                    return Ok((Self::Text(text), item.length));
                }
                None if item.text.is_none() => return Ok((Self::List(items), length)),
                None => return Ok((Self::List(items), line.len() - rest.len() + item.length)),
            }
        }
    }

    /// Returns the ways to write the value, the plainest first. Not all of them are read back as
    /// the value: it depends on the comment that follows.
    pub(super) fn spellings(&self) -> Vec<String> {
        match self {
            Self::Text(text) => {
                let quoted = quotings(text).into_iter();
                let tripled = TRIPLE_QUOTES.map(|quote| format!("{quote}{text}{quote}"));
                quoted.chain(tripled).collect()
            }
            Self::List(items) => {
                let words: Option<Vec<String>> =
                    items.iter().map(|item| quotings(item).into_iter().next()).collect();
                let Some(words) = words else { return Vec::new() };
                let comma = if words.len() < 2 { "," } else { "" };
                vec![words.join(", ") + comma]
            }
        }
    }
}

/// Returns the ways to write a key or an item, the plainest first. None has more than one line.
pub(super) fn quotings(text: &str) -> Vec<String> {
    let edges = [text.chars().next(), text.chars().next_back()];
    let is_plain = edges.into_iter().all(|edge| {
        edge.is_some_and(|edge| !is_space(edge) && !QUOTES.contains(&edge) && edge != '[')
    }) && !text.contains([',', '#', '=']);
    let plain = is_plain.then(|| text.to_owned());
    let quotes = QUOTES.into_iter().filter(|quote| !text.contains(*quote));
    plain.into_iter().chain(quotes.map(|quote| format!("{quote}{text}{quote}"))).collect()
}

/// Removes the quotes around a text, if it has them.
pub(super) fn unquoted(text: &str) -> &str {
    QUOTES
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(text)
}

/// Whether nothing but a comment follows.
pub(super) fn ends(rest: &str) -> bool {
    let rest = rest.trim_start_matches(is_space);
    rest.is_empty() || rest.starts_with('#')
}

/// Whether Python counts a character as space: the separators of ASCII as well.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// An item of a list, or the whole of a value that is none.
struct Item<'a> {
    /// `None` if a comment or the end is there in place of an item.
    text: Option<&'a str>,
    /// With its quotes.
    length: usize,
    /// What follows its comma, if there is one.
    after_comma: Option<&'a str>,
}

impl<'a> Item<'a> {
    fn parse(rest: &'a str) -> Result<Self, Problem> {
        match rest.chars().next() {
            None | Some('#') => Ok(Self { text: None, length: 0, after_comma: None }),
            Some(',') => Err(Problem::EmptyItem),
            Some(quote) if QUOTES.contains(&quote) => Self::quoted(rest, quote),
            Some(_) => {
                let (text, after) = rest.split_at(rest.find([',', '#']).unwrap_or(rest.len()));
                let text = text.trim_end_matches(is_space);
                let after_comma = after.strip_prefix(',');
                Ok(Self { text: Some(text), length: text.len(), after_comma })
            }
        }
    }

    /// The closing quote is the first that a comma follows, else the first that the end or a comment
    /// follows.
    fn quoted(rest: &'a str, quote: char) -> Result<Self, Problem> {
        let mut last = None;
        for (at, _) in rest.match_indices(quote).skip(1) {
            let item = Self {
                text: rest.get(1..at),
                length: at + 1,
                after_comma: rest
                    .get(at + 1..)
                    .and_then(|after| after.trim_start_matches(is_space).strip_prefix(',')),
            };
            if item.after_comma.is_some() {
                return Ok(item);
            }
            if last.is_none() && rest.get(at + 1..).is_some_and(ends) {
                last = Some(item);
            }
        }
        last.ok_or(Problem::Quote)
    }
}

pub(super) const TRIPLE_QUOTES: [&str; 2] = ["\"\"\"", "'''"];
const QUOTES: [char; 2] = ['"', '\''];
