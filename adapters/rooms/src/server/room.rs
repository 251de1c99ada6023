//! A room, and who may enter and speak.

use lxst_core::IdentityHash;

use super::room_config::RoomConfig;
use crate::id::RoomId;
use crate::wire::{Entered, RoomRecord};

/// A room of the server.
#[derive(Clone, Debug)]
pub(super) struct Room {
    pub(super) id: RoomId,
    pub(super) config: RoomConfig,
}

impl Room {
    /// Checks identity and allow list.
    pub(super) fn check_identity(
        &self,
        identity: Option<IdentityHash>,
    ) -> Result<(), &'static str> {
        let access = self.config.access();
        if access.identified && identity.is_none() {
            return Err("room requires an identified user");
        }
        let is_listed = |list: &_| identity.is_some_and(|identity| contains(list, identity));
        match self.config.allow.as_ref().is_none_or(is_listed) {
            true => Ok(()),
            false => Err("you are not on this room's allow list"),
        }
    }

    /// Returns whether the voice of this identity is relayed.
    pub(super) fn can_speak(&self, identity: Option<IdentityHash>) -> bool {
        let is_listed = |list: &_| identity.is_some_and(|identity| contains(list, identity));
        self.config.speakers.as_ref().is_none_or(is_listed)
    }

    pub(super) fn record(&self) -> RoomRecord<'_> {
        let jitter = self.config.ptt_jitter.map_or(0, |jitter| jitter.as_millis());
        RoomRecord {
            id: self.id,
            name: &self.config.name,
            profile: self.config.profile.name(),
            frame_ms: self.config.profile.frame_ms(),
            access: self.config.access(),
            description: &self.config.description,
            dial_in: None,
            ptt_jitter_ms: u32::try_from(jitter).unwrap_or(u32::MAX),
            is_broadcast: self.config.speakers.is_some(),
        }
    }

    pub(super) fn entered(&self, can_speak: bool) -> Entered<'static> {
        let profile = self.config.profile;
        let (name, frame_ms) = (profile.name(), profile.frame_ms());
        Entered { room: self.id, profile: name, frame_ms, can_speak }
    }
}

fn contains(list: &alloc::collections::BTreeSet<IdentityHash>, identity: IdentityHash) -> bool {
    list.contains(&identity)
}
