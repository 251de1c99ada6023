//! Packets that arrive over several network interfaces count once.

use std::collections::VecDeque;
use std::time::{Duration, Instant as Moment};

use bytes::Bytes;

/// The latest packets, at most [`REMEMBERED`].
///
/// *Source*: RNS/Interfaces/AutoInterface.py `MULTI_IF_DEQUE_LEN`, `MULTI_IF_DEQUE_TTL`.
#[derive(Debug, Default)]
pub(super) struct Duplicates(VecDeque<(Moment, Bytes)>);

impl Duplicates {
    /// Tells whether the same bytes were taken within [`WITHIN`]; if not, they are taken.
    pub(super) fn is_duplicate(&mut self, now: Moment, packet: &Bytes) -> bool {
        let is_recent = |at: &Moment| now < *at + WITHIN;
        self.0.retain(|(at, _)| is_recent(at));
        if self.0.iter().any(|(_, taken)| taken == packet) {
            return true;
        }
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back((now, packet.clone()));
        false
    }
}

const REMEMBERED: usize = 48;
const WITHIN: Duration = Duration::from_millis(750);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_counts_once_within_its_time() {
        let (begin, mut seen) = (Moment::now(), Duplicates::default());
        let packet = Bytes::from_static(b"packet");
        assert!(!seen.is_duplicate(begin, &packet));
        assert!(!seen.is_duplicate(begin, &Bytes::from_static(b"other")));
        assert!(seen.is_duplicate(begin + WITHIN / 2, &packet));
        assert!(!seen.is_duplicate(begin + WITHIN, &packet));
        assert!(seen.is_duplicate(begin + WITHIN, &packet));
    }

    #[test]
    fn what_is_remembered_has_a_bound() {
        let (now, mut seen) = (Moment::now(), Duplicates::default());
        let packet = |number: usize| Bytes::from(number.to_be_bytes().to_vec());
        for number in 0..=REMEMBERED {
            assert!(!seen.is_duplicate(now, &packet(number)));
        }
        assert_eq!(seen.0.len(), REMEMBERED);
        assert!(seen.is_duplicate(now, &packet(REMEMBERED)));
        assert!(!seen.is_duplicate(now, &packet(0)));
    }
}
