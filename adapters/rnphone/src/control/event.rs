//! What the phone tells every client.

use std::path::PathBuf;

use lxst_phone::{IdentityHash, Mode, Profile};
use serde::{Deserialize, Serialize};

use super::reply::{CallQuality, ChosenProfile, DeviceUse, MessageInfo, PastCall, Peer};

/// An event of the phone: in JSON, an object whose `event` is the name in small letters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(missing_docs, reason = "of fields that their names say it all of")]
#[non_exhaustive]
pub enum Event {
    /// The first line to a client.
    Hello {
        /// That of the protocol.
        version: u32,
        /// The identity of this phone, which others dial.
        #[serde(with = "super::text")]
        identity: IdentityHash,
        /// The local addresses of TCP servers and UDP sockets.
        listening: Vec<String>,
    },
    /// A client dialled.
    Dialled { call: u64, peer: Peer },
    /// A call rings here.
    Incoming {
        call: u64,
        peer: Peer,
        /// Whether another call is talked on.
        is_waiting: bool,
    },
    /// The profile of a call that was dialled with `auto` is chosen.
    ProfileChosen {
        call: u64,
        #[serde(flatten)]
        chosen: ChosenProfile,
    },
    /// A dialled call rings at the peer.
    Ringing { call: u64 },
    /// A call is answered, and the sound is set up.
    Connecting { call: u64 },
    /// Both can hear each other.
    Established {
        call: u64,
        peer: Peer,
        #[serde(with = "super::text::profile")]
        profile: Profile,
        #[serde(with = "super::text::mode")]
        mode: Mode,
    },
    /// The profile that we send in is another.
    ProfileChanged {
        call: u64,
        #[serde(with = "super::text::profile")]
        profile: Profile,
        /// Whether the peer asked for it.
        by_peer: bool,
    },
    /// The peer prefers a profile that this phone cannot send.
    ProfileUnavailable {
        call: u64,
        #[serde(with = "super::text::profile")]
        asked: Profile,
        #[serde(with = "super::text::profile")]
        used: Profile,
    },
    /// The mode is another.
    ModeChanged {
        call: u64,
        #[serde(with = "super::text::mode")]
        mode: Mode,
        /// Whether the peer asked for it.
        by_peer: bool,
    },
    /// A call is held.
    Held { call: u64 },
    /// A held call goes on.
    Resumed { call: u64 },
    /// These calls are a conference.
    Merged { calls: Vec<u64> },
    /// The conference is over. Its calls that are left go on, each with the user alone.
    Split {},
    /// The microphone is closed or opened, or the talk button pressed or released.
    Microphone { call: u64, is_muted: bool, is_talking: bool },
    /// Nothing came from the peer for 5 s.
    PeerSilent { call: u64 },
    /// Sound comes again.
    PeerAudible { call: u64 },
    /// Once a second while a call is established.
    Quality { call: u64, quality: CallQuality },
    /// A call is recorded from here on.
    RecordingStarted { call: u64, path: PathBuf },
    /// A recording is over, and its file whole.
    RecordingEnded {
        call: u64,
        path: PathBuf,
        /// What the file holds, in ms.
        length_ms: u64,
        /// Of that, silence for sound that the disk was too slow for, in ms.
        missing_ms: u64,
        /// What ended it before its time, in words: a full disk. The call goes on.
        fault: Option<String>,
    },
    /// The voicemail answers a call: nobody is to.
    VoicemailAnswers { call: u64, peer: Peer },
    /// Somebody left a message.
    Message { call: u64, message: MessageInfo },
    /// A message or the greeting plays at the speaker: at its beginning, and once a second.
    Playing {
        /// Its id. The greeting has none.
        #[serde(default)]
        message: Option<String>,
        position_ms: u64,
        /// Where it is known.
        #[serde(default)]
        length_ms: Option<u64>,
    },
    /// It plays no longer.
    PlayingEnded {
        #[serde(default)]
        message: Option<String>,
        /// Whether it was played to its end.
        is_whole: bool,
    },
    /// The microphone records a greeting: at its beginning, and once a second.
    GreetingRecording { length_ms: u64 },
    /// The recording of a greeting is over.
    GreetingRecorded {
        length_ms: u64,
        /// Why it is not the greeting from here on, in words.
        #[serde(default)]
        fault: Option<String>,
    },
    /// A station is heard, or is silent, or is called otherwise.
    Tuned {
        #[serde(with = "super::text")]
        station: IdentityHash,
        /// As it says.
        name: String,
        /// What it sends, in words.
        profile: String,
        is_on_air: bool,
    },
    /// The station is heard no longer.
    TuneLost {
        /// Why, in words.
        reason: String,
        /// When the phone tunes in again; `None`: it does not.
        again_in_seconds: Option<u64>,
    },
    /// So many listen to the station of this phone.
    Listeners { count: usize },
    /// A neighbour pages.
    PageHeard {
        /// Who, as the page claims: anybody with the key can claim any name.
        name: Option<String>,
        is_urgent: bool,
        /// Why the speaker does not play it, in words.
        unplayed: Option<String>,
    },
    /// The page of a neighbour is over.
    PageEnded {},
    /// A page of this phone begins.
    Paging {},
    /// The page of this phone is over.
    PageSent {
        /// Why it ended before its time, in words.
        fault: Option<String>,
    },
    /// A call is over. It is in the history.
    Ended {
        call: u64,
        #[serde(flatten)]
        past: PastCall,
    },
    /// Somebody called while the line was taken or in quiet hours, and heard that it is busy.
    TurnedAway { peer: Peer },
    /// Somebody calls more often than strangers may, and hears that the line is busy.
    CallerLimited { peer: Peer },
    /// The dialled hash is that of a destination, as an announce shows: dial the identity instead.
    DestinationDialled {
        call: u64,
        #[serde(with = "super::text")]
        identity: IdentityHash,
    },
    /// A phone announced itself. Of several in a second, one is told.
    Announced { peer: Peer, hops: u8 },
    /// What became of a sound device, in words.
    Device { role: DeviceUse, text: String },
    /// The way into the network is another, in words.
    Network { text: String, connections: usize },
    /// The phonebook or another setting is another.
    SettingsChanged {},
    /// Quiet hours begin, or end.
    QuietHours {
        /// When they end, by the phone's clock on the wall: `07:00`; `None` when they are over.
        until: Option<String>,
    },
    /// Something the user should know of, in words.
    Warning { text: String },
    /// This client read too slowly, and so many events are left out.
    LeftOut { events: u64 },
    /// The phone ends.
    Stopped {},
}
