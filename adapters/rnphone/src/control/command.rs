//! What a client asks of the phone.

use std::path::PathBuf;

use lxst_phone::{Mode, Profile};
use serde::{Deserialize, Serialize};

use super::reply::DeviceUse;
use crate::echo_cancellation::EchoCancellation;

/// A command to the phone: in JSON, an object whose `command` is the name in small letters.
///
/// Where `call` is left out, the one that the command fits is meant: [`Answer`](Self::Answer) and
/// [`Reject`](Self::Reject) mean the call that rings here, the others the one that is talked on.
///
/// `to` and `who` are a contact's name, its number, the beginning of either name or hash, the name
/// that a phone announced, 32 hex digits, `last`: the peer of the latest call, or `#7`: the peer of a
/// call by its number in the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "of fields that their names say it all of")]
#[non_exhaustive]
pub enum Command {
    /// Replies with [`Status`](super::Status).
    Status {},
    /// Calls somebody. Replies with the call.
    Dial {
        to: String,
        /// In place of that of the settings.
        #[serde(
            default,
            with = "super::text::profile::optional",
            skip_serializing_if = "Option::is_none"
        )]
        profile: Option<Profile>,
        /// In place of full duplex.
        #[serde(default = "full_duplex", with = "super::text::mode")]
        mode: Mode,
    },
    /// Calls whom we called last. Replies with the call.
    Redial {},
    /// Calls who called last. Replies with the call.
    CallBack {},
    /// Answers a call, and holds the one that is talked on.
    Answer {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<u64>,
    },
    /// Rejects a call that rings here.
    Reject {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<u64>,
    },
    /// Ends a call in any state.
    HangUp {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<u64>,
    },
    /// Holds a call: neither side hears the other.
    Hold {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<u64>,
    },
    /// Goes on with a held call, and holds the one that is talked on.
    Resume {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<u64>,
    },
    /// Makes a conference of both calls, held or not: the user hears both, and they hear the user
    /// and each other. [`Hold`](Self::Hold) ends it and holds a call, [`Resume`](Self::Resume) ends
    /// it and holds the other, and where one call ends, the other goes on. Where `call` is left out
    /// in a conference, `Resume` means the first call and the others the one that came last.
    Merge {},
    /// Closes the microphone, or opens it again. In a conference, the calls hear each other on.
    Mute { on: bool },
    /// Presses or releases the talk button of a half-duplex call.
    Talk { on: bool },
    /// Changes the profile that we send in.
    Profile {
        #[serde(with = "super::text::profile")]
        profile: Profile,
    },
    /// Changes the mode of the call.
    Mode {
        #[serde(with = "super::text::mode")]
        mode: Mode,
    },
    /// Records a call, or ends its recording. Replies with the file: stereo, to the left what we
    /// say, to the right what the peer says. A call may have several.
    Record {
        on: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<u64>,
        /// An absolute path that ends in `.opus`, `.ogg` or `.wav`, where there is no file. In its
        /// place, an Ogg/Opus file of the folder `recordings`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<PathBuf>,
    },
    /// Makes the speaker louder or quieter; 0 plays what the peer sent. From -60 to 20.
    Volume { decibels: f32 },

    /// Replies with the sound devices of this machine.
    Devices {},
    /// Takes another device; without a name, the system's default. It lasts until the phone ends.
    UseDevice {
        role: DeviceUse,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },

    /// Cancels the echo of the speaker, or does not. It lasts until the phone ends.
    EchoCancellation { when: EchoCancellation },
    /// Replies with the phonebook.
    Contacts {},
    /// Adds a contact.
    AddContact {
        name: String,
        who: String,
        /// Digits to dial it by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
    },
    /// Gives a contact another name.
    RenameContact { name: String, new: String },
    /// Removes a contact.
    RemoveContact { name: String },
    /// Tells somebody who calls, contact or not, that the line is busy, from here on.
    Block { who: String },
    /// Takes a block away.
    Unblock { who: String },
    /// Replies with the phones that announced themselves since the start, the latest first.
    Announced {},

    /// Replies with the latest calls, the latest first.
    History {
        /// What is shown of them contains this text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        search: Option<String>,
        /// 20 unless said. At most 5,000.
        #[serde(default = "some_calls")]
        limit: usize,
    },
    /// Replies with past calls for other programs, the oldest first.
    ExportHistory {
        format: ExportFormat,
        /// What is shown of them contains this text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        search: Option<String>,
        /// Writes them to a file in place of the reply: an absolute path, where there is no file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<PathBuf>,
    },
    /// Takes note that the user saw the missed calls.
    MissedSeen {},

    /// Replies with the messages that callers left, the newest first.
    Messages {},
    /// Takes note that a message was heard, by a client that played its file.
    MessageHeard { message: String },
    /// Plays a message at the speaker, in place of what plays there. It counts as heard when it was
    /// played to its end. A call ends it.
    PlayMessage { message: String },
    /// Ends what plays, a message or the greeting.
    StopPlaying {},
    /// Records, plays or removes the greeting of the voicemail.
    Greeting { action: GreetingAction },
    /// Deletes a message.
    DeleteMessage { message: String },
    /// Says whether the user is away: the voicemail may then answer at once.
    Away { on: bool },

    /// Replies with the stations that announced themselves since the start, the latest first.
    Stations {},
    /// Listens to a station at the speaker, in place of the one before: a name that it announced, or
    /// a `who`. It stops during calls, and goes on after them.
    Tune { station: String },
    /// Leaves the station.
    StopTuning {},
    /// Broadcasts a WAV file again and again to all who tune in; without it, ends that.
    Station {
        /// An absolute path.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<PathBuf>,
        /// What listeners read: 48 bytes of UTF-8 at most. In its place, the display name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    },
    /// Begins a page to all neighbours who have the page key, or ends it. A page lasts at most two
    /// minutes; a call ends it.
    Page {
        on: bool,
        /// A WAV file, by its absolute path, after which the page ends; in its place, the microphone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<PathBuf>,
        /// Whether it takes over from pages that are not.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_urgent: bool,
    },

    /// Announces this phone.
    Announce {},
    /// Tells callers that the line is busy, or takes calls again.
    DoNotDisturb { on: bool },
    /// Reads the file of settings again.
    Reload {},
    /// Ends the phone.
    Stop {},
}

/// What is done with the greeting that callers hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GreetingAction {
    /// Records a new one from the microphone, of at most 60 s. The one before stays until it is kept.
    /// A call ends it.
    Record,
    /// Ends the recording, and takes it as the greeting.
    Keep,
    /// Ends the recording, and leaves it.
    Cancel,
    /// Plays it at the speaker.
    Play,
    /// Takes the notes that are played without any greeting.
    Default,
}

/// The format of exported calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// A JSON array, see [`to_json`](crate::history::to_json).
    Json,
    /// Comma-separated values, see [`to_csv`](crate::history::to_csv).
    Csv,
}

fn full_duplex() -> Mode {
    Mode::FullDuplex
}

fn some_calls() -> usize {
    20
}
