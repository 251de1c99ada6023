//! The ordered queue between the calls and streams, which fill it, and the driver, which polls it.

use heapless::{Deque, Vec};

use crate::audio::{Direction, Samples};
use crate::id::{JobId, LinkId, StreamId};
use crate::limits::{OUTBOX, OUTPUTS_PER_INPUT};
use crate::link::LinkRequest;
use crate::output::{Event, SendFormat, Source, StreamChange, Tempo};
use crate::wire::{Codec, Signal};

/// An output whose bytes are not written yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Queued {
    Signals { link: LinkId, signals: Vec<Signal, 2>, has_mark: bool },
    LossReport { link: LinkId, percent: u8 },
    Media { line: usize, link: LinkId },
    Link { link: LinkId, request: LinkRequest },
    Announce,
    Stream { stream: StreamId, direction: Direction, change: StreamChange },
    Job { line: usize, job: JobId, stream: StreamId, direction: Direction, ticket: Ticket },
    Event(Event),
}

/// The work of a job, without the bytes of its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ticket {
    Encode { format: SendFormat, source: Source, samples: Samples },
    Discard { samples: Samples },
    Decode { codec: Codec, tempo: Tempo },
    Conceal { samples: Samples },
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outbox(Deque<Queued, OUTBOX>);

impl Outbox {
    pub(crate) fn push(&mut self, output: Queued) {
        // Telephone::handle_input refuses an input unless OUTPUTS_PER_INPUT places are free.
        let refused = self.0.push_back(output);
        debug_assert!(refused.is_ok(), "an input caused more than {OUTPUTS_PER_INPUT} outputs");
    }

    pub(crate) fn signal(&mut self, link: LinkId, signals: &[Signal]) {
        self.signal_and_mark(link, signals, false);
    }

    /// Sends signals, with the mark of a phone that knows loss reports and copies of frames.
    pub(crate) fn signal_and_mark(&mut self, link: LinkId, signals: &[Signal], has_mark: bool) {
        debug_assert!(signals.len() <= 2);
        let signals = signals.iter().copied().take(2).collect();
        self.push(Queued::Signals { link, signals, has_mark });
    }

    pub(crate) fn link(&mut self, link: LinkId, request: LinkRequest) {
        self.push(Queued::Link { link, request });
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.push(Queued::Event(event));
    }

    pub(crate) fn pop(&mut self) -> Option<Queued> {
        self.0.pop_front()
    }

    /// Returns the number of outputs in the queue.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn has_room(&self) -> bool {
        OUTBOX - self.0.len() >= OUTPUTS_PER_INPUT
    }
}
