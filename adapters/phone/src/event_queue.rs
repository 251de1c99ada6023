//! The queue of a task's events.

use crate::mailbox::{Mailbox, Reader};

/// The task's side of a stream of events.
#[derive(Debug)]
pub(crate) struct EventQueue<E>(Mailbox<E>);

impl<E> EventQueue<E> {
    pub(crate) fn new() -> (Self, Reader<E>) {
        let (mailbox, reader) = Mailbox::new();
        (Self(mailbox), reader)
    }

    pub(crate) fn push(&self, event: E) {
        // An app that reads no events needs no queue of them.
        if !self.0.is_abandoned() {
            self.0.put(event, EVENTS);
        }
    }
}

impl<E> Drop for EventQueue<E> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Upper bound of the events that wait to be read.
pub(crate) const EVENTS: usize = 256;
