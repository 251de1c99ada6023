//! Sounds of files and of our own: greetings, ringtones, messages.

mod file;
mod ring;
mod sequence;

pub use file::SoundFile;
pub use ring::{Ring, Ringtones};
pub use sequence::Sequence;
