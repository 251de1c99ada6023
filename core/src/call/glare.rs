//! Glare: both sides dial each other, and one of the two calls remains.
//!
//! 1. Until our call rings, the link of an unidentified caller gets AVAILABLE, not BUSY.
//! 2. If the caller is the peer that we dial and its identity hash is lower than ours, its call
//!    remains. We answer on its link and close ours. Both sides apply this rule, so only one call
//!    remains.
//! 3. If its hash is higher, its link, the latest of several, is held until our call is decided. On
//!    RINGING our call remains, and the peer's link gets BUSY. On BUSY, or if our call fails, the
//!    peer's call remains.
//! 4. BUSY before RINGING may mean that the peer dials us. Our call waits for the peer's link, and
//!    for the identification of callers on links that are up (state `GlareWait`, timer `Glare`).
//!
//! The app's call keeps its id throughout. *Source*: our choice. The reference sends BUSY on each
//! incoming link while it dials; points 2, 3 and 4 work with it.

use core::time::Duration;

use super::pending::PendingLink;
use super::table::Trigger;
use super::{Call, Context, Exchange, Line, Lines};
use crate::id::{IdentityHash, LinkId};
use crate::limits::{GLARE, GLARE_LINK};
use crate::link::LinkRequest;
use crate::output::Event;
use crate::state::{CallState, Role};
use crate::time::Instant;
use crate::timers::CallTimer;
use crate::wire::Signal;

impl<const N: usize> Lines<N> {
    /// Handles the identification, on an incoming link, of the peer that we dial.
    pub(super) fn on_glare_caller(&mut self, index: usize, link: LinkId, cx: &mut Context<'_>) {
        let line = &mut self.0[index];
        let Some(call) = &line.call else { return };
        if call.peer < cx.exchange.identity || call.state == CallState::GlareWait {
            line.resolve_glare(link, false, cx);
        } else {
            // One held link at most keeps the outputs of one input within their bound.
            if let Some(earlier) = cx.exchange.held_of(call.peer) {
                cx.exchange.take_pending(earlier);
                cx.say_goodbye(earlier, &[Signal::Busy]);
            }
            cx.hold(link, call.peer);
        }
    }

    /// Ends one call in `GlareWait` if no waiting caller might be its peer. Further ones stay due.
    pub(crate) fn end_glare_wait(&mut self, cx: &mut Context<'_>) {
        let exchange = &*cx.exchange;
        let is_over = |call: &Call| call.glare_over(exchange).is_some_and(|at| at <= cx.now);
        let over = self.0.iter_mut().find(|line| line.call.as_ref().is_some_and(is_over));
        if let Some(line) = over {
            line.step(Trigger::GlareExpired, cx);
        }
    }

    /// Ends glare in favour of our call. The peer's held link gets BUSY; if our call has ended, the
    /// held caller is screened like any other.
    pub(crate) fn release_held(&mut self, cx: &mut Context<'_>) {
        while let Some((link, from)) = self.released(cx.exchange) {
            if self.of_peer(from).is_some() {
                cx.exchange.take_pending(link);
                cx.say_goodbye(link, &[Signal::Busy]);
            } else {
                self.judge(link, from, cx);
            }
        }
    }

    /// Returns a held link whose call can no longer replace ours.
    fn released(&self, exchange: &Exchange) -> Option<(LinkId, IdentityHash)> {
        let mut held = exchange.pending.iter().filter_map(PendingLink::held);
        held.find(|(_, from)| !self.of_peer(*from).is_some_and(|index| self.0[index].can_glare()))
    }
}

impl Line {
    /// Returns whether a call of the peer can replace ours.
    pub(super) fn can_glare(&self) -> bool {
        self.call
            .as_ref()
            .is_some_and(|call| call.role == Role::Caller && call.state < CallState::Ringing)
    }

    pub(super) fn await_peer_call(&mut self, cx: &mut Context<'_>) {
        let Some(call) = &mut self.call else { return };
        call.rtt.on_answer(cx.now);
        let moment = call.glare_moment();
        call.glare_until = cx.now + moment;
        cx.out.link(call.link, LinkRequest::Close);
        self.timers.stop_all();
        self.timers.start(CallTimer::Glare, cx.now + moment);
        self.yield_to_held(true, cx);
    }

    /// Ends the wait for a link of the peer. Callers on links that are up get the rest of
    /// [`GLARE`].
    pub(super) fn on_glare_timeout(&mut self, cx: &mut Context<'_>) {
        let Some(call) = &self.call else { return };
        let whole = GLARE + call.rtt.times(6);
        let last = call.glare_until + whole.saturating_sub(call.glare_moment());
        if cx.now < last && cx.exchange.has_unknown_caller() {
            self.timers.start(CallTimer::Glare, last);
        } else {
            self.step(Trigger::GlareExpired, cx);
        }
    }

    /// Resolves glare in favour of the peer's held call. Returns whether there was one.
    pub(super) fn yield_to_held(&mut self, is_link_gone: bool, cx: &mut Context<'_>) -> bool {
        let Some(call) = self.call.as_ref().filter(|_| self.can_glare()) else { return false };
        let Some(link) = cx.exchange.held_of(call.peer) else { return false };
        self.resolve_glare(link, is_link_gone, cx);
        true
    }

    fn resolve_glare(&mut self, link: LinkId, is_link_gone: bool, cx: &mut Context<'_>) {
        let Some(pending) = cx.exchange.take_pending(link) else { return };
        let Some(call) = &mut self.call else { return };
        let is_open = !is_link_gone && call.state != CallState::GlareWait;
        call.superseded = is_open.then_some(call.link);
        (call.link, call.rtt, call.mdu) = (pending.link, pending.rtt, pending.mdu);
        self.step(Trigger::PeerCalls, cx);
    }

    pub(super) fn take_peer_call(&mut self, cx: &mut Context<'_>) {
        self.timers.stop_all();
        self.say_ringing(cx);
        let Some(call) = &mut self.call else { return };
        if let Some(ours) = call.superseded.take() {
            cx.out.link(ours, LinkRequest::Close);
        }
        cx.out.event(Event::Connecting { call: call.id });
        self.await_preferences(cx);
    }
}

impl Exchange {
    fn has_unknown_caller(&self) -> bool {
        self.pending.iter().any(PendingLink::is_unidentified)
    }

    /// Returns the held link of this peer.
    fn held_of(&self, peer: IdentityHash) -> Option<LinkId> {
        let mut held = self.pending.iter().filter_map(PendingLink::held);
        held.find(|(_, from)| *from == peer).map(|(link, _)| link)
    }
}

impl Call {
    /// Returns when a call in `GlareWait` ends, if no waiting caller might be the peer.
    pub(super) fn glare_over(&self, exchange: &Exchange) -> Option<Instant> {
        let is_over = self.state == CallState::GlareWait && !exchange.has_unknown_caller();
        is_over.then_some(self.glare_until)
    }

    fn glare_moment(&self) -> Duration {
        GLARE_LINK.max(self.rtt.times(3))
    }
}
