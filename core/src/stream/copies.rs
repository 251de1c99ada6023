//! Copies of frames and loss reports, for a peer that knows them, within the air budget.
//!
//! 1. The peer reports loss. For [`COPIES_AFTER_REPORT`] each packet carries a copy of the frames
//!    of the packet before it.
//! 2. Each packet earns a part of its own air, in percent: the budget. A copy or a report is left
//!    out if it takes more than was earned, so false reports cost no more than the budget.
//! 3. Copies may be what fills a narrow path. If within [`COPIES_TRIED`] the peer reports more loss
//!    than when they began, by more than [`COPIES_HURT`], none are sent for [`COPIES_REST`].
//! 4. A report of ours goes with the next packet that can pay for it.
//!
//! Without loss nothing is added, and nothing is kept.

use core::fmt;

use crate::config::AirBudget;
use crate::limits::{
    COPIES_AFTER_REPORT, COPIES_HURT, COPIES_REST, COPIES_TRIED, COPY_BYTES, PACKET_AIR, PADDING,
};
use crate::time::Instant;
use crate::wire;

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Copies {
    budget: AirBudget,
    /// When the latest report of loss arrived.
    reported: Option<Instant>,
    /// When copies began, and the loss that was reported then, in percent.
    began: Option<(Instant, u8)>,
    rests_until: Option<Instant>,
    /// Our own report, which waits for a packet.
    report: Option<u8>,
    /// The frames of the packet before, as encoded.
    frames: [u8; COPY_BYTES],
    /// Their length in bytes; zero if there are none.
    length: usize,
    /// Air that may be taken, in hundredths of bytes.
    credit: usize,
}

/// What a packet was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Added {
    /// Length of the packet with it.
    pub(super) length: usize,
    pub(super) has_copy: bool,
}

impl Copies {
    pub(super) const fn new(budget: AirBudget) -> Self {
        let (frames, length) = ([0; COPY_BYTES], 0);
        let (reported, began, rests_until, report) = (None, None, None, None);
        Self { budget, reported, began, rests_until, report, frames, length, credit: 0 }
    }

    pub(super) fn close(&mut self) {
        *self = Self { frames: self.frames, ..Self::new(self.budget) };
    }

    /// Handles a report of loss from the peer.
    pub(super) fn on_reported(&mut self, now: Instant, percent: u8) {
        if self.rests_until.is_some_and(|until| now < until) {
            return;
        }
        let (since, first) = *self.began.get_or_insert((now, percent));
        let is_worse = percent.saturating_sub(first) > COPIES_HURT;
        if is_worse && now.since(since) < COPIES_TRIED {
            self.on_switched();
            self.rests_until = Some(now + COPIES_REST);
        } else {
            self.reported = Some(now);
        }
    }

    /// Forgets the reports: they tell nothing of another profile.
    pub(super) const fn on_switched(&mut self) {
        (self.reported, self.began, self.report) = (None, None, None);
    }

    /// Makes a report wait for the next packet. Returns the one that still waits.
    pub(super) const fn report(&mut self, percent: u8) -> Option<u8> {
        self.report.replace(percent)
    }

    /// Takes the report that waits.
    pub(super) const fn take_report(&mut self) -> Option<u8> {
        self.report.take()
    }

    /// Returns whether the budget allows any air.
    pub(super) fn may_take_air(&self) -> bool {
        self.budget > AirBudget::NONE
    }

    /// Forgets the packet before: a pause follows it.
    pub(super) const fn forget(&mut self) {
        self.length = 0;
    }

    /// Adds to a packet what there is for it, as far as the buffer and the budget allow. The packet
    /// is in the first `length` bytes of the buffer; the value with its frames begins at
    /// `frames_at` and ends the packet.
    pub(super) fn add(
        &mut self,
        now: Instant,
        packet: &mut [u8],
        length: usize,
        frames_at: usize,
    ) -> Added {
        let is_asked =
            self.reported.is_some_and(|reported| now.since(reported) < COPIES_AFTER_REPORT);
        let mut added = Added { length, has_copy: false };
        if is_asked || self.report.is_some() {
            self.earn(length);
        }
        if let Some(percent) = self.report
            && self.pay(added.length, REPORT_BYTES, packet.len())
        {
            self.report = None;
            added.length = wire::append_loss(percent, packet, length).unwrap_or(length);
        }
        if !is_asked {
            self.began = None;
            self.forget();
            return added;
        }
        if self.length > 0 && self.pay(added.length, KEY_BYTES + self.length, packet.len()) {
            let copy = wire::append_copy(&self.frames[..self.length], packet, added.length);
            added.has_copy = copy.is_ok();
            added.length = copy.unwrap_or(added.length);
        }
        self.keep(packet.get(frames_at..length).unwrap_or_default());
        added
    }

    fn keep(&mut self, frames: &[u8]) {
        // What does not fit cannot be copied.
        self.length = match self.frames.get_mut(..frames.len()) {
            Some(place) => {
                place.copy_from_slice(frames);
                frames.len()
            }
            None => 0,
        };
    }

    fn earn(&mut self, length: usize) {
        let earned = air(length) * usize::from(self.budget.percent());
        self.credit = (self.credit + earned).min(MAX_CREDIT);
    }

