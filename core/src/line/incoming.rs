//! The callee's side of a call, and every link that has not become one.
//!
//! 1. A link comes up: leave it alone for a moment (timer `Settle`).
//! 2. Say AVAILABLE, once more if nothing comes back, and wait for who it is (timers `Available`,
//!    `Identify`); or say BUSY when the line is taken.
//! 3. The caller identified: ask the app if the policy says so (timer `Screening`).
//! 4. Say RINGING (`Ringing`, timer `Ring`); the caller sends its preferences.
//! 5. The app answers: wait for the preferences if they are not here (`Connecting`, timer
//!    `Preferences`).
//! 6. Say CONNECTING and ESTABLISHED: audio flows (`Established`). The caller's echo is not needed.
//!
//! BUSY and REJECTED travel for a moment before the link closes behind them (timer `Goodbye`).

use core::time::Duration;

use super::{Call, Farewell, Line};
use crate::limits::{
    AVAILABLE_AGAIN, GOODBYE, IDENTIFY, IDENTIFY_GRACE, PREFERENCES, ROUND_TRIP_MOST,
    SCREENING_MOST, SETTLE,
};
use crate::outbox::Outbox;
use crate::stats::count;
use crate::wire::Signal;
use crate::{
    AnswerMode, CallId, CallState, CallerPolicy, Deadline, EndReason, Event, IdentityHash,
    InputError, Instant, LinkEvent, LinkId, LinkRequest, Mute, Role, Stats, Talk, Timer, Verdict,
};

/// A link that carries no call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct PendingLink {
    link: LinkId,
    rtt: Duration,
    mdu: usize,
    since: Instant,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    Settling {
        until: Instant,
    },
    Offered {
        again: Option<Instant>,
        until: Instant,
    },
    Screening {
        from: IdentityHash,
        until: Instant,
    },
    Goodbye {
        until: Instant,
    },
}

impl Line {
    pub(super) fn on_incoming_link(
        &mut self,
        now: Instant,
        link: LinkId,
        rtt: Duration,
        mdu: usize,
        stats: &mut Stats,
        out: &mut Outbox,
    ) {
        if self.knows(link) {
            return;
        }
        if self.pending.is_full() {
            count(&mut stats.links_refused);
            let Some(index) = self
                .pending
                .iter()
                .position(|pending| pending.makes_room(now))
            else {
                out.link(link, LinkRequest::Close);
                return;
            };
            out.link(self.pending.remove(index).link, LinkRequest::Close);
        }
        let stage = Stage::Settling {
            until: now + SETTLE,
        };
        self.add_pending(
            PendingLink {
                link,
                rtt: rtt.min(ROUND_TRIP_MOST),
                mdu,
                since: now,
                stage,
            },
            out,
        );
    }

    pub(super) fn on_pending_link(
        &mut self,
        now: Instant,
        link: LinkId,
        event: LinkEvent,
        out: &mut Outbox,
    ) {
        match event {
            LinkEvent::Identified(from) => self.on_caller_identified(now, link, from, out),
            LinkEvent::Closed(_) | LinkEvent::Failed(_) => {
                self.take_pending(link);
            }
            LinkEvent::Incoming { .. } | LinkEvent::Up { .. } | LinkEvent::Heard => {}
        }
    }

    pub(super) fn on_pending_timeout(&mut self, now: Instant, out: &mut Outbox) {
        let due = self
            .pending
            .iter()
            .min_by_key(|pending| pending.deadline().at);
        let Some(&PendingLink { link, stage, .. }) = due else {
            return;
        };
        match stage {
            Stage::Settling { .. } => self.on_settled(now, link, out),
            Stage::Offered {
                again: Some(at),
                until,
            } if at < until => self.say_available_again(link, out),
            Stage::Screening { .. } => {
                self.on_verdict(now, link, self.config.screening_default, out);
            }
            Stage::Offered { .. } | Stage::Goodbye { .. } => {
                self.take_pending(link);
                out.link(link, LinkRequest::Close);
            }
        }
    }

