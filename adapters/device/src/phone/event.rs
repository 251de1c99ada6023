//! What the devices of a phone tell.

use core::fmt::{self, Display};

use async_channel::Receiver;

use crate::event::Event;

/// The events of a phone's devices, in order: a stream, and by `recv_blocking` for a thread. The
/// oldest of more than 64 that wait are dropped.
pub type DeviceEvents = Receiver<DeviceEvent>;

/// What became of one of a phone's devices.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceEvent {
    /// Which of them.
    pub role: DeviceRole,
    /// What became of it.
    pub event: Event,
}

/// What a phone has a device for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeviceRole {
    /// It hears the user.
    Microphone,
    /// It plays the peer, and the tones of calls.
    Speaker,
    /// It rings.
    Ringer,
}

impl Display for DeviceEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.role == DeviceRole::Ringer {
            f.write_str("ringer: ")?;
        }
        self.event.fmt(f)
    }
}
