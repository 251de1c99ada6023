//! What is to happen, in the order of time.

use std::collections::BTreeMap;

use lxst_core::Instant;

/// Events that are scheduled. Of those at one moment, the one that was scheduled first comes first.
#[derive(Clone, Debug)]
pub struct Agenda<T> {
    scheduled: BTreeMap<(Instant, u64), T>,
    last_number: u64,
}

impl<T> Agenda<T> {
    /// An empty agenda.
    #[must_use]
    pub const fn new() -> Self {
        Self { scheduled: BTreeMap::new(), last_number: 0 }
    }

    /// Schedules an event.
    pub fn schedule(&mut self, at: Instant, event: T) {
        let number = self.next_number();
        self.scheduled.insert((at, number), event);
    }

    /// When the next event is due.
    #[must_use]
    pub fn next_at(&self) -> Option<Instant> {
        self.scheduled.keys().next().map(|(at, _)| *at)
    }

    /// Takes out an event that is due.
    pub fn poll(&mut self, now: Instant) -> Option<T> {
        let entry = self.scheduled.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(entry.remove())
    }

    /// Cancels all events but these.
    pub fn retain(&mut self, is_kept: impl Fn(&T) -> bool) {
        self.scheduled.retain(|_, event| is_kept(event));
    }

    /// Draws from the counter that numbers the events, for ids that are never reused. The first
    /// number is 1.
    pub const fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_by_their_moment_and_then_in_the_order_in_which_they_were_scheduled() {
        let mut agenda = Agenda::new();
        for (at, event) in [(20, "c"), (10, "a"), (30, "e"), (20, "d"), (10, "b")] {
            agenda.schedule(Instant::from_millis(at), event);
        }
        agenda.retain(|event| *event != "d");
        assert_eq!(agenda.next_at(), Some(Instant::from_millis(10)));
        let due: Vec<_> = core::iter::from_fn(|| agenda.poll(Instant::from_millis(20))).collect();
        assert_eq!(due, ["a", "b", "c"]);
        assert_eq!(agenda.next_at(), Some(Instant::from_millis(30)));
    }
}
