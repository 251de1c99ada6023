//! What the app wants.

use alloc::string::String;

use lxst_core::wire::{Frame, TalkEnd, encode_talk_end};
use lxst_core::{Class, Direction, LinkId, LinkRequest, Mute};

use super::Client;
use super::event::{ClientCommand, ClientEvent, CloseReason};
use super::session::Session;
use super::talk::encode;
use crate::door::InputError;
use crate::id::{MemberId, RoomId};
use crate::limits::{MDU, TEXT, WELCOME_TIME, WELCOME_TRIPS};
use crate::text::clean;
use crate::wire::ClientMessage;

impl Client {
    pub(super) fn on_command(&mut self, command: ClientCommand<'_>) -> Result<(), InputError> {
        if let ClientCommand::Join { link, server, hops, join } = command {
            if self.session.link().is_some() {
                return Err(InputError::InUse);
            }
            self.session = Session::Opening { link, hops, join };
            self.out.link(link, LinkRequest::Open(server));
            return Ok(());
        }
        if let ClientCommand::Leave = command {
            let link = self.session.link().ok_or(InputError::NotJoined)?;
            self.out.link(link, LinkRequest::Close);
            self.lost = 0;
            self.end(CloseReason::Left, None);
            return Ok(());
        }
        if let ClientCommand::Mute(direction, mute) = command {
            self.mute(direction, mute);
            return Ok(());
        }
        let Session::Joined { link, .. } = self.session else {
            return Err(InputError::NotJoined);
        };
        self.on_member_command(link, command)
    }

    /// Does what only members may ask for.
    fn on_member_command(
        &mut self,
        link: LinkId,
        command: ClientCommand<'_>,
    ) -> Result<(), InputError> {
        match command {
            ClientCommand::Move { room, password } => self.enter(link, room, password)?,
            ClientCommand::Text(text) => {
                let text = clean(text, TEXT);
                self.room.ok_or(InputError::NoRoom)?;
                if !text.is_empty() {
                    self.send(link, &ClientMessage::Text(&text));
                }
            }
            ClientCommand::Poke { to, text } => {
                self.check_member(to)?;
                let text = clean(text, TEXT);
                self.send(link, &ClientMessage::Poke { to, text: &text });
            }
            ClientCommand::Operate { action, on } => {
                self.check_member(on)?;
                self.send(link, &ClientMessage::Admin { action, on });
            }
            ClientCommand::Speak(frame) => self.speak(link, frame)?,
            ClientCommand::EndTalk => self.end_talk(link),
            // Done before.
            ClientCommand::Join { .. } | ClientCommand::Leave | ClientCommand::Mute(..) => {}
        }
        Ok(())
    }

    /// Asks for a room. For the room that we are in, the server would not answer.
    fn enter(
        &mut self,
        link: LinkId,
        room: RoomId,
        password: Option<String>,
    ) -> Result<(), InputError> {
        if self.room.is_some_and(|(ours, _)| ours == room) {
            self.out.event(ClientEvent::Entered(Some(room)));
            return Ok(());
        }
        self.roster.room(room).ok_or(InputError::UnknownRoom)?;
        self.end_talk(link);
        let password = password.as_deref();
        self.send(link, &ClientMessage::Move { room: room.into(), password });
        self.moving = Some((room, self.now + self.at_least(WELCOME_TIME, WELCOME_TRIPS)));
        Ok(())
    }

    fn speak(&mut self, link: LinkId, frame: Frame<'_>) -> Result<(), InputError> {
        let (_, voice) = self.room.filter(|_| self.can_speak()).ok_or(InputError::CannotSpeak)?;
        if !voice.accepts(frame) {
            return Err(InputError::BadFrame);
        }
        let mdu = if let Session::Joined { mdu, .. } = self.session { mdu } else { MDU };
        let Self { talk, out, .. } = self;
        talk.speak(frame, voice, mdu, |media| {
            let data = out.packet(encode(media));
            out.transmit(link, Class::Media, data);
        });
        Ok(())
    }

    /// Sends what waits, and that the talk spurt is over.
    fn end_talk(&mut self, link: LinkId) {
        let Self { talk, out, .. } = self;
        let has_talked = talk.end(|media| {
            let data = out.packet(encode(media));
            out.transmit(link, Class::Media, data);
        });
        if has_talked {
            let end = TalkEnd { speaker: None };
            let data = self.out.packet(|buffer| encode_talk_end(end, buffer));
            // Behind the frames: a signal would overtake them.
            self.out.transmit(link, Class::Media, data);
        }
    }

    fn mute(&mut self, direction: Direction, mute: Mute) {
        let before = self.muted;
        match (direction, mute) {
            (Direction::Send, Mute::Muted) => self.muted.microphone = true,
            (Direction::Send, Mute::Unmuted) => self.muted = super::Muted::default(),
            (Direction::Receive, Mute::Muted) => {
                self.muted = super::Muted { microphone: true, speaker: true };
            }
            (Direction::Receive, Mute::Unmuted) => self.muted.speaker = false,
        }
        if self.muted == before {
            return;
        }
        if let Session::Joined { link, .. } = self.session {
            if self.muted.microphone {
                self.end_talk(link);
            }
            self.tell_state(0);
        }
    }

    fn check_member(&self, member: MemberId) -> Result<(), InputError> {
        let is_listed = self.roster.members().any(|listed| listed.id == member);
        if is_listed { Ok(()) } else { Err(InputError::UnknownMember) }
    }
}
