//! One sound after the other.

use std::collections::VecDeque;
use std::fmt;

use lxst_audio::{Block, Source};

/// Plays sources one after the other, without a gap.
pub struct Sequence(VecDeque<Box<dyn Source + Send>>);

impl Sequence {
    /// Makes one that has ended.
    #[must_use]
    pub const fn new() -> Self {
        Self(VecDeque::new())
    }

    /// Adds a source behind the others.
    #[must_use]
    pub fn then(mut self, source: impl Source + Send + 'static) -> Self {
        self.0.push_back(Box::new(source));
        self
    }

    /// Tells whether all of them have ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.0.is_empty()
    }
}

impl Source for Sequence {
    fn pull(&mut self, block: &mut Block<'_>) -> usize {
        let moments = block.moments();
        let mut given = 0;
        while given < moments
            && let Some(source) = self.0.front_mut()
        {
            given += source.pull(&mut block.part(given, moments));
            if given < moments {
                self.0.pop_front();
            }
        }
        block.silence_from(given);
        given
    }
}

impl Default for Sequence {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sequence").field(&self.0.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use lxst_audio::{Cadence, Segment, Tone};
    use lxst_core::Samples;

    use super::*;

    #[test]
    fn sounds_follow_each_other_within_a_block() {
        let tone = Tone::new(&[(1_000.0, 0.0)]).unwrap();
        let of = |on: u64, off: u64| {
            let segments = vec![Segment { tone, on: Samples(on), off: Samples(off) }];
            Cadence { segments: segments.into(), repeats: Some(1) }.source()
        };
        let mut sequence = Sequence::new().then(of(0, 700)).then(of(0, 0)).then(of(960, 0));
        let mut heard = [1.0; 1_920];
        let mut given = 0;
        for block in heard.chunks_mut(480) {
            given += sequence.pull(&mut Block::mono(block));
        }
        assert_eq!((given, sequence.has_ended()), (1_660, true));
        assert!(heard[..700].iter().chain(&heard[1_660..]).all(|sample| *sample == 0.0));
        let loudest = heard.iter().fold(0.0, |most: f32, sample| most.max(sample.abs()));
        assert!(loudest > 0.99 && heard[701] != 0.0, "{loudest}");
    }
}
