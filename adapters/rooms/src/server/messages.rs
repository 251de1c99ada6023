//! Text, pokes and states.

use super::Server;
use crate::id::MemberId;
use crate::limits::TEXT;
use crate::text::clean;
use crate::wire::ServerMessage;
use lxst_core::Class;

impl Server {
    pub(super) fn on_text(&mut self, member: MemberId, text: &str) {
        let text = clean(text, TEXT);
        let Some(room) = self.members.get(&member).and_then(|of| of.room) else { return };
        if text.is_empty() || !self.may_write(member) {
            return;
        }
        let message = ServerMessage::Text { from: member, text: &text };
        let data = self.out.packet(|buffer| message.encode(buffer));
        for reader in self.members.values() {
            if reader.id != member && reader.room == Some(room) {
                self.out.transmit(reader.link, Class::Signal, data.clone());
            }
        }
    }

    pub(super) fn on_poke(&mut self, member: MemberId, to: MemberId, text: &str) {
        let text = clean(text, TEXT);
        let target = self.members.get(&to).filter(|_| to != member).map(|target| target.link);
        if let Some(link) = target
            && self.may_write(member)
        {
            self.send(link, &ServerMessage::Poke { from: member, text: &text });
        }
    }

    /// Takes what a member says of its microphone and speaker. Its voice is relayed all the same:
    /// a state that was dropped would silence it.
    pub(super) fn on_state(&mut self, member: MemberId, is_muted: bool, is_deaf: bool) {
        if !self.may_request(member) {
            return;
        }
        let Some(of) = self.members.get_mut(&member) else { return };
        if (of.is_muted, of.is_deaf) != (is_muted, is_deaf) {
            (of.is_muted, of.is_deaf) = (is_muted, is_deaf);
            self.broadcast_member(member);
        }
    }

    /// Answers a request for what this server does not do.
    pub(super) fn on_foreign(&mut self, member: MemberId, answer: &str) {
        if !self.may_request(member) {
            return;
        }
        let Some(of) = self.members.get(&member) else { return };
        let (link, answer) = (of.link, if of.is_operator { answer } else { "operators only" });
        self.notice(link, answer);
    }

    /// Counts a request. Returns whether it is within the member's rate.
    pub(super) fn may_request(&mut self, member: MemberId) -> bool {
        let now = self.now;
        let may = self.members.get_mut(&member).is_some_and(|of| of.requests.take(now, 1));
        self.counters.messages_excess += u64::from(!may);
        may
    }

    fn may_write(&mut self, member: MemberId) -> bool {
        let now = self.now;
        let may = self.members.get_mut(&member).is_some_and(|of| of.texts.take(now, 1));
        self.counters.messages_excess += u64::from(!may);
        may
    }
}
