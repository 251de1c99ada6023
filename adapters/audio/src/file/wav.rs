//! WAV files.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use hound::{SampleFormat, WavSpec};
use lxst_codecs::Channels;
use lxst_core::Samples;

use super::{FileError, SoundReader, SoundWriter};
use crate::block::count;
use crate::rate::RateConverter;

/// Reads a WAV file of any rate from 8 to 384 kHz, of 8 to 32 bits or `f32`. More than two channels
/// become their mean.
///
/// A file whose header promises more than it has, as one of a killed recorder may, ends where its
/// sound does.
pub struct WavReader<R> {
    wav: hound::WavReader<R>,
    spec: WavSpec,
    channels: Channels,
    converter: RateConverter,
    /// Moments of 48 kHz that the converter still brings of silence before the sound.
    skipped: u64,
    /// The moment that is given next.
    next: u64,
    has_ended: bool,
    raw: Vec<f32>,
    converted: Vec<f32>,
    given: usize,
}

impl WavReader<BufReader<File>> {
    /// Opens a file.
    ///
    /// # Errors
    /// As of [`Self::new`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, FileError> {
        Self::new(BufReader::new(File::open(path)?))
    }
}

impl<R: Read + Seek> WavReader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`FileError::Io`], [`FileError::Unsupported`], [`FileError::Damaged`], and
    /// [`FileError::Codec`] for a rate out of bounds.
    pub fn new(file: R) -> Result<Self, FileError> {
        let wav = hound::WavReader::new(file).map_err(error)?;
        let spec = wav.spec();
        let channels = match spec.channels {
            0 => return Err(FileError::Damaged { what: "no channel" }),
            2 => Channels::Stereo,
            _ => Channels::Mono,
        };
        if spec.bits_per_sample == 0 || spec.bits_per_sample > 32 {
            return Err(FileError::Unsupported { what: "that depth of a WAV file" });
        }
        let converter = RateConverter::new(spec.sample_rate, 48_000, channels)?;
        let mut reader = Self {
            wav,
            spec,
            channels,
            converter,
            skipped: 0,
            next: 0,
            has_ended: false,
            raw: Vec::new(),
            converted: Vec::new(),
            given: 0,
        };
        reader.skipped = reader.converter.align() as u64;
        Ok(reader)
    }

    fn at_48_khz(&self, moments: u64) -> u64 {
        (moments * 48_000).div_ceil(self.spec.sample_rate.into())
    }

    /// Reads and converts the next piece, which is empty at the end.
    fn refill(&mut self) -> Result<(), FileError> {
        self.converted.clear();
        self.given = 0;
        while self.converted.is_empty() && !self.has_ended {
            self.read_raw()?;
            self.converter.push(&self.raw, &mut self.converted);
            if self.has_ended {
                self.converter.flush(&mut self.converted);
            }
            let width = count(self.channels);
            let skipped = self.skipped.min((self.converted.len() / width) as u64);
            self.skipped -= skipped;
            self.converted.drain(..skipped as usize * width);
        }
        Ok(())
    }

    fn read_raw(&mut self) -> Result<(), FileError> {
        let (width, out) = (usize::from(self.spec.channels), count(self.channels));
        let wanted = PIECE * width;
        self.raw.clear();
        let ended = match self.spec.sample_format {
            SampleFormat::Float => {
                collect(self.wav.samples::<f32>(), wanted, &mut self.raw, |sample| sample)
            }
            SampleFormat::Int => {
                let scale = 1.0 / (1_i64 << (self.spec.bits_per_sample - 1)) as f32;
                collect(self.wav.samples::<i32>(), wanted, &mut self.raw, |sample| {
                    sample as f32 * scale
                })
            }
        }?;
        self.has_ended = ended;
        if width != out {
            let moments = self.raw.len() / width;
            for moment in 0..moments {
                // In bounds: a whole moment lies there.
                let sum: f32 = self.raw[moment * width..(moment + 1) * width].iter().sum();
                self.raw[moment] = sum / width as f32;
            }
            self.raw.truncate(moments);
        }
        Ok(())
    }
}

/// Takes samples, and tells whether the file has ended.
fn collect<S>(
    samples: impl Iterator<Item = hound::Result<S>>,
    wanted: usize,
    out: &mut Vec<f32>,
    float: impl Fn(S) -> f32,
) -> Result<bool, FileError> {
    for sample in samples.take(wanted) {
        match sample {
            Ok(sample) => {
                let sample = float(sample);
                out.push(if sample.is_finite() { sample } else { 0.0 });
            }
            // The file is shorter than its header says.
            Err(hound::Error::FormatError(_)) => return Ok(true),
            Err(hound::Error::IoError(cause)) if is_end(&cause) => return Ok(true),
            Err(other) => return Err(error(other)),
        }
    }
    Ok(out.len() < wanted)
}

fn is_end(cause: &std::io::Error) -> bool {
    use std::io::ErrorKind::{Other, UnexpectedEof};
    // hound tells of the end of a file by `Other`, the system never does.
    matches!(cause.kind(), UnexpectedEof | Other)
}

impl<R: Read + Seek + Send> SoundReader for WavReader<R> {
    fn channels(&self) -> Channels {
        self.channels
    }

    fn length(&self) -> Samples {
        Samples(self.at_48_khz(self.wav.duration().into()))
    }

    fn read(&mut self, out: &mut [f32]) -> Result<usize, FileError> {
        let width = count(self.channels);
        let wanted = out.len() / width * width;
        let mut written = 0;
        while written < wanted {
            if self.given == self.converted.len() {
                self.refill()?;
                if self.converted.is_empty() {
                    break;
                }
            }
            let from = &self.converted[self.given..];
            let now = from.len().min(wanted - written);
            out[written..written + now].copy_from_slice(&from[..now]);
            self.given += now;
            written += now;
        }
        // The converter's tail is a little longer than the sound.
        let left = self.length().0.saturating_sub(self.next);
        let moments = (written / width).min(usize::try_from(left).unwrap_or(usize::MAX));
        self.next += moments as u64;
        Ok(moments)
    }

    fn seek(&mut self, to: Samples) -> Result<(), FileError> {
        self.next = to.0.min(self.length().0);
        let rate = u64::from(self.spec.sample_rate);
        let from = u32::try_from(self.next * rate / 48_000).unwrap_or(u32::MAX);
        self.wav.seek(from.min(self.wav.duration()))?;
        self.skipped = self.converter.align() as u64;
        self.converted.clear();
        self.given = 0;
        self.has_ended = false;
        Ok(())
    }
}

impl<R> fmt::Debug for WavReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WavReader").field("spec", &self.spec).finish_non_exhaustive()
    }
}

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
        hound::Error::IoError(cause) if is_end(&cause) => {
            FileError::Damaged { what: "a WAV header without its end" }
        }
        hound::Error::IoError(cause) => FileError::Io(cause),
        hound::Error::FormatError(what) => FileError::Damaged { what },
        _ => FileError::Unsupported { what: "that kind of WAV file" },
    }
}

/// Moments of a file that are converted at a time.
const PIECE: usize = 2_048;
