//! The events of a radio.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use lxst_core::{LinkId, talk};

use crate::mailbox::{Mailbox, Reader};

/// An event of a radio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RadioEvent {
    /// An event of the talks.
    Talk(talk::Event),
    /// A link or a channel of the radio is gone.
    Closed(LinkId),
    /// The coder panicked, which is a bug. One frame is lost.
    CoderCrashed,
}

/// The events of a radio, in order: a [`Stream`], which ends when the radio has shut down.
///
/// *Bounds*: the latest [`EVENTS`](Self::EVENTS) wait to be read. Beyond it, the oldest is dropped
/// and counted in [`lost`](Self::lost).
#[derive(Debug)]
pub struct RadioEvents(Reader<RadioEvent>);

/// The radio's side of [`RadioEvents`].
#[derive(Debug)]
pub(super) struct EventQueue(Mailbox<RadioEvent>);

impl RadioEvents {
    /// Upper bound of the events that wait to be read.
    pub const EVENTS: usize = 256;

    pub(super) fn new() -> (EventQueue, Self) {
        let (mailbox, reader) = Mailbox::new();
        (EventQueue(mailbox), Self(reader))
    }

    /// Waits for the next event. `None` when the radio has shut down.
    ///
    /// # Cancel safety
    /// Cancel safe: no event is lost.
    pub async fn next(&self) -> Option<RadioEvent> {
        self.0.next().await
    }

    /// Returns how many events were dropped because the app read slowly.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.0.lost()
    }
}

impl Stream for RadioEvents {
    type Item = RadioEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<RadioEvent>> {
        self.0.poll_next(cx)
    }
}

impl EventQueue {
    pub(super) fn push(&self, event: RadioEvent) {
        // An app that reads no events needs no queue of them.
        if !self.0.is_abandoned() {
            self.0.put(event, RadioEvents::EVENTS);
        }
    }
}

impl Drop for EventQueue {
    fn drop(&mut self) {
        self.0.close();
    }
}
