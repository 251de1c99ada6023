//! The phone's side of a source.

use event_listener::EventListener;
use lxst_core::Instant;

use super::device::DeviceSourcePort;
use super::written::AudioSourcePort;

/// The phone's side of a source of either kind.
#[derive(Debug)]
pub(crate) enum SourcePort {
    /// Live, at the pace of a device.
    Device(DeviceSourcePort),
    /// Written ahead, and taken at the phone's pace.
    Written(AudioSourcePort),
}

impl SourcePort {
    pub(crate) const fn is_live(&self) -> bool {
        matches!(self, Self::Device(_))
    }

    /// Waits until the app has dropped its side.
    pub(crate) fn gone(&self) -> EventListener {
        match self {
            Self::Device(port) => port.gone(),
            Self::Written(port) => port.gone(),
        }
    }

    /// Tells whether the app has dropped its side, and all was taken.
    pub(crate) fn is_over(&self) -> bool {
        match self {
            Self::Device(port) => port.is_over(),
            Self::Written(port) => port.is_over(),
        }
    }

    /// Returns how many samples were dropped that came too fast.
    pub(crate) fn dropped(&self) -> u64 {
        match self {
            Self::Device(port) => port.dropped(),
            // A writer waits instead.
            Self::Written(_) => 0,
        }
    }

    /// A call sends from here on.
    pub(crate) fn open(&mut self, now: Instant) {
        match self {
            Self::Device(port) => port.open(now),
            // What was written before is for this call.
            Self::Written(_) => {}
        }
    }

    /// No call sends any more.
    pub(crate) fn close(&mut self) {
        match self {
            Self::Device(port) => port.close(),
            Self::Written(port) => port.close(),
        }
    }
}
