//! Links that carry no call: callers who are not let through yet, and goodbyes.
//!
//! 1. A link comes up: leave it alone for a moment (timer `AcceptDelay`).
//! 2. Say AVAILABLE, again if nothing comes back, and wait for who it is (timers `Available`,
//!    `Identify`), also when the line is taken.
//! 3. The caller identified: turn it away when the line is taken, or ask the app if the policy says
//!    so (timer `Screening`).
//! 4. Let it ring, or say BUSY or REJECTED, which travel for a moment before the link closes
//!    behind them (timer `Goodbye`).
//!
//! Whoever is turned away hears the same at the same steps: a blocked caller cannot tell it from a
//! busy line.

use core::time::Duration;

use super::repeat::Repeats;
use super::{Context, Line};
use crate::config::{Admission, CallerPolicy};
use crate::counters::count;
use crate::error::InputError;
use crate::id::{CallId, IdentityHash, LinkId};
use crate::limits::{
    ACCEPT_DELAY, AVAILABLE_AGAIN, BUSY_GOODBYE, GLARE_HOLD, GOODBYE, IDENTIFY, IDENTIFY_GRACE,
    IDENTIFY_TRIPS, MAX_SCREENING, SET_UP_TRIPS,
};
use crate::link::{LinkEvent, LinkRequest};
use crate::output::Event;
use crate::time::Instant;
use crate::timers::{Deadline, LinkTimer, Timer};
use crate::wire::Signal;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct PendingLink {
    pub(super) link: LinkId,
    pub(super) rtt: Duration,
    pub(super) mdu: usize,
    pub(super) stage: Stage,
    since: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    Arrived { until: Instant },
    Offered { again: Option<Instant>, repeats: Repeats, until: Instant },
    Screening { from: IdentityHash, until: Instant },
    Held { from: IdentityHash, until: Instant },
    Goodbye { until: Instant },
}

/// How soon a link makes room for another, the latest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Room {
    /// How long its caller could have identified: with the round trips of its path, and at all.
    Unidentified {
        beyond_trips: Duration,
        beyond_grace: Duration,
    },
    Goodbye,
}

impl Line {
    pub(super) fn on_incoming_link(
        &mut self,
        link: LinkId,
        rtt: Duration,
        mdu: usize,
        cx: &mut Context<'_>,
    ) {
        if self.knows(link) {
            return;
        }
        if self.pending.is_full() {
            count(&mut cx.counters.links_refused);
            let pending = self.pending.iter();
            let evictable =
                pending.filter_map(|pending| Some((pending.room(cx.now)?, pending.link)));
            // Of the same, the oldest.
            let evicted = evictable.rev().max_by_key(|(room, _)| *room);
            let Some((_, evicted)) = evicted else {
                cx.out.link(link, LinkRequest::Close);
                return;
            };
            self.take_pending(evicted);
            cx.out.link(evicted, LinkRequest::Close);
        }
        let stage = Stage::Arrived { until: cx.now + ACCEPT_DELAY };
        self.add_pending(PendingLink { link, rtt, mdu, stage, since: cx.now }, cx);
    }

    pub(super) fn on_pending_link(&mut self, link: LinkId, event: LinkEvent, cx: &mut Context<'_>) {
        match event {
            LinkEvent::Identified(from) => self.on_caller_identified(link, from, cx),
            LinkEvent::Closed(_) | LinkEvent::Failed(_) => {
                let gone = self.take_pending(link).map(|pending| pending.stage);
                if let Some(Stage::Screening { .. }) = gone {
                    cx.out.event(Event::CallerGone { call: link.into() });
                }
            }
            LinkEvent::Incoming { .. } | LinkEvent::Up { .. } | LinkEvent::Heard => {}
        }
    }

    pub(crate) fn on_pending_timeout(&mut self, cx: &mut Context<'_>) {
        let due = self.pending.iter_mut().min_by_key(|pending| pending.deadline().at);
        let Some(pending) = due else { return };
        let link = pending.link;
        match &mut pending.stage {
            Stage::Arrived { .. } => self.on_accept_delay(link, cx),
            Stage::Offered { again, repeats, until } if again.is_some_and(|at| at < *until) => {
                *again = repeats.next().map(|interval| cx.now + interval);
                cx.out.signal(link, &[Signal::Available]);
            }
            Stage::Screening { .. } => self.on_admission(link, self.config.screening_default, cx),
            Stage::Offered { .. } | Stage::Held { .. } | Stage::Goodbye { .. } => {
                self.take_pending(link);
                cx.out.link(link, LinkRequest::Close);
            }
        }
    }

