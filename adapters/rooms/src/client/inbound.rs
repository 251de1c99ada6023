//! What the server says.

use bytes::Bytes;
use lxst_core::{LinkId, LinkRequest};

use super::Client;
use super::event::{ClientEvent, CloseReason};
use super::session::Session;
use super::talk::RoomVoice;
use crate::id::{MemberId, RoomId};
use crate::limits::{NAME, TEXT};
use crate::text::clean;
use crate::wire::{Entered, MemberRecord, RoomKey, RoomRecord, ServerMessage, VERSION, Welcome};

impl Client {
    pub(super) fn on_packet(&mut self, link: LinkId, data: &[u8]) {
        let is_ours = match self.session {
            Session::Joining { link: ours, .. } | Session::Joined { link: ours, .. } => {
                ours == link
            }
            Session::Idle | Session::Opening { .. } => false,
        };
        let messages = if is_ours { ServerMessage::parse(data).ok() } else { None };
        let Some(messages) = messages else {
            self.dropped += 1;
            return;
        };
        for message in messages {
            // A message may end the session.
            match (&self.session, message) {
                (Session::Joining { .. }, message) => self.before_welcome(link, &message),
                (Session::Joined { .. }, message) => self.on_message(link, message, data),
                (Session::Idle | Session::Opening { .. }, _) => {}
            }
        }
    }

    /// Takes what comes before we are a member: WELCOME or a refusal. The end of our older session
    /// may come before it.
    fn before_welcome(&mut self, link: LinkId, message: &ServerMessage<'_>) {
        if let ServerMessage::Denied { room: None, reason } = message {
            self.on_refused(link, reason);
        } else if let ServerMessage::Welcome(welcome) = message {
            self.on_welcome(link, welcome);
        }
    }

    fn on_welcome(&mut self, link: LinkId, welcome: &Welcome<'_>) {
        let Session::Joining { rtt, mdu, .. } = self.session else { return };
        if welcome.version != Some(VERSION) {
            self.out.link(link, LinkRequest::Close);
            return self.end(CloseReason::Version(welcome.version), None);
        }
        let member = welcome.member;
        self.session = Session::Joined { link, rtt, mdu, member };
        self.lost = 0;
        self.out.event(ClientEvent::Joined {
            member,
            server: clean(welcome.name, NAME),
            motd: clean(welcome.motd, TEXT),
            app: clean(welcome.app, NAME),
        });
    }

    fn on_message(&mut self, link: LinkId, message: ServerMessage<'_>, data: &[u8]) {
        let text = |text: &str| clean(text, TEXT);
        match message {
            ServerMessage::Welcome(_) => {}
            ServerMessage::Rooms(rooms) => rooms.into_iter().for_each(|room| self.on_room(room)),
            ServerMessage::Member(member) => self.on_member(member),
            ServerMessage::Members(members) => {
                members.into_iter().for_each(|member| self.on_member(member));
            }
            ServerMessage::Left(member) => {
                if self.roster.remove_member(member) {
                    self.out.event(ClientEvent::MemberLeft(member));
                }
            }
            ServerMessage::Synced => self.out.event(ClientEvent::Synced),
            ServerMessage::Entered(entered) => self.on_entered(entered),
            ServerMessage::Denied { room: None, reason } => self.on_refused(link, reason),
            ServerMessage::Denied { room: Some(room), reason } => {
                self.moving = None;
                let room = if let RoomKey::Id(id) = room { id.try_into().ok() } else { None };
                let (room, reason) = (room.map(RoomId), text(reason));
                self.out.event(ClientEvent::Refused { room, reason });
            }
            ServerMessage::Notice(notice) => self.out.event(ClientEvent::Notice(text(notice))),
            ServerMessage::Text { from, text: of } => {
                self.out.event(ClientEvent::Text { from, text: text(of) });
            }
            ServerMessage::Poke { from, text: of } => {
                self.out.event(ClientEvent::Poke { from, text: text(of) });
            }
            ServerMessage::Motd(motd) => self.out.event(ClientEvent::Motd(text(motd))),
            ServerMessage::RoomGone(room) => {
                if self.roster.remove_room(room) {
                    self.out.event(ClientEvent::RoomGone(room));
                }
            }
            ServerMessage::TalkEnd(member) => self.out.event(ClientEvent::TalkEnd(member)),
            ServerMessage::Voice { speaker, .. } => self.on_voice(speaker, data),
        }
    }

    fn on_room(&mut self, record: RoomRecord<'_>) {
        let id = record.id;
        if self.roster.set_room(record) {
            self.out.event(ClientEvent::RoomChanged(id));
        }
    }

    fn on_member(&mut self, record: MemberRecord<'_>) {
        let (id, told) = (record.id, (record.is_muted, record.is_deaf));
        if Some(id) == self.member() && told == (self.muted.microphone, self.muted.speaker) {
            self.state_again = None;
        }
        if self.roster.set_member(record) {
            self.out.event(ClientEvent::MemberChanged(id));
        }
    }

    fn on_entered(&mut self, entered: Option<Entered<'_>>) {
        self.moving = None;
        self.room = entered.map(|entered| {
            let frame_ms = entered.frame_ms;
            let jitter = self.roster.room(entered.room).map_or(0, |room| room.ptt_jitter_ms);
            let batch = match jitter {
                0 => self.config.frames_per_packet,
                jitter => RoomVoice::ptt_batch(jitter, frame_ms),
            };
            let profile = entered.profile.parse().ok();
            (entered.room, RoomVoice { profile, frame_ms, batch })
        });
        self.can_speak = entered.is_some_and(|entered| entered.can_speak);
        if let Some((_, voice)) = self.room {
            self.talk.enter(voice.profile);
        }
        self.out.event(ClientEvent::Entered(entered.map(|entered| entered.room)));
    }

    fn on_refused(&mut self, link: LinkId, reason: &str) {
        self.out.link(link, LinkRequest::Close);
        self.end(CloseReason::Refused(clean(reason, TEXT)), None);
    }

    fn on_voice(&mut self, speaker: MemberId, data: &[u8]) {
        let data = Bytes::copy_from_slice(data);
        self.out.event(ClientEvent::Voice { speaker, data });
    }
}
