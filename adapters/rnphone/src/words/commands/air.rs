//! The commands of stations and pages.

use crate::control::Command;
use crate::words::word::CommandWord;

pub(super) const AIR: &[CommandWord] = &[
    CommandWord {
        names: &["stations"],
        arguments: "",
        help: "list the stations that announced themselves",
        build: |_| Ok(Command::Stations {}),
    },
    CommandWord {
        names: &["tune"],
        arguments: "STATION|off",
        help: "listen to a station, by its name or 32 hex digits, or leave it",
        build: |arguments| match arguments.all()?.as_str() {
            "off" => Ok(Command::StopTuning {}),
            station => Ok(Command::Tune { station: station.to_owned() }),
        },
    },
    CommandWord {
        names: &["station"],
        arguments: "FILE|off",
        help: "broadcast a WAV file to all who tune in, or end that",
        build: |arguments| match arguments.all()?.as_str() {
            "off" => Ok(Command::Station { path: None, title: None }),
            file => Ok(Command::Station { path: arguments.file(file)?, title: None }),
        },
    },
    CommandWord {
        names: &["page"],
        arguments: "[off|urgent|FILE]",
        help: "speak to all neighbours who have the page key, or play a WAV file to them",
        build: |arguments| {
            let (on, is_urgent) = (arguments.text != "off", arguments.text == "urgent");
            let is_file = on && !is_urgent;
            let path = if is_file { arguments.file(arguments.text)? } else { None };
            Ok(Command::Page { on, path, is_urgent })
        },
    },
];
