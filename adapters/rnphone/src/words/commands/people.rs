//! The commands of people and their messages.

use crate::control::{Command, GreetingAction};
use crate::words::word::CommandWord;

pub(super) const PEOPLE: &[CommandWord] = &[
    CommandWord {
        names: &["contacts", "phonebook", "p"],
        arguments: "",
        help: "list the phonebook",
        build: |_| Ok(Command::Contacts {}),
    },
    CommandWord {
        names: &["who", "announced"],
        arguments: "",
        help: "list the phones that announced themselves",
        build: |_| Ok(Command::Announced {}),
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
];

pub(super) const MESSAGES: &[CommandWord] = &[
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
];
