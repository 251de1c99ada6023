//! Sample rates of one or two channels.

use lxst_codecs::{Channels, CodecError, Resampler};

use crate::block::count;

/// Converts interleaved sound of one or two channels from a rate to another: a
/// [`Resampler`] for each channel, and none where the rates are one.
#[derive(Debug)]
pub struct RateConverter {
    channels: Channels,
    converters: Vec<Resampler>,
    before: Vec<f32>,
    after: [Vec<f32>; 2],
}

impl RateConverter {
    /// Makes a converter with silence behind it.
    ///
    /// # Errors
    /// [`CodecError::UnsupportedRate`] as of [`Resampler::new`].
    pub fn new(from_hz: u32, to_hz: u32, channels: Channels) -> Result<Self, CodecError> {
        let converter = |_| Resampler::new(from_hz, to_hz);
        let converters = (0..count(channels)).map(converter).collect::<Result<_, _>>()?;
        Ok(Self { channels, converters, before: Vec::new(), after: [Vec::new(), Vec::new()] })
    }

    /// Takes interleaved moments and appends what they become. Allocates only until its buffers and
    /// `out` have grown to the size of blocks.
    pub fn push(&mut self, interleaved: &[f32], out: &mut Vec<f32>) {
        let width = count(self.channels);
        for (channel, converter) in self.converters.iter_mut().enumerate() {
            self.before.clear();
            self.before.extend(interleaved.chunks_exact(width).map(|moment| moment[channel]));
            // In bounds: there are one or two channels.
            let after = &mut self.after[channel];
            after.clear();
            converter.push(&self.before, after);
        }
        self.interleave(out);
    }

    /// Appends the tail that the filter holds back; the stream then starts anew.
    pub fn flush(&mut self, out: &mut Vec<f32>) {
        for (converter, after) in self.converters.iter_mut().zip(&mut self.after) {
            after.clear();
            converter.flush(after);
        }
        self.interleave(out);
    }

    /// Begins anew, and returns how many moments come out before the first that is pushed.
    pub(crate) fn align(&mut self) -> usize {
        self.reset();
        let Some((from, to)) = self.converters.first().map(|one| (one.from_hz(), one.to_hz()))
        else {
            return 0;
        };
        let divisor = (1..=from.min(to)).rev().find(|n| from % n == 0 && to % n == 0).unwrap_or(1);
        let step = (from / divisor) as usize;
        // Silence before the sound, so that its first moment falls on a moment of the output.
        let before = self.delay().next_multiple_of(step) - self.delay();
        let silence = vec![0.0; before];
        for converter in &mut self.converters {
            self.before.clear();
            converter.push(&silence, &mut self.before);
        }
        let out = (self.delay() + before) * to as usize / from as usize;
        out - self.before.len()
    }

    /// Forgets the sound so far.
    pub fn reset(&mut self) {
        self.converters.iter_mut().for_each(Resampler::reset);
    }

    /// Returns how many moments of the input the output lags behind.
    #[must_use]
    pub fn delay(&self) -> usize {
        self.converters.first().map_or(0, Resampler::delay)
    }

    fn interleave(&self, out: &mut Vec<f32>) {
        let [left, right] = &self.after;
        match self.channels {
            Channels::Mono => out.extend_from_slice(left),
            Channels::Stereo => out.extend(left.iter().zip(right).flat_map(|(l, r)| [*l, *r])),
        }
    }
}
