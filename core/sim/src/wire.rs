//! A wire in one direction, and what it does to packets.

use core::time::Duration;

use lxst_core::Instant;

use crate::agenda::Agenda;
use crate::random::Seeded;

/// The impairments of a wire. By default there are none, and packets arrive at once.
///
/// Shares are probabilities from 0 to 1. Times are virtual. The wire's seed decides every draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// Minimum transit time of each packet.
    pub delay: Duration,
    /// Upper bound of the extra transit time, drawn evenly for each copy of a packet.
    pub jitter: Duration,
    /// Share of packets lost. Losses are independent of each other.
    pub loss: f64,
    /// Share of packets duplicated. Each copy draws its own loss, jitter and reordering.
    pub duplication: f64,
    /// Share of packets held back, and the extra transit time, so that later packets overtake them.
    pub reordering: (f64, Duration),
    /// Start and length of an outage. Packets due within it arrive at its end.
    pub stall: Option<(Instant, Duration)>,
    /// Whether packets may overtake each other, through jitter or reordering.
    pub order: Order,
}

impl Conditions {
    /// No impairments.
    pub const NONE: Self = Self {
        delay: Duration::ZERO,
        jitter: Duration::ZERO,
        loss: 0.0,
        duplication: 0.0,
        reordering: (0.0, Duration::ZERO),
        stall: None,
        order: Order::Free,
    };
}

impl Default for Conditions {
    fn default() -> Self {
        Self::NONE
    }
}

/// Whether packets may overtake each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Each comes at its own time.
    #[default]
    Free,
    /// None comes before one that was sent earlier, as on a stream.
    Kept,
}

/// Packets that are on their way.
///
/// Each packet draws in this order: duplication; then for each copy loss, jitter, reordering. What
/// a wire does not do, it does not draw.
#[derive(Clone, Debug)]
pub struct Wire<P> {
    /// What it does to the packets that are sent from here on.
    pub conditions: Conditions,
    random: Seeded,
    in_flight: Agenda<P>,
    /// When the last packet arrives.
    last: Instant,
}

impl<P: Clone> Wire<P> {
    /// An empty wire.
    #[must_use]
    pub const fn new(seed: u64, conditions: Conditions) -> Self {
        Self { conditions, random: Seeded(seed), in_flight: Agenda::new(), last: Instant::ORIGIN }
    }

    /// Takes a packet, and decides on it.
    pub fn send(&mut self, now: Instant, packet: P) {
        let copies = 1 + usize::from(self.happens(self.conditions.duplication));
        for _ in 0..copies {
            if !self.happens(self.conditions.loss) {
                let delay = self.delay();
                self.deliver_at(now + delay, packet.clone());
            }
        }
    }

    /// Lets a packet arrive at a moment, or as soon after it as stall and order allow.
    pub fn deliver_at(&mut self, mut at: Instant, packet: P) {
        if let Some((begins, lasts)) = self.conditions.stall
            && (begins..begins + lasts).contains(&at)
        {
            at = begins + lasts;
        }
        if self.conditions.order == Order::Kept {
            at = at.max(self.last);
        }
        self.last = self.last.max(at);
        self.in_flight.schedule(at, packet);
    }

    /// When the next packet arrives.
    #[must_use]
    pub fn next_at(&self) -> Option<Instant> {
        self.in_flight.next_at()
    }

    /// Takes out a packet that has arrived.
    pub fn poll(&mut self, now: Instant) -> Option<P> {
        self.in_flight.poll(now)
    }

    /// The generator, for what else a test leaves to chance.
    pub const fn random(&mut self) -> &mut Seeded {
        &mut self.random
    }

    fn delay(&mut self) -> Duration {
        let Conditions { delay, jitter, reordering: (share, overtaken), .. } = self.conditions;
        let jitter = if jitter.is_zero() { jitter } else { jitter.mul_f64(self.random.unit()) };
        delay + jitter + if self.happens(share) { overtaken } else { Duration::ZERO }
    }

    fn happens(&mut self, share: f64) -> bool {
        share > 0.0 && self.random.unit() < share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_wire_gives_what_it_took_in_its_order() {
        let arrived = arrivals(Conditions { delay: ms(5), ..Conditions::default() });
        let expected: Vec<_> = (0..SENT).map(|number| (at(number * 10 + 5), number)).collect();
        assert_eq!(arrived, expected);
    }

    #[test]
    fn packets_are_lost_doubled_and_late_as_often_as_is_asked_for() {
        let plain = Conditions::default();
        let lost = SENT as usize - arrivals(Conditions { loss: 0.1, ..plain }).len();
        assert!((80..120).contains(&lost), "{lost}");
        let doubled = arrivals(Conditions { duplication: 0.1, ..plain }).len() - SENT as usize;
        assert!((80..120).contains(&doubled), "{doubled}");
        let late = arrivals(Conditions { jitter: ms(8), ..plain });
        assert!(late.iter().all(|(when, number)| *when < at(number * 10 + 8)));
        assert!(late.iter().any(|(when, number)| *when > at(number * 10 + 6)));
    }

    #[test]
    fn reordered_packets_are_overtaken_but_not_where_order_is_kept() {
        let reorders = Conditions { reordering: (0.05, ms(15)), ..Conditions::default() };
        let overtaken = |conditions| {
            arrivals(conditions).windows(2).filter(|pair| pair[0].1 > pair[1].1).count()
        };
        assert!((30..70).contains(&overtaken(reorders)), "{}", overtaken(reorders));
        assert_eq!(overtaken(Conditions { order: Order::Kept, ..reorders }), 0);
    }

    #[test]
    fn a_stall_holds_what_was_due_in_it_to_its_end() {
        let stall = Some((at(100), ms(50)));
        let arrived = arrivals(Conditions { stall, ..Conditions::default() });
        let held = arrived.iter().filter(|(when, _)| *when == at(150)).map(|(_, number)| *number);
        assert_eq!(held.collect::<Vec<_>>(), [10, 11, 12, 13, 14, 15]);
    }

    /// A thousand packets, one every 10 ms, as they come out.
    fn arrivals(conditions: Conditions) -> Vec<(Instant, u64)> {
        let mut wire = Wire::new(7, conditions);
        for number in 0..SENT {
            wire.send(at(number * 10), number);
        }
        let mut arrived = Vec::new();
        while let Some(when) = wire.next_at() {
            arrived.extend(wire.poll(when).map(|number| (when, number)));
        }
        arrived
    }

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    const SENT: u64 = 1_000;
}
