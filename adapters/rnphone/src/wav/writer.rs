//! Writes WAV files that are readable at any time.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::Path;

use lxst_phone::host::create_private_file;
use lxst_tokio::codecs::SAMPLE_RATE_HZ;

use super::{SoundError, to_i16};

/// What happens to an existing file of the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It is kept, and nothing is written.
    Kept,
    /// It is replaced, if it is a file. The target of a symbolic link is kept.
    Replaced,
}

/// Writes 48 kHz mono as a 16-bit WAV file that only its owner may read.
///
/// The length in the header is updated once a second. A reader finds that much during a call, or
/// after its program was killed.
#[derive(Debug)]
pub struct WavSink {
    path: String,
    file: File,
    /// Bytes that are not written yet.
    waiting: Vec<u8>,
    /// Bytes of samples in the file.
    written: u64,
}

impl WavSink {
    /// Creates the file.
    ///
    /// # Errors
    /// [`SoundError`].
    pub fn create(path: &Path, existing: Existing) -> Result<Self, SoundError> {
        let name = path.display().to_string();
        let created = match (existing, fs::symlink_metadata(path)) {
            (Existing::Replaced, Ok(metadata)) if metadata.is_file() || metadata.is_symlink() => {
                fs::remove_file(path).and_then(|()| create_private_file(path))
            }
            _ => create_private_file(path),
        };
        let mut file = match created {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                return Err(SoundError::Taken { path: name });
            }
            Err(error) => return Err(SoundError::Write { path: name, error }),
        };
        match file.write_all(&header(0)) {
            Ok(()) => Ok(Self { path: name, file, waiting: Vec::new(), written: 0 }),
            Err(error) => Err(SoundError::Write { path: name, error }),
        }
    }

    /// Appends samples.
    ///
    /// # Errors
    /// [`SoundError`]: the file holds what fitted.
    pub fn write(&mut self, pcm: &[f32]) -> Result<(), SoundError> {
        self.waiting.extend(pcm.iter().flat_map(|sample| to_i16(*sample).to_le_bytes()));
        if self.waiting.len() < A_SECOND { Ok(()) } else { self.flush() }
    }

    /// Completes the file.
    ///
    /// # Errors
    /// [`SoundError`]: the file holds what fitted.
    pub fn finish(mut self) -> Result<(), SoundError> {
        self.flush()
    }

    fn flush(&mut self) -> Result<(), SoundError> {
        let added = self.file.write_all(&self.waiting);
        self.waiting.clear();
        // The length of the file tells how much was written.
        let described = self.file.seek(SeekFrom::End(0)).and_then(|length| {
            self.written = length.saturating_sub(HEADER_BYTES) / 2 * 2;
            self.describe()
        });
        let failed = |error| SoundError::Write { path: self.path.clone(), error };
        added.and(described).map_err(failed)
    }

    /// Updates the length in the header.
    fn describe(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&header(self.written))?;
        self.file.seek(SeekFrom::End(0)).map(drop)
    }
}

impl Drop for WavSink {
    fn drop(&mut self) {
        // `finish` reports errors.
        let _ = self.flush();
    }
}

/// Returns what a WAV stream without a known end begins with: 16 bits, 48 kHz, mono.
#[must_use]
pub fn stream_header() -> Vec<u8> {
    header(u64::MAX)
}

/// Returns the header of this many bytes; beyond 4 GiB it says that many follow.
fn header(bytes: u64) -> Vec<u8> {
    let data = u32::try_from(bytes).unwrap_or(u32::MAX);
    let riff = data.saturating_add(HEADER_BYTES as u32 - 8);
    let rate = SAMPLE_RATE_HZ * 2;
    let mut header =
        [&b"RIFF"[..], &riff.to_le_bytes(), b"WAVEfmt \x10\0\0\0\x01\0\x01\0"].concat();
    header.extend(SAMPLE_RATE_HZ.to_le_bytes());
    header.extend(rate.to_le_bytes());
    header.extend(b"\x02\0\x10\0data");
    header.extend(data.to_le_bytes());
    header
}

const HEADER_BYTES: u64 = 44;
const A_SECOND: usize = SAMPLE_RATE_HZ as usize * 2;

#[cfg(test)]
mod tests {
    use super::super::read_wav;
    use super::*;

    #[test]
    fn a_file_can_be_read_while_it_is_written() {
        let folder = folder("grows");
        let path = folder.join("heard.wav");
        let mut sink = WavSink::create(&path, Existing::Kept).unwrap();
        assert!(read_wav(&path).unwrap().is_empty());
        for _ in 0..60 {
            sink.write(&[0.25; 960]).unwrap();
        }
        assert_eq!(hound::WavReader::open(&path).unwrap().len(), SAMPLE_RATE_HZ);
        sink.finish().unwrap();
        let wav = hound::WavReader::open(&path).unwrap();
        assert_eq!((wav.spec().channels, wav.spec().sample_rate, wav.len()), (1, 48_000, 57_600));
        assert!(wav.into_samples::<i16>().all(|sample| sample.unwrap() == 8_192));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_recording_is_private_and_takes_no_name_that_is_there() {
        let folder = folder("taken");
        let path = folder.join("heard.wav");
        drop(WavSink::create(&path, Existing::Kept).unwrap());
        let taken = WavSink::create(&path, Existing::Kept).unwrap_err();
        assert!(taken.to_string().contains("--force"), "{taken}");
        drop(WavSink::create(&path, Existing::Replaced).unwrap());
        #[cfg(unix)]
        {
            use std::os::unix::fs::{PermissionsExt, symlink};
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            let other = folder.join("other");
            fs::write(&other, "kept").unwrap();
            let link = folder.join("link.wav");
            symlink(&other, &link).unwrap();
            assert!(WavSink::create(&link, Existing::Kept).is_err());
            drop(WavSink::create(&link, Existing::Replaced).unwrap());
            assert_eq!(fs::read(&other).unwrap(), b"kept");
            assert!(fs::symlink_metadata(&link).unwrap().is_file());
            assert!(WavSink::create(Path::new("/dev/null"), Existing::Replaced).is_err());
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    fn folder(test: &str) -> std::path::PathBuf {
        let name = format!("lxst-wav-{test}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        // Left by an earlier run.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }
}