    /// Takes the air of so many more bytes from the credit. Returns whether they fit it, and the
    /// buffer.
    fn pay(&mut self, length: usize, more: usize, room: usize) -> bool {
        let cost = (air(length + more) - air(length)) * 100;
        let fits = length + more <= room && cost <= self.credit;
        if fits {
            self.credit -= cost;
        }
        fits
    }
}

impl fmt::Debug for Copies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Copies")
            .field("reported", &self.reported)
            .field("report", &self.report)
            .field("bytes", &self.length)
            .field("credit", &self.credit)
            .finish_non_exhaustive()
    }
}

/// Returns the bytes of a link packet in the air, header and padding included.
const fn air(plaintext: usize) -> usize {
    PACKET_AIR + (plaintext / PADDING + 1) * PADDING
}

const KEY_BYTES: usize = 1;

const REPORT_BYTES: usize = 2;

/// Enough for the longest copy.
const MAX_CREDIT: usize = (COPY_BYTES + 2 * PADDING) * 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Codec, Frame, Packet};

    #[test]
    fn nothing_is_added_until_the_peer_reports_loss_and_nothing_after_a_while() {
        let mut copies = Copies::new(AirBudget::default());
        assert_eq!(send(&mut copies, 0, 1, 74), (79, None));
        copies.on_reported(at(60), 5);
        assert_eq!(send(&mut copies, 60, 2, 74), (79, None), "the one before was not kept");
        assert_eq!(send(&mut copies, 120, 3, 74), (157, Some(2)));
        assert_eq!(send(&mut copies, 7_059, 4, 74), (157, Some(3)));
        assert_eq!(send(&mut copies, 7_060, 5, 74), (79, None));
        copies.on_reported(at(10_100), 5);
        assert_eq!(send(&mut copies, 10_120, 6, 74), (79, None));
    }

    #[test]
    fn copies_and_reports_take_no_more_air_than_the_budget() {
        for (percent, payload) in [(0, 74), (5, 74), (20, 41), (60, 74), (60, 122), (100, 10)] {
            let mut copies = Copies::new(AirBudget::new(percent).unwrap());
            let (mut plain, mut taken) = (0, 0);
            for number in 0..200_u8 {
                copies.on_reported(at(0), 5);
                copies.report(7);
                let length = send(&mut copies, 60, number, payload).0;
                plain += air(payload + 5);
                taken += air(length) - air(payload + 5);
                assert!(taken * 100 <= plain * usize::from(percent), "{percent} {payload}");
            }
            assert!(percent < 20 || taken > 0, "{percent} {payload}");
        }
    }

    #[test]
    fn copies_that_make_the_loss_worse_rest_a_minute() {
        let mut copies = Copies::new(AirBudget::default());
        for (second, percent) in [(0, 12), (1, 20), (2, 32)] {
            copies.on_reported(at(second * 1_000), percent);
            send(&mut copies, second * 1_000, second as u8, 74);
        }
        assert_eq!(send(&mut copies, 2_060, 3, 74).1, Some(2));
        for (second, percent) in [(3, 33), (4, 12), (62, 50)] {
            copies.on_reported(at(second * 1_000), percent);
            assert_eq!(send(&mut copies, second * 1_000, 4, 74).1, None);
        }
        copies.on_reported(at(63_000), 50);
        send(&mut copies, 63_000, 5, 74);
        assert_eq!(send(&mut copies, 63_060, 6, 74).1, Some(5));
        copies.on_switched();
        assert_eq!(send(&mut copies, 63_120, 7, 74).1, None);
    }

    #[test]
    fn a_report_goes_once_and_before_a_copy() {
        let mut copies = Copies::new(AirBudget::new(12).unwrap());
        assert_eq!(copies.report(30), None);
        let mut packet = packet_of(1, 74);
        let added = copies.add(at(0), &mut packet, 79, 2);
        assert_eq!(added, Added { length: 81, has_copy: false });
        assert_eq!(Packet::parse(&packet[..81]).unwrap().loss(), Some(30));
        assert_eq!(copies.take_report(), None);
    }

    #[test]
    fn a_copy_that_does_not_fit_the_link_is_left_out() {
        let mut copies = Copies::new(AirBudget::default());
        copies.on_reported(at(0), 5);
        send(&mut copies, 0, 1, 250);
        let mut packet = packet_of(2, 250);
        assert!(!copies.add(at(60), &mut packet[..431], 255, 2).has_copy);
    }

    /// Sends a frame. Returns the packet's length, and the number of the frame that is copied.
    fn send(copies: &mut Copies, millis: u64, number: u8, payload: usize) -> (usize, Option<u8>) {
        let mut packet = packet_of(number, payload);
        let added = copies.add(at(millis), &mut packet, payload + 5, 2);
        let read = Packet::parse(&packet[..added.length]).unwrap();
        assert_eq!(read.frames().next().unwrap().unwrap().payload, vec(number, payload).as_slice());
        let copy = read.copies().next().map(|copy| copy.unwrap().payload[0]);
        assert_eq!(copy.is_some(), added.has_copy);
        (added.length, copy)
    }

    fn packet_of(number: u8, payload: usize) -> [u8; 1_000] {
        let mut packet = [0; 1_000];
        let payload = vec(number, payload);
        let frame = Frame { codec: Codec::Opus, payload: &payload };
        wire::encode_frame(frame, &mut packet).unwrap();
        packet
    }

    fn vec(number: u8, payload: usize) -> heapless::Vec<u8, 300> {
        core::iter::repeat_n(number, payload).collect()
    }

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }
}
