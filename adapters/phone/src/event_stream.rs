//! The events of a service beside the phone: a radio, a station, a room, a pager, a conference.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::mailbox::{Mailbox, Reader};

/// The events of a service, in order: a [`Stream`], which ends when the service has ended.
///
/// *Bounds*: the latest [`EVENTS`](Self::EVENTS) wait to be read. Beyond it, the oldest is dropped
/// and counted in [`lost`](Self::lost).
#[derive(Debug)]
pub struct EventStream<E>(Reader<E>);

/// The service's side of an [`EventStream`].
#[derive(Debug)]
pub(crate) struct EventQueue<E>(Mailbox<E>);

impl<E> EventStream<E> {
    /// Upper bound of the events that wait to be read.
    pub const EVENTS: usize = 256;

    pub(crate) fn new() -> (EventQueue<E>, Self) {
        let (mailbox, reader) = Mailbox::new();
        (EventQueue(mailbox), Self(reader))
    }

    /// Waits for the next event. `None` when the service has ended.
    ///
    /// # Cancel safety
    /// Cancel safe: no event is lost.
    pub async fn next(&self) -> Option<E> {
        self.0.next().await
    }

    /// Returns how many events were dropped because the app read slowly.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.0.lost()
    }
}

impl<E> Stream for EventStream<E> {
    type Item = E;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<E>> {
        self.0.poll_next(cx)
    }
}

impl<E> EventQueue<E> {
    pub(crate) fn push(&self, event: E) {
        // An app that reads no events needs no queue of them.
        if !self.0.is_abandoned() {
            self.0.put(event, EventStream::<E>::EVENTS);
        }
    }
}

impl<E> Drop for EventQueue<E> {
    fn drop(&mut self) {
        self.0.close();
    }
}
