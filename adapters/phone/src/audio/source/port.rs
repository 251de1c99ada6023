//! The phone's side of a source.

use event_listener::EventListener;
use lxst_core::{Direction, Instant};

use super::device::DeviceSourcePort;
use super::written::AudioSourcePort;
use crate::audio::port::Port;

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

    /// Begins a stream of a call.
    pub(crate) fn open(&mut self, now: Instant) {
        match self {
            Self::Device(port) => port.open(now),
            // Samples that were written before the call are sent in it.
            Self::Written(_) => {}
        }
    }

    /// Ends the stream.
    pub(crate) fn close(&mut self) {
        match self {
            Self::Device(port) => port.close(),
            Self::Written(port) => port.close(),
        }
    }
}

impl Port for SourcePort {
    const DIRECTION: Direction = Direction::Send;

    fn gone(&self) -> EventListener {
        match self {
            Self::Device(port) => port.gone(),
            Self::Written(port) => port.gone(),
        }
    }

    fn is_over(&self) -> bool {
        match self {
            Self::Device(port) => port.is_over(),
            Self::Written(port) => port.is_over(),
        }
    }

    fn dropped(&self) -> u64 {
        match self {
            Self::Device(port) => port.dropped(),
            // A writer waits instead.
            Self::Written(_) => 0,
        }
    }
}
