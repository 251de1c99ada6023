//! Sound files: WAV of any common shape to 48 kHz mono, and back to 16-bit WAV.

mod reader;
mod writer;

use std::io;

use lxst_audio::FileError;

pub use reader::read_wav;
pub use writer::{Existing, WavSink, stream_header};

/// Why a sound file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SoundError {
    /// It cannot be read.
    #[error(
        "sound file {path}: {error}; a WAV file is wanted: ffmpeg -i FILE -c:a pcm_s16le out.wav"
    )]
    Read {
        /// The file.
        path: String,
        /// Why not.
        error: FileError,
    },
    /// A file of that name exists.
    #[error("sound file {path} is there already; give another name, or --force to replace it")]
    Taken {
        /// The file.
        path: String,
    },
    /// It cannot be written. What was written before stays readable.
    #[error("sound file {path}: {error}; nothing more is written")]
    Write {
        /// The file.
        path: String,
        /// The operating system's error.
        error: io::Error,
    },
}

/// Converts a sample to 16 bits, clipped.
#[must_use]
pub fn to_i16(sample: f32) -> i16 {
    (sample * 32_768.0).round() as i16
}

/// Converts 16 bits to a sample.
#[must_use]
pub fn from_i16(sample: i16) -> f32 {
    f32::from(sample) / 32_768.0
}
