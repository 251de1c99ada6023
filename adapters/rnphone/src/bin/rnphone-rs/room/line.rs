//! What is typed while a room runs.

use std::str::FromStr;

use lxst_tokio::CallId;

/// A command to the room. Members are named by the numbers of their calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Members,
    Mute(CallId),
    Unmute(CallId),
    Remove(CallId),
    Lock,
    Unlock,
}

/// A line that is no command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no command; there are members, mute N, unmute N, remove N, lock and unlock, where N is \
     the number of a member"
)]
pub(super) struct ParseLineError(String);

impl FromStr for Line {
    type Err = ParseLineError;

    fn from_str(line: &str) -> Result<Self, ParseLineError> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let call = |text: &str| text.parse().map(CallId).ok();
        let parsed = match words.as_slice() {
            ["members"] => Some(Self::Members),
            ["mute", number] => call(number).map(Self::Mute),
            ["unmute", number] => call(number).map(Self::Unmute),
            ["remove", number] => call(number).map(Self::Remove),
            ["lock"] => Some(Self::Lock),
            ["unlock"] => Some(Self::Unlock),
            _ => None,
        };
        parsed.ok_or_else(|| ParseLineError(line.trim().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_words_and_the_number_of_a_member() {
        for (line, command) in [
            ("members", Line::Members),
            (" mute 3 ", Line::Mute(CallId(3))),
            ("unmute 3", Line::Unmute(CallId(3))),
            ("remove 12", Line::Remove(CallId(12))),
            ("lock", Line::Lock),
            ("unlock", Line::Unlock),
        ] {
            assert_eq!(line.parse(), Ok(command));
        }
        for line in ["mute", "mute mary", "mute 1 2", "leave"] {
            assert_eq!(line.parse::<Line>(), Err(ParseLineError(line.to_owned())));
        }
    }
}
