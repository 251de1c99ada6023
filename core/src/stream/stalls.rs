//! Stalls of the network or of our own process: several frames arrive late and at once.
//!
//! 1. A gap in the arrivals may be a pause, a loss or a stall. Frames that follow it faster than
//!    they play show a stall, and its length.
//! 2. The delay that one stall left is shed. Two similar stalls within [`STALL_MEMORY`] count as
//!    usual for the network, and the delay that they need is kept until none has come for that
//!    time.

use crate::audio::Samples;
use crate::limits::{MIN_STALL, SHORT_STALL_MEMORY, STALL_LONG, STALL_MEMORY, STALL_WATCH};
use crate::time::Instant;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stalls {
    /// When the last frame came.
    last: Option<Instant>,
    /// What follows a gap.
    watch: Option<Watch>,
    seen: [Option<Stall>; STALLS],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Watch {
    /// When the frame before the gap came, and the one after.
    began: Instant,
    ended: Instant,
    /// What came since the gap.
    came: Samples,
    /// How much earlier than it was due, had the first one been in time.
    early: Samples,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stall {
    at: Instant,
    length: Samples,
    /// How much audio was to spare when the first late frame came, as in
    /// [`Headroom`](super::headroom::Headroom).
    low: i32,
}

/// A stall, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// When it began.
    pub(super) began: Instant,
    /// How late the first frame after it was.
    pub(super) length: Samples,
    /// By how much that is more than was known before.
    pub(super) grown: Samples,
}

impl Stall {
    /// Tells whether an older one was as long, about, and not long ago.
    fn is_like(&self, older: &Self) -> bool {
        let (shorter, longer) = (self.length.min(older.length), self.length.max(older.length));
        self.at.since(older.at) <= older.memory() && shorter.0 >= longer.0 / 2
    }

    fn memory(&self) -> core::time::Duration {
        if self.length >= STALL_LONG { STALL_MEMORY } else { SHORT_STALL_MEMORY }
    }
}

impl Stalls {
    /// Takes note of a frame, and tells whether it shows a stall, or that one was longer.
    pub(super) fn on_frame(&mut self, now: Instant, frame: Samples) -> Option<Shown> {
        let last = self.last.replace(now)?;
        if now.since(last) >= (frame + MIN_STALL).duration() {
            let early = Samples::ZERO;
            self.watch = Some(Watch { began: last, ended: now, came: frame, early });
            return None;
        }
        let watch = self.watch.as_mut()?;
        let passed = now.since(watch.ended);
        let early = watch.came - Samples::of(passed);
        watch.came = watch.came + frame;
        if passed >= STALL_WATCH {
            self.watch = None;
            return None;
        }
        let known = if watch.early >= MIN_STALL { watch.early } else { Samples::ZERO };
        watch.early = watch.early.max(early);
        (watch.early > known && watch.early >= MIN_STALL).then_some(Shown {
            began: watch.began,
            length: watch.early,
            grown: watch.early - known,
        })
    }

    /// Remembers a stall of the network that was shown, or that it was longer.
    pub(super) fn remember(&mut self, now: Instant, shown: Shown, low: i32) {
        let stall = Some(Stall { at: now, length: shown.length, low });
        if shown.grown < shown.length {
            // The newest comes first.
            self.seen[0] = stall;
        } else {
            self.seen.rotate_right(1);
            self.seen[0] = stall;
        }
    }

    /// The longest stall that had its like: its length, and what there was to spare at the least.
    pub(super) fn repeated(&self, now: Instant) -> Option<(Samples, i32)> {
        // The newest comes first, and one alone has no like.
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

    /// All that was seen counts as if this much more had been there.
    pub(super) fn shift(&mut self, by: i32) {
        for stall in self.seen.iter_mut().flatten() {
            stall.low = stall.low.saturating_add(by);
        }
    }
}

/// Stalls that are remembered.
const STALLS: usize = 8;
