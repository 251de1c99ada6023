//! Sound files: WAV in any common shape to 48 kHz mono, and back to 16-bit WAV.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use lxst_tokio::codecs::{CodecError, Resampler, SAMPLE_RATE_HZ, downmix};

/// Why a sound file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SoundError {
    /// It cannot be read or written, or is no WAV file.
    #[error(
        "sound file {path}: {error}; the name of a WAV file that can be read or written is wanted"
    )]
    Wav {
        /// Which file.
        path: String,
        /// What went wrong.
        error: hound::Error,
    },
    /// It is a WAV file of a shape that cannot be converted.
    #[error("sound file {path}: {error}")]
    Shape {
        /// Which file.
        path: String,
        /// What is wrong with it.
        error: CodecError,
    },
}

/// Reads a WAV file as 48 kHz mono, -1.0 to 1.0.
///
/// # Errors
/// [`SoundError`].
pub fn read_wav(path: &Path) -> Result<Vec<f32>, SoundError> {
    let wav = |error| SoundError::Wav { path: path.display().to_string(), error };
    let shape = |error| SoundError::Shape { path: path.display().to_string(), error };
    let mut reader = WavReader::open(path).map_err(wav)?;
    let spec = reader.spec();
    let interleaved: Vec<f32> = match spec.sample_format {
        SampleFormat::Float => reader.samples().collect::<Result<_, _>>().map_err(wav)?,
        SampleFormat::Int => {
            let full_scale = 2_f32.powi(i32::from(spec.bits_per_sample) - 1);
            let scaled = |sample: Result<i32, _>| sample.map(|value| value as f32 / full_scale);
            reader.samples().map(scaled).collect::<Result<_, _>>().map_err(wav)?
        }
    };
    let mut mono = Vec::new();
    downmix(&interleaved, spec.channels, &mut mono).map_err(shape)?;
    if spec.sample_rate == SAMPLE_RATE_HZ {
        return Ok(mono);
    }
    let mut resampler = Resampler::new(spec.sample_rate, SAMPLE_RATE_HZ).map_err(shape)?;
    let mut pcm = Vec::new();
    resampler.push(&mono, &mut pcm);
    resampler.flush(&mut pcm);
    Ok(pcm)
}

/// Writes 48 kHz mono as a 16-bit WAV file, as it comes.
pub struct WavSink {
    path: String,
    writer: WavWriter<BufWriter<File>>,
}

impl std::fmt::Debug for WavSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WavSink({})", self.path)
    }
}

impl WavSink {
    /// Makes the file.
    ///
    /// # Errors
    /// [`SoundError`].
    pub fn create(path: &Path) -> Result<Self, SoundError> {
        let spec = WavSpec {
            channels: 1,
            sample_rate: SAMPLE_RATE_HZ,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        let path_name = path.display().to_string();
        match WavWriter::create(path, spec) {
            Ok(writer) => Ok(Self { path: path_name, writer }),
            Err(error) => Err(SoundError::Wav { path: path_name, error }),
        }
    }

    /// Adds samples.
    ///
    /// # Errors
    /// [`SoundError`].
    pub fn write(&mut self, pcm: &[f32]) -> Result<(), SoundError> {
        let written = pcm.iter().try_for_each(|sample| self.writer.write_sample(to_i16(*sample)));
        written.map_err(|error| SoundError::Wav { path: self.path.clone(), error })
    }

    /// Completes the file.
    ///
    /// # Errors
    /// [`SoundError`].
    pub fn finish(self) -> Result<(), SoundError> {
        let path = self.path;
        self.writer.finalize().map_err(|error| SoundError::Wav { path, error })
    }
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
