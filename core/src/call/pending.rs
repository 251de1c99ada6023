//! Links that carry no call: callers who are not admitted yet, and links that close after BUSY or
//! REJECTED.
//!
//! 1. A link comes up. Nothing is sent for a moment (timer `AcceptDelay`).
//! 2. AVAILABLE is sent and repeated, also when all lines are busy, and the caller has time to
//!    identify (timers `Available`, `Identify`).
//! 3. The caller identifies. If all lines are busy it is turned away. Otherwise `Config::callers`
//!    decides; if that is `None`, the app is asked (timer `Screening`).
//! 4. The call rings; or BUSY or REJECTED is sent, and the link closes a moment later, so that the
//!    signal arrives (timer `Goodbye`).
//!
//! A blocked caller gets the same signals at the same steps as a caller of a busy line, and cannot
//! tell the two apart.

use core::time::Duration;

use super::repeat::Repeats;
use super::round_trip::RoundTrip;
use super::{Context, Exchange, Lines};
use crate::config::{Admission, Config};
use crate::counters::count;
use crate::error::InputError;
use crate::id::{CallId, IdentityHash, LinkId};
use crate::limits::{
    ACCEPT_DELAY, AVAILABLE_AGAIN, BUSY_GOODBYE, GLARE_HOLD, GOODBYE, IDENTIFY, IDENTIFY_GRACE,
    IDENTIFY_TRIPS, SET_UP_TRIPS,
};
use crate::link::{LinkEvent, LinkRequest};
use crate::output::Event;
use crate::time::Instant;
use crate::timers::{Deadline, LinkTimer, Timer};
use crate::wire::Signal;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct PendingLink {
    pub(super) link: LinkId,
    pub(super) rtt: RoundTrip,
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

/// How soon a link is closed to make room for another, the latest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Room {
    /// How late the caller is: beyond its round trips, and beyond the grace.
    Unidentified {
        beyond_trips: Duration,
        beyond_grace: Duration,
    },
    Goodbye,
}

impl<const N: usize> Lines<N> {
    pub(super) fn on_pending_link(&mut self, link: LinkId, event: LinkEvent, cx: &mut Context<'_>) {
        match event {
            LinkEvent::Identified(from) => self.on_caller_identified(link, from, cx),
            LinkEvent::Closed(_) | LinkEvent::Failed(_) => {
                let gone = cx.exchange.take_pending(link).map(|pending| pending.stage);
                if let Some(Stage::Screening { .. }) = gone {
                    cx.out.event(Event::CallerGone { call: link.into() });
                }
            }
            LinkEvent::Heard => cx.exchange.on_link_heard(cx.now),
            LinkEvent::Incoming { .. } | LinkEvent::Up { .. } => {}
        }
    }

