//! The events of a pager.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use lxst_rooms::PagerEvent;

use crate::event_queue::{EVENTS, EventQueue};
use crate::mailbox::Reader;

/// The events of a pager, in order: a [`Stream`], which ends when the pager has ended. Voice is not
/// among them: the radio plays it.
///
/// *Bounds*: the latest [`EVENTS`](Self::EVENTS) wait to be read. Beyond it, the oldest is dropped
/// and counted in [`lost`](Self::lost).
#[derive(Debug)]
pub struct PagerEvents(Reader<PagerEvent>);

impl PagerEvents {
    /// Upper bound of the events that wait to be read.
    pub const EVENTS: usize = EVENTS;

    pub(super) fn new() -> (EventQueue<PagerEvent>, Self) {
        let (queue, reader) = EventQueue::new();
        (queue, Self(reader))
    }

    /// Waits for the next event. `None` when the pager has ended.
    ///
    /// # Cancel safety
    /// Cancel safe: no event is lost.
    pub async fn next(&self) -> Option<PagerEvent> {
        self.0.next().await
    }

    /// Returns how many events were dropped because the app read slowly.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.0.lost()
    }
}

impl Stream for PagerEvents {
    type Item = PagerEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<PagerEvent>> {
        self.0.poll_next(cx)
    }
}
