//! What the phone replies to a command.

use std::path::PathBuf;

use lxst_phone::{IdentityHash, Mode, Profile};
use serde::{Deserialize, Serialize};

use crate::contacts::{Contacts, PeerName};
use crate::history::Outcome;
use crate::voicemail::{Message, MessageId};

/// The reply to a command that was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reply {
    /// There is nothing to tell.
    Done,
    /// The call that was dialled.
    Call(u64),
    /// The state of the phone.
    Status(Box<Status>),
    /// The sound devices.
    Devices(Vec<DeviceInfo>),
    /// The phonebook.
    Contacts(Vec<ContactInfo>),
    /// The phones that announced themselves.
    Announced(Vec<AnnouncedInfo>),
    /// The stations that announced themselves.
    Stations(Vec<StationInfo>),
    /// Past calls.
    History(Vec<PastCall>),
    /// Past calls for other programs.
    Exported(String),
    /// The messages that callers left.
    Messages(Vec<MessageInfo>),
    /// The file that is written.
    File(PathBuf),
}

/// The state of the phone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Status {
    /// The identity of this phone, which others dial.
    #[serde(with = "super::text")]
    pub identity: IdentityHash,
    /// The name that announces tell.
    pub name: Option<String>,
    /// How the mesh is reached, in words.
    pub network: String,
    /// Open connections to it. At 0 nobody can be reached.
    pub connections: usize,
    /// Why there is no connection, in words.
    pub trouble: Option<String>,
    /// Whether callers are told that the line is busy.
    pub do_not_disturb: bool,
    /// When the quiet hours end that it is in, by the phone's clock on the wall: `07:00`.
    #[serde(default)]
    pub quiet_until: Option<String>,
    /// The calls, in the order in which they began.
    pub calls: Vec<CallInfo>,
    /// Missed calls that the user did not see.
    pub missed: usize,
    /// Messages that nobody has heard.
    pub new_messages: usize,
    /// Whether the user is away, as the rules of the voicemail see it.
    pub is_away: bool,
    /// The level of the microphone since the last status, in dBFS; `None` without sound devices.
    pub microphone_dbfs: Option<f32>,
    /// That of the speaker.
    pub speaker_dbfs: Option<f32>,
    /// How much louder the speaker plays, in dB.
    pub volume: f32,
    /// Whether the echo of the speaker is cancelled; `None` without a call or without sound devices.
    #[serde(default)]
    pub cancels_echo: Option<bool>,
    /// Whether the user wants the desktop to show calls.
    #[serde(default)]
    pub shows_notifications: bool,
}

/// A call that is not over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CallInfo {
    /// Its number.
    pub call: u64,
    /// The other side.
    pub peer: Peer,
    /// Whether the peer called.
    pub is_incoming: bool,
    /// How far it is.
    pub state: CallStage,
    /// The profile that we send or propose.
    #[serde(with = "super::text::profile")]
    pub profile: Profile,
    /// The profile that `auto` chose, and why; `None` if a person named one, and before.
    #[serde(default)]
    pub chosen: Option<ChosenProfile>,
    /// The mode.
    #[serde(with = "super::text::mode")]
    pub mode: Mode,
    /// Since both could hear each other, in seconds; `None` before.
    pub seconds: Option<f64>,
    /// Whether it is held.
    pub is_held: bool,
    /// Whether the microphone is closed.
    pub is_muted: bool,
    /// Whether the talk button is pressed.
    pub is_talking: bool,
    /// Whether it is in a conference with the other call.
    #[serde(default)]
    pub is_merged: bool,
    /// Whether the voicemail answered it.
    pub is_voicemail: bool,
    /// Whether it is recorded.
    pub is_recorded: bool,
    /// The latest report of its quality.
    pub quality: Option<CallQuality>,
}

/// The profile that `auto` chose for a call, which it then follows the path from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChosenProfile {
    /// The profile that the call began in.
    #[serde(with = "super::text::profile")]
    pub profile: Profile,
    /// The round trip that it fits, in ms: that of the link, or the time to the peer's first answer
    /// if that was longer.
    pub round_trip_ms: u64,
}

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CallStage {
    /// A path and a link to the peer are searched.
    Calling,
    /// It rings, at the side that was called.
    Ringing,
    /// It is answered, and the sound is set up.
    Connecting,
    /// Both can hear each other.
    Established,
}

