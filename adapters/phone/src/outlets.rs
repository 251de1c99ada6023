//! Where the app hears of its phone.

use crate::event::Event;
use crate::events::EventQueue;
use crate::request::{Reply, Requests};
use crate::state::{Publisher, State};

/// The ways to the app. Whatever ends the phone, its end is told when these are dropped.
#[derive(Debug)]
pub(crate) struct Outlets {
    events: Vec<EventQueue>,
    /// Events that are not told.
    untold: Vec<(u64, Event)>,
    publisher: Publisher,
    pub(crate) state: State,
}

/// What is left to tell when all of the phone is gone.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) outlets: Outlets,
    /// Whoever asked meanwhile, for another shutdown perhaps, hears of it then as well.
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

    /// Tells how the phone stands, and then what happened: whoever hears of an event finds it in
    /// the state.
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
    /// Tells everybody that the phone is gone.
    pub(crate) fn tell(self) {
        self.requests.close();
        drop(self.outlets);
        drop(self.requests);
        if let Some(reply) = self.reply {
            // Whoever asked may have gone.
            reply.send(());
        }
    }
}
