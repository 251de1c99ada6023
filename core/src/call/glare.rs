//! Both sides dial each other: one of the two calls stands for both.
//!
//! 1. While our call does not ring yet, a link of somebody unknown gets AVAILABLE, not BUSY.
//! 2. It is the peer that we dial, and its identity hash is lower than ours: its call stands. We
//!    answer on its link and close ours. Both sides judge alike, so only one call stands.
//! 3. Its hash is higher: its link is held until ours decides, the latest of several. RINGING: ours stands, and the peer's
//!    hears BUSY. BUSY, or ours comes to nothing: the peer's stands.
//! 4. BUSY comes before RINGING: perhaps because the peer dials us. The call waits a moment for its
//!    link, and for the identification of whoever is on one (`GlareWait`, timer `Glare`).
//!
//! The app's call keeps its id throughout. *Source*: our choice. The reference says BUSY to
//! everybody while it dials, and is reached by points 2, 3 and 4.

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
    /// Takes the peer of a call that we dial, who is identified on a link of its own.
    pub(super) fn on_glare_caller(&mut self, index: usize, link: LinkId, cx: &mut Context<'_>) {
        let line = &mut self.0[index];
        let Some(call) = &line.call else { return };
        if call.peer < cx.exchange.identity || call.state == CallState::GlareWait {
            line.resolve_glare(link, false, cx);
        } else {
            // One is enough, and what one input may cause is bounded.
            if let Some(earlier) = cx.exchange.held_of(call.peer) {
                cx.exchange.take_pending(earlier);
                cx.say_goodbye(earlier, &[Signal::Busy]);
            }
            cx.hold(link, call.peer);
        }
    }

    /// Ends a refused call as soon as nobody is left who might be the peer: one of them, for the
    /// others are due at once.
    pub(crate) fn end_glare_wait(&mut self, cx: &mut Context<'_>) {
        let exchange = &*cx.exchange;
        let is_over = |call: &Call| call.glare_over(exchange).is_some_and(|at| at <= cx.now);
        let over = self.0.iter_mut().find(|line| line.call.as_ref().is_some_and(is_over));
        if let Some(line) = over {
            line.step(Trigger::GlareExpired, cx);
        }
    }

    /// A call of ours is decided without the held one: that one hears BUSY, or is an ordinary caller
    /// where ours is over.
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

    /// A held link whose peer's call could not stand for ours any more.
    fn released(&self, exchange: &Exchange) -> Option<(LinkId, IdentityHash)> {
        let mut held = exchange.pending.iter().filter_map(PendingLink::held);
        held.find(|(_, from)| !self.of_peer(*from).is_some_and(|index| self.0[index].can_glare()))
    }
}

impl Line {
    /// Whether a call of the peer's could stand for ours.
    pub(super) fn can_glare(&self) -> bool {
        self.call
            .as_ref()
            .is_some_and(|call| call.role == Role::Caller && call.state < CallState::Ringing)
    }

    pub(super) fn await_peer_call(&mut self, cx: &mut Context<'_>) {
        let Some(call) = &mut self.call else { return };
        let moment = call.glare_moment();
        call.glare_until = cx.now + moment;
        cx.out.link(call.link, LinkRequest::Close);
        self.timers.stop_all();
        self.timers.start(CallTimer::Glare, cx.now + moment);
        self.yield_to_held(true, cx);
    }

    /// The moment for a link of the peer's is over: whoever is on one has the rest of the time.
    pub(super) fn on_glare_timeout(&mut self, cx: &mut Context<'_>) {
        let Some(call) = &self.call else { return };
        let whole = GLARE + call.rtt.saturating_mul(6);
        let last = call.glare_until + whole.saturating_sub(call.glare_moment());
        if cx.now < last && cx.exchange.has_unknown_caller() {
            self.timers.start(CallTimer::Glare, last);
        } else {
            self.step(Trigger::GlareExpired, cx);
        }
    }

    /// Lets the held call of the peer stand, and tells whether there was one.
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

    /// The link of a peer that we dial, where it is held.
    fn held_of(&self, peer: IdentityHash) -> Option<LinkId> {
        let mut held = self.pending.iter().filter_map(PendingLink::held);
        held.find(|(_, from)| *from == peer).map(|(link, _)| link)
    }
}

impl Call {
    /// When a refused call is over, where nobody is left who might be the peer.
    pub(super) fn glare_over(&self, exchange: &Exchange) -> Option<Instant> {
        let is_over = self.state == CallState::GlareWait && !exchange.has_unknown_caller();
        is_over.then_some(self.glare_until)
    }

    fn glare_moment(&self) -> Duration {
        GLARE_LINK.max(self.rtt.saturating_mul(3))
    }
}
