//! What a user reads after a command that replies nothing.

use crate::control::{Command, GreetingAction};
use crate::echo_cancellation::EchoCancellation;

/// Returns what a command did, in a line; `None` where an event tells it.
#[must_use]
pub fn done(command: &Command) -> Option<String> {
    Some(match command {
        Command::AddContact { name, .. } => format!("{name} is in the phonebook"),
        Command::RenameContact { name, new } => format!("{name} is called {new}"),
        Command::RemoveContact { name } => format!("{name} is removed"),
        Command::Block { who } => format!("{who} is blocked: unblock takes it away"),
        Command::Unblock { who } => format!("{who} may call again"),
        Command::DoNotDisturb { on: true } => {
            "callers hear that the line is busy until dnd off".to_owned()
        }
        Command::DoNotDisturb { on: false } => "this phone takes calls again".to_owned(),
        Command::Away { on: true } => {
            "the voicemail answers as it does while you are away, until away off".to_owned()
        }
        Command::Away { on: false } => "the voicemail knows that you are here".to_owned(),
        Command::Greeting { action: GreetingAction::Default } => {
            "callers of the voicemail hear three notes".to_owned()
        }
        Command::Volume { decibels } => format!("the speaker plays at {decibels} dB"),
        Command::StopTuning {} => "you have left the station".to_owned(),
        Command::Station { path: Some(path), .. } => format!("{} is on the air", path.display()),
        Command::Station { path: None, .. } => "your station is over".to_owned(),
        Command::EchoCancellation { when: EchoCancellation::Auto } => {
            "the echo of a speaker that does not sit at the ear is cancelled".to_owned()
        }
        Command::EchoCancellation { when } => format!("echo cancellation is {when}"),
        Command::Announce {} => "announced".to_owned(),
        Command::Reload {} => "the settings are read again".to_owned(),
        _ => return None,
    })
}
