//! Audio that a call received, for the app: to a device, or to a task that reads.

mod device;
mod end;
mod port;
mod read;

pub use device::DeviceSink;
pub(crate) use port::SinkPort;
pub use read::AudioSink;
