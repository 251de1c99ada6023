//! The events of stations and tuners.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use lxst_rooms::{StationEvent, TunerEvent};

use crate::event_queue::{EVENTS, EventQueue};
use crate::mailbox::Reader;

/// The events of a station, in order: a [`Stream`], which ends when the station has ended.
///
/// *Bounds*: the latest [`EVENTS`](Self::EVENTS) wait to be read. Beyond it, the oldest is dropped
/// and counted in [`lost`](Self::lost).
#[derive(Debug)]
pub struct StationEvents(Reader<StationEvent>);

/// The events of a tuner, in order: a [`Stream`], which ends when the tuner has ended. Voice is not
/// among them: the radio plays it.
///
/// *Bounds*: as those of [`StationEvents`].
#[derive(Debug)]
pub struct TunerEvents(Reader<TunerEvent>);

impl StationEvents {
    /// Upper bound of the events that wait to be read.
    pub const EVENTS: usize = EVENTS;

    pub(super) fn new() -> (EventQueue<StationEvent>, Self) {
        let (queue, reader) = EventQueue::new();
        (queue, Self(reader))
    }

    /// Waits for the next event. `None` when the station has ended.
    ///
    /// # Cancel safety
    /// Cancel safe: no event is lost.
    pub async fn next(&self) -> Option<StationEvent> {
        self.0.next().await
    }

    /// Returns how many events were dropped because the app read slowly.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.0.lost()
    }
}

impl TunerEvents {
    /// Upper bound of the events that wait to be read.
    pub const EVENTS: usize = EVENTS;

    pub(super) fn new() -> (EventQueue<TunerEvent>, Self) {
        let (queue, reader) = EventQueue::new();
        (queue, Self(reader))
    }

    /// Waits for the next event. `None` when the tuner has ended.
    ///
    /// # Cancel safety
    /// Cancel safe: no event is lost.
    pub async fn next(&self) -> Option<TunerEvent> {
        self.0.next().await
    }

    /// Returns how many events were dropped because the app read slowly.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.0.lost()
    }
}

impl Stream for StationEvents {
    type Item = StationEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<StationEvent>> {
        self.0.poll_next(cx)
    }
}

impl Stream for TunerEvents {
    type Item = TunerEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<TunerEvent>> {
        self.0.poll_next(cx)
    }
}
