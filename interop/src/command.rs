//! The commands of a Python peer.

use core::time::Duration;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::hex;
use crate::packet::{Direction, IdentityHash};

/// One line for a Python peer's standard input; `peer.py --help` describes each.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Searches the path to an identity's telephone and calls it.
    Call {
        /// The identity to call.
        identity: IdentityHash,
        /// The profile's id; `None` leaves the choice to the telephone.
        profile: Option<u8>,
        /// 1 full duplex, 2 half duplex; `None` leaves the choice to the telephone.
        mode: Option<u8>,
    },
    /// Answers the call that rings.
    Answer,
    /// Ends the call; rejects one that rings.
    HangUp,
    /// Makes the line busy, or free.
    Busy(bool),
    /// Announces the telephone. A second announce within a second is lost.
    Announce,
    /// Announces the telephone with a name, as MeshChatX can.
    AnnounceAs(&'static str),
    /// Switches the established call to a profile.
    Profile(u8),
    /// Switches the established call to a mode: 1 full duplex, 2 half duplex.
    Mode(u8),
    /// Presses or releases push-to-talk.
    Talk(bool),
    /// Mutes the microphone (`Tx`) or the speaker (`Rx`), or unmutes it.
    Mute(Direction, bool),
    /// Plays a WAV file into the microphone.
    Audio(PathBuf),
    /// Writes the audio received so far; answered by `audio`.
    FlushAudio,
    /// Searches the path to an identity's telephone; answered by `path`, with `known` and `hops`.
    AwaitPath {
        /// The owner of the telephone.
        identity: IdentityHash,
        /// Time limit of the search.
        timeout: Duration,
    },
    /// Joins a broadcast channel: RNS's PLAIN destination of this name, or with a key the GROUP
    /// destination of the peer's own identity. Answered by `joined`; each packet is a `broadcast`.
    Join {
        /// Its name, such as `lxst.intercom`.
        name: &'static str,
        /// The key of the group.
        key: Option<Vec<u8>>,
    },
    /// Sends a packet on a joined channel.
    Broadcast {
        /// The channel's name.
        name: &'static str,
        /// The data of the packet.
        data: Vec<u8>,
    },
    /// Reports the announces of an app as `app_announce`.
    Hear(&'static str),
    /// Opens a link to an app of an identity. Answered by `app_link`; each packet is an `app_data`.
    OpenApp {
        /// The app's name.
        name: &'static str,
        /// The owner of the app.
        identity: IdentityHash,
    },
    /// Serves an app of the peer's identity. Answered by `app_served`; each link is an `app_link`,
    /// its peer's proof an `app_identified`, each packet an `app_data`, its end an `app_closed`.
    ServeApp(&'static str),
    /// Sends a packet on the latest link of an app.
    SendApp {
        /// The app's name.
        name: &'static str,
        /// The data of the packet.
        data: Vec<u8>,
    },
    /// Speaks and listens on the latest link of an app, without a call: the reference's
    /// `Packetizer` and `LinkSource`. Answered by `streaming`; its packets are no `app_data` then.
    Stream(&'static str),
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
                let identity = hex::encode(identity);
                json!({"cmd": "call", "identity": identity, "profile": profile, "mode": mode})
            }
            Self::Answer => json!({"cmd": "answer"}),
            Self::HangUp => json!({"cmd": "hangup"}),
            Self::Busy(on) => json!({"cmd": "busy", "on": on}),
            Self::Announce => json!({"cmd": "announce"}),
            Self::AnnounceAs(name) => json!({"cmd": "announce", "name": name}),
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
                let (identity, timeout) = (hex::encode(identity), timeout.as_secs_f64());
                json!({"cmd": "await_path", "identity": identity, "timeout": timeout})
            }
            Self::Join { name, key } => {
                let key = key.as_deref().map(hex::encode);
                json!({"cmd": "join", "name": name, "key": key})
            }
            Self::Broadcast { name, data } => {
                json!({"cmd": "broadcast", "name": name, "data": hex::encode(data)})
            }
            Self::Hear(name) => json!({"cmd": "hear", "name": name}),
            Self::OpenApp { name, identity } => {
                json!({"cmd": "open_app", "name": name, "identity": hex::encode(identity)})
            }
            Self::ServeApp(name) => json!({"cmd": "serve_app", "name": name}),
            Self::SendApp { name, data } => {
                json!({"cmd": "send_app", "name": name, "data": hex::encode(data)})
            }
            Self::Stream(name) => json!({"cmd": "stream", "name": name}),
            Self::Stats => json!({"cmd": "stats"}),
            Self::Quit => json!({"cmd": "quit"}),
        }
    }
}
