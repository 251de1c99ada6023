//! What waits for one interface.

use alloc::collections::VecDeque;

use lxst_core::Instant;

use crate::announces::Unsigned;
use crate::limits::{CONTROL_QUEUE, MEDIA_AGE, MEDIA_QUEUE, SIGNAL_QUEUE};
use crate::packet::Outbound;
use crate::stats::{DropReason, Stats};

/// What waits to be sent.
#[derive(Debug)]
pub(crate) enum Waiting {
    Packet(Outbound),
    /// Stamped and signed when it leaves.
    Announce(Unsigned),
}

/// Two rooms: control goes first and is kept, media is kept while it is fresh.
#[derive(Debug, Default)]
pub(crate) struct TransmitQueue {
    control: VecDeque<Waiting>,
    media: VecDeque<(Instant, Outbound)>,
}

impl TransmitQueue {
    /// Room for one more [`Class::Signal`](crate::Class::Signal).
    pub(crate) fn has_signal_room(&self) -> bool {
        self.control.len() < SIGNAL_QUEUE
    }

    pub(crate) fn push_control(&mut self, packet: Outbound, stats: &mut Stats) {
        self.push(Waiting::Packet(packet), stats);
    }

    pub(crate) fn push_announce(&mut self, announce: Unsigned, stats: &mut Stats) {
        self.push(Waiting::Announce(announce), stats);
    }

    fn push(&mut self, waiting: Waiting, stats: &mut Stats) {
        if self.control.len() < CONTROL_QUEUE {
            self.control.push_back(waiting);
        } else {
            stats.drop(DropReason::ControlOverflow);
        }
    }

    pub(crate) fn push_media(&mut self, now: Instant, packet: Outbound, stats: &mut Stats) {
        self.expire(now, stats);
        if self.media.len() == MEDIA_QUEUE {
            self.media.pop_front();
            stats.drop(DropReason::MediaOverflow);
        }
        self.media.push_back((now, packet));
    }

    pub(crate) fn pop(&mut self, now: Instant, stats: &mut Stats) -> Option<Waiting> {
        self.expire(now, stats);
        let media = &mut self.media;
        let control = self.control.pop_front();
        control.or_else(|| media.pop_front().map(|(_, packet)| Waiting::Packet(packet)))
    }

    fn expire(&mut self, now: Instant, stats: &mut Stats) {
        while self.media.front().is_some_and(|(queued, _)| *queued + MEDIA_AGE < now) {
            self.media.pop_front();
            stats.drop(DropReason::MediaExpired);
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn control_overtakes_media() {
        let (mut queue, mut stats) = (TransmitQueue::default(), Stats::default());
        queue.push_media(at(0), packet(1), &mut stats);
        queue.push_control(packet(2), &mut stats);
        queue.push_control(packet(3), &mut stats);
        assert_eq!(drain(&mut queue, at(200), &mut stats), [2, 3, 1]);
    }

    #[test]
    fn media_that_waited_too_long_is_dropped_and_counted() {
        let (mut queue, mut stats) = (TransmitQueue::default(), Stats::default());
        queue.push_media(at(0), packet(1), &mut stats);
        queue.push_media(at(60), packet(2), &mut stats);
        queue.push_control(packet(3), &mut stats);
        assert_eq!(drain(&mut queue, at(201), &mut stats), [3, 2]);
        assert_eq!(stats.dropped(DropReason::MediaExpired), 1);
    }

    #[test]
    fn media_beyond_the_bound_drops_the_oldest() {
        let (mut queue, mut stats) = (TransmitQueue::default(), Stats::default());
        for n in 0..=MEDIA_QUEUE {
            queue.push_media(at(0), packet(n as u8), &mut stats);
        }
        let left = drain(&mut queue, at(0), &mut stats);
        assert_eq!((left[0], left.len()), (1, MEDIA_QUEUE));
        assert_eq!(stats.dropped(DropReason::MediaOverflow), 1);
    }

    #[test]
    fn signals_leave_room_for_link_management() {
        let (mut queue, mut stats) = (TransmitQueue::default(), Stats::default());
        while queue.has_signal_room() {
            queue.push_control(packet(0), &mut stats);
        }
        for _ in SIGNAL_QUEUE..CONTROL_QUEUE {
            queue.push_control(packet(1), &mut stats);
        }
        assert_eq!(stats, Stats::default());
        queue.push_control(packet(2), &mut stats);
        assert_eq!(stats.dropped(DropReason::ControlOverflow), 1);
    }

    fn at(ms: u64) -> Instant {
        Instant::from_millis(1_000 + ms)
    }

    fn packet(n: u8) -> Outbound {
        Outbound::link(0, &[0; 16], 0, vec![n])
    }

    fn drain(queue: &mut TransmitQueue, now: Instant, stats: &mut Stats) -> vec::Vec<u8> {
        let numbered = |waiting| match waiting {
            Waiting::Packet(packet) => packet.parts()[1][0],
            Waiting::Announce(_) => unreachable!("none was pushed"),
        };
        core::iter::from_fn(|| queue.pop(now, stats)).map(numbered).collect()
    }
}
