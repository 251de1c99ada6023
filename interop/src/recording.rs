//! WAV files as samples.

use std::path::Path;

use lxst_sim::envelope::Pcm;

/// Mono audio of a WAV file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// The samples.
    pub samples: Vec<i16>,
    /// Samples per second.
    pub rate_hz: u32,
}

impl Recording {
    /// Reads a mono 16-bit WAV file.
    ///
    /// # Panics
    /// If there is no such file, or it has another format.
    pub fn read(path: &Path) -> Self {
        Self::try_read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Returns the first sentence of `examples/speech.wav`, 3 s.
    ///
    /// # Panics
    /// If it is not there.
    pub fn sentence() -> Self {
        let speech = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/speech.wav");
        let mut speech = Self::read(&speech);
        speech.samples.truncate(speech.rate_hz as usize * 3);
        speech
    }

    /// Writes a mono 16-bit WAV file.
    ///
    /// # Panics
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) {
        self.try_write(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Borrows the samples, to compare them.
    pub fn pcm(&self) -> Pcm<'_> {
        Pcm { samples: &self.samples, rate_hz: self.rate_hz }
    }

    fn try_write(&self, path: &Path) -> Result<(), hound::Error> {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: self.rate_hz,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut wav = hound::WavWriter::create(path, spec)?;
        self.samples.iter().try_for_each(|sample| wav.write_sample(*sample))?;
        wav.finalize()
    }

    fn try_read(path: &Path) -> Result<Self, hound::Error> {
        let wav = hound::WavReader::open(path)?;
        if wav.spec().channels != 1 {
            return Err(hound::Error::FormatError("more than one channel"));
        }
        let rate_hz = wav.spec().sample_rate;
        Ok(Self { samples: wav.into_samples().collect::<Result<_, _>>()?, rate_hz })
    }
}
