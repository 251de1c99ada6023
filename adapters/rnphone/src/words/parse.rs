//! What a user types.

use std::path::PathBuf;

use lxst_phone::{Mode, Profile};

use crate::control::{Command, DeviceUse, ExportFormat, GreetingAction};

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
    build: fn(&Arguments<'_>) -> Result<Command, WordsError>,
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
struct Arguments<'a> {
    of: &'static CommandWord,
    text: &'a str,
    words: Vec<&'a str>,
}

/// All commands, in the order of the help.
pub const COMMANDS: &[CommandWord] = &[
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
    CommandWord {
        names: &["contacts", "phonebook", "p"],
        arguments: "",
        help: "list the phonebook",
        build: |_| Ok(Command::Contacts {}),
    },
    CommandWord {
        names: &["add"],
        arguments: "HASH|last NAME",
        help: "add a contact: by 32 hex digits, or the peer of the latest call",
        build: |arguments| {
            let (who, name) = arguments.two()?;
            let (who, name) = (who.to_owned(), name.to_owned());
            Ok(Command::AddContact { name, who, number: None })
        },
    },
    CommandWord {
        names: &["rename"],
        arguments: "NAME = NEW NAME",
        help: "give a contact another name",
        build: |arguments| {
            let (name, new) = arguments.text.split_once('=').ok_or_else(|| arguments.usage())?;
            let [name, new] = [name, new].map(|name| name.trim().to_owned());
            Ok(Command::RenameContact { name, new })
        },
    },
    CommandWord {
        names: &["remove"],
        arguments: "NAME",
        help: "remove a contact",
        build: |arguments| Ok(Command::RemoveContact { name: arguments.all()? }),
    },
    CommandWord {
        names: &["block"],
        arguments: "WHO",
        help: "let somebody's calls hear that the line is busy; last is the latest peer",
        build: |arguments| Ok(Command::Block { who: arguments.all()? }),
    },
    CommandWord {
        names: &["unblock"],
        arguments: "WHO",
        help: "take a block away",
        build: |arguments| Ok(Command::Unblock { who: arguments.all()? }),
    },
    CommandWord {
        names: &["who", "announced"],
        arguments: "",
        help: "list the phones that announced themselves",
        build: |_| Ok(Command::Announced {}),
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
    CommandWord {
        names: &["messages", "vm"],
        arguments: "",
        help: "list the messages that callers left",
        build: |_| Ok(Command::Messages {}),
    },
    CommandWord {
        names: &["play"],
        arguments: "[MESSAGE|off]",
        help: "play a message, or end that; without a number, the newest",
        build: |arguments| match arguments.words.as_slice() {
            ["off"] => Ok(Command::StopPlaying {}),
            [] => Ok(Command::PlayMessage { message: "1".to_owned() }),
            _ => Ok(Command::PlayMessage { message: arguments.one()?.to_owned() }),
        },
    },
    CommandWord {
        names: &["greeting"],
        arguments: "record|keep|off|play|default",
        help: "speak what callers of the voicemail hear",
        build: |arguments| {
            let action = match arguments.one()? {
                "record" => GreetingAction::Record,
                "keep" => GreetingAction::Keep,
                "off" => GreetingAction::Cancel,
                "play" => GreetingAction::Play,
                "default" => GreetingAction::Default,
                _ => return Err(arguments.usage()),
            };
            Ok(Command::Greeting { action })
        },
    },
    CommandWord {
        names: &["heard"],
        arguments: "MESSAGE",
        help: "take note that you heard a message",
        build: |arguments| Ok(Command::MessageHeard { message: arguments.one()?.to_owned() }),
    },
    CommandWord {
        names: &["delete"],
        arguments: "MESSAGE",
        help: "delete a message",
        build: |arguments| Ok(Command::DeleteMessage { message: arguments.one()?.to_owned() }),
    },
    CommandWord {
        names: &["away"],
        arguments: "[off]",
        help: "let the voicemail answer as it does while you are away",
        build: |arguments| Ok(Command::Away { on: arguments.on()? }),
    },
    CommandWord {
        names: &["devices"],
        arguments: "",
        help: "list the microphones and speakers of this machine",
        build: |_| Ok(Command::Devices {}),
    },
    CommandWord {
        names: &["microphone"],
        arguments: "[MICROPHONE]",
        help: "take another microphone; without a name, the default of the system",
        build: |arguments| Ok(arguments.device(DeviceUse::Microphone)),
    },
    CommandWord {
        names: &["speaker"],
        arguments: "[SPEAKER]",
        help: "take another speaker",
        build: |arguments| Ok(arguments.device(DeviceUse::Speaker)),
    },
    CommandWord {
        names: &["ringer"],
        arguments: "[SPEAKER]",
        help: "let another speaker ring",
        build: |arguments| Ok(arguments.device(DeviceUse::Ringer)),
    },
    CommandWord {
        names: &["dnd"],
        arguments: "[off]",
        help: "do not disturb: callers hear that the line is busy",
        build: |arguments| Ok(Command::DoNotDisturb { on: arguments.on()? }),
    },
    CommandWord {
        names: &["announce"],
        arguments: "",
        help: "tell the mesh that this phone can be called",
        build: |_| Ok(Command::Announce {}),
    },
    CommandWord {
        names: &["status", "s", "i", "identity"],
        arguments: "",
        help: "tell who this is, the network and the calls",
        build: |_| Ok(Command::Status {}),
    },
    CommandWord {
        names: &["reload"],
        arguments: "",
        help: "read the file of settings again",
        build: |_| Ok(Command::Reload {}),
    },
    CommandWord {
        names: &["stop"],
        arguments: "",
        help: "end the calls and the phone",
        build: |_| Ok(Command::Stop {}),
    },
];

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
    let name = word.to_lowercase();
    let of = COMMANDS.iter().find(|command| command.names.contains(&name.as_str()));
    let of = of.ok_or_else(|| WordsError::Unknown(word.to_owned()))?;
    let text = text.trim();
    let arguments = Arguments { of, text, words: text.split_whitespace().collect() };
    if of.arguments.is_empty() && !text.is_empty() {
        return Err(arguments.usage());
    }
    (of.build)(&arguments)
}

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

