//! Several sources at once.

use std::fmt;

use lxst_core::Samples;

use crate::block::Block;
use crate::gain::Gain;
use crate::node::{Effect, Source};

/// Adds up any number of sources, each with a gain of its own, and bends what is too loud below
/// full scale.
///
/// Inputs are aligned by time: all are asked for the same moments, and one that was added for later
/// begins at its sample within a block. The mixer never ends; inputs that have stay, silent, until
/// they are removed, so that nothing is freed while a callback pulls.
#[derive(Default)]
pub struct Mixer {
    inputs: Vec<Input>,
    now: Samples,
    added: u64,
}

/// An input of a [`Mixer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputId(u64);

struct Input {
    id: InputId,
    source: Box<dyn Source + Send>,
    gain: Gain,
    from: Samples,
    has_ended: bool,
}

impl Mixer {
    /// Makes a mixer without inputs: silence.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns how much has been pulled.
    #[must_use]
    pub const fn now(&self) -> Samples {
        self.now
    }

    /// Adds a source that begins with the next block. Allocates.
    pub fn add(&mut self, source: impl Source + Send + 'static, gain: Gain) -> InputId {
        self.add_at(self.now, source, gain)
    }

    /// Adds a source that begins at a time of [`Self::now`]; one that is over means the next block.
    /// Allocates.
    pub fn add_at(
        &mut self,
        from: Samples,
        source: impl Source + Send + 'static,
        gain: Gain,
    ) -> InputId {
        let id = InputId(self.added);
        self.added += 1;
        self.inputs.push(Input { id, source: Box::new(source), gain, from, has_ended: false });
        id
    }

    /// Returns the gain of an input, or `None` where there is none.
    pub fn gain(&mut self, id: InputId) -> Option<&mut Gain> {
        self.inputs.iter_mut().find(|input| input.id == id).map(|input| &mut input.gain)
    }

    /// Takes an input out, at once: fade it out before, and wait that long.
    pub fn remove(&mut self, id: InputId) -> Option<Box<dyn Source + Send>> {
        let place = self.inputs.iter().position(|input| input.id == id)?;
        Some(self.inputs.remove(place).source)
    }

    /// Tells whether an input has given all that it had, or is none.
    #[must_use]
    pub fn has_ended(&self, id: InputId) -> bool {
        self.inputs.iter().find(|input| input.id == id).is_none_or(|input| input.has_ended)
    }

    /// Returns the inputs, the oldest first.
    pub fn inputs(&self) -> impl Iterator<Item = InputId> {
        self.inputs.iter().map(|input| input.id)
    }

    fn mix(&mut self, piece: &mut Block<'_>) {
        piece.silence_from(0);
        let mut buffer = [0.0; 2 * PIECE];
        let moments = piece.moments();
        let until = self.now + Samples(moments as u64);
        for input in self.inputs.iter_mut().filter(|input| !input.has_ended) {
            if input.from >= until {
                continue;
            }
            // Below the moments of a piece, as `from` is before its end.
            let start = (input.from - self.now).0 as usize;
            let mut sound = Block::new(&mut buffer, piece.channels());
            let mut sound = sound.part(0, moments - start);
            input.has_ended = input.source.pull(&mut sound) < sound.moments();
            input.gain.apply(&mut sound);
            let mut rest = piece.part(start, usize::MAX);
            for (sum, sample) in rest.samples_mut().iter_mut().zip(sound.samples()) {
                *sum += sample;
            }
        }
        self.now = until;
        SoftClip.apply(piece);
    }
}

impl Source for Mixer {
    fn pull(&mut self, block: &mut Block<'_>) -> usize {
        let moments = block.moments();
        for from in (0..moments).step_by(PIECE) {
            self.mix(&mut block.part(from, PIECE));
        }
        moments
    }
}

impl fmt::Debug for Mixer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mixer")
            .field("inputs", &self.inputs.len())
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

/// Bends what is louder than -2.5 dBFS below full scale, and leaves the rest as it is. What is no
/// number becomes silence.
#[derive(Clone, Copy, Debug, Default)]
pub struct SoftClip;

impl Effect for SoftClip {
    fn apply(&mut self, block: &mut Block<'_>) {
        for sample in block.samples_mut() {
            let loudness = sample.abs();
            if loudness > KNEE {
                let bent = KNEE + (1.0 - KNEE) * ((loudness - KNEE) / (1.0 - KNEE)).tanh();
                *sample = bent.copysign(*sample);
            } else if sample.is_nan() {
                *sample = 0.0;
            }
        }
    }
}

const KNEE: f32 = 0.75;
/// Moments that are mixed at once: 10 ms.
const PIECE: usize = 480;
