//! The way of events to the app.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use lxst_driver::{Event, core};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

/// The events of a phone, in order.
///
/// *Bounds*: events of a call's life always arrive, and a phone makes few. What a peer can cause at
/// any rate is left out, and counted, while 128 events wait: announces, dropped nonsense, the
/// peer's switches of profile and mode, and its pauses. [`Phone::status`](crate::Phone::status)
/// knows the latest.
#[derive(Debug)]
pub struct Events {
    receiver: UnboundedReceiver<Event>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct EventSender {
    sender: UnboundedSender<Event>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: AtomicUsize,
    lost: AtomicU64,
}

pub(crate) fn channel() -> (EventSender, Events) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let shared = Arc::new(Shared::default());
    (EventSender { sender, shared: shared.clone() }, Events { receiver, shared })
}

impl Events {
    /// Waits for the next event; `None` when the phone has shut down.
    pub async fn next(&mut self) -> Option<Event> {
        let event = self.receiver.recv().await?;
        self.shared.waiting.fetch_sub(1, Ordering::Relaxed);
        Some(event)
    }

    /// Tells how many events were left out because the app was slow.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }
}

impl EventSender {
    pub(crate) fn send(&self, event: Event) {
        if is_chatty(&event) && self.shared.waiting.load(Ordering::Relaxed) >= EVENT_BACKLOG {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.shared.waiting.fetch_add(1, Ordering::Relaxed);
        // An app that dropped its events does not want them.
        let _ = self.sender.send(event);
    }
}

/// Tells whether a peer decides how many of these there are.
const fn is_chatty(event: &Event) -> bool {
    use core::{Event as CallEvent, Side};
    matches!(
        event,
        Event::Announced { .. }
            | Event::Call(
                CallEvent::Dropped { .. }
                    | CallEvent::ProfileChanged { by: Side::Remote, .. }
                    | CallEvent::ModeChanged { by: Side::Remote, .. }
                    | CallEvent::PeerSilent { .. }
                    | CallEvent::PeerAudible { .. }
            )
    )
}

/// Events that wait before chatty ones are left out.
const EVENT_BACKLOG: usize = 128;
