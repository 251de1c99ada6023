//! Our own announces: when they leave, and their stamps.
//!
//! A peer accepts an announce only if its stamp, in seconds of Unix time, is later than the latest
//! one it accepted. An announce is therefore stamped and signed when it leaves, with the wall clock
//! of that moment. A stamp is never earlier than the one before: if the wall clock goes back,
//! stamps count on from the latest.
//!
//! A wall clock that is set forward makes the destination announce again. A machine without a
//! battery clock starts in 1970, and peers that know a path from an earlier run drop its announces.
//!
//! *Source*: RNS/Transport.py `_inbound`. A path of as many hops or more is replaced only by an
//! announce with a later stamp than all stamps heard for it, until the path expires after a week.
//! An unknown destination is accepted with any stamp. Stamps are not compared with the receiver's
//! clock, so a stamp in the future is accepted too.

use core::time::Duration;

use lxst_core::{Instant, NameHash};
use rns_core::transport::types::PacketBytes;

use crate::limits::ANNOUNCE_SPACING;
use crate::queue::{Purpose, Unsigned};
use crate::wall_clock::UnixTime;

/// The announces of one destination: when they are due, and their latest stamp.
#[derive(Clone, Debug, Default)]
pub(crate) struct Announces {
    /// When the latest announce was begun. Path responses do not count.
    begun: Option<Instant>,
    /// When a postponed announce is due.
    pub(crate) due: Option<Instant>,
    /// The latest stamp that left, and when.
    last: Option<(UnixTime, Instant)>,
    /// The latest reading of the wall clock, and when.
    read: Option<(UnixTime, Instant)>,
    /// When the wall clock was found to have been set forward.
    set: Option<Instant>,
    /// When a wall clock that was never set is read again.
    look: Option<Instant>,
    /// The stamp that the owner has stored, or was told to store.
    kept: UnixTime,
    revision: u64,
    numbered: u64,
    /// The latest signed announce. Each interface sends the same bytes.
    signed: Option<(u64, PacketBytes)>,
}

impl Announces {
    /// Begins an announce, or postpones it if the latest one is less than [`ANNOUNCE_SPACING`] ago.
    pub(crate) fn begin(&mut self, now: Instant, of: NameHash) -> Option<Unsigned> {
        let next = self.begun.map(|begun| begun + ANNOUNCE_SPACING);
        self.due = next.filter(|next| now < *next);
        if self.due.is_some() {
            return None;
        }
        self.begun = Some(now);
        Some(self.number(of, Purpose::Announce))
    }

    /// Returns whether an announce has left, or is about to.
    pub(crate) const fn has_begun(&self) -> bool {
        self.begun.is_some()
    }

    /// Reads the wall clock, and records whether it was set forward.
    pub(crate) fn read_clock(&mut self, now: Instant, wall: UnixTime) {
        let before = self.read.replace((wall, now));
        if self.begun.is_some() && before.is_some_and(|before| is_ahead((wall, now), before)) {
            self.set = Some(now);
        }
        let look = self.look.filter(|at| now < *at).unwrap_or(now + CLOCK_LOOK);
        self.look = (self.begun.is_some() && wall < CLOCK_UNSET).then_some(look);
    }

    /// Returns whether to announce again: a postponed announce is due, or the clock was set past
    /// the latest stamp. A clock that was never set is read once a minute.
    pub(crate) fn on_timeout(&mut self, now: Instant) -> bool {
        if self.look.is_some_and(|at| at <= now) {
            self.look = Some(now + CLOCK_LOOK);
        }
        let was_set = self.set.take().is_some();
        let is_due = self.due.is_some_and(|at| at <= now);
        let is_late = |read| self.last.is_some_and(|last| is_ahead(read, last));
        is_due || was_set && self.read.is_some_and(is_late)
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.due.into_iter().chain(self.set).chain(self.look).min()
    }

    pub(crate) fn path_response(&mut self, of: NameHash) -> Unsigned {
        self.number(of, Purpose::PathResponse)
    }

    /// Stamps an announce that leaves at `now`, and signs it.
    pub(crate) fn sign(
        &mut self,
        (now, wall): (Instant, UnixTime),
        announce: Unsigned,
        sign: impl FnOnce(UnixTime) -> PacketBytes,
    ) -> PacketBytes {
        let Unsigned { purpose, number, .. } = announce;
        if let Some((_, packet)) = self.signed.as_ref().filter(|(signed, _)| *signed == number) {
            return packet.clone();
        }
        let packet = sign(self.stamp(now, wall, purpose));
        self.signed = Some((number, packet.clone()));
        packet
    }

