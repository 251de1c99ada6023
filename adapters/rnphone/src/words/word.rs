//! A command as a user types it.

use std::path::PathBuf;

use crate::control::{Command, DeviceUse};

/// A command as typed: its name, what follows, and what it does.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CommandWord {
    /// The words that mean it; the first is the usual one.
    pub names: &'static [&'static str],
    /// What follows it, for the help.
    pub arguments: &'static str,
    /// What it does, in a line.
    pub help: &'static str,
    pub(super) build: fn(&Arguments<'_>) -> Result<Command, WordsError>,
}

/// Why a line is no command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WordsError {
    /// There are no words in the line.
    #[error("type a command, such as dial or help")]
    Empty,
    /// No command is called so.
    #[error("{0:?} is no command: type help for all of them")]
    Unknown(String),
    /// What follows is not what the command takes.
    #[error("{0}")]
    Usage(String),
}

/// The words behind a command.
#[derive(Debug)]
pub(super) struct Arguments<'a> {
    of: &'static CommandWord,
    pub(super) text: &'a str,
    pub(super) words: Vec<&'a str>,
}

impl CommandWord {
    /// Returns its usual name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }
}

impl<'a> Arguments<'a> {
    pub(super) fn new(of: &'static CommandWord, text: &'a str) -> Self {
        let text = text.trim();
        Self { of, text, words: text.split_whitespace().collect() }
    }

    pub(super) fn usage(&self) -> WordsError {
        let usage = format!("usage: {} {}", self.of.name(), self.of.arguments);
        WordsError::Usage(usage.trim_end().to_owned())
    }

    pub(super) fn one(&self) -> Result<&'a str, WordsError> {
        match self.words.as_slice() {
            [word] => Ok(word),
            _ => Err(self.usage()),
        }
    }

    /// The first word, and the rest.
    pub(super) fn two(&self) -> Result<(&'a str, &'a str), WordsError> {
        let (first, rest) =
            self.text.split_once(char::is_whitespace).ok_or_else(|| self.usage())?;
        Ok((first, rest.trim()))
    }

    pub(super) fn all(&self) -> Result<String, WordsError> {
        if self.text.is_empty() { Err(self.usage()) } else { Ok(self.text.to_owned()) }
    }

    /// A file as this process sees it; none where nothing is typed.
    pub(super) fn file(&self, text: &str) -> Result<Option<PathBuf>, WordsError> {
        let path = match (text.strip_prefix("~/"), std::env::home_dir()) {
            _ if text.is_empty() => return Ok(None),
            (Some(of_home), Some(home)) => home.join(of_home),
            _ => PathBuf::from(text),
        };
        Ok(Some(std::path::absolute(path).map_err(|_| self.usage())?))
    }

    pub(super) fn on(&self) -> Result<bool, WordsError> {
        match self.words.as_slice() {
            [] | ["on"] => Ok(true),
            ["off"] => Ok(false),
            _ => Err(self.usage()),
        }
    }

    pub(super) fn device(&self, role: DeviceUse) -> Command {
        let name = Some(self.text.to_owned()).filter(|name| !name.is_empty());
        Command::UseDevice { role, name }
    }
}