    /// Handles the due deadline of a link.
    pub(crate) fn on_pending_timeout(&mut self, link: LinkId, cx: &mut Context<'_>) {
        let screening_default = cx.exchange.config.screening_default;
        let Some(pending) = cx.exchange.pending_mut(link) else { return };
        match &mut pending.stage {
            Stage::Arrived { .. } => cx.on_accept_delay(link),
            Stage::Offered { again, repeats, until } if again.is_some_and(|at| at < *until) => {
                *again = repeats.next().map(|interval| cx.now + interval);
                cx.out.signal(link, &[Signal::Available]);
            }
            Stage::Screening { .. } => self.on_admission(link, screening_default, cx),
            Stage::Offered { .. } | Stage::Held { .. } | Stage::Goodbye { .. } => {
                cx.exchange.take_pending(link);
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
        if let Some(index) = self.of_call(id) {
            return self.0[index].screen_ringing(admission, cx);
        }
        let is_screened = |pending: &&PendingLink| {
            CallId::from(pending.link) == id && matches!(pending.stage, Stage::Screening { .. })
        };
        let link = cx.exchange.pending.iter().find(is_screened).map(|pending| pending.link);
        self.on_admission(link.ok_or(InputError::UnknownCall)?, admission, cx);
        Ok(())
    }

    /// Decides on a caller who has identified, or asks the app.
    pub(super) fn judge(&mut self, link: LinkId, from: IdentityHash, cx: &mut Context<'_>) {
        if self.line_for(from, cx.exchange).is_none() {
            cx.out.event(Event::CallerTurnedAway { from });
            return cx.turn_away(link);
        }
        let Config { callers, limits, screening_time, .. } = cx.exchange.config;
        let until = cx.now + screening_time.get();
        let Some(pending) = cx.exchange.pending_mut(link) else { return };
        pending.stage = Stage::Screening { from, until };
        match callers {
            Some(admission) => self.on_admission(link, admission, cx),
            None => {
                let limit = cx.limiter.limit(cx.now, from, &limits);
                cx.out.event(Event::Screening { call: link.into(), from, until, limit });
            }
        }
    }

    /// Returns the line on which a call of this peer may ring: none if there is a call with it.
    fn line_for(&self, from: IdentityHash, exchange: &Exchange) -> Option<usize> {
        let may_ring = exchange.is_available && self.of_peer(from).is_none();
        self.free().filter(|_| may_ring)
    }

    fn on_caller_identified(&mut self, link: LinkId, from: IdentityHash, cx: &mut Context<'_>) {
        let pending = cx.exchange.pending_mut(link);
        let Some(pending) = pending.filter(|pending| pending.is_unidentified()) else { return };
        pending.rtt.on_answer(cx.now);
        match self.of_peer(from) {
            Some(index) if self.0[index].can_glare() => self.on_glare_caller(index, link, cx),
            Some(_) | None => self.judge(link, from, cx),
        }
    }

    fn on_admission(&mut self, link: LinkId, admission: Admission, cx: &mut Context<'_>) {
        let Some(pending) = cx.exchange.take_pending(link) else { return };
        let Stage::Screening { from, .. } = pending.stage else { return };
        match admission {
            Admission::Ring => match self.line_for(from, cx.exchange) {
                None => {
                    cx.out.event(Event::CallerTurnedAway { from });
                    cx.turn_away(link);
                }
                Some(index) => match cx.count_caller(from) {
                    Ok(is_counted) => self.0[index].take_caller(&pending, from, is_counted, cx),
                    Err(()) => cx.turn_away(link),
                },
            },
            Admission::Busy => cx.turn_away(link),
            Admission::Reject => cx.say_goodbye(link, &[Signal::Rejected]),
            Admission::Drop => cx.out.link(link, LinkRequest::Close),
        }
    }
}

impl Context<'_> {
    /// Adds a link that a peer opened.
    pub(super) fn on_incoming_link(&mut self, link: LinkId, rtt: RoundTrip, mdu: usize) {
        let pending = &self.exchange.pending;
        if pending.is_full() {
            count(&mut self.counters.links_refused);
            let evictable =
                pending.iter().filter_map(|pending| Some((pending.room(self.now)?, pending.link)));
            // Among equals, the oldest.
            let evicted = evictable.rev().max_by_key(|(room, _)| *room);
            let Some((_, evicted)) = evicted else {
                self.out.link(link, LinkRequest::Close);
                return;
            };
            self.exchange.take_pending(evicted);
            self.out.link(evicted, LinkRequest::Close);
        }
        let stage = Stage::Arrived { until: self.now + ACCEPT_DELAY };
        self.add_pending(PendingLink { link, rtt, mdu, stage, since: self.now });
    }

    pub(super) fn say_goodbye(&mut self, link: LinkId, last: &[Signal]) {
        self.part(link, last, GOODBYE);
    }

    /// Sends BUSY to a caller.
    ///
    /// RINGING precedes BUSY in the same packet, so that their order is certain. A Python caller
    /// gives up 5 s after it dialled unless it got RINGING, and plays the busy tone for 4.75 s
    /// first. Without RINGING it reports `busy` to its user if BUSY comes within 0.25 s, and
    /// `ended` if it comes later. Measured with LXST 0.5.4, the path known:
    ///
    /// ```text
    /// round trip  BUSY comes after  BUSY alone   RINGING and BUSY
    ///  20 ms      0.07 s            busy         busy
    /// 200 ms      0.61 s            ended        busy
    /// 800 ms      2.41 s            ended        busy
    /// ```
    ///
    /// The user hears the busy tone at once in both cases. Our caller ignores a RINGING that shares
    /// a packet with BUSY.
    pub(super) fn turn_away(&mut self, link: LinkId) {
        self.exchange.take_pending(link);
        self.part(link, &[Signal::Ringing, Signal::Busy], BUSY_GOODBYE);
    }

    /// Holds the link of a caller whose call may replace ours.
    pub(super) fn hold(&mut self, link: LinkId, from: IdentityHash) {
        if let Some(pending) = self.exchange.pending_mut(link) {
            pending.hold(from);
        }
    }

    fn part(&mut self, link: LinkId, last: &[Signal], time: Duration) {
        self.out.signal(link, last);
        let stage = Stage::Goodbye { until: self.now + time };
        let (rtt, mdu) = (RoundTrip::default(), 0);
        self.add_pending(PendingLink { link, rtt, mdu, stage, since: self.now });
    }

    fn on_accept_delay(&mut self, link: LinkId) {
        let Some(pending) = self.exchange.pending_mut(link) else { return };
        pending.rtt.ask(self.now);
        let mut repeats = Repeats::new(AVAILABLE_AGAIN, pending.rtt);
        let again = repeats.next().map(|interval| self.now + interval);
        let until = self.now + IDENTIFY + pending.rtt.times(SET_UP_TRIPS);
        pending.stage = Stage::Offered { again, repeats, until };
        self.out.signal(link, &[Signal::Available]);
    }

    /// Counts a caller who is to ring. Returns whether the attempt was counted.
    ///
    /// # Errors
    /// A limit does not allow the attempt.
    fn count_caller(&mut self, from: IdentityHash) -> Result<bool, ()> {
        let counted = self.limiter.attempt(self.now, from, &self.exchange.config.limits);
        counted.map_err(|limited| {
            count(&mut self.counters.callers_limited);
            if let Some(limit) = limited.news {
                self.out.event(Event::CallerLimited { from, limit });
            }
        })
    }

    fn add_pending(&mut self, pending: PendingLink) {
        if let Err(pending) = self.exchange.pending.push(pending) {
            self.out.link(pending.link, LinkRequest::Close);
        }
    }
}

impl Exchange {
    pub(super) fn pending_index(&self, link: LinkId) -> Option<usize> {
        self.pending.iter().position(|pending| pending.link == link)
    }

    pub(super) fn pending_mut(&mut self, link: LinkId) -> Option<&mut PendingLink> {
        self.pending.iter_mut().find(|pending| pending.link == link)
    }

    pub(super) fn take_pending(&mut self, link: LinkId) -> Option<PendingLink> {
        self.pending_index(link).map(|index| self.pending.remove(index))
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
        Deadline { at, timer: Timer::Link(self.link, timer) }
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

    fn hold(&mut self, from: IdentityHash) {
        let until = self.since + GLARE_HOLD + self.rtt.times(SET_UP_TRIPS);
        self.stage = Stage::Held { from, until };
    }

    /// Returns the link and the peer, if the link is held.
    pub(super) const fn held(&self) -> Option<(LinkId, IdentityHash)> {
        if let Stage::Held { from, .. } = self.stage { Some((self.link, from)) } else { None }
    }

    /// Returns how soon the link is closed to make room; `None` if never.
    fn room(&self, now: Instant) -> Option<Room> {
        match self.stage {
            Stage::Offered { .. } => {
                let beyond = now.since(self.since).checked_sub(IDENTIFY_GRACE)?;
                let trips = self.rtt.times(IDENTIFY_TRIPS);
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