impl<'a> Arguments<'a> {
    fn usage(&self) -> WordsError {
        let usage = format!("usage: {} {}", self.of.name(), self.of.arguments);
        WordsError::Usage(usage.trim_end().to_owned())
    }

    fn one(&self) -> Result<&'a str, WordsError> {
        match self.words.as_slice() {
            [word] => Ok(word),
            _ => Err(self.usage()),
        }
    }

    /// The first word, and the rest.
    fn two(&self) -> Result<(&'a str, &'a str), WordsError> {
        let (first, rest) =
            self.text.split_once(char::is_whitespace).ok_or_else(|| self.usage())?;
        Ok((first, rest.trim()))
    }

    fn all(&self) -> Result<String, WordsError> {
        if self.text.is_empty() { Err(self.usage()) } else { Ok(self.text.to_owned()) }
    }

    /// A file as this process sees it; none where nothing is typed.
    fn file(&self, text: &str) -> Result<Option<PathBuf>, WordsError> {
        let path = match (text.strip_prefix("~/"), std::env::home_dir()) {
            _ if text.is_empty() => return Ok(None),
            (Some(of_home), Some(home)) => home.join(of_home),
            _ => PathBuf::from(text),
        };
        Ok(Some(std::path::absolute(path).map_err(|_| self.usage())?))
    }

    fn on(&self) -> Result<bool, WordsError> {
        match self.words.as_slice() {
            [] | ["on"] => Ok(true),
            ["off"] => Ok(false),
            _ => Err(self.usage()),
        }
    }

    fn device(&self, role: DeviceUse) -> Command {
        let name = Some(self.text.to_owned()).filter(|name| !name.is_empty());
        Command::UseDevice { role, name }
    }
}
