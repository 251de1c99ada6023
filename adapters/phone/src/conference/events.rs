//! The events of a conference.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use lxst_rooms::ConferenceEvent;

use crate::mailbox::{Mailbox, Reader};

/// The events of a conference, in order: a [`Stream`], which ends when the conference has ended.
///
/// *Bounds*: the latest [`EVENTS`](Self::EVENTS) wait to be read. Beyond it, the oldest is dropped
/// and counted in [`lost`](Self::lost).
#[derive(Debug)]
pub struct ConferenceEvents(Reader<ConferenceEvent>);

/// The task's side of the events.
#[derive(Debug)]
pub(super) struct EventQueue(Mailbox<ConferenceEvent>);

impl ConferenceEvents {
    /// Upper bound of the events that wait to be read.
    pub const EVENTS: usize = 256;

    pub(super) fn new() -> (EventQueue, Self) {
        let (mailbox, reader) = Mailbox::new();
        (EventQueue(mailbox), Self(reader))
    }

    /// Waits for the next event. `None` when the conference has ended.
    ///
    /// # Cancel safety
    /// Cancel safe: no event is lost.
    pub async fn next(&self) -> Option<ConferenceEvent> {
        self.0.next().await
    }

    /// Returns how many events were dropped because the app read slowly.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.0.lost()
    }
}

impl Stream for ConferenceEvents {
    type Item = ConferenceEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<ConferenceEvent>> {
        self.0.poll_next(cx)
    }
}

impl EventQueue {
    pub(super) fn push(&self, event: ConferenceEvent) {
        // An app that reads no events needs no queue of them.
        if !self.0.is_abandoned() {
            self.0.put(event, ConferenceEvents::EVENTS);
        }
    }
}

impl Drop for EventQueue {
    fn drop(&mut self) {
        self.0.close();
    }
}
