//! Ogg/Opus files.

mod header;
mod page;
mod profile;
mod reader;
mod writer;

pub use profile::OpusProfile;
pub use reader::{Faults, OpusReader};
pub use writer::OpusWriter;
