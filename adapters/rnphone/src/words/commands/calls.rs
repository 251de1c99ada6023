//! The commands of calls.

use lxst_phone::{Mode, Profile};

use crate::control::{Command, ExportFormat};
use crate::words::word::{Arguments, CommandWord, WordsError};

pub(super) const CALLS: &[CommandWord] = &[
    CommandWord {
        names: &["dial", "call", "d"],
        arguments: "WHO [PROFILE]",
        help: "call a contact by name or number, an announced name, or 32 hex digits",
        build: dial,
    },
    CommandWord {
        names: &["answer", "a"],
        arguments: "",
        help: "answer the call that rings; the one that you talk on is held",
        build: |_| Ok(Command::Answer { call: None }),
    },
    CommandWord {
        names: &["reject"],
        arguments: "",
        help: "reject the call that rings",
        build: |_| Ok(Command::Reject { call: None }),
    },
    CommandWord {
        names: &["hangup", "h", "hang"],
        arguments: "",
        help: "end the call",
        build: |_| Ok(Command::HangUp { call: None }),
    },
    CommandWord {
        names: &["redial", "r"],
        arguments: "",
        help: "call whom you called last",
        build: |_| Ok(Command::Redial {}),
    },
    CommandWord {
        names: &["callback", "cb"],
        arguments: "",
        help: "call who called last",
        build: |_| Ok(Command::CallBack {}),
    },
    CommandWord {
        names: &["hold"],
        arguments: "",
        help: "hold the call: neither side hears the other",
        build: |_| Ok(Command::Hold { call: None }),
    },
    CommandWord {
        names: &["resume", "swap"],
        arguments: "",
        help: "go on with the held call; the one that you talk on is held",
        build: |_| Ok(Command::Resume { call: None }),
    },
    CommandWord {
        names: &["merge", "conference"],
        arguments: "",
        help: "make a conference of both calls; hold and swap end it, hangup ends the last call of it",
        build: |_| Ok(Command::Merge {}),
    },
    CommandWord {
        names: &["history"],
        arguments: "[TEXT]",
        help: "list past calls, or those that hold a text, such as missed",
        build: |arguments| {
            let search = Some(arguments.text.to_owned()).filter(|text| !text.is_empty());
            Ok(Command::History { search, limit: 20 })
        },
    },
    CommandWord {
        names: &["export"],
        arguments: "json|csv [FILE]",
        help: "print all past calls for another program, or write them to a file",
        build: |arguments| {
            let (format, file) = arguments.two().unwrap_or((arguments.text, ""));
            let format = match format {
                "json" => ExportFormat::Json,
                "csv" => ExportFormat::Csv,
                _ => return Err(arguments.usage()),
            };
            Ok(Command::ExportHistory { format, search: None, path: arguments.file(file)? })
        },
    },
];

pub(super) const IN_A_CALL: &[CommandWord] = &[
    CommandWord {
        names: &["mute", "m"],
        arguments: "[off]",
        help: "close the microphone, or open it again",
        build: |arguments| Ok(Command::Mute { on: arguments.on()? }),
    },
    CommandWord {
        names: &["talk", "t"],
        arguments: "[off]",
        help: "press the talk button of a half-duplex call, or release it",
        build: |arguments| Ok(Command::Talk { on: arguments.on()? }),
    },
    CommandWord {
        names: &["profile"],
        arguments: "PROFILE",
        help: "send in another profile: mq, hq, shq, ll, ull, lbw, vlbw, ulbw",
        build: |arguments| Ok(Command::Profile { profile: profile(arguments.one()?)? }),
    },
    CommandWord {
        names: &["mode"],
        arguments: "full|half",
        help: "speak both at once, or by a talk button",
        build: |arguments| match arguments.one()? {
            "full" => Ok(Command::Mode { mode: Mode::FullDuplex }),
            "half" => Ok(Command::Mode { mode: Mode::HalfDuplex }),
            _ => Err(arguments.usage()),
        },
    },
    CommandWord {
        names: &["volume"],
        arguments: "DECIBELS",
        help: "make the speaker louder or quieter; 0 plays what the peer sent",
        build: |arguments| {
            let decibels = arguments.one()?.parse().map_err(|_| arguments.usage())?;
            Ok(Command::Volume { decibels })
        },
    },
    CommandWord {
        names: &["record"],
        arguments: "[off|FILE]",
        help: "record the call to a file, or end that",
        build: |arguments| {
            let on = arguments.text != "off";
            let path = if on { arguments.file(arguments.text)? } else { None };
            Ok(Command::Record { on, call: None, path })
        },
    },
];

/// The last word may be a profile: "dial mary ll".
fn dial(arguments: &Arguments<'_>) -> Result<Command, WordsError> {
    let whole = arguments.all()?;
    let split = arguments.text.rsplit_once(char::is_whitespace);
    let split = split.and_then(|(to, word)| Some((to.trim(), word.parse().ok()?)));
    let (to, profile) = match split {
        Some((to, profile)) => (to.to_owned(), Some(profile)),
        None => (whole, None),
    };
    Ok(Command::Dial { to, profile, mode: Mode::FullDuplex })
}

fn profile(word: &str) -> Result<Profile, WordsError> {
    word.parse().map_err(|_| {
        let known: Vec<&str> = Profile::ALL.into_iter().map(Profile::abbreviation).collect();
        WordsError::Usage(format!("{word:?} is no profile: allowed are {}", known.join(", ")))
    })
}
