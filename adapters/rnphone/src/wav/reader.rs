//! Reads WAV files whole.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::Path;

use lxst_audio::{Channels, FileError, SoundReader, WavReader};
use lxst_tokio::codecs::{SAMPLE_RATE_HZ, downmix};

use super::SoundError;

/// Reads a WAV file, or a pipe of one, as 48 kHz mono, -1.0 to 1.0.
///
/// *Shape*: as [`WavReader`] has it. *Bounds*: an hour; 1 GiB of a pipe.
///
/// # Errors
/// [`SoundError::Read`].
pub fn read_wav(path: &Path) -> Result<Vec<f32>, SoundError> {
    read(path).map_err(|error| SoundError::Read { path: path.display().to_string(), error })
}

fn read(path: &Path) -> Result<Vec<f32>, FileError> {
    let file = File::open(path)?;
    if file.metadata()?.is_file() {
        return read_all(WavReader::new(BufReader::new(file))?);
    }
    let mut bytes = Vec::new();
    file.take(PIPED).read_to_end(&mut bytes)?;
    read_all(WavReader::new(Cursor::new(bytes))?)
}

fn read_all(mut wav: WavReader<impl Read + Seek + Send>) -> Result<Vec<f32>, FileError> {
    if wav.length().0 > AN_HOUR {
        return Err(FileError::Unsupported { what: "sound of more than an hour" });
    }
    let channels = if wav.channels() == Channels::Stereo { 2 } else { 1 };
    let mut block = vec![0.0; BLOCK * usize::from(channels)];
    let mut mono = Vec::new();
    loop {
        let moments = wav.read(&mut block)?;
        downmix(&block[..moments * usize::from(channels)], channels, &mut mono)?;
        if moments < BLOCK {
            return Ok(mono);
        }
    }
}

/// Moments that are read at a time.
const BLOCK: usize = 4_800;
const AN_HOUR: u64 = SAMPLE_RATE_HZ as u64 * 3_600;
const PIPED: u64 = 1 << 30;
