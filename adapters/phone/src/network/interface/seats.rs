//! Who of many connections to one server interface keeps its place.

use std::cmp::Reverse;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_channel::{Receiver, Sender};
use futures_lite::future;

/// The places of a server interface. When all are taken, one makes room of the address that has
/// most: of those that never said anything the oldest, or else the one that said nothing for the
/// longest time.
#[derive(Debug, Default)]
pub(super) struct Seats {
    taken: Vec<Taken>,
    /// Counts what is heard on all of them: the order of events is all that matters.
    turn: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Taken {
    by: IpAddr,
    since: u64,
    heard: Arc<AtomicU64>,
    /// Closed by the connection when it ends, or here when it has to.
    vacate: Sender<()>,
}

/// One connection's place.
#[derive(Debug)]
pub(super) struct Seat {
    /// The turn at which something came last; 0 where nothing ever did.
    heard: Arc<AtomicU64>,
    turn: Arc<AtomicU64>,
    vacated: Receiver<()>,
}

impl Seats {
    pub(super) fn are_taken(&mut self) -> bool {
        self.taken.retain(|taken| !taken.vacate.is_closed());
        self.taken.len() >= CONNECTIONS
    }

    /// Gives a place to a connection, and tells whether another had to make room.
    pub(super) fn take(&mut self, by: IpAddr) -> (Seat, bool) {
        let is_full = self.are_taken();
        if is_full {
            let of = |address| self.taken.iter().filter(|taken| taken.by == address).count();
            let leaves = self.taken.iter().enumerate().max_by_key(|(_, taken)| {
                (of(taken.by), Reverse((taken.heard.load(Ordering::Relaxed), taken.since)))
            });
            if let Some((index, _)) = leaves {
                self.taken.swap_remove(index).vacate.close();
            }
        }
        let (vacate, vacated) = async_channel::bounded(1);
        let seat = Seat { heard: Arc::default(), turn: self.turn.clone(), vacated };
        let since = seat.next_turn();
        self.taken.push(Taken { by, since, heard: seat.heard.clone(), vacate });
        (seat, is_full)
    }
}

impl Seat {
    pub(super) fn hear(&self) {
        self.heard.store(self.next_turn(), Ordering::Relaxed);
    }

    fn next_turn(&self) -> u64 {
        self.turn.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// Ends as a stream does when the seat, where there is one, is needed.
pub(super) async fn vacated(seat: Option<&Seat>) -> io::Result<usize> {
    match seat {
        // Nothing is sent: the channel closes.
        Some(seat) => seat.vacated.recv().await.map_or(Ok(0), |()| Ok(0)),
        None => future::pending().await,
    }
}

/// Connections that one server interface keeps.
pub(super) const CONNECTIONS: usize = 64;

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn the_longest_silent_connection_makes_room_and_one_that_spoke_does_not() {
        let mut seats = Seats::default();
        let mut taken: Vec<_> = (0..CONNECTIONS).map(|_| seats.take(ONE).0).collect();
        taken[0].hear();
        let (newest, was_full) = seats.take(ONE);
        assert!(was_full);
        assert_eq!(vacated(&taken), [1], "the first that is silent");
        // One that ended by itself leaves its place.
        drop(taken.remove(5));
        let (_last, was_full) = seats.take(ONE);
        assert!(!was_full && !newest.vacated.is_closed());
        assert_eq!(vacated(&taken), [1]);
    }

    #[test]
    fn a_connection_that_spoke_stays_however_many_come_and_say_nothing() {
        let mut seats = Seats::default();
        let talker = [seats.take(ONE).0];
        talker[0].hear();
        let silent: Vec<_> = (0..10 * CONNECTIONS).map(|_| seats.take(ONE).0).collect();
        assert!(vacated(&talker).is_empty());
        assert_eq!(vacated(&silent), Vec::from_iter(0..9 * CONNECTIONS + 1));
        // Where all have spoken, it is the one whose word is the oldest.
        silent.iter().rev().for_each(Seat::hear);
        let _newest = seats.take(ONE);
        assert_eq!(vacated(&talker), [0]);
    }

    #[test]
    fn an_address_with_many_connections_makes_room_for_its_own() {
        let mut seats = Seats::default();
        let (quiet, _) = seats.take(IpAddr::from([10, 0, 0, 2]));
        let flood: Vec<_> = (0..1_000).map(|_| seats.take(ONE).0).collect();
        assert!(!quiet.vacated.is_closed());
        let standing = flood.iter().filter(|seat| !seat.vacated.is_closed()).count();
        assert_eq!(standing, CONNECTIONS - 1);
    }

    fn vacated(seats: &[Seat]) -> Vec<usize> {
        let seats = seats.iter().enumerate();
        seats.filter(|(_, seat)| seat.vacated.is_closed()).map(|(index, _)| index).collect()
    }

    const ONE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
}
