//! State that the app's side and the phone's side of a port share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use event_listener::{Event, EventListener};
use lxst_core::Direction;

use super::format::PHONE_HZ;

/// The phone's side of a port.
pub(crate) trait Port {
    /// Whether it is a source or a sink.
    const DIRECTION: Direction;

    /// Returns a listener for the end of the app's side.
    fn gone(&self) -> EventListener;

    /// Tells whether the app has dropped its side, and nothing of it is left to send.
    fn is_over(&self) -> bool;

    /// Returns how many samples at 48 kHz were dropped.
    fn dropped(&self) -> u64;
}

/// Which sides of a port still exist, and how many samples the port dropped.
#[derive(Debug, Default)]
pub(super) struct Attachment {
    /// Notified when the app drops its side.
    gone: Event,
    is_gone: AtomicBool,
    is_detached: AtomicBool,
    dropped: AtomicU64,
}

impl Attachment {
    /// Records that the app dropped its side, and wakes those who wait for it.
    pub(super) fn leave(&self) {
        self.is_gone.store(true, Ordering::Release);
        self.gone.notify(usize::MAX);
    }

    /// Returns a listener for the end of the app's side.
    pub(super) fn gone(&self) -> EventListener {
        self.gone.listen()
    }

    /// Tells whether the app has dropped its side.
    pub(super) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Acquire)
    }

    /// Records that the phone dropped its side.
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

    /// Returns the duration of the audio that the port dropped.
    pub(super) fn dropped_time(&self) -> Duration {
        Duration::from_secs(self.dropped()) / PHONE_HZ
    }
}
