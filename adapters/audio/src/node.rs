//! What nodes are, and how they are joined.

use crate::block::Block;

/// Gives sound: tones, players, ports, mixers.
///
/// The graph is pulled: whoever has the clock (a speaker's callback, an encoder's frame, a writer
/// of a file) asks for a block of the length that it needs, and each source asks the sources behind
/// it for the same moments. So nothing waits in between, sources of a mixer stay aligned by
/// themselves, and the length of blocks may change at any time.
pub trait Source {
    /// Fills the block, and tells how many moments had sound to give; what follows them is silence.
    /// Fewer than the block has mean that the source has ended: it gives silence from then on. A
    /// live source that has nothing yet gives silence and has not ended.
    fn pull(&mut self, block: &mut Block<'_>) -> usize;

    /// Passes what this source gives through an effect.
    fn through<E: Effect>(self, effect: E) -> Through<Self, E>
    where
        Self: Sized,
    {
        Through { source: self, effect }
    }

    /// Shows a sink all that this source gives.
    fn tee<K: Sink>(self, sink: K) -> Tee<Self, K>
    where
        Self: Sized,
    {
        Tee { source: self, sink }
    }
}

/// Changes sound in place: gain, filters, limiter, voice processing.
///
/// Blocks of one stream have one number of channels; state is kept for two.
pub trait Effect {
    /// Changes the block, which follows on the last one.
    fn apply(&mut self, block: &mut Block<'_>);
}

/// Takes sound: ports, meters.
pub trait Sink {
    /// Takes a block, which follows on the last one. Never blocks; what it has no room for, it
    /// drops and counts.
    fn take(&mut self, block: &Block<'_>);
}

/// A source and the effect behind it, see [`Source::through`].
#[derive(Clone, Debug)]
pub struct Through<S, E> {
    /// Where the sound comes from.
    pub source: S,
    /// What is done to it.
    pub effect: E,
}

impl<S: Source, E: Effect> Source for Through<S, E> {
    fn pull(&mut self, block: &mut Block<'_>) -> usize {
        let given = self.source.pull(block);
        self.effect.apply(block);
        given
    }
}

/// A source and the sink that is shown all of it, see [`Source::tee`].
#[derive(Clone, Debug)]
pub struct Tee<S, K> {
    /// Where the sound comes from.
    pub source: S,
    /// What takes a copy.
    pub sink: K,
}

impl<S: Source, K: Sink> Source for Tee<S, K> {
    fn pull(&mut self, block: &mut Block<'_>) -> usize {
        let given = self.source.pull(block);
        self.sink.take(block);
        given
    }
}

impl<S: Source + ?Sized> Source for Box<S> {
    fn pull(&mut self, block: &mut Block<'_>) -> usize {
        (**self).pull(block)
    }
}

impl<S: Source + ?Sized> Source for &mut S {
    fn pull(&mut self, block: &mut Block<'_>) -> usize {
        (**self).pull(block)
    }
}

impl<E: Effect + ?Sized> Effect for Box<E> {
    fn apply(&mut self, block: &mut Block<'_>) {
        (**self).apply(block);
    }
}

impl<E: Effect> Effect for Option<E> {
    fn apply(&mut self, block: &mut Block<'_>) {
        if let Some(effect) = self {
            effect.apply(block);
        }
    }
}

/// One effect after the other.
impl<A: Effect, B: Effect> Effect for (A, B) {
    fn apply(&mut self, block: &mut Block<'_>) {
        self.0.apply(block);
        self.1.apply(block);
    }
}

/// One effect after the other.
impl<A: Effect, B: Effect, C: Effect> Effect for (A, B, C) {
    fn apply(&mut self, block: &mut Block<'_>) {
        self.0.apply(block);
        self.1.apply(block);
        self.2.apply(block);
    }
}

/// No sound at all, for ever.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silence;

impl Source for Silence {
    fn pull(&mut self, block: &mut Block<'_>) -> usize {
        block.silence_from(0);
        block.moments()
    }
}
