//! Writes WAV files.

use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::path::Path;

use hound::{SampleFormat, WavSpec};
use lxst_codecs::Channels;

use crate::block::count;
use crate::file::{FileError, SoundWriter};
use crate::rate::RateConverter;

/// What a sample of a WAV file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WavDepth {
    /// 8 bits.
    Int8,
    /// 16 bits, which every player takes.
    #[default]
    Int16,
    /// 24 bits.
    Int24,
    /// 32 bits.
    Int32,
    /// `f32`.
    Float,
}

impl WavDepth {
    const fn bits(self) -> u16 {
        match self {
            Self::Int8 => 8,
            Self::Int16 => 16,
            Self::Int24 => 24,
            Self::Int32 | Self::Float => 32,
        }
    }
}

/// Writes a WAV file of any rate and depth.
///
/// The header is brought up to date each second, so that the file of a process that was killed
/// plays. A file ends at 4 GiB, with an error.
pub struct WavWriter<W: Write + Seek> {
    wav: Option<hound::WavWriter<W>>,
    spec: WavSpec,
    channels: Channels,
    converter: RateConverter,
    /// Moments of the file that the converter still brings of silence before the sound.
    skipped: u64,
    moments: u64,
    written: u64,
    converted: Vec<f32>,
}

impl WavWriter<BufWriter<File>> {
    /// Makes a file, in place of one of that name.
    ///
    /// # Errors
    /// As of [`Self::new`].
    pub fn create(
        path: impl AsRef<Path>,
        channels: Channels,
        rate_hz: u32,
        depth: WavDepth,
    ) -> Result<Self, FileError> {
        Self::new(BufWriter::new(File::create(path)?), channels, rate_hz, depth)
    }
}

impl<W: Write + Seek> WavWriter<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// [`FileError::Io`], and [`FileError::Codec`] for a rate out of 8 to 384 kHz.
    pub fn new(
        out: W,
        channels: Channels,
        rate_hz: u32,
        depth: WavDepth,
    ) -> Result<Self, FileError> {
        let mut converter = RateConverter::new(48_000, rate_hz, channels)?;
        let sample_format =
            if depth == WavDepth::Float { SampleFormat::Float } else { SampleFormat::Int };
        let spec = WavSpec {
            channels: count(channels) as u16,
            sample_rate: rate_hz,
            bits_per_sample: depth.bits(),
            sample_format,
        };
        let mut wav = hound::WavWriter::new(out, spec).map_err(error)?;
        wav.flush().map_err(error)?;
        let skipped = converter.align() as u64;
        let wav = Some(wav);
        Ok(Self {
            wav,
            spec,
            channels,
            converter,
            skipped,
            moments: 0,
            written: 0,
            converted: Vec::new(),
        })
    }

    /// Writes what was converted, up to this many moments of the file.
    fn put(&mut self, most: u64) -> Result<(), FileError> {
        let width = count(self.channels);
        let wav = self.wav.as_mut().ok_or(FileError::Damaged { what: "it was finished" })?;
        let scale = ((1_i64 << (self.spec.bits_per_sample - 1)) - 1) as f64;
        for moment in self.converted.chunks_exact(width) {
            if self.skipped > 0 {
                self.skipped -= 1;
                continue;
            }
            if self.written == most {
                break;
            }
            self.written += 1;
            for &sample in moment {
                let sample = if sample.is_finite() { sample } else { 0.0 };
                match self.spec.sample_format {
                    SampleFormat::Float => wav.write_sample(sample),
                    SampleFormat::Int => {
                        let sample = f64::from(sample.clamp(-1.0, 1.0)) * scale;
                        wav.write_sample(sample.round() as i32)
                    }
                }
                .map_err(error)?;
            }
            if self.written.is_multiple_of(self.spec.sample_rate.into()) {
                wav.flush().map_err(error)?;
            }
        }
        self.converted.clear();
        Ok(())
    }
}

impl<W: Write + Seek + Send> SoundWriter for WavWriter<W> {
    fn channels(&self) -> Channels {
        self.channels
    }

    fn write(&mut self, sound: &[f32]) -> Result<(), FileError> {
        self.moments += (sound.len() / count(self.channels)) as u64;
        self.converter.push(sound, &mut self.converted);
        self.put(u64::MAX)
    }

    fn finish(&mut self) -> Result<(), FileError> {
        self.converter.flush(&mut self.converted);
        self.put((self.moments * u64::from(self.spec.sample_rate)).div_ceil(48_000))?;
        self.wav.take().map_or(Ok(()), hound::WavWriter::finalize).map_err(error)
    }
}

impl<W: Write + Seek> fmt::Debug for WavWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WavWriter").field("spec", &self.spec).finish_non_exhaustive()
    }
}

fn error(error: hound::Error) -> FileError {
    match error {
        hound::Error::IoError(cause) => FileError::Io(cause),
        hound::Error::FormatError(what) => FileError::Damaged { what },
        _ => FileError::Unsupported { what: "that kind of WAV file" },
    }
}
