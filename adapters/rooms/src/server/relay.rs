//! Voice, from one member to the others of its room.

use alloc::vec::Vec;

use bytes::Bytes;
use lxst_core::Class;
use lxst_core::wire::{Frame, Media, Sequence, TalkEnd, encode_media, encode_talk_end};

use super::Server;
use super::event::ServerEvent;
use crate::door::Outbox;
use crate::id::MemberId;
use crate::limits::{FRAMES, SERVER_RESERVE};
use crate::wire::Voice;

impl Server {
    /// Relays a packet of voice, or drops it whole.
    pub(super) fn on_voice(&mut self, member: MemberId, voice: &Voice<'_>) {
        let Some(of) = self.members.get_mut(&member) else { return };
        let room = of.room.filter(|_| of.is_heard()).and_then(|room| self.rooms.get(&room));
        let Some(room) = room else {
            self.counters.voice_refused += 1;
            return;
        };
        let frames: Result<Vec<_>, _> = voice.frames.clone().take(FRAMES + 1).collect();
        let frames = frames.unwrap_or_default();
        let are_good = frames.iter().all(|frame| room.config.profile.accepts(*frame));
        if !(1..=FRAMES).contains(&frames.len()) || !are_good {
            self.counters.voice_malformed += 1;
            return;
        }
        if !of.frames.take(self.now, frames.len() as u64) {
            self.counters.voice_excess += 1;
            return;
        }
        of.has_talked = true;
        let spoken = Spoken { speaker: member, sequence: voice.sequence, frames: &frames };
        let whole = spoken.encode(&mut self.out);
        for listener in self.members.values() {
            let hears = listener.room == Some(room.id) && !listener.is_deaf;
            if listener.id == member || !hears {
                continue;
            }
            if whole.len() <= listener.mdu {
                self.out.transmit(listener.link, Class::Media, whole.clone());
                continue;
            }
            for part in spoken.split(listener.mdu) {
                let data = part.encode(&mut self.out);
                self.out.transmit(listener.link, Class::Media, data);
            }
        }
    }

    /// Relays the end of a talk spurt, once for each spurt.
    pub(super) fn on_talk_end(&mut self, member: MemberId) {
        let Some(of) = self.members.get_mut(&member) else { return };
        let room = of.room;
        if !of.is_heard() || !core::mem::take(&mut of.has_talked) {
            return;
        }
        let end = TalkEnd { speaker: Some(member.into()) };
        let data = self.out.packet(|buffer| encode_talk_end(end, buffer));
        for listener in self.members.values() {
            if listener.id != member && listener.room == room && !listener.is_deaf {
                // Behind the frames that wait: a signal would overtake them.
                self.out.transmit(listener.link, Class::Media, data.clone());
            }
        }
    }
}

/// Frames of a member.
#[derive(Clone, Copy, Debug)]
struct Spoken<'f> {
    speaker: MemberId,
    sequence: Option<Sequence>,
    frames: &'f [Frame<'f>],
}

impl<'f> Spoken<'f> {
    fn encode(self, out: &mut Outbox<ServerEvent>) -> Bytes {
        let Self { speaker, sequence, frames } = self;
        let media = Media { frames, speaker: Some(speaker.into()), sequence };
        out.packet(|buffer| encode_media(media, buffer))
    }

    /// Returns parts that each fit a packet of a link with this MDU, in order.
    fn split(self, mdu: usize) -> impl Iterator<Item = Self> {
        let room = mdu.saturating_sub(SERVER_RESERVE + HEAD);
        let mut rest = self;
        core::iter::from_fn(move || {
            let mut bytes = 0;
            let fits = |frame: &&Frame<'_>| {
                bytes += frame.payload.len() + 1 + FRAME_HEAD;
                bytes <= room
            };
            // A frame that fits no packet goes alone, and the stack refuses it.
            let count = rest.frames.iter().take_while(fits).count().max(1);
            let (frames, later) = rest.frames.split_at_checked(count)?;
            let part = Self { frames, ..rest };
            rest.frames = later;
            rest.sequence = rest.sequence.map(|sequence| sequence.plus(count as u16));
            Some(part)
        })
    }
}

/// Bytes of a packet besides its frames.
const HEAD: usize = 12;

/// Bytes of a frame besides codec byte and payload.
const FRAME_HEAD: usize = 3;
