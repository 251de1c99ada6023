//! The queue from the interfaces to the phone's task.
//!
//! The queue is fair: interfaces take turns, and within an interface its connections do, or the
//! addresses on UDP. So a flood delays its sender only: a connection is not read from, and
//! datagrams of an address beyond its share are dropped.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use event_listener::Event;
use lxst_engine::InterfaceOrigin;

use super::io::Io;

/// The queue to the phone's task.
#[derive(Clone, Debug, Default)]
pub(crate) struct Intake(Arc<Shared>);

/// The side of one connection.
#[derive(Debug)]
pub(crate) struct Inlet {
    intake: Intake,
    origin: InterfaceOrigin,
    source: Source,
    /// Notified when a message of this connection was taken.
    taken: Arc<Event>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    arrived: Event,
    connections: AtomicU64,
    dropped: AtomicU64,
}

/// The messages that wait, in the order of turns.
#[derive(Debug, Default)]
struct Waiting {
    interfaces: VecDeque<(InterfaceOrigin, VecDeque<Lane>)>,
    count: usize,
}

/// The messages of one source that wait: at least one.
#[derive(Debug)]
struct Lane {
    source: Source,
    waiting: VecDeque<Io>,
    taken: Option<Arc<Event>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Connection(u64),
    Address(IpAddr),
}

impl Intake {
    /// Waits for the next message, in turn.
    ///
    /// # Cancel safety
    /// Cancel safe: nothing is lost.
    pub(crate) async fn next(&self) -> Io {
        loop {
            if let Some(io) = self.take() {
                return io;
            }
            let arrived = self.0.arrived.listen();
            if let Some(io) = self.take() {
                return io;
            }
            arrived.await;
        }
    }

    /// Creates the side of a new connection.
    pub(crate) fn inlet(&self, origin: InterfaceOrigin) -> Inlet {
        let source = Source::Connection(self.0.connections.fetch_add(1, Ordering::Relaxed));
        Inlet { intake: self.clone(), origin, source, taken: Arc::default() }
    }

    /// Returns how many datagrams were dropped because too many of their address waited, or by
    /// [`count_dropped`](Self::count_dropped).
    pub(crate) fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// Counts a datagram that an interface dropped.
    pub(crate) fn count_dropped(&self) {
        self.0.dropped.fetch_add(1, Ordering::Relaxed);
    }

