//! A member, and what it may send.

use alloc::string::String;
use core::time::Duration;

use lxst_core::{IdentityHash, Instant, LinkId};

use super::room::Room;
use crate::bucket::Bucket;
use crate::id::{MemberId, RoomId};
use crate::limits::{FRAME_BURST, FRAME_RATE, REQUESTS, TEXTS};
use crate::wire::MemberRecord;

/// An admitted client.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) id: MemberId,
    pub(super) link: LinkId,
    pub(super) rtt: Duration,
    /// The most plaintext bytes of a packet of its link.
    pub(super) mdu: usize,
    pub(super) name: String,
    pub(super) identity: Option<IdentityHash>,
    pub(super) room: Option<RoomId>,
    pub(super) is_muted: bool,
    pub(super) is_deaf: bool,
    pub(super) hops: Option<u8>,
    pub(super) rtt_ms: Option<u32>,
    pub(super) is_operator: bool,
    pub(super) is_server_muted: bool,
    pub(super) is_text_only: bool,
    pub(super) can_speak: bool,
    /// It had a frame relayed since its last end of talk.
    pub(super) has_talked: bool,
    pub(super) frames: Bucket,
    pub(super) texts: Bucket,
    pub(super) requests: Bucket,
}

impl Member {
    pub(super) fn texts(now: Instant) -> Bucket {
        Bucket::new(now, TEXTS, TEXTS)
    }

    pub(super) fn requests(now: Instant) -> Bucket {
        Bucket::new(now, REQUESTS, REQUESTS)
    }

    /// Puts it into a room, or into none.
    pub(super) fn set_room(&mut self, now: Instant, room: Option<&Room>) {
        self.room = room.map(|room| room.id);
        self.can_speak = room.is_none_or(|room| room.can_speak(self.identity));
        self.has_talked = false;
        let frame_ms = room.map_or(20, |room| room.config.profile.frame_ms());
        let rate = FRAME_RATE * 1_000 / u64::from(frame_ms);
        self.frames = Bucket::new(now, rate, FRAME_BURST.max(2 * rate));
    }

    /// Returns whether its voice is relayed.
    pub(super) fn is_heard(&self) -> bool {
        self.can_speak && !self.is_server_muted
    }

    pub(super) fn record(&self) -> MemberRecord<'_> {
        MemberRecord {
            id: self.id,
            name: &self.name,
            identity: self.identity,
            room: self.room,
            is_muted: self.is_muted,
            is_deaf: self.is_deaf,
            hops: self.hops,
            rtt_ms: self.rtt_ms,
            is_operator: self.is_operator,
            is_server_muted: self.is_server_muted,
            is_text_only: self.is_text_only,
            can_speak: self.can_speak,
        }
    }
}
