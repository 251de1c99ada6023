//! A call of the history, and its line.

use std::fmt;
use std::time::Duration;

use lxst_phone::{DisplayName, EndReason, IdentityHash, Profile};
use serde_json::{Map, Value, json};

use super::UnixTime;
use crate::contacts::PeerName;

/// A call that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    /// Who called.
    pub direction: CallDirection,
    /// The other side.
    pub peer: IdentityHash,
    /// What it was called then. The phonebook may have another name now.
    pub name: PeerName,
    /// When it was dialled, or rang.
    pub started: UnixTime,
    /// How long both could hear each other; `None` if it was not answered.
    pub talked: Option<Duration>,
    /// The last profile that we sent; `None` if we sent none.
    pub profile: Option<Profile>,
    /// How it ended.
    pub outcome: Outcome,
}

/// Who called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallDirection {
    /// The peer.
    Incoming,
    /// We.
    Outgoing,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As the phone says.
    Ended(EndReason),
    /// It came while our line was taken, and never rang.
    TurnedAway,
    /// It came more often than strangers may call, and never rang.
    Limited,
}

impl CallRecord {
    /// Whether somebody called whom we would have wanted to answer.
    #[must_use]
    pub const fn is_missed(&self) -> bool {
        let declined = matches!(
            self.outcome,
            Outcome::Ended(EndReason::Rejected | EndReason::Blocked | EndReason::LocalHangup)
                | Outcome::Limited
        );
        matches!(self.direction, CallDirection::Incoming) && self.talked.is_none() && !declined
    }

    /// Whether the call was made by somebody who is no contact, and whom nobody talked with.
    pub(super) const fn is_of_stranger(&self) -> bool {
        matches!(self.direction, CallDirection::Incoming)
            && self.talked.is_none()
            && !matches!(self.name, PeerName::Contact(_))
    }

    /// Whether a text of lower case is in what is shown of the call.
    pub(super) fn holds(&self, text: &str) -> bool {
        let missed = if self.is_missed() { "missed" } else { "" };
        let name = self.name.to_string().to_lowercase();
        let peer = self.peer.to_string();
        [&name, &peer, self.direction.name(), self.outcome.name(), missed]
            .into_iter()
            .any(|shown| shown.contains(text))
    }

    pub(super) fn from_line(line: &[u8]) -> Option<Self> {
        let fields: Map<String, Value> = serde_json::from_slice(line).ok()?;
        let text = |key: &str| fields.get(key).and_then(Value::as_str);
        let peer = text("peer")?.parse().ok()?;
        let name = match (text("contact"), text("announced")) {
            (Some(name), _) => PeerName::Contact(shortened(name)),
            (None, Some(name)) => PeerName::Announced(DisplayName::new(name).ok()?, peer),
            (None, None) => PeerName::Unknown(peer),
        };
        let profile = match text("profile") {
            Some(profile) => Some(profile.parse().ok()?),
            None => None,
        };
        let direction = text("direction")?;
        Some(Self {
            direction: CallDirection::ALL.into_iter().find(|named| named.name() == direction)?,
            peer,
            name,
            started: UnixTime(fields.get("started")?.as_u64()?),
            talked: match fields.get("talked_ms") {
                Some(millis) => Some(Duration::from_millis(millis.as_u64()?)),
                None => None,
            },
            profile,
            outcome: Outcome::named(text("outcome")?)?,
        })
    }

    pub(super) fn to_line(&self) -> String {
        Value::Object(self.fields()).to_string()
    }

    pub(super) fn fields(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        let mut set = |key: &str, value: Value| fields.insert(key.to_owned(), value);
        set("direction", json!(self.direction.name()));
        set("peer", json!(self.peer.to_string()));
        set("started", json!(self.started.0));
        set("outcome", json!(self.outcome.name()));
        match &self.name {
            PeerName::Contact(name) => set("contact", json!(shortened(name))),
            PeerName::Announced(name, _) => set("announced", json!(name.as_str())),
            PeerName::Unknown(_) => None,
        };
        if let Some(talked) = self.talked {
            set("talked_ms", json!(u64::try_from(talked.as_millis()).unwrap_or(u64::MAX)));
        }
        if let Some(profile) = self.profile {
            set("profile", json!(profile.abbreviation()));
        }
        fields
    }
}

impl CallDirection {
    const ALL: [Self; 2] = [Self::Incoming, Self::Outgoing];

    /// Returns its word in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Incoming => "incoming",
            Self::Outgoing => "outgoing",
        }
    }
}

impl Outcome {
    /// Returns its word in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        OUTCOMES
            .iter()
            .find_map(|(outcome, name)| (*outcome == self).then_some(*name))
            // A test says that there is none.
            .unwrap_or("unknown")
    }

    /// Returns the outcome of a word in files.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        OUTCOMES.iter().find_map(|(outcome, other)| (*other == name).then_some(*outcome))
    }
}

impl fmt::Display for Outcome {
    /// Writes a few words: "no answer".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(reason) => reason.fmt(f),
            Self::TurnedAway => f.write_str("the line was busy"),
            Self::Limited => f.write_str("called too often"),
        }
    }
}

/// The beginning of a name, which bounds the line.
fn shortened(name: &str) -> String {
    name.chars().take(MAX_NAME).collect()
}

/// The most characters of a contact's name.
const MAX_NAME: usize = 128;

pub(super) const OUTCOMES: [(Outcome, &str); 17] = [
    (Outcome::Ended(EndReason::LocalHangup), "local_hangup"),
    (Outcome::Ended(EndReason::RemoteHangup), "remote_hangup"),
    (Outcome::Ended(EndReason::Busy), "busy"),
    (Outcome::Ended(EndReason::Rejected), "rejected"),
    (Outcome::Ended(EndReason::NoAnswer), "no_answer"),
    (Outcome::Ended(EndReason::RingTimeout), "ring_timeout"),
    (Outcome::Ended(EndReason::NoPath), "no_path"),
    (Outcome::Ended(EndReason::NoNetwork), "no_network"),
    (Outcome::Ended(EndReason::LinkFailed), "link_failed"),
    (Outcome::Ended(EndReason::LinkLost), "link_lost"),
    (Outcome::Ended(EndReason::Cancelled), "cancelled"),
    (Outcome::Ended(EndReason::Blocked), "blocked"),
    (Outcome::Ended(EndReason::ProfileUnavailable), "profile_unavailable"),
    (Outcome::Ended(EndReason::MediaTimeout), "media_timeout"),
    (Outcome::Ended(EndReason::ProtocolTimeout), "protocol_timeout"),
    (Outcome::TurnedAway, "turned_away"),
    (Outcome::Limited, "limited"),
];
