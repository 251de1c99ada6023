//! The events of stations and tuners.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use lxst_rooms::{StationEvent, TunerEvent};

use crate::mailbox::{Mailbox, Reader};

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

/// The task's side of a stream of events.
#[derive(Debug)]
pub(super) struct EventQueue<E>(Mailbox<E>);

impl StationEvents {
    /// Upper bound of the events that wait to be read.
    pub const EVENTS: usize = EVENTS;

    pub(super) fn new() -> (EventQueue<StationEvent>, Self) {
        let (mailbox, reader) = Mailbox::new();
        (EventQueue(mailbox), Self(reader))
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
        let (mailbox, reader) = Mailbox::new();
        (EventQueue(mailbox), Self(reader))
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

impl<E> EventQueue<E> {
    pub(super) fn push(&self, event: E) {
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

const EVENTS: usize = 256;
