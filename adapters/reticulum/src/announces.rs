//! Our own announces: when they leave, and their stamps.
//!
//! Others take an announce only when its stamp, in seconds of Unix time, is later than the last one
//! they took. So an announce is stamped and signed when it leaves, with the wall clock of that
//! moment, and never earlier than the last stamp: a wall clock that goes back counts on from there.

use core::time::Duration;

use lxst_core::Instant;
use rns_core::transport::types::PacketBytes;
use rns_crypto::Rng;

use crate::identity::Identity;
use crate::limits::ANNOUNCE_SPACING;
use crate::paths::Paths;
use crate::queue::{Purpose, Unsigned};
use crate::wall_clock::UnixTime;

/// When we announce ourselves, and what the last announce said.
#[derive(Debug, Default)]
pub(crate) struct Announces {
    /// When the last announce was begun, path responses aside.
    begun: Option<Instant>,
    /// When one that came too early is due.
    pub(crate) due: Option<Instant>,
    /// The last stamp that left, and when.
    last: Option<(UnixTime, Instant)>,
    /// The stamp that is known to be kept over a restart, or is about to be.
    kept: UnixTime,
    revision: u64,
    numbered: u64,
    /// The last announce that was signed: each interface sends the same bytes.
    signed: Option<(u64, PacketBytes)>,
}

impl Announces {
    /// Begins an announce, or puts it off where the last one was just before.
    pub(crate) fn begin(&mut self, now: Instant) -> Option<Unsigned> {
        let next = self.begun.map(|begun| begun + ANNOUNCE_SPACING);
        self.due = next.filter(|next| now < *next);
        if self.due.is_some() {
            return None;
        }
        self.begun = Some(now);
        Some(self.number(Purpose::Announce))
    }

    pub(crate) fn path_response(&mut self) -> Unsigned {
        self.number(Purpose::PathResponse)
    }

    /// Stamps and signs an announce that leaves now.
    pub(crate) fn sign(
        &mut self,
        (now, wall): (Instant, UnixTime),
        announce: Unsigned,
        identity: &Identity,
        paths: &Paths,
        rng: &mut dyn Rng,
    ) -> PacketBytes {
        let Unsigned { purpose, number } = announce;
        if let Some((_, packet)) = self.signed.as_ref().filter(|(signed, _)| *signed == number) {
            return packet.clone();
        }
        let stamp = self.stamp(now, wall, purpose);
        let packet = paths.announce(stamp, identity, purpose, rng);
        self.signed = Some((number, packet.clone()));
        packet
    }

    /// The wall clock, or what it must be by the last stamp.
    pub(crate) fn corrected(&self, now: Instant, wall: UnixTime) -> UnixTime {
        let by_stamp = self.last.map(|(stamp, at)| stamp.after(now.since(at)));
        wall.max(by_stamp.unwrap_or_default()).min(UnixTime::MAX)
    }

    /// The last stamp that left.
    pub(crate) fn last_stamp(&self) -> Option<UnixTime> {
        self.last.map(|(stamp, _)| stamp)
    }

    /// Takes up the last stamp of an earlier run.
    pub(crate) fn resume(&mut self, now: Instant, stamp: UnixTime) {
        let next = stamp.after(Duration::from_secs(1));
        if self.last.is_none_or(|(last, _)| last < next) {
            self.last = Some((next, now));
        }
    }

    /// Grows when there is a stamp to be kept.
    pub(crate) const fn revision(&self) -> u64 {
        self.revision
    }

    fn number(&mut self, purpose: Purpose) -> Unsigned {
        self.numbered += 1;
        Unsigned { purpose, number: self.numbered }
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

/// How far the stamps of path responses may run ahead of what is kept.
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
