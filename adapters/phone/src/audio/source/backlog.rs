//! The backlog of a live source: captured samples that the call has not taken.

use std::collections::VecDeque;
use std::time::Duration;

use lxst_core::{Instant, Samples};
use lxst_engine::Allowance;

/// Passes on the samples of a live source at about real time, whatever its period, with the least
/// delay.
///
/// A source with a period of 2 s has an empty backlog just before each of its blocks. After a
/// stall, the backlog never empties. So the minimum of the backlog over 2.5 s is needless delay,
/// and is dropped.
#[derive(Debug)]
pub(super) struct Backlog {
    samples: VecDeque<f32>,
    allowance: Allowance,
    /// When the stream opened that takes the samples.
    opened: Instant,
    /// The last look at the source while no block was being written. Samples that arrive later may
    /// have been captured from then on.
    looked: Instant,
    /// The minimum of the backlog in this half of the window, and in the half before.
    least: [usize; 2],
    half_since: Instant,
}

impl Backlog {
    pub(super) fn new() -> Self {
        Self {
            samples: VecDeque::new(),
            allowance: Allowance::new(PACE_PER_MILLE, BURST),
            opened: Instant::ORIGIN,
            looked: Instant::ORIGIN,
            least: [0; 2],
            half_since: Instant::ORIGIN,
        }
    }

    /// Begins a stream. Samples that were captured before do not belong to it.
    pub(super) fn open(&mut self, now: Instant) {
        *self = Self { opened: now, looked: now, half_since: now, ..Self::new() };
    }

    /// Adds captured samples.
    pub(super) fn push(&mut self, pcm: &[f32]) {
        self.samples.extend(pcm);
    }

    /// Ends a round of pushes. Drops samples that are older than the stream, and those beyond
    /// [`MAX_BACKLOG`]; returns how many the latter are.
    pub(super) fn settle(&mut self) -> usize {
        // No more can have been captured since the stream opened.
        let heard = Samples::of(self.looked.since(self.opened)).0;
        if let Ok(heard) = usize::try_from(heard)
            && heard < MAX_BACKLOG
        {
            self.drop_oldest(self.samples.len().saturating_sub(heard));
        }
        let excess = self.samples.len().saturating_sub(MAX_BACKLOG);
        self.drop_oldest(excess);
        excess
    }

    /// Records a look at the source while no block was being written.
    pub(super) fn looked(&mut self, now: Instant) {
        self.looked = now;
    }

    /// Returns the samples that are due, and how many were dropped as needless delay.
    pub(super) fn take(&mut self, now: Instant) -> (Vec<f32>, usize) {
        let due = self.allowance.left(now).min(self.samples.len());
        self.allowance.spend(due);
        let pcm = self.samples.drain(..due).collect();
        let [this, before] = self.least;
        let this = this.min(self.samples.len());
        self.least = [this, before];
        let mut dropped = 0;
        if now >= self.half_since + HALF_WINDOW {
            let standing = this.min(before);
            if standing > MAX_STANDING {
                dropped = standing;
                self.drop_oldest(dropped);
            }
            self.least = [self.samples.len(), this - dropped];
            self.half_since = now;
        }
        (pcm, dropped)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    fn drop_oldest(&mut self, count: usize) {
        self.samples.drain(..count);
    }
}

/// The largest minimum of the backlog that is kept, in samples: 60 ms.
const MAX_STANDING: usize = 2_880;
/// Half of the window of the minimum. The window is longer than the longest period.
const HALF_WINDOW: Duration = Duration::from_millis(1_250);
/// The most samples in the backlog: the longest period, 2 s, and [`MAX_STANDING`].
const MAX_BACKLOG: usize = 96_000 + MAX_STANDING;
/// Samples that pass at once: 60 ms, the longest frame.
const BURST: usize = 2_880;
/// The rate of passing relative to real time: more than 1,000, for a source with a fast clock.
const PACE_PER_MILLE: u64 = 1_050;

#[cfg(test)]
mod tests {
    use super::*;

    /// A source that brings a period whenever one is over, and a phone that looks every 5 ms. Each
    /// sample is the time at which it was heard, in ms.
    struct Room {
        backlog: Backlog,
        brought: u64,
        now: u64,
        sent: Vec<f32>,
        dropped: usize,
    }

