//! What a line tells.

use core::fmt::{self, Display};
use core::time::Duration;

use async_channel::Receiver;

use crate::choice::Reason;
use crate::device::{Device, Direction};
use crate::system::DeviceError;

/// The events of a line, in order: a stream, and by `recv_blocking` for a thread. The oldest of
/// more than 64 that wait are dropped.
pub type Events = Receiver<Event>;

/// What became of the device of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A device was opened.
    Taken {
        /// The device.
        device: Device,
        /// Why it was taken.
        reason: Reason,
    },
    /// The device that was open is gone. Another follows, or [`Missing`](Self::Missing).
    Gone {
        /// The device.
        device: Device,
    },
    /// The system has no device that goes this way. There is silence, until one comes.
    Missing {
        /// Which way.
        direction: Direction,
    },
    /// A device does not open, or its stream broke. It is tried again after a while; another is
    /// taken meanwhile.
    Failed {
        /// The device.
        device: Device,
        /// Why, and what to do.
        error: DeviceError,
    },
    /// The system's list of devices cannot be had. It is asked for again.
    Unlisted {
        /// Why, and what to do.
        error: DeviceError,
    },
    /// A microphone has given nothing but digital zeros for so long: it is muted at the device, or
    /// the system does not let this program listen.
    Silent {
        /// For how long.
        lasted: Duration,
    },
    /// A silent microphone is heard again.
    Heard,
    /// Blocks were lost or came too late, so often since this was told last, at most once a second.
    Xruns {
        /// How often.
        count: u64,
    },
    /// The device takes or gives samples at another rate than it says.
    WrongRate {
        /// What it says.
        told_hz: u32,
        /// What was measured over some seconds.
        measured_hz: u32,
    },
}

impl Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { device, reason } => {
                write!(f, "{}: {device} ({reason}; {})", device.direction, device.format)
            }
            Self::Gone { device } => write!(f, "{} is gone: {device}", device.direction),
            Self::Missing { direction } => write!(f, "there is no {direction}: plug one in"),
            Self::Failed { device, error } => {
                write!(f, "{} {device} does not work: {error}", device.direction)
            }
            Self::Unlisted { error } => write!(f, "no list of devices: {error}"),
            Self::Silent { lasted } => write!(
                f,
                "the microphone gives nothing but zeros for {} s: look for its mute switch and for \
                 the system's permission",
                lasted.as_secs()
            ),
            Self::Heard => f.write_str("the microphone is heard again"),
            Self::Xruns { count } => write!(f, "blocks lost or late: {count}"),
            Self::WrongRate { told_hz, measured_hz } => {
                write!(f, "the device says {told_hz} Hz and runs at {measured_hz} Hz")
            }
        }
    }
}
