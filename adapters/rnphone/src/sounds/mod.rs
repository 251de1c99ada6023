//! Sounds of files and of our own: greetings, ringtones, messages.

mod file;
mod sequence;

pub use file::SoundFile;
pub use sequence::Sequence;
