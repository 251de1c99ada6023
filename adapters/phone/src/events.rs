//! The way of events to the app.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use event_listener::EventListener;
use futures_core::Stream;
use lxst_core::CallId;

use crate::event::Event;

/// The events of a phone, in order: a [`Stream`], which ends when the phone has shut down.
///
/// Every event has a number, one more than the one before. A phone never waits for its app:
///
/// *Bounds*: events of a call's life have room for themselves: the latest 1,024 wait. What a peer
/// can cause at any rate, or what comes every second, waits up to 128 of all; beyond it, it is left
/// out: announces, callers who were turned away, dropped nonsense, the peer's switches of profile and mode, its pauses, and
/// reports of quality, of which only the latest of a call waits anyway. What was left out is
/// counted, and missing in the numbers. [`Phone::state`](crate::Phone::state) knows the latest.
#[derive(Debug)]
pub struct Events {
    queue: EventQueue,
    number: u64,
    /// Waits for the next event since it was looked for.
    arrived: Option<EventListener>,
}

/// The phone's side of a subscription.
#[derive(Clone, Debug)]
pub(crate) struct EventQueue(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    arrived: event_listener::Event,
}

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<(u64, Event)>,
    lost: u64,
    is_closed: bool,
}

impl Events {
    /// A subscription that begins after the event of this number.
    pub(crate) fn new(number: u64) -> (Self, EventQueue) {
        let queue = EventQueue(Arc::default());
        (Self { queue: queue.clone(), number, arrived: None }, queue)
    }

    /// Waits for the next event; `None` when the phone has shut down.
    ///
    /// # Cancel safety
    /// Cancel safe: no event is lost.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// The number of the event that [`next`](Self::next) gave last. Numbers that are left out are
    /// events that were.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Tells how many events were left out because the app was slow.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.queue.lock().lost
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            // First listened, then looked: nothing falls between.
            let mut arrived = match self.arrived.take() {
                Some(arrived) => arrived,
                None => self.queue.0.arrived.listen(),
            };
            {
                let mut waiting = self.queue.lock();
                if let Some((number, event)) = waiting.events.pop_front() {
                    drop(waiting);
                    self.number = number;
                    return Poll::Ready(Some(event));
                }
                if waiting.is_closed {
                    return Poll::Ready(None);
                }
            }
            if Pin::new(&mut arrived).poll(cx).is_pending() {
                self.arrived = Some(arrived);
                return Poll::Pending;
            }
        }
    }
}

impl EventQueue {
    pub(crate) fn push(&self, number: u64, event: Event) {
        self.lock().push(number, event);
        self.0.arrived.notify(usize::MAX);
    }

    /// Ends the subscription, after what waits.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.0.arrived.notify(usize::MAX);
    }

    /// Tells whether the app has dropped its side.
    pub(crate) fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn push(&mut self, number: u64, event: Event) {
        if let Some(call) = quality_of(&event) {
            let same = |(_, waiting): &(u64, Event)| quality_of(waiting) == Some(call);
            if let Some(older) = self.events.iter().position(same) {
                self.events.remove(older);
                self.lost += 1;
            }
        }
        if event.is_chatty() && self.events.len() >= CHATTY_EVENTS {
            self.lost += 1;
            return;
        }
        self.events.push_back((number, event));
        if self.events.len() > EVENTS {
            self.events.pop_front();
            self.lost += 1;
        }
    }
}

/// The call of which an event reports the quality.
const fn quality_of(event: &Event) -> Option<CallId> {
    if let Event::Quality { call, .. } = event { Some(*call) } else { None }
}

/// Events that wait before chatty ones are left out.
const CHATTY_EVENTS: usize = 128;
/// Events that wait at most.
const EVENTS: usize = 1_024;

#[cfg(test)]
mod tests {
    use futures_lite::future::block_on;
    use lxst_core::{EndReason, IdentityHash};

    use super::*;

    #[test]
    fn a_slow_app_misses_announces_but_no_end_of_a_call() {
        let (mut events, queue) = Events::new(0);
        for number in 1..=200 {
            queue.push(number, Event::Announced { identity: IdentityHash([1; 16]), hops: 1 });
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