    pub(super) fn screen(
        &mut self,
        id: CallId,
        admission: Admission,
        cx: &mut Context<'_>,
    ) -> Result<(), InputError> {
        if self.call.as_ref().is_some_and(|call| call.id == id) {
            return self.screen_ringing(admission, cx);
        }
        let is_screened = |pending: &&PendingLink| {
            CallId::from(pending.link) == id && matches!(pending.stage, Stage::Screening { .. })
        };
        let link = self.pending.iter().find(is_screened).map(|pending| pending.link);
        self.on_admission(link.ok_or(InputError::UnknownCall)?, admission, cx);
        Ok(())
    }

    pub(super) fn say_goodbye(&mut self, link: LinkId, last: &[Signal], cx: &mut Context<'_>) {
        self.part(link, last, GOODBYE, cx);
    }

    fn part(&mut self, link: LinkId, last: &[Signal], time: Duration, cx: &mut Context<'_>) {
        cx.out.signal(link, last);
        let stage = Stage::Goodbye { until: cx.now + time };
        let (rtt, mdu) = (Duration::ZERO, 0);
        self.add_pending(PendingLink { link, rtt, mdu, stage, since: cx.now }, cx);
    }

    pub(super) fn pending_index(&self, link: LinkId) -> Option<usize> {
        self.pending.iter().position(|pending| pending.link == link)
    }

    pub(super) fn pending_mut(&mut self, link: LinkId) -> Option<&mut PendingLink> {
        self.pending.iter_mut().find(|pending| pending.link == link)
    }

    pub(super) fn take_pending(&mut self, link: LinkId) -> Option<PendingLink> {
        self.pending_index(link).map(|index| self.pending.remove(index))
    }

    /// Decides on a caller whose identity is known, or asks the app.
    pub(super) fn judge(&mut self, link: LinkId, from: IdentityHash, cx: &mut Context<'_>) {
        if self.is_taken() {
            cx.out.event(Event::CallerTurnedAway { from });
            return self.turn_away(link, cx);
        }
        let until = cx.now + self.config.screening_time.min(MAX_SCREENING);
        let Some(pending) = self.pending_mut(link) else { return };
        pending.stage = Stage::Screening { from, until };
        match self.config.callers {
            CallerPolicy::All => self.on_admission(link, Admission::Ring, cx),
            CallerPolicy::None => self.on_admission(link, Admission::Busy, cx),
            CallerPolicy::Ask => {
                let limit = cx.limiter.limit(cx.now, from, &self.config.limits);
                cx.out.event(Event::Screening { call: link.into(), from, until, limit });
            }
        }
    }

    /// Tells a caller that the line is busy.
    ///
    /// RINGING comes before BUSY, in one packet, so that nothing overtakes. A Python caller gives up
    /// 5 s after it dialled unless it has heard RINGING, and plays the busy tone for 4.75 s first:
    /// without RINGING it tells its user `busy` where BUSY comes within 0.25 s, and `ended` later.
    /// Measured with LXST 0.5.4, the path known:
    ///
    /// ```text
    /// round trip  BUSY comes after  BUSY alone   RINGING and BUSY
    ///  20 ms      0.07 s            busy         busy
    /// 200 ms      0.61 s            ended        busy
    /// 800 ms      2.41 s            ended        busy
    /// ```
    ///
    /// Its user hears the busy tone at once either way. Our caller does not take such a RINGING for
    /// one.
    pub(super) fn turn_away(&mut self, link: LinkId, cx: &mut Context<'_>) {
        self.take_pending(link);
        self.part(link, &[Signal::Ringing, Signal::Busy], BUSY_GOODBYE, cx);
    }

    fn is_taken(&self) -> bool {
        let is_in_call = self.call.is_some() && !self.can_glare();
        is_in_call || !self.is_available
    }

    fn on_accept_delay(&mut self, link: LinkId, cx: &mut Context<'_>) {
        let Some(pending) = self.pending_mut(link) else { return };
        let mut repeats = Repeats::new(AVAILABLE_AGAIN, pending.rtt);
        let again = repeats.next().map(|interval| cx.now + interval);
        let until = cx.now + IDENTIFY + pending.rtt.saturating_mul(SET_UP_TRIPS);
        pending.stage = Stage::Offered { again, repeats, until };
        cx.out.signal(link, &[Signal::Available]);
    }

