//! All commands that are typed, in the sections of the help.

mod air;
mod calls;
mod people;
mod phone;

use super::word::CommandWord;

/// The sections, each with its title.
pub(super) const SECTIONS: &[(&str, &[CommandWord])] = &[
    ("Calls", calls::CALLS),
    ("In a call", calls::IN_A_CALL),
    ("People", people::PEOPLE),
    ("Messages", people::MESSAGES),
    ("Over the air", air::AIR),
    ("Sound", phone::SOUND),
    ("This phone", phone::PHONE),
];

/// Returns all commands, in the order of the help.
pub fn commands() -> impl Iterator<Item = &'static CommandWord> {
    SECTIONS.iter().flat_map(|(_, commands)| *commands)
}

/// Returns the command of a word. Upper and lower case are the same.
pub(super) fn named(word: &str) -> Option<&'static CommandWord> {
    let word = word.to_lowercase();
    commands().find(|command| command.names.contains(&word.as_str()))
}
