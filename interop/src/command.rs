//! What a Python peer can be told to do.

use core::time::Duration;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::hex;
use crate::packet::{Direction, IdentityHash};

/// One line for a Python peer's standard input; `peer.py --help` says what each does.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Searches the path to an identity's telephone and calls it.
    Call {
        /// Whom to call.
        identity: IdentityHash,
        /// The profile's id; `None` leaves the choice to the telephone.
        profile: Option<u8>,
        /// 1 full duplex, 2 half duplex; `None` leaves the choice to the telephone.
        mode: Option<u8>,
    },
    /// Answers the call that rings.
    Answer,
    /// Ends the call; one that rings is rejected.
    HangUp,
    /// Makes the line look busy, or not.
    Busy(bool),
    /// Announces the telephone. A second announce within a second is lost on its way.
    Announce,
    /// Switches the established call to a profile.
    Profile(u8),
    /// Switches the established call to a mode: 1 full duplex, 2 half duplex.
    Mode(u8),
    /// Presses or releases push-to-talk.
    Talk(bool),
    /// Mutes the microphone (`Tx`) or the speaker (`Rx`), or lifts that.
    Mute(Direction, bool),
    /// Plays a WAV file into the microphone from now.
    Audio(PathBuf),
    /// Writes what was heard so far; answered by `audio`.
    FlushAudio,
    /// Searches the path to an identity's telephone; answered by `path`, with `known` and `hops`.
    AwaitPath {
        /// Whose telephone.
        identity: IdentityHash,
        /// How long to search.
        timeout: Duration,
    },
    /// Asks for `stats`.
    Stats,
    /// Hangs up and exits.
    Quit,
}

impl Command {
    /// Calls with the telephone's own choice of profile and mode.
    pub fn call(identity: IdentityHash) -> Self {
        Self::Call { identity, profile: None, mode: None }
    }

    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Call { identity, profile, mode } => {
                json!({"cmd": "call", "identity": hex::encode(identity), "profile": profile, "mode": mode})
            }
            Self::Answer => json!({"cmd": "answer"}),
            Self::HangUp => json!({"cmd": "hangup"}),
            Self::Busy(on) => json!({"cmd": "busy", "on": on}),
            Self::Announce => json!({"cmd": "announce"}),
            Self::Profile(id) => json!({"cmd": "profile", "id": id}),
            Self::Mode(id) => json!({"cmd": "mode", "id": id}),
            Self::Talk(on) => json!({"cmd": "talk", "on": on}),
            Self::Mute(Direction::Tx, on) => {
                json!({"cmd": "mute", "direction": "transmit", "on": on})
            }
            Self::Mute(Direction::Rx, on) => {
                json!({"cmd": "mute", "direction": "receive", "on": on})
            }
            Self::Audio(file) => json!({"cmd": "audio", "file": file}),
            Self::FlushAudio => json!({"cmd": "flush_audio"}),
            Self::AwaitPath { identity, timeout } => {
                json!({"cmd": "await_path", "identity": hex::encode(identity), "timeout": timeout.as_secs_f64()})
            }
            Self::Stats => json!({"cmd": "stats"}),
            Self::Quit => json!({"cmd": "quit"}),
        }
    }
}
