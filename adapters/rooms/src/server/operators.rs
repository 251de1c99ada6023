//! What operators do to members.

use alloc::format;
use alloc::string::String;

use super::Server;
use super::entry::Password;
use super::event::ServerEvent;
use super::visitors::Wanted;
use crate::id::MemberId;
use crate::wire::{Action, RoomKey, ServerMessage};
use lxst_core::IdentityHash;

impl Server {
    pub(super) fn on_admin(&mut self, operator: MemberId, action: Action, on: MemberId) {
        if !self.may_request(operator) {
            return;
        }
        let Some(of) = self.members.get(&operator) else { return };
        let link = of.link;
        let by = format!("operator {}", of.name);
        let refused = if !of.is_operator {
            Err(Refusal::Notice("operators only"))
        } else if !self.members.contains_key(&on) {
            Err(Refusal::Notice("no such user"))
        } else if operator == on && !matches!(action, Action::Move(_)) {
            Err(Refusal::Notice("not on yourself"))
        } else {
            let name = of.name.clone();
            self.operate(action, on, &by, &name)
        };
        match refused {
            Ok(()) => {}
            Err(Refusal::Notice(text)) => self.notice(link, text),
            Err(Refusal::Room(id, reason)) => {
                let room = Some(RoomKey::Id(id));
                self.send(link, &ServerMessage::Denied { room, reason: &reason });
            }
        }
    }

    /// Does to a member what the operator of this name asks for. `by` names the operator to the
    /// member.
    pub(super) fn operate(
        &mut self,
        action: Action,
        on: MemberId,
        by: &str,
        name: &str,
    ) -> Result<(), Refusal> {
        let Some(target) = self.members.get_mut(&on) else {
            return Err(Refusal::Notice("no such user"));
        };
        let (link, rtt) = (target.link, target.rtt);
        match action {
            Action::Kick | Action::Ban => {
                let done = if action == Action::Ban { "banned" } else { "kicked" };
                if action == Action::Ban {
                    let identity = target.identity.ok_or(NO_IDENTITY)?;
                    self.config.banned.insert(identity);
                    self.out.event(ServerEvent::Banned(identity));
                }
                self.remove_member(on);
                self.refuse(link, rtt, &format!("{done} by {name}"));
            }
            Action::Mute | Action::Unmute => {
                target.is_server_muted = action == Action::Mute;
                let done = if action == Action::Mute { "muted" } else { "unmuted" };
                self.broadcast_member(on);
                self.notice(link, &format!("You were {done} by {by}."));
            }
            Action::Promote => {
                let identity = target.identity.ok_or(NO_IDENTITY)?;
                self.config.operators.insert(identity);
                self.set_operator(on, identity, true);
                self.notice(link, &format!("You are now an operator, promoted by {name}."));
            }
            Action::Demote => {
                let identity = target.identity.ok_or(NO_IDENTITY)?;
                self.config.operators.remove(&identity);
                self.set_operator(on, identity, false);
                self.notice(link, &format!("You are no longer an operator, demoted by {name}."));
            }
            Action::Move(id) => {
                let room = self.find_room(&Wanted::Id(id));
                let room = room.ok_or_else(|| Refusal::Room(id, "no such room".into()))?;
                self.enter(on, room, Password::NotNeeded)
                    .map_err(|reason| Refusal::Room(id, reason))?;
                self.broadcast_member(on);
                let room = self.rooms.get(&room).map_or("", |room| &room.config.name);
                let text = format!("You were moved to {room} by {by}.");
                self.notice(link, &text);
            }
        }
        Ok(())
    }

    fn set_operator(&mut self, member: MemberId, identity: IdentityHash, is_operator: bool) {
        if let Some(of) = self.members.get_mut(&member) {
            of.is_operator = is_operator;
        }
        self.out.event(match is_operator {
            true => ServerEvent::Promoted(identity),
            false => ServerEvent::Demoted(identity),
        });
        self.broadcast_member(member);
    }
}

/// Why an operator's request is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Notice(&'static str),
    /// A room refuses the member.
    Room(u64, String),
}

const NO_IDENTITY: Refusal = Refusal::Notice("that user has not proved an identity");
