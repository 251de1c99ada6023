//! Sound files: WAV of any common shape to 48 kHz mono, and back to 16-bit WAV.

mod reader;
mod wave;
mod writer;

use std::io;

use lxst_tokio::codecs::CodecError;

pub use reader::read_wav;
pub use writer::{Existing, WavSink};

/// Why a sound file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SoundError {
    /// It cannot be read.
    #[error("sound file {path}: {error}; the name of a WAV file that can be read is wanted")]
    Read {
        /// Which file.
        path: String,
        /// What went wrong.
        error: io::Error,
    },
    /// It is no WAV file, or not of a kind that is read.
    #[error("sound file {path}: {problem}; make a WAV file: ffmpeg -i FILE -c:a pcm_s16le out.wav")]
    Kind {
        /// Which file.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// It is a WAV file of a shape that cannot be converted.
    #[error("sound file {path}: {error}")]
    Shape {
        /// Which file.
        path: String,
        /// What is wrong with it.
        error: CodecError,
    },
    /// A file of that name is there.
    #[error("sound file {path} is there already; give another name, or --force to replace it")]
    Taken {
        /// Which file.
        path: String,
    },
    /// It cannot be written. What was written before stays readable.
    #[error("sound file {path}: {error}; nothing more is written")]
    Write {
        /// Which file.
        path: String,
        /// What went wrong.
        error: io::Error,
    },
}

/// Turns a sample into 16 bits; what is too loud is clipped.
#[must_use]
pub fn to_i16(sample: f32) -> i16 {
    (sample * 32_768.0).round() as i16
}

/// Turns 16 bits into a sample.
#[must_use]
pub fn from_i16(sample: i16) -> f32 {
    f32::from(sample) / 32_768.0
}