    pub(super) fn screen(
        &mut self,
        now: Instant,
        id: CallId,
        verdict: Verdict,
        out: &mut Outbox,
    ) -> Result<(), InputError> {
        let is_screened = |pending: &&PendingLink| {
            CallId::from(pending.link) == id && matches!(pending.stage, Stage::Screening { .. })
        };
        let link = self
            .pending
            .iter()
            .find(is_screened)
            .map(|pending| pending.link);
        self.on_verdict(now, link.ok_or(InputError::UnknownCall)?, verdict, out);
        Ok(())
    }

    pub(super) fn answer(
        &mut self,
        now: Instant,
        id: CallId,
        out: &mut Outbox,
    ) -> Result<(), InputError> {
        let call = self.call_mut(id)?;
        match (call.role, call.state) {
            (Role::Callee, CallState::Ringing) => {
                call.state = CallState::Connecting;
                out.event(Event::Connecting { call: id });
                self.timers.stop_call();
                self.timers.start(Timer::Preferences, now + PREFERENCES);
                self.on_preferences_complete(out);
                Ok(())
            }
            (Role::Callee, _) => Ok(()),
            (Role::Caller, state) => Err(InputError::NotAllowed { state }),
        }
    }

    /// Goes on with an answer that waited for the caller's preferences.
    pub(super) fn on_preferences_complete(&mut self, out: &mut Outbox) {
        let waits = |call: &Call| call.role == Role::Callee && call.state == CallState::Connecting;
        if self
            .call
            .as_ref()
            .is_some_and(|call| waits(call) && call.preferences_heard)
        {
            self.accept_call(out);
        }
    }

    pub(super) fn accept_call(&mut self, out: &mut Outbox) {
        let Some(call) = self.call.as_ref() else {
            return;
        };
        out.signal(call.link, &[Signal::Connecting]);
        out.signal(call.link, &[Signal::Established]);
        self.establish(out);
    }

    pub(super) fn on_callee_status(&mut self, now: Instant, status: Signal, out: &mut Outbox) {
        let is_answered = self.state() >= CallState::Connecting;
        if is_answered && matches!(status, Signal::Busy | Signal::Rejected) {
            self.end(now, EndReason::RemoteHangup, Farewell::Close, out);
        }
    }

    pub(super) fn say_goodbye(
        &mut self,
        now: Instant,
        link: LinkId,
        signal: Signal,
        out: &mut Outbox,
    ) {
        out.signal(link, &[signal]);
        let stage = Stage::Goodbye {
            until: now + GOODBYE,
        };
        let (rtt, mdu) = (Duration::ZERO, 0);
        self.add_pending(
            PendingLink {
                link,
                rtt,
                mdu,
                since: now,
                stage,
            },
            out,
        );
    }

    pub(super) fn pending_index(&self, link: LinkId) -> Option<usize> {
        self.pending.iter().position(|pending| pending.link == link)
    }

    fn on_settled(&mut self, now: Instant, link: LinkId, out: &mut Outbox) {
        if self.is_taken() {
            self.take_pending(link);
            self.say_goodbye(now, link, Signal::Busy, out);
            return;
        }
        let Some(pending) = self.pending.iter_mut().find(|pending| pending.link == link) else {
            return;
        };
        let again = now + AVAILABLE_AGAIN.max(pending.rtt.saturating_mul(3));
        let until = now + IDENTIFY + pending.rtt.saturating_mul(6);
        pending.stage = Stage::Offered {
            again: Some(again),
            until,
        };
        out.signal(link, &[Signal::Available]);
    }

    fn say_available_again(&mut self, link: LinkId, out: &mut Outbox) {
        let pending = self.pending.iter_mut().find(|pending| pending.link == link);
        if let Some(PendingLink {
            stage: Stage::Offered { again, .. },
            ..
        }) = pending
        {
            *again = None;
            out.signal(link, &[Signal::Available]);
        }
    }

