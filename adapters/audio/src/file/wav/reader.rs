//! Reads WAV files, also damaged ones.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use lxst_codecs::Channels;
use lxst_core::Samples;

use super::header::Header;
use crate::block::count;
use crate::file::{FileError, SoundReader};
use crate::rate::RateConverter;

/// Reads a WAV file of any rate from 8 to 384 kHz: PCM of 8 to 32 bits, floats of 32 or 64, µ-law,
/// A-law, each also as WAVE_FORMAT_EXTENSIBLE, and RF64. More than two channels become their mean.
///
/// A file that was cut, or whose header has no length because it was piped or its recorder was
/// killed, is read to its end.
pub struct WavReader<R> {
    file: R,
    header: Header,
    /// Moments that were not read yet.
    left: u64,
    channels: Channels,
    converter: RateConverter,
    /// Moments of 48 kHz that the converter still brings of silence before the sound.
    skipped: u64,
    /// The moment that is given next.
    next: u64,
    has_ended: bool,
    bytes: Vec<u8>,
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
    pub fn new(mut file: R) -> Result<Self, FileError> {
        let header = Header::read(&mut file)?;
        let channels = if header.channels == 2 { Channels::Stereo } else { Channels::Mono };
        let mut converter = RateConverter::new(header.rate_hz, 48_000, channels)?;
        Ok(Self {
            file,
            header,
            left: header.moments,
            channels,
            skipped: converter.align() as u64,
            converter,
            next: 0,
            has_ended: false,
            bytes: Vec::new(),
            raw: Vec::new(),
            converted: Vec::new(),
            given: 0,
        })
    }

    fn at_48_khz(&self, moments: u64) -> u64 {
        moments.saturating_mul(48_000).div_ceil(self.header.rate_hz.into())
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
        let (encoding, moment) = (self.header.encoding, self.header.moment_bytes());
        let moments = self.left.min((PIECE / moment).max(1) as u64);
        let wanted = moments * moment as u64;
        self.bytes.clear();
        self.file.by_ref().take(wanted).read_to_end(&mut self.bytes)?;
        self.left -= moments;
        self.has_ended = self.left == 0 || (self.bytes.len() as u64) < wanted;
        self.raw.clear();
        for moment in self.bytes.chunks_exact(moment) {
            let samples =
                moment.chunks_exact(encoding.bytes()).map(|sample| encoding.sample(sample));
            match self.channels {
                Channels::Stereo => self.raw.extend(samples),
                Channels::Mono => {
                    self.raw.push(samples.sum::<f32>() / f32::from(self.header.channels));
                }
            }
        }
        Ok(())
    }
}

impl<R: Read + Seek + Send> SoundReader for WavReader<R> {
    fn channels(&self) -> Channels {
        self.channels
    }

    fn length(&self) -> Samples {
        Samples(self.at_48_khz(self.header.moments))
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
        let rate_hz = u64::from(self.header.rate_hz);
        let from = (self.next.saturating_mul(rate_hz) / 48_000).min(self.header.moments);
        self.file
            .seek(SeekFrom::Start(self.header.start + from * self.header.moment_bytes() as u64))?;
        self.left = self.header.moments - from;
        self.skipped = self.converter.align() as u64;
        self.converted.clear();
        self.given = 0;
        self.has_ended = false;
        Ok(())
    }
}

impl<R> fmt::Debug for WavReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WavReader").field("header", &self.header).finish_non_exhaustive()
    }
}

/// Bytes of a file that are converted at a time, or one moment.
const PIECE: usize = 16_384;
