//! The commands of pages.

use crate::control::Command;
use crate::words::word::CommandWord;

pub(super) const AIR: &[CommandWord] = &[CommandWord {
    names: &["page"],
    arguments: "[off|urgent|FILE]",
    help: "speak to all neighbours who have the page key, or play a WAV file to them",
    build: |arguments| {
        let (on, is_urgent) = (arguments.text != "off", arguments.text == "urgent");
        let is_file = on && !is_urgent;
        let path = if is_file { arguments.file(arguments.text)? } else { None };
        Ok(Command::Page { on, path, is_urgent })
    },
}];
