//! The lines of a telephone, and which of them an input is for.
//!
//! 1. A link or a command names a call, and so its line.
//! 2. A call that is dialled takes a free line, and so does a caller who is admitted.
//! 3. There is one call at most with each peer. A peer who calls us while we dial it is a case for
//!    `glare`. In any other call a second link of the peer is turned away.

use crate::audio::Direction;
use crate::error::InputError;
use crate::id::{CallId, IdentityHash, LinkId, StreamId};
use crate::input::{Command, PortChange};
use crate::limits::DEFAULT_MDU;
use crate::link::{Destination, LinkEvent, LinkRequest};
use crate::outbox::Queued;
use crate::profile::{Mode, Profile};
use crate::state::{CallState, CallStatus};

use super::round_trip::RoundTrip;
use super::{Call, Context, Exchange, Line, Trigger};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Lines<const N: usize>(pub(super) [Line; N]);

impl<const N: usize> Lines<N> {
    pub(crate) fn new() -> Self {
        const { assert!(N > 0, "a telephone has a line at least") };
        Self(core::array::from_fn(|_| Line::default()))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Line> {
        self.0.iter()
    }

    pub(crate) fn line_mut(&mut self, index: usize) -> &mut Line {
        // Every index comes from this file and is below N.
        &mut self.0[index]
    }

    pub(crate) fn statuses(&self) -> impl Iterator<Item = CallStatus> {
        self.0.iter().filter_map(Line::status)
    }

    /// Returns the line whose call uses this link.
    pub(crate) fn of_link(&self, link: LinkId) -> Option<usize> {
        self.position(|call| call.link == link)
    }

    /// Returns the line of this call.
    pub(crate) fn of_call(&self, id: CallId) -> Option<usize> {
        self.position(|call| call.id == id)
    }

    /// Returns the line of a stream, and the state of its call.
    pub(crate) fn of_stream(&self, stream: StreamId) -> Result<(usize, CallState), InputError> {
        let index = self.position(|call| StreamId::from(call.id) == stream);
        let index = index.ok_or(InputError::UnknownStream(stream))?;
        Ok((index, self.0[index].state()))
    }

    pub(crate) fn knows(&self, link: LinkId, exchange: &Exchange) -> bool {
        self.of_link(link).is_some() || exchange.pending_index(link).is_some()
    }

    pub(crate) fn on_link(
        &mut self,
        link: LinkId,
        event: LinkEvent,
        cx: &mut Context<'_>,
    ) -> Result<(), InputError> {
        if let LinkEvent::Incoming { on, rtt, mdu } = event {
            if on != Destination::telephony(cx.exchange.identity) {
                return Err(InputError::OtherDestination(link));
            }
            if !self.knows(link, cx.exchange) {
                cx.on_incoming_link(link, RoundTrip::of_stack(rtt), mdu.unwrap_or(DEFAULT_MDU));
            }
        } else if let Some(index) = self.of_link(link) {
            self.0[index].on_call_link(event, cx);
        } else if cx.exchange.pending_index(link).is_some() {
            self.on_pending_link(link, event, cx);
        } else if matches!(event, LinkEvent::Up { .. }) {
            // Its call was cancelled while the link came up.
            cx.out.link(link, LinkRequest::Close);
        } else {
            return Err(InputError::UnknownLink(link));
        }
        Ok(())
    }

    pub(crate) fn on_command(
        &mut self,
        command: Command,
        cx: &mut Context<'_>,
    ) -> Result<(), InputError> {
        match command {
            Command::Dial { call, link, to, profile, mode } => {
                return self.dial((call, link), to, (profile, mode), cx);
            }
            Command::Answer(id) => return self.with_call(id)?.answer(cx),
            Command::HangUp(id) => self.with_call(id)?.step(Trigger::HangUp, cx),
            Command::Screen(id, admission) => return self.screen(id, admission, cx),
            Command::SetProfile(id, profile) => {
                return self.with_call(id)?.set_profile(profile, cx);
            }
            Command::SetMode(id, mode) => return self.with_call(id)?.set_mode(mode, cx),
            Command::Talk(id, talk) => self.with_call(id)?.call_mut()?.talk = talk,
            Command::Mute(id, Direction::Send, mute) => {
                self.with_call(id)?.call_mut()?.send = mute;
            }
            Command::Mute(id, Direction::Receive, mute) => {
                self.with_call(id)?.call_mut()?.receive = mute;
            }
            Command::SetAvailable(is_available) => cx.exchange.is_available = is_available,
            Command::Know(identity) => cx.limiter.know(cx.now, identity),
            Command::LimitCallers(limits) => cx.exchange.config.limits = limits,
            Command::Announce => cx.out.push(Queued::Announce),
        }
        Ok(())
    }

    pub(crate) fn on_port(
        &mut self,
        stream: StreamId,
        direction: Direction,
        change: PortChange,
    ) -> Result<usize, InputError> {
        let (index, _) = self.of_stream(stream)?;
        let call = self.0[index].call_mut()?;
        match direction {
            Direction::Send => call.microphone = change,
            Direction::Receive => call.speaker = change,
        }
        Ok(index)
    }

    /// Returns the line of the call with this peer.
    pub(super) fn of_peer(&self, peer: IdentityHash) -> Option<usize> {
        self.position(|call| call.peer == peer)
    }

    pub(super) fn free(&self) -> Option<usize> {
        self.0.iter().position(|line| line.call.is_none())
    }

    fn dial(
        &mut self,
        (call, link): (CallId, LinkId),
        to: IdentityHash,
        (profile, mode): (Profile, Mode),
        cx: &mut Context<'_>,
    ) -> Result<(), InputError> {
        let known = self.of_peer(to).or(self.of_call(call)).or(self.of_link(link));
        let free = self.free().filter(|_| known.is_none() && !self.knows(link, cx.exchange));
        let Some(free) = free else {
            let state = self.0[known.unwrap_or(0)].state();
            return Err(InputError::NotAllowed { state });
        };
        self.0[free].dial((call, link), to, (profile, mode), cx)
    }

    fn with_call(&mut self, id: CallId) -> Result<&mut Line, InputError> {
        let index = self.of_call(id).ok_or(InputError::UnknownCall)?;
        Ok(&mut self.0[index])
    }

    fn position(&self, is_it: impl Fn(&Call) -> bool) -> Option<usize> {
        self.0.iter().position(|line| line.call.as_ref().is_some_and(&is_it))
    }
}
