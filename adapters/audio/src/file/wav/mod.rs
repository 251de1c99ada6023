//! WAV files.

mod encoding;
mod header;
mod reader;
mod writer;

pub use reader::WavReader;
pub use writer::{WavDepth, WavWriter};
