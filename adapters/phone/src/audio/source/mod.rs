//! Sources: the audio that a call sends, captured by a device or written by an async task.

mod backlog;
mod device;
mod port;
mod written;

pub use device::DeviceSource;
pub(crate) use port::SourcePort;
pub use written::AudioSource;
