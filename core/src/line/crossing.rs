//! Both sides dial each other: one of the two calls stands for both.
//!
//! 1. While our call does not ring yet, a link of somebody unknown gets AVAILABLE, not BUSY.
//! 2. It is the peer that we dial, and its identity hash is lower than ours: its call stands. We
//!    answer on its link and close ours. Both sides judge alike, so only one call stands.
//! 3. Its hash is higher: its link is held until ours decides. RINGING: ours stands, and the peer's
//!    hears BUSY. BUSY, or ours comes to nothing: the peer's stands.
//! 4. BUSY comes while somebody unknown is on a link: that may be the peer, so the call waits for
//!    the identification (`Refused`, timer `Crossing`).
//!
//! The app's call keeps its id throughout. *Source*: our choice. The reference says BUSY to
//! everybody while it dials, and is reached by points 2, 3 and 4.

use super::pending::PendingLink;
use super::table::Cause;
use super::{Context, Line};
use crate::limits::{CROSSING, PREFERENCES};
use crate::wire::Signal;
use crate::{CallState, Event, IdentityHash, LinkId, LinkRequest, Role, Timer};

impl Line {
    /// Whether a call of the peer's could stand for ours.
    pub(super) fn may_cross(&self) -> bool {
        self.call
            .as_ref()
            .is_some_and(|call| call.role == Role::Caller && call.state < CallState::Ringing)
    }

    /// Whether BUSY may mean that the peer dials us.
    pub(super) fn may_be_called_by_peer(&self) -> bool {
        self.may_cross() && self.has_unknown_caller()
    }

    pub(super) fn has_unknown_caller(&self) -> bool {
        self.pending.iter().any(PendingLink::is_unidentified)
    }

    /// Takes a caller who is identified while we dial: the peer itself, or somebody else.
    pub(super) fn on_crossing_caller(
        &mut self,
        link: LinkId,
        from: IdentityHash,
        cx: &mut Context<'_>,
    ) {
        let Some(call) = &self.call else { return };
        if from != call.peer {
            self.take_pending(link);
            self.say_goodbye(link, Signal::Busy, cx);
        } else if from < self.identity || call.state == CallState::Refused {
            self.cross(link, false, cx);
        } else if let Some(pending) = self.pending_mut(link) {
            pending.hold(from);
        }
    }

    pub(super) fn on_refused(&mut self, cx: &mut Context<'_>) {
        let Some(call) = &self.call else { return };
        cx.out.link(call.link, LinkRequest::Close);
        self.timers.stop_call();
        self.timers.start(Timer::Crossing, cx.now + CROSSING);
    }

    /// Lets the held call of the peer stand, and tells whether there was one.
    pub(super) fn cross_to_held(&mut self, is_link_gone: bool, cx: &mut Context<'_>) -> bool {
        match self.pending.iter().find_map(PendingLink::held) {
            Some((link, _)) if self.may_cross() => {
                self.cross(link, is_link_gone, cx);
                true
            }
            _ => false,
        }
    }

    /// Our call was decided without the held one: that one is busy, or an ordinary caller where
    /// ours is over. Tells whether there was one.
    pub(super) fn release_held(&mut self, cx: &mut Context<'_>) -> bool {
        let Some((link, from)) = self.pending.iter().find_map(PendingLink::held) else {
            return false;
        };
        if self.call.is_some() {
            self.take_pending(link);
            self.say_goodbye(link, Signal::Busy, cx);
        } else {
            self.judge(link, from, cx);
        }
        true
    }

    fn cross(&mut self, link: LinkId, is_link_gone: bool, cx: &mut Context<'_>) {
        let Some(pending) = self.take_pending(link) else { return };
        let Some(call) = &mut self.call else { return };
        let (ours, state) = (call.link, call.state);
        (call.link, call.rtt, call.mdu) = (pending.link, pending.rtt, pending.mdu);
        cx.out.signal(link, &[Signal::Ringing]);
        if !is_link_gone && state != CallState::Refused {
            cx.out.link(ours, LinkRequest::Close);
        }
        self.timers.stop_call();
        self.step(Cause::PeerCalls, cx);
    }

    pub(super) fn on_crossed(&mut self, cx: &mut Context<'_>) {
        let Some(call) = &self.call else { return };
        cx.out.event(Event::Connecting { call: call.id });
        self.timers.start(Timer::Preferences, cx.now + PREFERENCES);
    }
}
