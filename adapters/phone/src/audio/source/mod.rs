//! Audio of the app that a call sends: what a device heard, or what the app wrote.

mod backlog;
mod device;
mod port;
mod written;

pub use device::DeviceSource;
pub(crate) use port::SourcePort;
pub use written::AudioSource;
