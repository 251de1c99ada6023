//! Stalls of the network or of our own process: several frames arrive late and at once.
//!
//! 1. A gap in the arrivals may be a pause (DTX), a loss or a stall. Frames that follow it faster
//!    than real time show a stall, and its length.
//! 2. The delay that one stall left is shed. Two similar stalls within [`STALL_MEMORY`] count as
//!    usual for the network. The delay that they need is kept until none has come for that time.

use crate::audio::Samples;
use crate::limits::{MIN_STALL, SHORT_STALL_MEMORY, STALL_LONG, STALL_MEMORY, STALL_WATCH};
use crate::time::Instant;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stalls {
    /// When the latest frame arrived.
    last: Option<Instant>,
    /// Follows the frames after a gap.
    watch: Option<Watch>,
    seen: [Option<Stall>; STALLS],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Watch {
    /// When the frames before and after the gap arrived.
    began: Instant,
    ended: Instant,
    /// Audio that arrived since the gap.
    came: Samples,
    /// How early the earliest frame since the gap was, if the first one after it counts as in time.
    early: Samples,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stall {
    at: Instant,
    length: Samples,
    /// Headroom before the first late frame, as in [`Headroom`](super::headroom::Headroom).
    low: i32,
}

/// A stall that the frames after a gap show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DetectedStall {
    /// When it began.
    pub(super) began: Instant,
    /// How late the first frame after it was.
    pub(super) length: Samples,
    /// How much of that was not known before.
    pub(super) grown: Samples,
}

impl Stall {
    /// Returns whether an older stall had about the same length, and is still remembered.
    fn is_like(&self, older: &Self) -> bool {
        let (shorter, longer) = (self.length.min(older.length), self.length.max(older.length));
        self.at.since(older.at) <= older.memory() && shorter.0 >= longer.0 / 2
    }

    fn memory(&self) -> core::time::Duration {
        if self.length >= STALL_LONG { STALL_MEMORY } else { SHORT_STALL_MEMORY }
    }
}

impl Stalls {
    /// Records what came at once: a frame, or a packet of several, where a batch is this long at
    /// most. Returns the stall that it shows, or whose known length it increases.
    pub(super) fn on_arrival(
        &mut self,
        now: Instant,
        length: Samples,
        batch: Samples,
    ) -> Option<DetectedStall> {
        let last = self.last.replace(now)?;
        if now.since(last) >= (length.max(batch) + MIN_STALL).duration() {
            let early = Samples::ZERO;
            self.watch = Some(Watch { began: last, ended: now, came: length, early });
            return None;
        }
        let watch = self.watch.as_mut()?;
        let passed = now.since(watch.ended);
        let early = watch.came - Samples::of(passed);
        watch.came = watch.came + length;
        if passed >= STALL_WATCH {
            self.watch = None;
            return None;
        }
        let known = if watch.early >= MIN_STALL { watch.early } else { Samples::ZERO };
        watch.early = watch.early.max(early);
        (watch.early > known && watch.early >= MIN_STALL).then_some(DetectedStall {
            began: watch.began,
            length: watch.early,
            grown: watch.early - known,
        })
    }

    /// Returns whether the frames after a gap are followed.
    pub(super) const fn is_watching(&self) -> bool {
        self.watch.is_some()
    }

    /// Forgets the latest frame: what follows is no gap.
    pub(super) fn on_talk_end(&mut self) {
        (self.last, self.watch) = (None, None);
    }

    /// Remembers a stall of the network, or its new length.
    pub(super) fn remember(&mut self, now: Instant, shown: DetectedStall, low: i32) {
        let stall = Some(Stall { at: now, length: shown.length, low });
        if shown.grown < shown.length {
            // The newest is first.
            self.seen[0] = stall;
        } else {
            self.seen.rotate_right(1);
            self.seen[0] = stall;
        }
    }

    /// Returns whether no other stall than this one is remembered.
    pub(super) fn is_rare(&self, now: Instant, shown: &DetectedStall) -> bool {
        // The newest is first, and this one if it was shown before.
        let shown_before = usize::from(shown.grown < shown.length);
        let mut others = self.seen.iter().skip(shown_before).flatten();
        others.all(|stall| now.since(stall.at) > STALL_MEMORY)
    }

    /// Returns the longest stall that repeated: its length, and its lowest headroom.
    pub(super) fn repeated(&self, now: Instant) -> Option<(Samples, i32)> {
        // The newest is first, and a single one is no repeat.
        self.seen[1]?;
        let mut longest: Option<(Samples, i32)> = None;
        let mut older = self.seen.iter().flatten();
        while let Some(stall) = older.next() {
            if now.since(stall.at) > stall.memory() {
                continue;
            }
            for other in older.clone().filter(|other| stall.is_like(other)) {
                let (length, low) = (stall.length.max(other.length), stall.low.min(other.low));
                longest =
                    Some(longest.map_or((length, low), |longest| {
                        (longest.0.max(length), longest.1.min(low))
                    }));
            }
        }
        longest
    }

    /// Adds to the headroom of every remembered stall.
    pub(super) fn shift(&mut self, by: i32) {
        for stall in self.seen.iter_mut().flatten() {
            stall.low = stall.low.saturating_add(by);
        }
    }
}

/// Upper bound of the stalls remembered. Beyond it the oldest is forgotten.
const STALLS: usize = 8;
