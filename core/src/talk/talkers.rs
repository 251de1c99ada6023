//! The talkers of a radio: who they are, and who gets a place.

use crate::counters::Counters;
use crate::id::{JobId, LinkId, StreamId};
use crate::input::PortChange;
use crate::profile::Profile;
use crate::stream::Talker;
use crate::time::Instant;
use crate::wire::SpeakerId;

/// A talker as packets name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) link: LinkId,
    /// `None` for the sender of the packet.
    pub(super) speaker: Option<SpeakerId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Talkers<const TALKERS: usize, const RING: usize> {
    places: [Place<RING>; TALKERS],
    next_stream: StreamId,
}

/// Room for one talker.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place<const RING: usize> {
    taken: Option<(StreamId, Name)>,
    talker: Talker<RING>,
}

/// The place that a talker got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seat {
    pub(super) index: usize,
    pub(super) stream: StreamId,
    /// The place as a new talker found it; `None` for a talker who had it already.
    pub(super) left: Option<Left>,
}

/// What a new talker found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    /// The stream of the talker who lost the place.
    pub(super) stream: Option<StreamId>,
}

impl<const TALKERS: usize, const RING: usize> Talkers<TALKERS, RING> {
    pub(super) fn new(profile: Profile, first: StreamId) -> Self {
        let place = |_| Place { taken: None, talker: Talker::new(profile) };
        Self { places: core::array::from_fn(place), next_stream: first }
    }

    /// Finds the place of a talker, or gives it one: a free one, or that of the talker who has been
    /// quiet longest. `None` if all others talk.
    pub(super) fn seat(&mut self, now: Instant, name: Name, speaker: PortChange) -> Option<Seat> {
        if let Some((index, stream)) = self.find(name).and_then(|at| Some((at, self.stream(at)?))) {
            return Some(Seat { index, stream, left: None });
        }
        let index = self.free_place().or_else(|| self.quiet_place())?;
        let left = Some(Left { stream: self.free(index) });
        let stream = self.next_stream;
        self.next_stream.0 += 1;
        let place = self.places.get_mut(index)?;
        place.taken = Some((stream, name));
        place.talker.open(now, speaker);
        Some(Seat { index, stream, left })
    }

    /// Frees a place. Returns the stream that closes.
    pub(super) fn free(&mut self, index: usize) -> Option<StreamId> {
        let place = self.places.get_mut(index)?;
        let (stream, _) = place.taken.take()?;
        place.talker.close();
        Some(stream)
    }

    pub(super) fn find(&self, name: Name) -> Option<usize> {
        self.places.iter().position(|place| place.taken.is_some_and(|(_, of)| of == name))
    }

    pub(super) fn of_stream(&self, stream: StreamId) -> Option<usize> {
        self.places.iter().position(|place| place.taken.is_some_and(|(of, _)| of == stream))
    }

    pub(super) fn of_job(&self, job: JobId) -> Option<usize> {
        self.places.iter().position(|place| place.talker.has_job(job))
    }

    pub(super) fn stream(&self, index: usize) -> Option<StreamId> {
        Some(self.places.get(index)?.taken?.0)
    }

    pub(super) fn name(&self, index: usize) -> Option<Name> {
        Some(self.places.get(index)?.taken?.1)
    }

    pub(super) fn talker_mut(&mut self, index: usize) -> &mut Talker<RING> {
        // Indices are those of places, which are never fewer.
        &mut self.places[index].talker
    }

    /// Returns the talkers, and their streams.
    pub(super) fn taken(&self) -> impl Iterator<Item = (StreamId, &Talker<RING>)> {
        self.places.iter().filter_map(|place| Some((place.taken?.0, &place.talker)))
    }

    pub(super) fn taken_mut(&mut self) -> impl Iterator<Item = &mut Talker<RING>> {
        let taken = self.places.iter_mut().filter(|place| place.taken.is_some());
        taken.map(|place| &mut place.talker)
    }

    /// Returns the counters of every place.
    pub(super) fn counters(&self) -> impl Iterator<Item = &Counters> {
        self.places.iter().map(|place| place.talker.counters())
    }

    fn free_place(&self) -> Option<usize> {
        self.places.iter().position(|place| place.taken.is_none())
    }

    /// Returns the place of the talker who has been quiet longest.
    fn quiet_place(&self) -> Option<usize> {
        let places = self.places.iter().enumerate();
        let quiet = places.filter_map(|(index, place)| Some((place.talker.quiet_since()?, index)));
        quiet.min().map(|(_, index)| index)
    }
}
