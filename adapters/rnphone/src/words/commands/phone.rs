//! The commands of the phone itself and its sound.

use crate::control::{Command, DeviceUse};
use crate::words::word::CommandWord;

pub(super) const SOUND: &[CommandWord] = &[
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
        names: &["aec", "echo"],
        arguments: "auto|on|off",
        help: "cancel the echo of the speaker; auto: unless it sits at the ear",
        build: |arguments| {
            let when = arguments.one()?.parse().map_err(|_| arguments.usage())?;
            Ok(Command::EchoCancellation { when })
        },
    },
];

pub(super) const PHONE: &[CommandWord] = &[
    CommandWord {
        names: &["status", "s", "i", "identity"],
        arguments: "",
        help: "tell who this is, the network and the calls",
        build: |_| Ok(Command::Status {}),
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
