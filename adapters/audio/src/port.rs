//! Sound between two threads, without locks.

use lxst_codecs::Channels;
use lxst_core::Samples;
use rtrb::{Consumer, Producer, RingBuffer};

use crate::block::{Block, count};
use crate::node::{Sink, Source};

/// Makes a sink for one thread and a source for another: a microphone's port, a speaker's, a stream
/// of the network, what a recorder hears.
///
/// Neither end waits or allocates. The source keeps `most` at most: of a longer backlog the oldest
/// is dropped, so that a live sound stays live. The sink has room for twice that; with a source
/// that does not pull, the newest is dropped. Both are counted.
#[must_use]
pub fn port(channels: Channels, most: Samples) -> (PortSink, PortSource) {
    let most = usize::try_from(most.0).unwrap_or(usize::MAX).clamp(1, MAX_MOMENTS);
    let (producer, consumer) = RingBuffer::new(2 * most * count(channels));
    let sink = PortSink { producer, channels, dropped: Samples::ZERO };
    let source =
        PortSource { consumer, channels, most, dropped: Samples::ZERO, missing: Samples::ZERO };
    (sink, source)
}

/// Where sound enters a [`port`].
#[derive(Debug)]
pub struct PortSink {
    producer: Producer<f32>,
    channels: Channels,
    dropped: Samples,
}

impl PortSink {
    /// Returns how much was dropped because nobody pulled.
    #[must_use]
    pub const fn dropped(&self) -> Samples {
        self.dropped
    }

    /// Returns how many moments would be taken now.
    #[must_use]
    pub fn room(&self) -> usize {
        self.producer.slots() / count(self.channels)
    }

    /// Tells whether the source is gone.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.producer.is_abandoned()
    }
}

impl Sink for PortSink {
    fn take(&mut self, block: &Block<'_>) {
        let fitting = block.moments().min(self.room());
        self.dropped = self.dropped + Samples((block.moments() - fitting) as u64);
        let length = fitting * count(self.channels);
        // There is room for it, and only this end makes that less.
        let Ok(room) = self.producer.write_chunk_uninit(length) else {
            return;
        };
        let moments = block.samples().chunks_exact(block.width());
        match self.channels {
            Channels::Mono => room.fill_from_iter(block.mono_samples()),
            Channels::Stereo => room.fill_from_iter(moments.flat_map(|moment| {
                let first = moment.first().copied().unwrap_or_default();
                [first, moment.get(1).copied().unwrap_or(first)]
            })),
        };
    }
}

/// Where sound leaves a [`port`].
#[derive(Debug)]
pub struct PortSource {
    consumer: Consumer<f32>,
    channels: Channels,
    most: usize,
    dropped: Samples,
    missing: Samples,
}

impl PortSource {
    /// Returns how many moments wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.consumer.slots() / count(self.channels)
    }

    /// Returns how much was dropped because it had waited too long.
    #[must_use]
    pub const fn dropped(&self) -> Samples {
        self.dropped
    }

    /// Returns how much silence was given because nothing was there.
    #[must_use]
    pub const fn missing(&self) -> Samples {
        self.missing
    }

    /// Drops all that waits, uncounted.
    pub fn clear(&mut self) {
        self.skip(self.waiting());
    }

    fn skip(&mut self, moments: usize) {
        if let Ok(chunk) = self.consumer.read_chunk(moments * count(self.channels)) {
            chunk.commit_all();
        }
    }
}

/// Gives silence where nothing waits. Ends when the sink is gone and all of it was given.
impl Source for PortSource {
    fn pull(&mut self, block: &mut Block<'_>) -> usize {
        // Asked first: what was pushed before the sink went can then be seen.
        let is_last = self.consumer.is_abandoned();
        let excess = self.waiting().saturating_sub(self.most.max(block.moments()));
        if excess > 0 {
            self.skip(excess);
            self.dropped = self.dropped + Samples(excess as u64);
        }
        let given = self.waiting().min(block.moments());
        let width = count(self.channels);
        let Ok(chunk) = self.consumer.read_chunk(given * width) else {
            return 0;
        };
        let (first, second) = chunk.as_slices();
        let mut samples = first.iter().chain(second).copied();
        let mut part = block.part(0, given);
        match (self.channels, part.channels()) {
            (Channels::Mono, _) => part.fill_mono(|| samples.next().unwrap_or_default()),
            (Channels::Stereo, Channels::Mono) => part.fill_mono(|| {
                let left = samples.next().unwrap_or_default();
                (left + samples.next().unwrap_or_default()) / 2.0
            }),
            (Channels::Stereo, Channels::Stereo) => {
                part.samples_mut().iter_mut().zip(samples).for_each(|(to, from)| *to = from);
            }
        }
        chunk.commit_all();
        block.silence_from(given);
        if given < block.moments() && is_last {
            return given;
        }
        self.missing = self.missing + Samples((block.moments() - given) as u64);
        block.moments()
    }
}

/// A minute.
const MAX_MOMENTS: usize = 48_000 * 60;
