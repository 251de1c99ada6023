//! Files of sound: what readers and writers have in common.

#[cfg(feature = "opus")]
pub(crate) mod opus;
mod tags;
pub(crate) mod wav;

use std::io;

use lxst_codecs::{Channels, CodecError};
use lxst_core::Samples;

pub use tags::{TagError, Tags};

/// Reads sound of 48 kHz from a file. It blocks and allocates: a [`Player`](crate::Player) reads on
/// a thread of its own.
pub trait SoundReader: Send {
    /// Returns whether a moment is one sample or two.
    fn channels(&self) -> Channels;

    /// Returns the exact duration.
    fn length(&self) -> Samples;

    /// Fills interleaved moments from the front, and returns how many. Fewer than fit means that
    /// the file has ended.
    ///
    /// # Errors
    /// [`FileError`] where the file cannot be read on.
    fn read(&mut self, out: &mut [f32]) -> Result<usize, FileError>;

    /// Reads on from this moment, or from the end where the file is shorter.
    ///
    /// # Errors
    /// [`FileError`] where the file cannot be read there.
    fn seek(&mut self, to: Samples) -> Result<(), FileError>;
}

/// Writes sound of 48 kHz to a file. It blocks: a [`Recorder`](crate::Recorder) writes on a thread
/// of its own.
///
/// A file plays up to what was written, whenever its process ends.
pub trait SoundWriter: Send {
    /// Returns whether a moment is one sample or two.
    fn channels(&self) -> Channels;

    /// Appends interleaved moments.
    ///
    /// # Errors
    /// [`FileError`] where they cannot be written: a full disk. What was written before still
    /// plays.
    fn write(&mut self, sound: &[f32]) -> Result<(), FileError>;

    /// Writes what is held back and the exact duration. Nothing may be written after it.
    ///
    /// # Errors
    /// As of [`Self::write`].
    fn finish(&mut self) -> Result<(), FileError>;
}

/// Why a file was not read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is of a kind that is not read here.
    #[error("{what} is not supported: convert it to WAV or to Ogg/Opus in mono or stereo")]
    Unsupported {
        /// What the file has.
        what: &'static str,
    },
    /// The file is damaged where it cannot be read without.
    #[error("the file is damaged: {what}")]
    Damaged {
        /// What was found.
        what: &'static str,
    },
    /// A rate is out of bounds, or a codec refused.
    #[error(transparent)]
    Codec(#[from] CodecError),
}

#[cfg(feature = "opus")]
impl From<::opus::Error> for FileError {
    fn from(error: ::opus::Error) -> Self {
        Self::Codec(error.into())
    }
}
