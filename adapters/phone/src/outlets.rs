//! The phone's outputs to the app: events and state.

use crate::event::Event;
use crate::events::EventQueue;
use crate::request::{Reply, Requests};
use crate::state::{Publisher, State};

/// The events and the state that the app sees. Dropping it reports the end of the phone, whatever
/// the cause.
#[derive(Debug)]
pub(crate) struct Outlets {
    events: Vec<EventQueue>,
    /// Events that are not told.
    untold: Vec<(u64, Event)>,
    publisher: Publisher,
    pub(crate) state: State,
}

/// What remains to be reported when the phone's task and its interfaces have ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) outlets: Outlets,
    /// Requests that wait, such as another shutdown: they are answered then, too.
    pub(crate) requests: Requests,
    pub(crate) reply: Option<Reply<()>>,
}

impl Outlets {
    pub(crate) fn new(events: EventQueue, publisher: Publisher, state: State) -> Self {
        Self { events: vec![events], untold: Vec::new(), publisher, state }
    }

    pub(crate) fn subscribe(&mut self, events: EventQueue) {
        self.events.push(events);
    }

    pub(crate) fn push(&mut self, event: Event) {
        self.state.number += 1;
        self.state.note(&event);
        self.untold.push((self.state.number, event));
    }

    /// Publishes the state, and then the events: when an event is read, the state includes it.
    pub(crate) fn publish(&mut self) {
        self.publisher.publish(&self.state, &self.untold);
        if self.untold.is_empty() {
            return;
        }
        self.events.retain(|queue| !queue.is_abandoned());
        for (number, event) in self.untold.drain(..) {
            for queue in &self.events {
                queue.push(number, event);
            }
        }
    }
}

impl Drop for Outlets {
    fn drop(&mut self) {
        let State { number, ended, is_available, .. } = self.state;
        self.state = State { number, ended, is_available, is_shut_down: true, ..State::default() };
        self.publish();
        self.events.iter().for_each(EventQueue::close);
    }
}

impl Ended {
    /// Reports the end of the phone to all handles.
    pub(crate) fn tell(self) {
        self.requests.close();
        drop(self.outlets);
        drop(self.requests);
        if let Some(reply) = self.reply {
            // The handle may be gone.
            reply.send(());
        }
    }
}