    /// Returns the wall clock, or the latest stamp plus the time since, whichever is later.
    pub(crate) fn corrected(&self, now: Instant, wall: UnixTime) -> UnixTime {
        let by_stamp = self.last.map(|(stamp, at)| stamp.after(now.since(at)));
        wall.max(by_stamp.unwrap_or_default()).min(UnixTime::MAX)
    }

    /// Returns the latest stamp that left.
    pub(crate) fn last_stamp(&self) -> Option<UnixTime> {
        self.last.map(|(stamp, _)| stamp)
    }

    /// Continues after the latest stamp of an earlier run.
    pub(crate) fn resume(&mut self, now: Instant, stamp: UnixTime) {
        let next = stamp.after(Duration::from_secs(1));
        if self.last.is_none_or(|(last, _)| last < next) {
            self.last = Some((next, now));
        }
    }

    /// Continues after the stamps of another destination.
    pub(crate) fn follow(&mut self, other: &Self) {
        self.last = self.last.max(other.last);
    }

    /// Returns a number that grows when there is a stamp to store.
    pub(crate) const fn revision(&self) -> u64 {
        self.revision
    }

    fn number(&mut self, of: NameHash, purpose: Purpose) -> Unsigned {
        self.numbered += 1;
        Unsigned { of, purpose, number: self.numbered }
    }

    fn stamp(&mut self, now: Instant, wall: UnixTime, purpose: Purpose) -> UnixTime {
        let mut stamp = self.corrected(now, wall);
        if purpose == Purpose::Announce
            && let Some((last, _)) = self.last
        {
            // Peers lose the second of two announces with one stamp.
            stamp = stamp.max(last.after(Duration::from_secs(1)));
        }
        self.last = Some((stamp, now));
        if purpose == Purpose::Announce || stamp >= self.kept.after(STAMPS_KEPT) {
            self.kept = stamp;
            self.revision += 1;
        }
        stamp
    }
}

/// Returns whether a wall clock moved further than the monotonic clock.
fn is_ahead((wall, now): (UnixTime, Instant), (then, at): (UnixTime, Instant)) -> bool {
    then.after(now.since(at) + CLOCK_STEP) < wall
}

/// How far the wall clock must run ahead of the monotonic clock to count as set. Later stamps soon
/// make up for a smaller step.
const CLOCK_STEP: Duration = Duration::from_secs(60);
/// The first of 2025. A wall clock before it was never set.
const CLOCK_UNSET: UnixTime = UnixTime(1_735_689_600);
/// How often a clock that was never set is read while nothing else happens.
const CLOCK_LOOK: Duration = Duration::from_secs(60);
/// How far the stamps of path responses may run ahead of the stored stamp.
const STAMPS_KEPT: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 60 * 60;
    const WALL: UnixTime = UnixTime(1_800_000_000);

    #[test]
    fn stamps_follow_the_wall_clock_and_never_go_back() {
        let mut announces = Announces::default();
        let mut stamp =
            |ms, wall| announces.stamp(Instant::from_millis(ms), wall, Purpose::Announce);
        assert_eq!(stamp(0, WALL), WALL);
        assert_eq!(stamp(500, WALL), UnixTime(WALL.0 + 1), "no second twice");
        assert_eq!(stamp(9_000, UnixTime(WALL.0 + 9)), UnixTime(WALL.0 + 9));
        assert_eq!(stamp(19_000, UnixTime(0)), UnixTime(WALL.0 + 19), "counts on");
        let ahead = UnixTime(WALL.0 + 30 * DAY);
        assert_eq!(stamp(20_000, ahead), ahead);
        assert_eq!(stamp(80_000, UnixTime(WALL.0 + 80)), UnixTime(ahead.0 + 60));
        assert_eq!(stamp(90_000, UnixTime(u64::MAX)), UnixTime::MAX);
    }

    #[test]
    fn path_responses_may_share_a_second() {
        let mut announces = Announces::default();
        let now = Instant::ORIGIN;
        assert_eq!(announces.stamp(now, WALL, Purpose::Announce), WALL);
        for _ in 0..100 {
            assert_eq!(announces.stamp(now, WALL, Purpose::PathResponse), WALL);
        }
        assert_eq!(announces.revision(), 1, "a flood of requests keeps no disk busy");
    }

    #[test]
    fn a_stamp_of_an_earlier_run_counts() {
        let mut announces = Announces::default();
        announces.resume(Instant::ORIGIN, WALL);
        let later = Instant::from_millis(5_000);
        assert_eq!(announces.corrected(later, UnixTime(0)), UnixTime(WALL.0 + 6));
        let stamp = announces.stamp(later, UnixTime(3), Purpose::PathResponse);
        assert_eq!(stamp, UnixTime(WALL.0 + 6));
    }
}
