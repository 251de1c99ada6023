//! Formats of the app's audio, and their conversion to and from the phone's 48 kHz mono.

use lxst_engine::codecs::{MAX_RATE_HZ, MIN_RATE_HZ, Resampler};

use super::AudioError;

/// The format of an app's audio.
///
/// *Shape*: interleaved; the samples of all channels of one moment stand side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioFormat {
    /// Samples per second and channel.
    pub rate_hz: u32,
    /// Channels. A source's are averaged to mono; a sink's all get the same samples.
    pub channels: u16,
}

/// A sample of PCM: `f32` from -1.0 to 1.0, `i16`, or `u16` with silence at 32,768.
///
/// *Bounds*: an `f32` out of range is clipped; a NaN or infinity counts as silence.
pub trait Sample: Copy + sealed::Sample {}

impl Sample for f32 {}
impl Sample for i16 {}
impl Sample for u16 {}

pub(super) mod sealed {
    use lxst_engine::sanitised;

    pub trait Sample {
        fn to_float(self) -> f32;
        fn from_float(sample: f32) -> Self;
    }

    impl Sample for f32 {
        fn to_float(self) -> f32 {
            sanitised(self)
        }

        fn from_float(sample: f32) -> Self {
            sample
        }
    }

    impl Sample for i16 {
        fn to_float(self) -> f32 {
            f32::from(self) / 32_768.0
        }

        fn from_float(sample: f32) -> Self {
            // The cast saturates, and turns NaN into zero.
            (sample * 32_768.0).round() as Self
        }
    }

    impl Sample for u16 {
        fn to_float(self) -> f32 {
            (f32::from(self) - 32_768.0) / 32_768.0
        }

        fn from_float(sample: f32) -> Self {
            (sample * 32_768.0 + 32_768.0).round() as Self
        }
    }
}

/// Makes a converter between the phone's rate and an app's.
///
/// # Errors
/// [`AudioError::Rate`], with the app's rate.
pub(super) fn resampler(from_hz: u32, to_hz: u32) -> Result<Resampler, AudioError> {
    let refused = |_| AudioError::Rate {
        rate_hz: if from_hz == PHONE_HZ { to_hz } else { from_hz },
        least: MIN_RATE_HZ,
        most: MAX_RATE_HZ,
    };
    Resampler::new(from_hz, to_hz).map_err(refused)
}

/// Converts an app's blocks to the phone's mono at 48 kHz, in pieces and without allocating.
#[derive(Debug)]
pub(super) struct ToPhone {
    format: AudioFormat,
    resampler: Resampler,
    /// Buffer for one converted piece.
    converted: Vec<f32>,
}

impl ToPhone {
    pub(super) fn new(format: AudioFormat) -> Result<Self, AudioError> {
        let format = format.check()?;
        let resampler = resampler(format.rate_hz, PHONE_HZ)?;
        Ok(Self { format, resampler, converted: Vec::with_capacity(CONVERTED) })
    }

    /// Returns the channels, and the moments in a block of `length` samples.
    ///
    /// # Errors
    /// [`AudioError::Partial`].
    pub(super) const fn moments(&self, length: usize) -> Result<(usize, usize), AudioError> {
        self.format.moments(length)
    }

    /// Returns the most moments that convert to at most `samples` samples at 48 kHz.
    pub(super) fn fitting(&self, samples: usize) -> usize {
        let ratio = f64::from(PHONE_HZ) / f64::from(self.format.rate_hz);
        (samples as f64 / ratio) as usize
    }

    /// Returns how many samples at 48 kHz `moments` convert to, rounded down.
    pub(super) fn phones(&self, moments: usize) -> u64 {
        moments as u64 * u64::from(PHONE_HZ) / u64::from(self.format.rate_hz)
    }

    /// Converts a block of whole moments, and hands `take` each converted piece.
    pub(super) fn convert<S: Sample>(&mut self, block: &[S], mut take: impl FnMut(&[f32])) {
        let channels = usize::from(self.format.channels);
        let mut mono = [0.0; PIECE];
        for piece in block.chunks(PIECE * channels) {
            let moments = piece.chunks_exact(channels);
            // A piece has PIECE moments at most.
            let mono = &mut mono[..moments.len()];
            for (sample, moment) in mono.iter_mut().zip(moments) {
                let sum: f32 = moment.iter().map(|sample| sample.to_float()).sum();
                *sample = sum / channels as f32;
            }
            self.converted.clear();
            self.resampler.push(mono, &mut self.converted);
            take(&self.converted);
        }
    }
}

impl AudioFormat {
    /// 48 kHz mono: the phone's own format, which needs no conversion.
    pub const PHONE: Self = Self { rate_hz: PHONE_HZ, channels: 1 };

    pub(super) const fn check(self) -> Result<Self, AudioError> {
        if self.channels == 0 { Err(AudioError::NoChannel) } else { Ok(self) }
    }

    /// Returns the channels, and the moments in a block of `length` samples.
    ///
    /// # Errors
    /// [`AudioError::Partial`].
    pub(super) const fn moments(self, length: usize) -> Result<(usize, usize), AudioError> {
        let channels = self.channels as usize;
        if length.is_multiple_of(channels) {
            Ok((channels, length / channels))
        } else {
            Err(AudioError::Partial { length, channels: self.channels })
        }
    }
}

pub(super) const PHONE_HZ: u32 = 48_000;
/// Moments in one piece of a conversion: it bounds the buffers, however long a block is.
pub(super) const PIECE: usize = 256;
/// The most samples that a piece converts to.
pub(super) const CONVERTED: usize = PIECE * (MAX_RATE_HZ / PHONE_HZ) as usize + 1;

#[cfg(test)]
mod tests {
    use super::sealed::Sample as _;

    #[test]
    fn samples_of_each_type_come_back_and_what_is_too_loud_is_clipped() {
        for sample in [i16::MIN, -1, 0, 1, i16::MAX] {
            assert_eq!(i16::from_float(sample.to_float()), sample);
        }
        for sample in [u16::MIN, 32_767, 32_768, u16::MAX] {
            assert_eq!(u16::from_float(sample.to_float()), sample);
        }
        assert_eq!((i16::from_float(7.0), u16::from_float(-7.0)), (i16::MAX, 0));
        assert_eq!(i16::from_float(f32::NAN), 0);
        assert_eq!([f32::NAN, f32::INFINITY, 9.0].map(f32::to_float), [0.0, 0.0, 1.0]);
    }
}