/// The quality of a call in the last second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CallQuality {
    /// The mean opinion score by an estimate, from 1 (bad) to 4.5.
    pub mos: f64,
    /// From the peer's microphone to our speaker as far as it is known, in ms.
    pub delay_ms: u64,
    /// Of what the peer sent, in percent.
    pub loss_percent: f64,
    /// The variation of the delay, in ms.
    pub jitter_ms: u64,
    /// Received, in bit/s.
    pub received_bps: u32,
    /// Sent, in bit/s.
    pub sent_bps: u32,
}

/// Somebody, as shown everywhere the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// The identity.
    #[serde(with = "super::text")]
    pub hash: IdentityHash,
    /// The name of the contact, else the announced name with a mark, else the hash.
    pub name: String,
    /// Whether the name is that of a contact.
    pub is_contact: bool,
}

/// A contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactInfo {
    /// Its name.
    pub name: String,
    /// Whom to dial.
    #[serde(with = "super::text")]
    pub hash: IdentityHash,
    /// The digits to dial it by.
    pub number: Option<String>,
    /// Whether its calls are blocked.
    pub is_blocked: bool,
}

/// A phone that announced itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnnouncedInfo {
    /// Who.
    pub peer: Peer,
    /// The name that it announced.
    pub name: Option<String>,
    /// Hops to it; 1 is a neighbour.
    pub hops: u8,
    /// Since its latest announce, in seconds.
    pub seconds_ago: u64,
}

/// A station that announced itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StationInfo {
    /// Its identity.
    #[serde(with = "super::text")]
    pub hash: IdentityHash,
    /// Its name, which nobody has verified.
    pub name: String,
    /// Whether it relays another one.
    pub is_relay: bool,
    /// What it sends, in words; `None` if that is unknown here.
    pub profile: Option<String>,
    /// Hops to it; 1 is a neighbour.
    pub hops: u8,
    /// Since its latest announce, in seconds.
    pub seconds_ago: u64,
}

/// A call that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastCall {
    /// Its number in the history, which stays: `#7` means its peer where somebody is named. `None`
    /// in events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<usize>,
    /// The other side, as it is called today.
    pub peer: Peer,
    /// Whether the peer called.
    pub is_incoming: bool,
    /// Whether somebody called whom nobody answered.
    pub is_missed: bool,
    /// When it began, in seconds since 1970.
    pub started: u64,
    /// How long both could hear each other, in ms; `None` if it was not answered.
    pub talked_ms: Option<u64>,
    /// The last profile that we sent.
    #[serde(with = "super::text::profile::optional")]
    pub profile: Option<Profile>,
    /// How it ended.
    #[serde(with = "super::text::outcome")]
    pub outcome: Outcome,
}

/// A message that somebody left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageInfo {
    /// What commands call it.
    pub id: String,
    /// Who left it, as called today.
    pub peer: Peer,
    /// When the call was answered, in seconds since 1970.
    pub time: u64,
    /// How long it is, in ms.
    pub length_ms: u64,
    /// Whether nobody has heard it.
    pub is_new: bool,
    /// Its Ogg/Opus file.
    pub path: PathBuf,
}

/// A sound device of this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceInfo {
    /// Its name.
    pub name: String,
    /// What it can be.
    pub is_microphone: bool,
    /// Whether the system takes it where nothing is said.
    pub is_default: bool,
    /// Its sample rate and channels, in words.
    pub format: String,
}

/// What a sound device is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceUse {
    /// It hears the user.
    Microphone,
    /// It plays the peer.
    Speaker,
    /// It rings.
    Ringer,
}

impl MessageInfo {
    /// Returns what is told of a message.
    #[must_use]
    pub fn new(message: &Message, contacts: &Contacts) -> Self {
        let MessageId { time, peer } = message.id;
        let announced = match message.name {
            PeerName::Announced(name, _) => Some(name),
            _ => None,
        };
        Self {
            id: message.id.to_string(),
            peer: Peer::new(peer, &contacts.name(peer, announced)),
            time: time.0,
            length_ms: u64::try_from(message.length.as_millis()).unwrap_or(u64::MAX),
            is_new: message.is_new,
            path: message.path.clone(),
        }
    }
}

impl Peer {
    /// Returns somebody by a name.
    #[must_use]
    pub fn new(hash: IdentityHash, name: &PeerName) -> Self {
        let is_contact = matches!(name, PeerName::Contact(_));
        Self { hash, name: name.to_string(), is_contact }
    }
}
