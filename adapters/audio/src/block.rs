//! A piece of sound in the caller's buffer.

use lxst_codecs::Channels;

/// A piece of 48 kHz sound that a node fills, changes or reads.
///
/// *Shape*: `f32` from -1.0 to 1.0 between nodes; the channels of one moment stand side by side,
/// left first. A block has any number of moments, and borrows its samples: a device's callback
/// hands out its own buffer.
#[derive(Debug)]
pub struct Block<'a> {
    samples: &'a mut [f32],
    channels: Channels,
}

impl<'a> Block<'a> {
    /// Makes a block of interleaved samples. A last sample that is half a moment is no part of it.
    #[must_use]
    pub fn new(samples: &'a mut [f32], channels: Channels) -> Self {
        let whole = samples.len() - samples.len() % count(channels);
        // In bounds: not above the length.
        Self { samples: &mut samples[..whole], channels }
    }

    /// Makes a block of one channel.
    #[must_use]
    pub fn mono(samples: &'a mut [f32]) -> Self {
        Self { samples, channels: Channels::Mono }
    }

    /// Makes a block of moments of left and right.
    #[must_use]
    pub fn stereo(samples: &'a mut [[f32; 2]]) -> Self {
        Self { samples: samples.as_flattened_mut(), channels: Channels::Stereo }
    }

    /// Returns whether a moment is one sample or two.
    #[must_use]
    pub const fn channels(&self) -> Channels {
        self.channels
    }

    /// Returns the samples in a moment: 1 or 2.
    #[must_use]
    pub const fn width(&self) -> usize {
        count(self.channels)
    }

    /// Returns the length in moments, which are samples of each channel.
    #[must_use]
    pub const fn moments(&self) -> usize {
        self.samples.len() / self.width()
    }

    /// Returns the interleaved samples.
    #[must_use]
    pub const fn samples(&self) -> &[f32] {
        self.samples
    }

    /// Returns the interleaved samples, to be changed.
    #[must_use]
    pub const fn samples_mut(&mut self) -> &mut [f32] {
        self.samples
    }

    /// Borrows `length` moments from `from` on, or what of them the block has.
    #[must_use]
    pub fn part(&mut self, from: usize, length: usize) -> Block<'_> {
        let moments = self.moments();
        let from = from.min(moments);
        let until = from.saturating_add(length).min(moments);
        let width = self.width();
        // In bounds: both are at most the length.
        Block { samples: &mut self.samples[from * width..until * width], channels: self.channels }
    }

    /// Makes silence of all moments from this one on.
    pub fn silence_from(&mut self, moment: usize) {
        self.part(moment, usize::MAX).samples.fill(0.0);
    }

    /// Writes what `next` gives, one sample a moment, to every channel.
    pub fn fill_mono(&mut self, mut next: impl FnMut() -> f32) {
        let width = self.width();
        for moment in self.samples.chunks_exact_mut(width) {
            moment.fill(next());
        }
    }

    /// Writes moments of two channels, as many as there are; to one channel, their mean. Returns
    /// how many it wrote.
    pub fn write_stereo(&mut self, from: &[f32]) -> usize {
        let width = self.width();
        let (from, _) = from.as_chunks::<2>();
        let written = from.len().min(self.moments());
        for (moment, [left, right]) in self.samples.chunks_exact_mut(width).zip(from) {
            match moment {
                [only] => *only = (left + right) / 2.0,
                [first, second] => (*first, *second) = (*left, *right),
                _ => {}
            }
        }
        written
    }

    /// Returns what is heard in each moment by one ear: the mean of its channels.
    pub fn mono_samples(&self) -> impl Iterator<Item = f32> {
        let width = self.width();
        self.samples
            .chunks_exact(width)
            .map(move |moment| moment.iter().sum::<f32>() / width as f32)
    }
}

/// Samples in a moment.
pub(crate) const fn count(channels: Channels) -> usize {
    match channels {
        Channels::Mono => 1,
        Channels::Stereo => 2,
    }
}
