//! The transmit queue of one interface.

use alloc::collections::VecDeque;

use lxst_core::{Instant, NameHash};

use crate::counters::{Counters, DropReason};
use crate::limits::{CONTROL_QUEUE, MEDIA_AGE, MEDIA_QUEUE, SIGNAL_QUEUE};
use crate::packet::Outbound;

/// What waits to be sent.
#[derive(Debug)]
pub(crate) enum Waiting {
    Packet(Outbound),
    /// Stamped and signed when it leaves.
    Announce(Unsigned),
}

/// The purpose of an announce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Announce,
    PathResponse,
}

/// An announce that waits on one interface, or on several.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unsigned {
    /// The app of the destination.
    pub(crate) of: NameHash,
    pub(crate) purpose: Purpose,
    /// Announces of one number have the same bytes.
    pub(crate) number: u64,
}

/// Two queues: control goes first and is never dropped; media is dropped when it is old.
#[derive(Debug, Default)]
pub(crate) struct TransmitQueue {
    control: VecDeque<Waiting>,
    media: VecDeque<(Instant, Outbound)>,
}

impl TransmitQueue {
    /// Returns whether there is room for another [`Class::Signal`](crate::Class::Signal).
    pub(crate) fn has_signal_room(&self) -> bool {
        self.control.len() < SIGNAL_QUEUE
    }

    pub(crate) fn push_control(&mut self, packet: Outbound, counters: &mut Counters) {
        self.push(Waiting::Packet(packet), counters);
    }

    pub(crate) fn push_announce(&mut self, announce: Unsigned, counters: &mut Counters) {
        self.push(Waiting::Announce(announce), counters);
    }

    fn push(&mut self, waiting: Waiting, counters: &mut Counters) {
        if self.control.len() < CONTROL_QUEUE {
            self.control.push_back(waiting);
        } else {
            counters.drop(DropReason::ControlOverflow);
        }
    }

    pub(crate) fn push_media(&mut self, now: Instant, packet: Outbound, counters: &mut Counters) {
        self.expire(now, counters);
        if self.media.len() == MEDIA_QUEUE {
            self.media.pop_front();
            counters.drop(DropReason::MediaOverflow);
        }
        self.media.push_back((now, packet));
    }

    pub(crate) fn pop(&mut self, now: Instant, counters: &mut Counters) -> Option<Waiting> {
        self.expire(now, counters);
        let media = &mut self.media;
        let control = self.control.pop_front();
        control.or_else(|| media.pop_front().map(|(_, packet)| Waiting::Packet(packet)))
    }

    fn expire(&mut self, now: Instant, counters: &mut Counters) {
        while self.media.front().is_some_and(|(queued, _)| *queued + MEDIA_AGE < now) {
            self.media.pop_front();
            counters.drop(DropReason::MediaExpired);
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn control_overtakes_media() {
        let (mut queue, mut counters) = (TransmitQueue::default(), Counters::default());
        queue.push_media(at(0), packet(1), &mut counters);
        queue.push_control(packet(2), &mut counters);
        queue.push_control(packet(3), &mut counters);
        assert_eq!(drain(&mut queue, at(200), &mut counters), [2, 3, 1]);
    }

    #[test]
    fn media_that_waited_too_long_is_dropped_and_counted() {
        let (mut queue, mut counters) = (TransmitQueue::default(), Counters::default());
        queue.push_media(at(0), packet(1), &mut counters);
        queue.push_media(at(60), packet(2), &mut counters);
        queue.push_control(packet(3), &mut counters);
        assert_eq!(drain(&mut queue, at(201), &mut counters), [3, 2]);
        assert_eq!(counters.dropped(DropReason::MediaExpired), 1);
    }

    #[test]
    fn media_beyond_the_bound_drops_the_oldest() {
        let (mut queue, mut counters) = (TransmitQueue::default(), Counters::default());
        for n in 0..=MEDIA_QUEUE {
            queue.push_media(at(0), packet(n as u8), &mut counters);
        }
        let left = drain(&mut queue, at(0), &mut counters);
        assert_eq!((left[0], left.len()), (1, MEDIA_QUEUE));
        assert_eq!(counters.dropped(DropReason::MediaOverflow), 1);
    }

    #[test]
    fn signals_leave_room_for_link_management() {
        let (mut queue, mut counters) = (TransmitQueue::default(), Counters::default());
        while queue.has_signal_room() {
            queue.push_control(packet(0), &mut counters);
        }
        for _ in SIGNAL_QUEUE..CONTROL_QUEUE {
            queue.push_control(packet(1), &mut counters);
        }
        assert_eq!(counters, Counters::default());
        queue.push_control(packet(2), &mut counters);
        assert_eq!(counters.dropped(DropReason::ControlOverflow), 1);
    }

    fn at(ms: u64) -> Instant {
        Instant::from_millis(1_000 + ms)
    }

    fn packet(n: u8) -> Outbound {
        Outbound::link(0, &[0; 16], 0, vec![n])
    }

    fn drain(queue: &mut TransmitQueue, now: Instant, counters: &mut Counters) -> vec::Vec<u8> {
        let numbered = |waiting| match waiting {
            Waiting::Packet(packet) => packet.parts()[1][0],
            Waiting::Announce(_) => unreachable!("none was pushed"),
        };
        core::iter::from_fn(|| queue.pop(now, counters)).map(numbered).collect()
    }
}
