//! Sound files of either kind.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use lxst_audio::{Channels, FileError, OpusReader, SoundReader, WavReader};
use lxst_core::Samples;

/// Reads a WAV file or an Ogg/Opus file. Its first bytes tell which it is.
#[derive(Debug)]
pub enum SoundFile {
    /// An Ogg/Opus file.
    Opus(OpusReader<BufReader<File>>),
    /// A WAV file.
    Wav(WavReader<BufReader<File>>),
}

impl SoundFile {
    /// Opens a file. A pipe or a device, which may never begin, is refused.
    ///
    /// # Errors
    /// [`FileError`]: there is no such file, or it is neither WAV nor Ogg/Opus.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file").into());
        }
        let mut file = BufReader::new(File::open(path)?);
        let mut first = [0; 4];
        let length = file.read(&mut first)?;
        file.rewind()?;
        match first.get(..length) {
            Some(b"RIFF" | b"RF64") => WavReader::new(file).map(Self::Wav),
            _ => OpusReader::new(file).map(Self::Opus),
        }
    }

    fn reader(&mut self) -> &mut dyn SoundReader {
        match self {
            Self::Opus(reader) => reader,
            Self::Wav(reader) => reader,
        }
    }
}

impl SoundReader for SoundFile {
    fn channels(&self) -> Channels {
        match self {
            Self::Opus(reader) => reader.channels(),
            Self::Wav(reader) => reader.channels(),
        }
    }

    fn length(&self) -> Samples {
        match self {
            Self::Opus(reader) => reader.length(),
            Self::Wav(reader) => reader.length(),
        }
    }

    fn read(&mut self, out: &mut [f32]) -> Result<usize, FileError> {
        self.reader().read(out)
    }

    fn seek(&mut self, to: Samples) -> Result<(), FileError> {
        self.reader().seek(to)
    }
}