    impl Room {
        /// What was brought before is gone.
        fn new(opened: u64, period: u64) -> Self {
            let mut backlog = Backlog::new();
            backlog.open(Instant::from_millis(opened));
            let brought = opened / period * period;
            Self { backlog, brought, now: opened, sent: Vec::new(), dropped: 0 }
        }

        /// Goes on until then. A source that stands still brings nothing, and then all at once.
        fn run(&mut self, until: u64, period: u64) {
            while self.now < until {
                self.now += 5;
                let now = Instant::from_millis(self.now);
                while self.brought + period <= self.now {
                    let times = self.brought..self.brought + period;
                    let heard: Vec<f32> =
                        times.flat_map(|time| std::iter::repeat_n(time as f32, 48)).collect();
                    heard.chunks(256).for_each(|piece| self.backlog.push(piece));
                    self.brought += period;
                }
                self.dropped += self.backlog.settle();
                self.backlog.looked(now);
                let (pcm, dropped) = self.backlog.take(now);
                self.sent.extend(pcm);
                self.dropped += dropped;
            }
        }

        /// What was brought, and neither was sent nor waits.
        fn unsent(&self) -> usize {
            self.brought as usize * 48 - self.sent.len() - self.backlog.samples.len()
        }

        /// How late the newest sound is that was sent.
        fn delay(&self) -> u64 {
            self.now - *self.sent.last().unwrap() as u64
        }
    }

    #[test]
    fn nothing_is_sent_that_was_heard_before_the_stream_opened() {
        for period in [10, 20, 125, 500, 2_000] {
            for opened in [3_001, 3_490, 3_999, 4_000] {
                let mut room = Room::new(opened, period);
                room.run(opened + 5_000, period);
                let first = room.sent[0];
                assert!(first >= opened as f32, "{period}: {first} of {opened}");
                let wanted = (5_000 - 2 * period - 10) * 48;
                assert!(room.sent.len() as u64 >= wanted, "{period}: {}", room.sent.len());
                assert_eq!(room.dropped, 0, "{period}");
            }
        }
    }

    #[test]
    fn no_period_of_up_to_two_seconds_loses_sound() {
        for period in [5, 10, 20, 46, 100, 125, 500, 1_000, 2_000] {
            let mut room = Room::new(0, period);
            room.run(60_000, period);
            assert_eq!(room.dropped, 0, "{period}");
            assert!(room.sent.windows(2).all(|pair| pair[1] - pair[0] <= 1.0), "{period}");
            assert!(
                room.sent.len() as u64 >= (60_000 - period - 10) * 48 - 96_000 / 20,
                "{period}"
            );
            let late = room.delay();
            assert!(late <= period + 5, "{period}: {late} ms late");
        }
    }

    #[test]
    fn what_a_stall_leaves_is_dropped_oldest_first_and_counted() {
        for (period, stall) in [(10, 700), (125, 700), (500, 1_500), (20, 30_000)] {
            let mut room = Room::new(0, period);
            room.run(10_000, period);
            let unsent = room.unsent();
            room.now += stall;
            room.run(10_000 + stall + 4_000 + period, period);
            let late = room.delay();
            assert!(late <= period + 60 + 5, "{period}: {late} ms late after {stall}");
            assert!(room.dropped > 0);
            assert_eq!(room.unsent() - unsent, room.dropped, "{period}: all is counted");
        }
    }

    #[test]
    fn a_source_that_is_a_little_fast_is_followed() {
        let mut backlog = Backlog::new();
        backlog.open(Instant::ORIGIN);
        let mut sent = 0;
        for n in 1..=60_000_u64 {
            let now = Instant::from_millis(n * 10);
            // 0.2 % more than time allows.
            backlog.push(&[0.0; 481]);
            assert_eq!(backlog.settle(), 0);
            backlog.looked(now);
            let (pcm, dropped) = backlog.take(now);
            sent += pcm.len();
            assert_eq!(dropped, 0);
        }
        assert!(sent > 60_000 * 481 - 1_000, "{sent}");
    }
}
