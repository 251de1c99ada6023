//! Sinks: the received audio of a call, for a playback device or an async task that reads.

mod device;
mod end;
mod port;
mod read;

pub use device::DeviceSink;
pub(crate) use port::SinkPort;
pub use read::AudioSink;
