//! What the app's side of a port and the phone's know of each other.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use event_listener::{Event, EventListener};

use super::format::PHONE_HZ;

/// Whether both sides of a port live, and what the port dropped.
#[derive(Debug, Default)]
pub(super) struct Attachment {
    /// The app dropped its side.
    gone: Event,
    is_gone: AtomicBool,
    is_detached: AtomicBool,
    dropped: AtomicU64,
}

impl Attachment {
    /// Takes note that the app dropped its side.
    pub(super) fn leave(&self) {
        self.is_gone.store(true, Ordering::Release);
        self.gone.notify(usize::MAX);
    }

    /// Waits until the app drops its side.
    pub(super) fn gone(&self) -> EventListener {
        self.gone.listen()
    }

    /// Tells whether the app has dropped its side.
    pub(super) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Acquire)
    }

    /// Takes note that the phone dropped its side.
    pub(super) fn detach(&self) {
        self.is_detached.store(true, Ordering::Release);
    }

    /// Tells whether the phone has dropped its side.
    pub(super) fn is_detached(&self) -> bool {
        self.is_detached.load(Ordering::Acquire)
    }

    /// Counts samples at 48 kHz that the port dropped.
    pub(super) fn count_dropped(&self, samples: u64) {
        self.dropped.fetch_add(samples, Ordering::Relaxed);
    }

    /// Returns how many samples at 48 kHz the port dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Returns how long the audio is that the port dropped.
    pub(super) fn dropped_time(&self) -> Duration {
        Duration::from_secs(self.dropped()) / PHONE_HZ
    }
}
