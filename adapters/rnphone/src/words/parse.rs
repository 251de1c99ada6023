//! What a user types.

use lxst_phone::Mode;

use super::commands::named;
use super::word::{Arguments, WordsError};
use crate::control::Command;

/// Reads a line. Upper and lower case of the command are the same.
///
/// # Errors
/// [`WordsError`].
pub fn parse(line: &str) -> Result<Command, WordsError> {
    let line = line.trim();
    let (word, text) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    if word.is_empty() {
        return Err(WordsError::Empty);
    }
    // What rnphone dials at its prompt.
    if text.is_empty() && line.parse::<lxst_phone::IdentityHash>().is_ok() {
        return Ok(Command::Dial { to: line.to_owned(), profile: None, mode: Mode::FullDuplex });
    }
    let of = named(word).ok_or_else(|| WordsError::Unknown(word.to_owned()))?;
    let arguments = Arguments::new(of, text);
    if of.arguments.is_empty() && !arguments.text.is_empty() {
        return Err(arguments.usage());
    }
    (of.build)(&arguments)
}
