//! The events of servers and clients of rooms.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use lxst_rooms::{ClientEvent, ServerEvent};

use crate::event_queue::{EVENTS, EventQueue};
use crate::mailbox::Reader;

/// The events of a server of rooms, in order: a [`Stream`], which ends when the server has ended.
///
/// *Bounds*: the latest [`EVENTS`](Self::EVENTS) wait to be read. Beyond it, the oldest is dropped
/// and counted in [`lost`](Self::lost).
#[derive(Debug)]
pub struct RoomServerEvents(Reader<ServerEvent>);

/// The events of a client of rooms, in order: a [`Stream`], which ends when the client has ended.
/// Voice is not among them: the radio plays it.
///
/// *Bounds*: as those of [`RoomServerEvents`].
#[derive(Debug)]
pub struct RoomClientEvents(Reader<ClientEvent>);

impl RoomServerEvents {
    /// Upper bound of the events that wait to be read.
    pub const EVENTS: usize = EVENTS;

    pub(super) fn new() -> (EventQueue<ServerEvent>, Self) {
        let (queue, reader) = EventQueue::new();
        (queue, Self(reader))
    }

    /// Waits for the next event. `None` when the server has ended.
    ///
    /// # Cancel safety
    /// Cancel safe: no event is lost.
    pub async fn next(&self) -> Option<ServerEvent> {
        self.0.next().await
    }

    /// Returns how many events were dropped because the app read slowly.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.0.lost()
    }
}

impl Stream for RoomServerEvents {
    type Item = ServerEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<ServerEvent>> {
        self.0.poll_next(cx)
    }
}

impl RoomClientEvents {
    /// Upper bound of the events that wait to be read.
    pub const EVENTS: usize = EVENTS;

    pub(super) fn new() -> (EventQueue<ClientEvent>, Self) {
        let (queue, reader) = EventQueue::new();
        (queue, Self(reader))
    }

    /// Waits for the next event. `None` when the client has ended.
    ///
    /// # Cancel safety
    /// Cancel safe: no event is lost.
    pub async fn next(&self) -> Option<ClientEvent> {
        self.0.next().await
    }

    /// Returns how many events were dropped because the app read slowly.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.0.lost()
    }
}

impl Stream for RoomClientEvents {
    type Item = ClientEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<ClientEvent>> {
        self.0.poll_next(cx)
    }
}
