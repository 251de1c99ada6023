//! Settings of a room.

use alloc::collections::BTreeSet;
use alloc::string::String;
use core::time::Duration;

use lxst_core::IdentityHash;

use crate::bounds::{BoundError, secret, text, within};
use crate::limits;
use crate::profile::RoomProfile;
use crate::wire::Access;

/// Settings of a room.
///
/// *Default*: open to everybody, everybody speaks, 32 members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomConfig {
    pub(super) name: String,
    pub(super) profile: RoomProfile,
    pub(super) description: String,
    pub(super) password: Option<String>,
    pub(super) needs_identity: bool,
    pub(super) allow: Option<BTreeSet<IdentityHash>>,
    pub(super) speakers: Option<BTreeSet<IdentityHash>>,
    pub(super) ptt_jitter: Option<Duration>,
    pub(super) max_members: usize,
}

impl RoomConfig {
    /// Makes the settings of a room of this name.
    ///
    /// # Errors
    /// [`BoundError`] if it is empty or has more than [`NAME`](limits::NAME) bytes.
    pub fn new(name: &str, profile: RoomProfile) -> Result<Self, BoundError> {
        Ok(Self {
            name: text("bytes of the room's name", name, (1, limits::NAME))?,
            profile,
            description: String::new(),
            password: None,
            needs_identity: false,
            allow: None,
            speakers: None,
            ptt_jitter: None,
            max_members: limits::MEMBERS,
        })
    }

    /// Sets what the room is for.
    ///
    /// # Errors
    /// [`BoundError`] beyond [`DESCRIPTION`](limits::DESCRIPTION) bytes.
    pub fn description(self, description: &str) -> Result<Self, BoundError> {
        let most = limits::DESCRIPTION;
        Ok(Self { description: text("bytes of the description", description, (0, most))?, ..self })
    }

    /// Sets a password that is needed to enter.
    ///
    /// # Errors
    /// [`BoundError`] if it is empty or has more than [`PASSWORD`](limits::PASSWORD) bytes.
    pub fn password(self, password: &str) -> Result<Self, BoundError> {
        Ok(Self { password: Some(secret(password)?), ..self })
    }

    /// Takes members who proved an identity only.
    #[must_use]
    pub fn identified(self) -> Self {
        Self { needs_identity: true, ..self }
    }

    /// Takes these identities only.
    #[must_use]
    pub fn allow(self, identities: impl IntoIterator<Item = IdentityHash>) -> Self {
        Self { allow: Some(identities.into_iter().collect()), ..self }
    }

    /// Relays the voice of these identities only: a broadcast room, for music.
    #[must_use]
    pub fn speakers(self, identities: impl IntoIterator<Item = IdentityHash>) -> Self {
        Self { speakers: Some(identities.into_iter().collect()), ..self }
    }

    /// Makes it a push-to-talk room: talkers fill their packets, listeners buffer this much. For
    /// slow links.
    ///
    /// # Errors
    /// [`BoundError`] below 1 ms or beyond [`MAX_PTT_JITTER`](limits::MAX_PTT_JITTER), in ms.
    pub fn push_to_talk(self, jitter: Duration) -> Result<Self, BoundError> {
        let most = limits::MAX_PTT_JITTER.as_millis() as usize;
        let millis = usize::try_from(jitter.as_millis()).unwrap_or(usize::MAX);
        within("jitter buffer in ms", millis, (1, most))?;
        Ok(Self { ptt_jitter: Some(jitter), ..self })
    }

    /// Sets how many members the room has at once. *Default*: [`MEMBERS`](limits::MEMBERS).
    ///
    /// # Errors
    /// [`BoundError`] below 1 or beyond [`MAX_MEMBERS`](limits::MAX_MEMBERS).
    pub fn max_members(self, members: usize) -> Result<Self, BoundError> {
        let max_members = within("members of the room", members, (1, limits::MAX_MEMBERS))?;
        Ok(Self { max_members, ..self })
    }

    /// Returns what it takes to enter.
    #[must_use]
    pub fn access(&self) -> Access {
        Access {
            identified: self.needs_identity || self.allow.is_some(),
            listed: self.allow.is_some(),
            password: self.password.is_some(),
        }
    }
}
