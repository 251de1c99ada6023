//! What a half-typed line can become: completions, and what is still to type.
//!
//! The arguments of a command, as its help shows them, say what completes them: WHO, NAME, MESSAGE,
//! PROFILE, MICROPHONE and SPEAKER stand for names; words in small letters for themselves.

use lxst_phone::Profile;

use super::commands::{commands, named};
use super::word::CommandWord;

/// Names that the phone is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Contacts, and phones that announced a name.
    People,
    /// Contacts.
    Contacts,
    /// Messages that callers left, by their numbers.
    Messages,
    /// Microphones of this machine.
    Microphones,
    /// Speakers of this machine.
    Speakers,
}

/// How a line can go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What all candidates have in common after what is typed.
    pub rest: String,
    /// What can stand there, in the order in which it is listed elsewhere.
    pub candidates: Vec<String>,
}

/// What a line still takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hint {
    /// The rest of the command's name.
    pub rest: String,
    /// Its arguments.
    pub arguments: &'static str,
}

/// Completes the end of a line. Upper and lower case are the same.
pub fn complete(line: &str, names: impl Fn(Names) -> Vec<String>) -> Completion {
    let line = line.trim_start();
    let Some((word, text)) = line.split_once(char::is_whitespace) else {
        return of(line, words_with_blank());
    };
    let text = text.trim_start();
    let Some(command) = named(word) else {
        let is_help = HELP.contains(&word.to_lowercase().as_str());
        return of(text, if is_help { words() } else { Vec::new() });
    };
    let first = command.arguments.split_whitespace().next().unwrap_or_default();
    let found = of(text, candidates(command, first.trim_matches(['[', ']']), names));
    let takes_profile = command.arguments.ends_with("[PROFILE]");
    match text.rsplit_once(char::is_whitespace) {
        Some((_, last)) if found.candidates.is_empty() && takes_profile => of(last, profiles()),
        _ => found,
    }
}

/// Returns what a line still takes, to be shown behind it.
#[must_use]
pub fn hint(line: &str) -> Option<Hint> {
    let word = line.trim_start();
    if word.is_empty() {
        return None;
    }
    if let Some((word, text)) = word.split_once(char::is_whitespace) {
        let arguments = named(word)?.arguments;
        let is_bare = text.is_empty() && !arguments.is_empty();
        return is_bare.then(|| Hint { rest: String::new(), arguments });
    }
    let word = word.to_lowercase();
    let begins_so = |command: &&CommandWord| command.name().starts_with(&word);
    let command = named(&word).or_else(|| commands().find(begins_so))?;
    let rest = command.name().strip_prefix(&word).unwrap_or_default().to_owned();
    let hint = Hint { rest, arguments: command.arguments };
    (hint != Hint::default()).then_some(hint)
}

/// What an argument such as `MESSAGE|off` can be.
fn candidates(
    command: &CommandWord,
    argument: &str,
    names: impl Fn(Names) -> Vec<String>,
) -> Vec<String> {
    let of_one = |one: &str| match one {
        "WHO" => names(Names::People),
        "NAME" if command.arguments.contains('=') => {
            names(Names::Contacts).into_iter().map(|name| format!("{name} = ")).collect()
        }
        "NAME" => names(Names::Contacts),
        "MESSAGE" => names(Names::Messages),
        "PROFILE" => profiles(),
        "MICROPHONE" => names(Names::Microphones),
        "SPEAKER" => names(Names::Speakers),
        literal if literal.chars().all(|letter| letter.is_ascii_lowercase()) => {
            vec![literal.to_owned()]
        }
        _ => Vec::new(),
    };
    argument.split('|').flat_map(of_one).collect()
}

/// The candidates that begin with what is typed, and what follows in all of them; none if what is
/// typed can become nothing else.
fn of(typed: &str, candidates: Vec<String>) -> Completion {
    let wanted = typed.to_lowercase();
    let mut seen = Vec::new();
    for candidate in candidates {
        let is_it = candidate.to_lowercase().starts_with(&wanted);
        if is_it && !candidate.is_empty() && !seen.contains(&candidate) {
            seen.push(candidate);
        }
    }
    // What is whole stays as it is while it can be more: message 1 of 10.
    if seen == [typed] {
        seen.clear();
    }
    let rest_of = |text: &str| text.chars().skip(typed.chars().count()).collect::<String>();
    let mut rests = seen.iter().map(|candidate| rest_of(candidate));
    let first = rests.next().unwrap_or_default();
    let rest = rests.fold(first, |shared, other| {
        let same = shared.chars().zip(other.chars());
        let same = same.take_while(|(one, other)| one.to_lowercase().eq(other.to_lowercase()));
        same.map(|(one, _)| one).collect()
    });
    Completion { rest, candidates: seen }
}

fn words() -> Vec<String> {
    commands().map(|command| command.name().to_owned()).collect()
}

/// The words that begin a line, with a blank where more must follow.
fn words_with_blank() -> Vec<String> {
    let word = |command: &CommandWord| {
        let needs_more = !command.arguments.is_empty() && !command.arguments.starts_with('[');
        format!("{}{}", command.name(), if needs_more { " " } else { "" })
    };
    let own = ["help", "quit"].map(str::to_owned);
    commands().map(word).chain(own).collect()
}

fn profiles() -> Vec<String> {
    Profile::ALL.into_iter().map(|profile| profile.abbreviation().to_owned()).collect()
}

/// The words that ask for help.
pub(super) const HELP: [&str; 2] = ["help", "?"];