    fn on_caller_identified(&mut self, link: LinkId, from: IdentityHash, cx: &mut Context<'_>) {
        let pending = self.pending_mut(link);
        if !pending.is_some_and(|pending| pending.is_unidentified()) {
            return;
        }
        if self.can_glare() {
            self.on_glare_caller(link, from, cx);
        } else {
            self.judge(link, from, cx);
        }
    }

    fn on_admission(&mut self, link: LinkId, admission: Admission, cx: &mut Context<'_>) {
        let Some(pending) = self.take_pending(link) else { return };
        let Stage::Screening { from, .. } = pending.stage else { return };
        let is_taken = self.call.is_some() || self.is_taken();
        match admission {
            Admission::Ring if is_taken => {
                cx.out.event(Event::CallerTurnedAway { from });
                self.turn_away(link, cx);
            }
            Admission::Ring if self.lets_ring(from, cx) => self.take_caller(&pending, from, cx),
            Admission::Ring | Admission::Busy => self.turn_away(link, cx),
            Admission::Reject => self.say_goodbye(link, &[Signal::Rejected], cx),
            Admission::Drop => cx.out.link(link, LinkRequest::Close),
        }
    }

    /// Counts a caller who is to ring, and tells whether the limits allow it.
    fn lets_ring(&self, from: IdentityHash, cx: &mut Context<'_>) -> bool {
        let counted = cx.limiter.attempt(cx.now, from, &self.config.limits);
        if let Err(limited) = counted {
            count(&mut cx.counters.callers_limited);
            if let Some(limit) = limited.news {
                cx.out.event(Event::CallerLimited { from, limit });
            }
        }
        counted.is_ok()
    }

    fn add_pending(&mut self, pending: PendingLink, cx: &mut Context<'_>) {
        if let Err(pending) = self.pending.push(pending) {
            cx.out.link(pending.link, LinkRequest::Close);
        }
    }
}

impl PendingLink {
    pub(super) fn deadline(&self) -> Deadline {
        let (at, timer) = match self.stage {
            Stage::Arrived { until } => (until, LinkTimer::AcceptDelay),
            Stage::Offered { again: Some(at), until, .. } if at < until => {
                (at, LinkTimer::Available)
            }
            Stage::Offered { until, .. } | Stage::Held { until, .. } => {
                (until, LinkTimer::Identify)
            }
            Stage::Screening { until, .. } => (until, LinkTimer::Screening),
            Stage::Goodbye { until } => (until, LinkTimer::Goodbye),
        };
        Deadline { at, timer: Timer::Link(timer) }
    }

    pub(super) const fn is_unidentified(&self) -> bool {
        matches!(self.stage, Stage::Arrived { .. } | Stage::Offered { .. })
    }

    #[cfg(test)]
    pub(super) fn give_up_repeats(&mut self) {
        if let Stage::Offered { again, repeats, .. } = &mut self.stage {
            (*again, *repeats) = (None, Repeats::default());
        }
    }

    /// Keeps a caller waiting whose call may come to stand for ours.
    pub(super) fn hold(&mut self, from: IdentityHash) {
        let until = self.since + GLARE_HOLD + self.rtt.saturating_mul(SET_UP_TRIPS);
        self.stage = Stage::Held { from, until };
    }

    /// The link and the peer, where the link is held.
    pub(super) const fn held(&self) -> Option<(LinkId, IdentityHash)> {
        if let Stage::Held { from, .. } = self.stage { Some((self.link, from)) } else { None }
    }

    /// How soon the link makes room for another; `None` where it does not.
    fn room(&self, now: Instant) -> Option<Room> {
        match self.stage {
            Stage::Offered { .. } => {
                let beyond = now.since(self.since).checked_sub(IDENTIFY_GRACE)?;
                let trips = self.rtt.saturating_mul(IDENTIFY_TRIPS);
                (!beyond.is_zero()).then_some(Room::Unidentified {
                    beyond_trips: beyond.saturating_sub(trips),
                    beyond_grace: beyond,
                })
            }
            Stage::Goodbye { .. } => Some(Room::Goodbye),
            Stage::Arrived { .. } | Stage::Screening { .. } | Stage::Held { .. } => None,
        }
    }
}