    fn take(&self) -> Option<Io> {
        let (io, taken) = self.lock().pop()?;
        if let Some(taken) = taken {
            taken.notify(usize::MAX);
        }
        Some(io)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inlet {
    /// Waits for room, and queues a message of this connection.
    ///
    /// # Cancel safety
    /// A cancelled send may not have queued the message, which is lost then.
    pub(crate) async fn send(&self, io: Io) {
        loop {
            let taken = self.taken.listen();
            {
                let mut waiting = self.intake.lock();
                if waiting.has_room(self.origin, self.source) {
                    waiting.push(self.origin, self.source, Some(&self.taken), io);
                    break;
                }
            }
            taken.await;
        }
        self.intake.0.arrived.notify(1);
    }

    /// Queues a datagram from an address. Returns whether one was dropped: this one, or one of the
    /// address with the most that wait.
    pub(crate) fn offer(&self, from: IpAddr, io: Io) -> bool {
        let is_dropped = self.intake.lock().offer(self.origin, from, io);
        if is_dropped {
            self.intake.count_dropped();
        }
        self.intake.0.arrived.notify(1);
        is_dropped
    }
}

impl Waiting {
    fn pop(&mut self) -> Option<(Io, Option<Arc<Event>>)> {
        let (origin, mut lanes) = self.interfaces.pop_front()?;
        let mut lane = lanes.pop_front()?;
        let io = lane.waiting.pop_front()?;
        let taken = lane.taken.clone();
        if !lane.waiting.is_empty() {
            lanes.push_back(lane);
        }
        if !lanes.is_empty() {
            self.interfaces.push_back((origin, lanes));
        }
        self.count -= 1;
        Some((io, taken))
    }

    fn push(
        &mut self,
        origin: InterfaceOrigin,
        source: Source,
        taken: Option<&Arc<Event>>,
        io: Io,
    ) {
        self.count += 1;
        let new = |io| Lane { source, waiting: [io].into(), taken: taken.cloned() };
        match self.interfaces.iter_mut().find(|(of, _)| *of == origin) {
            Some((_, lanes)) => match lanes.iter_mut().find(|lane| lane.source == source) {
                Some(lane) => lane.waiting.push_back(io),
                None => lanes.push_back(new(io)),
            },
            None => self.interfaces.push_back((origin, [new(io)].into())),
        }
    }

    /// Tells whether there is room for one more message. There always is for a source of which none
    /// waits.
    fn has_room(&self, origin: InterfaceOrigin, source: Source) -> bool {
        let of_lane = self.lane(origin, source).map_or(0, |lane| lane.waiting.len());
        of_lane == 0
            || of_lane < SOURCE_BACKLOG
                && self.of_interface(origin) < INTERFACE_BACKLOG
                && self.count < BACKLOG
    }

    fn offer(&mut self, origin: InterfaceOrigin, from: IpAddr, io: Io) -> bool {
        let source = Source::Address(from);
        let is_full = self.of_interface(origin) >= INTERFACE_BACKLOG || self.count >= BACKLOG;
        let of_lane = self.lane(origin, source).map_or(0, |lane| lane.waiting.len());
        if of_lane >= ADDRESS_BACKLOG || is_full && !self.drop_longest(origin, of_lane) {
            return true;
        }
        self.push(origin, source, None, io);
        is_full
    }

    /// Drops the newest datagram of the address with the most that wait, if they are more than
    /// `than`.
    fn drop_longest(&mut self, origin: InterfaceOrigin, than: usize) -> bool {
        let lanes =
            self.interfaces.iter_mut().find(|(of, _)| *of == origin).map(|(_, lanes)| lanes);
        let is_address = |lane: &&mut Lane| matches!(lane.source, Source::Address(_));
        let lanes = lanes.into_iter().flatten().filter(is_address);
        let longest = lanes.max_by_key(|lane| lane.waiting.len());
        // A lane is never empty: this one keeps at least one message.
        let Some(longest) = longest.filter(|lane| lane.waiting.len() > than.max(1)) else {
            return false;
        };
        longest.waiting.pop_back();
        self.count -= 1;
        true
    }

    fn lane(&self, origin: InterfaceOrigin, source: Source) -> Option<&Lane> {
        self.lanes(origin).find(|lane| lane.source == source)
    }

    fn of_interface(&self, origin: InterfaceOrigin) -> usize {
        self.lanes(origin).map(|lane| lane.waiting.len()).sum()
    }

    fn lanes(&self, origin: InterfaceOrigin) -> impl Iterator<Item = &Lane> {
        let lanes = self.interfaces.iter().find(|(of, _)| *of == origin).map(|(_, lanes)| lanes);
        lanes.into_iter().flatten()
    }
}

/// The most messages of one connection that wait; its socket keeps the rest.
const SOURCE_BACKLOG: usize = 8;
/// The most datagrams of one address that wait: the frames of 10 ms that arrive at once after a
/// network stalled for 2.5 s.
const ADDRESS_BACKLOG: usize = 256;
/// The most messages of one interface that wait, besides one for each connection.
const INTERFACE_BACKLOG: usize = 512;
/// The most messages of all interfaces that wait, besides one for each connection.
const BACKLOG: usize = 1_024;

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use bytes::Bytes;

    use super::*;

    #[test]
    fn interfaces_have_their_turns_however_many_connections_one_has() {
        let intake = Intake::default();
        let floods: Vec<_> = (0..64).map(|_| intake.inlet(InterfaceOrigin(0))).collect();
        for number in 0..64 {
            for flood in &floods {
                sent(flood, number);
            }
        }
        let quiet = intake.inlet(InterfaceOrigin(1));
        assert!(sent(&quiet, 1_000));
        let taken: Vec<_> = (0..2).filter_map(|_| intake.take()).map(number).collect();
        assert!(taken.contains(&1_000), "{taken:?}");
    }

    #[test]
    fn a_connection_waits_for_itself_and_has_its_turn_among_others() {
        let intake = Intake::default();
        let (flood, quiet) = (intake.inlet(InterfaceOrigin(0)), intake.inlet(InterfaceOrigin(0)));
        let taken = (0..100).filter(|number| sent(&flood, *number)).count();
        assert_eq!(taken, SOURCE_BACKLOG);
        assert!(sent(&quiet, 1_000) && sent(&quiet, 1_001));
        let order: Vec<_> = std::iter::from_fn(|| intake.take()).map(number).collect();
        assert_eq!(order, [0, 1_000, 1, 1_001, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn whoever_waits_for_room_goes_on_when_something_of_its_own_was_taken() {
        let intake = Intake::default();
        let flood = intake.inlet(InterfaceOrigin(0));
        for number in 0..100 {
            sent(&flood, number);
        }
        let mut next = pin!(flood.send(message(100)));
        let mut poll = || next.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(poll(), Poll::Pending);
        assert!(intake.take().is_some());
        assert_eq!(poll(), Poll::Ready(()));
    }

    #[test]
    fn an_address_has_its_share_and_beyond_it_its_datagrams_are_dropped() {
        let intake = Intake::default();
        let inlet = intake.inlet(InterfaceOrigin(0));
        for number in 0..1_000 {
            inlet.offer(address(1), message(number));
        }
        assert_eq!(intake.dropped(), 1_000 - ADDRESS_BACKLOG as u64);
        assert!(!inlet.offer(address(2), message(2_000)));
        assert_eq!(intake.take().map(number), Some(0));
        assert_eq!(intake.take().map(number), Some(2_000));
    }

    #[test]
    fn of_many_addresses_those_make_room_of_which_most_waits() {
        let intake = Intake::default();
        let inlet = intake.inlet(InterfaceOrigin(0));
        for flood in 0..32 {
            for number in 0..INTERFACE_BACKLOG as u32 / 16 {
                inlet.offer(address(flood), message(number));
            }
        }
        inlet.offer(address(200), message(2_000));
        let waiting: Vec<_> = std::iter::from_fn(|| intake.take()).map(number).collect();
        assert_eq!(waiting.len(), INTERFACE_BACKLOG);
        assert!(waiting.contains(&2_000));
        // Where each has one, nobody makes room: such a flood comes from forged addresses.
        for from in 0..INTERFACE_BACKLOG as u32 + 100 {
            inlet.offer(IpAddr::V4(from.into()), message(from));
        }
        assert_eq!(std::iter::from_fn(|| intake.take()).count(), INTERFACE_BACKLOG);
    }

    #[test]
    fn what_waits_has_a_bound_over_all_interfaces() {
        let intake = Intake::default();
        let inlets: Vec<_> = (0..1_000).map(|n| intake.inlet(InterfaceOrigin(n))).collect();
        for inlet in inlets.iter().cycle().take(3_000) {
            sent(inlet, 0);
        }
        assert_eq!(std::iter::from_fn(|| intake.take()).count(), BACKLOG);
    }

    /// Whether there was room.
    fn sent(inlet: &Inlet, number: u32) -> bool {
        let sent = pin!(inlet.send(message(number)));
        sent.poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    fn message(number: u32) -> Io {
        Io::Received { number, bytes: Bytes::new() }
    }

    fn number(io: Io) -> u32 {
        let Io::Received { number, .. } = io else { unreachable!("only such are sent") };
        number
    }

    fn address(last: u8) -> IpAddr {
        [10, 0, 0, last].into()
    }
}
