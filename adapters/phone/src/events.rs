//! The queue of events to the app.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use lxst_core::CallId;

use crate::event::Event;
use crate::mailbox::{Mailbox, Reader};

/// The events of a phone, in order: a [`Stream`], which ends when the phone has shut down.
///
/// Events are numbered consecutively. A phone never waits for its app.
///
/// *Bounds*: at most 1,024 events wait; beyond that the oldest is dropped. Once 128 wait, no event
/// is added that a peer can cause at any rate or that comes every second: announces, busy callers,
/// invalid packets, the peer's changes of profile and mode, its silences, and reports of quality.
/// Of these reports only the latest of a call waits. [`lost`](Self::lost) counts dropped events,
/// and their numbers are missing. [`Phone::state`](crate::Phone::state) is always the latest.
#[derive(Debug)]
pub struct Events {
    waiting: Reader<(u64, Event)>,
    number: u64,
}

/// The phone's side of [`Events`].
#[derive(Debug)]
pub(crate) struct EventQueue(Mailbox<(u64, Event)>);

impl Events {
    /// Creates a subscription that begins after the event of this number.
    pub(crate) fn new(number: u64) -> (Self, EventQueue) {
        let (mailbox, waiting) = Mailbox::new();
        (Self { waiting, number }, EventQueue(mailbox))
    }

    /// Waits for the next event; `None` when the phone has shut down.
    ///
    /// # Cancel safety
    /// Cancel safe: no event is lost.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Returns the number of the event that [`next`](Self::next) returned last. A gap in the
    /// numbers is events that were dropped.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Returns how many events were dropped because the app was slow.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.waiting.lost()
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let next = self.waiting.poll_next(cx);
        next.map(|next| {
            let (number, event) = next?;
            self.number = number;
            Some(event)
        })
    }
}

impl EventQueue {
    pub(crate) fn push(&self, number: u64, event: Event) {
        self.0.change(|events| push(events, number, event));
    }

    /// Ends the subscription after the events that wait.
    pub(crate) fn close(&self) {
        self.0.close();
    }

    /// Tells whether the app has dropped its side.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.0.is_abandoned()
    }
}

/// Adds an event to those that wait, and returns how many were dropped.
fn push(events: &mut VecDeque<(u64, Event)>, number: u64, event: Event) -> u64 {
    let mut lost = 0;
    if let Some(call) = quality_of(&event) {
        let same = |(_, waiting): &(u64, Event)| quality_of(waiting) == Some(call);
        if let Some(older) = events.iter().position(same) {
            events.remove(older);
            lost += 1;
        }
    }
    if event.is_chatty() && events.len() >= CHATTY_EVENTS {
        return lost + 1;
    }
    events.push_back((number, event));
    if events.len() > EVENTS {
        events.pop_front();
        lost += 1;
    }
    lost
}

/// Returns the call of a quality report.
const fn quality_of(event: &Event) -> Option<CallId> {
    if let Event::Quality { call, .. } = event { Some(*call) } else { None }
}

/// Number of waiting events from which chatty ones are dropped.
const CHATTY_EVENTS: usize = 128;
/// The most events that wait.
const EVENTS: usize = 1_024;

#[cfg(test)]
mod tests {
    use futures_lite::future::block_on;
    use lxst_core::{EndReason, IdentityHash};

    use super::*;

    #[test]
    fn a_slow_app_misses_announces_but_no_end_of_a_call() {
        let (mut events, queue) = Events::new(0);
        let identity = IdentityHash([1; 16]);
        for number in 1..=200 {
            queue.push(number, Event::Announced { identity, hops: 1, name: None });
        }
        let reason = EndReason::LocalHangup;
        let end = Event::Ended { call: CallId(1), reason };
        queue.push(201, end);
        queue.close();
        assert_eq!(events.lost(), 72);
        let mut last = None;
        let mut count = 0;
        while let Some(event) = block_on(events.next()) {
            (last, count) = (Some(event), count + 1);
        }
        assert_eq!((last, count, events.number()), (Some(end), 129, 201));
    }

    #[test]
    fn an_app_that_never_looks_keeps_the_latest_ends() {
        let (mut events, queue) = Events::new(0);
        for number in 1..=2_000 {
            let reason = EndReason::LocalHangup;
            queue.push(number, Event::Ended { call: CallId(number), reason });
        }
        assert_eq!(events.lost(), 976);
        assert!(block_on(events.next()).is_some());
        assert_eq!(events.number(), 977);
    }
}
