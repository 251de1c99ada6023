//! A queue from the phone to the app, bounded by its sender.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use event_listener::{Event, EventListener};

/// The phone's side.
#[derive(Debug)]
pub(crate) struct Mailbox<T>(Arc<Shared<T>>);

/// The app's side.
#[derive(Debug)]
pub(crate) struct Reader<T> {
    shared: Arc<Shared<T>>,
    /// Set while a poll is pending.
    arrived: Option<EventListener>,
}

#[derive(Debug)]
struct Shared<T> {
    waiting: Mutex<Waiting<T>>,
    arrived: Event,
}

#[derive(Debug)]
struct Waiting<T> {
    items: VecDeque<T>,
    lost: u64,
    is_closed: bool,
}

impl<T> Mailbox<T> {
    pub(crate) fn new() -> (Self, Reader<T>) {
        let waiting = Waiting { items: VecDeque::new(), lost: 0, is_closed: false };
        let shared = Arc::new(Shared { waiting: Mutex::new(waiting), arrived: Event::new() });
        (Self(shared.clone()), Reader { shared, arrived: None })
    }

    /// Changes the queue. `change` returns how many items it dropped.
    pub(crate) fn change(&self, change: impl FnOnce(&mut VecDeque<T>) -> u64) {
        {
            let mut waiting = self.0.lock();
            waiting.lost += change(&mut waiting.items);
        }
        self.0.arrived.notify(usize::MAX);
    }

    /// Adds an item. Beyond `most`, the oldest is dropped and counted.
    pub(crate) fn put(&self, item: T, most: usize) {
        self.change(|items| {
            items.push_back(item);
            let is_full = items.len() > most;
            if is_full {
                items.pop_front();
            }
            is_full.into()
        });
    }

    /// Closes the queue. The reader still gets what waits.
    pub(crate) fn close(&self) {
        self.0.lock().is_closed = true;
        self.0.arrived.notify(usize::MAX);
    }

    /// Tells whether the app has dropped its side.
    pub(crate) fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }
}

impl<T> Reader<T> {
    /// Waits for the next item. `None` when the queue is closed and empty.
    ///
    /// # Cancel safety
    /// Cancel safe: nothing is lost.
    pub(crate) async fn next(&self) -> Option<T> {
        loop {
            // Listens before it looks, so that no arrival is missed.
            let arrived = self.shared.arrived.listen();
            if let Poll::Ready(next) = self.shared.take() {
                return next;
            }
            arrived.await;
        }
    }

    /// As [`next`](Self::next), for a stream.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        loop {
            let mut arrived = match self.arrived.take() {
                Some(arrived) => arrived,
                None => self.shared.arrived.listen(),
            };
            if let next @ Poll::Ready(_) = self.shared.take() {
                return next;
            }
            if Pin::new(&mut arrived).poll(cx).is_pending() {
                self.arrived = Some(arrived);
                return Poll::Pending;
            }
        }
    }

    /// Returns how many items were dropped.
    pub(crate) fn lost(&self) -> u64 {
        self.shared.lock().lost
    }
}

impl<T> Shared<T> {
    fn take(&self) -> Poll<Option<T>> {
        let mut waiting = self.lock();
        match waiting.items.pop_front() {
            Some(item) => Poll::Ready(Some(item)),
            None if waiting.is_closed => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds what is to be sent. Beyond `most` the oldest media is dropped, or the oldest of all, so that
/// a slow link does not fall behind and its signals arrive. Returns how many were dropped.
pub(crate) fn put_to_send<T>(
    waiting: &mut VecDeque<T>,
    item: T,
    most: usize,
    is_media: impl Fn(&T) -> bool,
) -> u64 {
    waiting.push_back(item);
    if waiting.len() <= most {
        return 0;
    }
    waiting.remove(waiting.iter().position(is_media).unwrap_or(0));
    1
}
