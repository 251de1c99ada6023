//! Messages of the set-up that are repeated because they or their answers may be lost.
//!
//! | who, in which state | repeats | until |
//! |---|---|---|
//! | callee, caller unknown | AVAILABLE | the caller identifies (timer `Available`) |
//! | caller, `Identified` | identification, from the second time on with profile and mode | RINGING, or a later step of the callee's |
//! | callee, `Ringing` or answered | RINGING | profile or mode come, or we say CONNECTING |
//! | caller, `Connecting` | ESTABLISHED, the echo | ESTABLISHED or media |
//! | callee, `Established` | CONNECTING and ESTABLISHED, the latter alone after an echo; once | media, or the echo in half duplex |
//!
//! Without loss nothing is repeated. BUSY and REJECTED are never repeated. *Source*: the reference
//! takes each of these messages twice without harm (measured); the pace is that of RFC 6298.

use core::time::Duration;

use super::round_trip::RoundTrip;
use super::{Context, Line};
use crate::limits::{AGAIN, ANSWER_AGAIN, REPEATS};
use crate::link::LinkRequest;
use crate::profile::Mode;
use crate::state::CallState;
use crate::timers::CallTimer;
use crate::wire::Signal;

/// The repeats of one message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Repeats {
    interval: Duration,
    done: u8,
}

/// What shows that the caller received our answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Acknowledged {
    #[default]
    Nothing,
    Echo,
    Media,
}

impl Repeats {
    /// Creates the repeats of a message that is answered within a round trip. The first wait is at
    /// least `least`.
    pub(super) fn new(least: Duration, rtt: RoundTrip) -> Self {
        Self { interval: least.max(rtt.times(3)), done: 0 }
    }

    /// Returns how long to wait for the answer to the latest repeat; `None` after the last one.
    pub(super) fn next(&mut self) -> Option<Duration> {
        let interval = (self.done < REPEATS).then_some(self.interval);
        self.done = self.done.saturating_add(1);
        self.interval = self.interval.saturating_mul(3) / 2;
        interval
    }
}

#[cfg(test)]
impl<const N: usize> super::Lines<N> {
    /// Stops all repeats.
    pub(crate) fn give_up_repeats(&mut self, exchange: &mut super::Exchange) {
        self.0.iter_mut().for_each(Line::give_up_repeats);
        exchange.pending.iter_mut().for_each(|pending| pending.give_up_repeats());
    }
}

#[cfg(test)]
impl Line {
    fn give_up_repeats(&mut self) {
        self.timers.stop(CallTimer::Repeat);
        if let Some(call) = &mut self.call {
            call.repeats = Repeats::default();
        }
    }
}

impl Line {
    /// Starts the repeats of the message that was just sent.
    pub(super) fn start_repeats(&mut self, cx: &Context<'_>) {
        if let Some(call) = &mut self.call {
            call.repeats = Repeats::new(AGAIN, call.rtt);
            self.go_on_repeating(cx);
        }
    }

    /// Waits for the echo or media, which show that the caller received our answer.
    pub(super) fn watch_answer(&mut self, cx: &Context<'_>) {
        let Some(call) = &mut self.call else { return };
        call.acknowledged = Acknowledged::Nothing;
        call.repeats = Repeats::default();
        let frames = call.profile.frame().duration() * 2;
        let again = ANSWER_AGAIN.max(call.rtt.times(4) + frames);
        self.timers.start(CallTimer::Repeat, cx.now + again);
    }

    pub(super) fn identify_again(&mut self, cx: &mut Context<'_>) {
        let Some(call) = &self.call else { return };
        cx.out.link(call.link, LinkRequest::Identify);
        if call.repeats.done > 1 {
            // RINGING may be lost, and the reference sends it once.
            call.prefer(cx);
        }
        self.go_on_repeating(cx);
    }

    pub(super) fn say_again(&mut self, signal: Signal, cx: &mut Context<'_>) {
        let Some(call) = &self.call else { return };
        cx.signal_with_mark(call.link, &[signal]);
        self.go_on_repeating(cx);
    }

    /// Handles the caller's echo: it received our answer.
    pub(super) fn note_echo(&mut self, cx: &mut Context<'_>) {
        let Some(call) = &mut self.call else { return };
        match call.acknowledged {
            Acknowledged::Nothing => {
                call.acknowledged = Acknowledged::Echo;
                if call.mode == Mode::HalfDuplex {
                    self.timers.stop(CallTimer::Repeat);
                }
            }
            // The caller repeats its echo while it waits for ESTABLISHED.
            Acknowledged::Echo if call.repeats.next().is_some() => {
                cx.out.signal(call.link, &[Signal::Established]);
            }
            Acknowledged::Echo | Acknowledged::Media => {}
        }
    }

    /// Handles the caller's first media: it received our answer.
    pub(super) fn end_repeats(&mut self) {
        if let Some(call) = &mut self.call
            && call.state == CallState::Established
        {
            call.acknowledged = Acknowledged::Media;
            self.timers.stop(CallTimer::Repeat);
        }
    }

    pub(super) fn accept_again(&self, cx: &mut Context<'_>) {
        let Some(call) = &self.call else { return };
        match (call.acknowledged, call.mode) {
            (Acknowledged::Nothing, _) => self.say_answer(cx),
            (Acknowledged::Echo, Mode::FullDuplex) => {
                cx.out.signal(call.link, &[Signal::Established])
            }
            (Acknowledged::Echo, Mode::HalfDuplex) | (Acknowledged::Media, _) => {}
        }
    }

    fn go_on_repeating(&mut self, cx: &Context<'_>) {
        if let Some(interval) = self.call.as_mut().and_then(|call| call.repeats.next()) {
            self.timers.start(CallTimer::Repeat, cx.now + interval);
        }
    }
}
