//! The help of the prompt.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use super::commands::{SECTIONS, named};
use super::complete::HELP;
use super::word::CommandWord;

/// Returns the help that a line asks for: `help`, or `help dial`, for a terminal of so many columns;
/// `None` if it asks for none.
#[must_use]
pub fn help(line: &str, columns: usize) -> Option<String> {
    let mut words = line.split_whitespace();
    if !HELP.contains(&words.next()?.to_lowercase().as_str()) {
        return None;
    }
    Some(match words.next() {
        None => all(columns),
        Some(word) => {
            let word = word.to_lowercase();
            let none = || format!("{word:?} is no command: type help");
            named(&word).map_or_else(none, |command| of_command(command, columns))
        }
    })
}

/// Returns all commands with what they do, in sections.
fn all(columns: usize) -> String {
    let mut text = String::new();
    for (title, commands) in SECTIONS {
        add(&mut text, format_args!("{title}\n"));
        for command in *commands {
            let usage = format!("{} {}", command.name(), command.arguments);
            entry(&mut text, &usage, command.help, columns);
        }
    }
    text.push_str("Keys\n");
    text.push_str(&usages(&KEYS, columns));
    text.push_str("\nhelp dial tells more of dial");
    text
}

fn of_command(command: &'static CommandWord, columns: usize) -> String {
    let mut text = format!("{} {}", command.name(), command.arguments).trim_end().to_owned();
    for line in wrapped(command.help, columns.saturating_sub(2)) {
        add(&mut text, format_args!("\n  {line}"));
    }
    if let [_, others @ ..] = command.names
        && !others.is_empty()
    {
        add(&mut text, format_args!("\n  in short: {}", others.join(", ")));
    }
    for (line, meaning) in EXAMPLES {
        if line.split(' ').next() == Some(command.name()) {
            text.push('\n');
            entry(&mut text, &format!("> {line}"), meaning, columns);
            text.truncate(text.trim_end().len());
        }
    }
    text
}

/// Returns usages and their meanings, side by side or below each other as so many columns allow.
#[must_use]
pub fn usages(usages: &[(&str, &str)], columns: usize) -> String {
    let mut text = String::new();
    for (usage, meaning) in usages {
        entry(&mut text, usage, meaning, columns);
    }
    text.truncate(text.trim_end().len());
    text
}

/// Adds a usage and its meaning side by side; below each other where that is too narrow.
fn entry(text: &mut String, usage: &str, meaning: &str, columns: usize) {
    let is_narrow = columns < MEANING * 2 || usage.width() > MEANING - 4;
    let indent = if columns < MEANING * 2 { 4 } else { MEANING };
    add(text, format_args!("  {usage}"));
    let mut column = usage.width() + 2;
    if is_narrow && !meaning.is_empty() {
        text.push('\n');
        column = 0;
    }
    for line in wrapped(meaning, columns.saturating_sub(indent + 1)) {
        add(text, format_args!("{:1$}{line}\n", "", indent - column.min(indent)));
        column = 0;
    }
    if meaning.is_empty() {
        text.push('\n');
    }
}

/// Breaks a text into lines of at most so many columns, between words.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A text takes everything.
fn add(text: &mut String, more: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(more);
}

const KEYS: [(&str, &str); 4] = [
    ("Enter", "answer the call that rings; in a call: tell how it goes"),
    ("Tab", "complete a command, a name, a profile or a device"),
    ("Up, Down, Ctrl-R", "take an earlier line"),
    ("Ctrl-C, Ctrl-D", "Ctrl-C clears the line; on an empty one, both leave"),
];

/// The column of meanings.
const MEANING: usize = 26;

/// Lines to try, with what they do.
pub(super) const EXAMPLES: &[(&str, &str)] = &[
    ("dial mary", "by a contact's name, or its beginning"),
    ("dial 241", "by a contact's number"),
    ("dial mary ll", "in the profile Low Latency"),
    ("dial last", "the peer of the latest call"),
    ("add last Mary", "who called, or was called, last"),
    ("add f3e8c3359b39d36f3baff0a616a73d3e Mary", ""),
    ("rename Mary = Mary at home", ""),
    ("block last", "no more calls of who called last"),
    ("block #12", "who called, by the number in the history"),
    ("block mary", ""),
    ("history missed", "the missed calls"),
    ("history mary", "the calls with Mary"),
    ("profile ulbw", "700 bit/s, for slow links"),
    ("mode half", "one speaks at a time: see talk"),
    ("talk", "from here on the peer hears you"),
    ("talk off", "and here no more"),
    ("mute off", "opens the microphone again"),
    ("volume -6", "half as loud"),
    ("record", "to a file of the phone's folder"),
    ("record ~/mary.wav", "WAV, or Ogg/Opus by .opus"),
    ("record off", ""),
    ("export csv calls.csv", "for a spreadsheet"),
    ("play 2", "the second of the list"),
    ("play off", ""),
    ("greeting record", "speak, and end it by keep or off"),
    ("greeting keep", "from here on callers hear it"),
    ("greeting default", "three notes"),
    ("tune Radio", "a station of the list by its name"),
    ("tune off", ""),
    ("station ~/music.wav", "again and again"),
    ("station off", ""),
    ("page", "from here on all neighbours hear you"),
    ("page urgent", "it takes over from other pages"),
    ("page off", "and here no more"),
    ("page ~/dinner.wav", "a file"),
    ("speaker", "the default of the system"),
    ("dnd off", "takes calls again"),
];