    fn on_caller_identified(
        &mut self,
        now: Instant,
        link: LinkId,
        from: IdentityHash,
        out: &mut Outbox,
    ) {
        let Some(pending) = self.pending.iter_mut().find(|pending| pending.link == link) else {
            return;
        };
        if matches!(
            pending.stage,
            Stage::Screening { .. } | Stage::Goodbye { .. }
        ) {
            return;
        }
        let until = now + self.config.screening_time.min(SCREENING_MOST);
        pending.stage = Stage::Screening { from, until };
        let verdict = match self.config.callers {
            _ if self.is_taken() => Verdict::Busy,
            CallerPolicy::All => Verdict::Ring,
            CallerPolicy::None => Verdict::Busy,
            CallerPolicy::Ask => {
                out.event(Event::Screening {
                    call: link.into(),
                    from,
                    until,
                });
                return;
            }
        };
        self.on_verdict(now, link, verdict, out);
    }

    fn on_verdict(&mut self, now: Instant, link: LinkId, verdict: Verdict, out: &mut Outbox) {
        let Some(pending) = self.take_pending(link) else {
            return;
        };
        let Stage::Screening { from, .. } = pending.stage else {
            return;
        };
        match verdict {
            Verdict::Ring if self.is_taken() => self.say_goodbye(now, link, Signal::Busy, out),
            Verdict::Ring => self.ring(now, &pending, from, out),
            Verdict::Busy => self.say_goodbye(now, link, Signal::Busy, out),
            Verdict::Reject => self.say_goodbye(now, link, Signal::Rejected, out),
            Verdict::Drop => out.link(link, LinkRequest::Close),
        }
    }

    fn ring(&mut self, now: Instant, caller: &PendingLink, from: IdentityHash, out: &mut Outbox) {
        let call = CallId::from(caller.link);
        self.call = Some(Call {
            id: call,
            link: caller.link,
            role: Role::Callee,
            peer: from,
            state: CallState::Ringing,
            rtt: caller.rtt,
            mdu: caller.mdu,
            profile: self.config.profile,
            mode: self.config.mode,
            talk: Talk::Released,
            send: Mute::Unmuted,
            receive: Mute::Unmuted,
            preferences_heard: false,
            mode_chosen: false,
        });
        out.signal(caller.link, &[Signal::Ringing]);
        out.event(Event::Incoming { call, from });
        match self.config.answer {
            AnswerMode::App => self.timers.start(Timer::Ring, now + self.config.ring_time),
            AnswerMode::Automatic => {
                let answered = self.answer(now, call, out);
                debug_assert!(answered.is_ok(), "the call rings");
            }
        }
    }

    fn add_pending(&mut self, pending: PendingLink, out: &mut Outbox) {
        if let Err(pending) = self.pending.push(pending) {
            out.link(pending.link, LinkRequest::Close);
        }
    }

    fn take_pending(&mut self, link: LinkId) -> Option<PendingLink> {
        self.pending_index(link)
            .map(|index| self.pending.remove(index))
    }
}

impl PendingLink {
    pub(super) fn deadline(&self) -> Deadline {
        match self.stage {
            Stage::Settling { until } => Deadline {
                at: until,
                timer: Timer::Settle,
            },
            Stage::Offered {
                again: Some(at),
                until,
            } if at < until => Deadline {
                at,
                timer: Timer::Available,
            },
            Stage::Offered { until, .. } => Deadline {
                at: until,
                timer: Timer::Identify,
            },
            Stage::Screening { until, .. } => Deadline {
                at: until,
                timer: Timer::Screening,
            },
            Stage::Goodbye { until } => Deadline {
                at: until,
                timer: Timer::Goodbye,
            },
        }
    }

    fn makes_room(&self, now: Instant) -> bool {
        match self.stage {
            Stage::Offered { .. } => now.since(self.since) > IDENTIFY_GRACE,
            Stage::Goodbye { .. } => true,
            Stage::Settling { .. } | Stage::Screening { .. } => false,
        }
    }
}
