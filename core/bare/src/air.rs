//! The network, in memory: what one side sends reaches the other after a while.
//!
//! On a board this is the Reticulum stack, which finds paths, opens links and encrypts. Between it
//! and the telephone passes what passes here.

use core::time::Duration;

use heapless::{Deque, Vec};
use lxst_core::{IdentityHash, Instant, LinkClosed, LinkEvent, LinkRequest};

/// One of the two sides.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Alice,
    Bob,
}

/// What reaches a side.
pub(crate) struct Arrival {
    at: Instant,
    pub(crate) to: Side,
    pub(crate) what: What,
}

#[expect(clippy::large_enum_variant, reason = "there is no heap to put a packet on")]
pub(crate) enum What {
    Event(LinkEvent),
    Packet(Vec<u8, MDU>),
}

/// All that is on its way, the first to arrive in front. There is one link.
pub(crate) struct Air(Deque<Arrival, IN_FLIGHT>);

impl Air {
    pub(crate) const fn new() -> Self {
        Self(Deque::new())
    }

    /// Does what a telephone asks of the link.
    pub(crate) fn request(
        &mut self,
        now: Instant,
        from: Side,
        identity: IdentityHash,
        request: LinkRequest,
    ) {
        let (rtt, mdu) = (Some(2 * DELAY), Some(MDU));
        let to = from.other();
        match request {
            LinkRequest::Open(on) => {
                self.send(now, to, What::Event(LinkEvent::Incoming { on, rtt, mdu }));
                self.send(now, from, What::Event(LinkEvent::Up { rtt, mdu }));
            }
            LinkRequest::Identify => {
                self.send(now, to, What::Event(LinkEvent::Identified(identity)))
            }
            LinkRequest::Close => {
                self.send(now, to, What::Event(LinkEvent::Closed(LinkClosed::Peer)))
            }
        }
    }

    /// Sends a packet. One that is too long, or one too many, is lost.
    pub(crate) fn transmit(&mut self, now: Instant, from: Side, data: &[u8]) {
        if let Ok(data) = Vec::from_slice(data) {
            self.send(now, from.other(), What::Packet(data));
        }
    }

    pub(crate) fn next_arrival(&self) -> Option<Instant> {
        self.0.front().map(|arrival| arrival.at)
    }

    /// Takes what has arrived.
    pub(crate) fn arrival(&mut self, now: Instant) -> Option<Arrival> {
        self.0.pop_front_if(|arrival| arrival.at <= now)
    }

    fn send(&mut self, now: Instant, to: Side, what: What) {
        let _ = self.0.push_back(Arrival { at: now + DELAY, to, what });
    }
}

impl Side {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Alice => Self::Bob,
            Self::Bob => Self::Alice,
        }
    }
}

/// How long everything takes.
const DELAY: Duration = Duration::from_millis(40);
/// The most plaintext bytes of a packet, with Reticulum's MTU of 500.
const MDU: usize = 431;
const IN_FLIGHT: usize = 16;
