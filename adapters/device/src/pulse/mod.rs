//! PulseAudio, which PipeWire answers too: its devices, and their streams.
//!
//! Each connection is served by the thread that uses it and by blocking reads: a block of sound
//! costs one read or write, and memory is what its messages take.

mod connection;
mod server;
mod stream;

pub(crate) use server::Server;
pub(crate) use stream::{PulseStream, open_input, open_output};
