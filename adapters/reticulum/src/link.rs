//! One link: its states and its timers.
//!
//! 1. *Searching*: ours, the path to the peer is asked for.
//! 2. *Requested*: ours, the link request is out and the peer's proof is awaited.
//! 3. *Proven*: the peer's, our proof is out and the initiator's round-trip time is awaited.
//! 4. *Active*: keys are agreed; the initiator sends keepalives, and silence ends the link.
//!
//! The cipher and the handshake are `rns-core`'s; its timers are not used, because they close a
//! stale link without the grace that RNS gives it.

use alloc::boxed::Box;
use core::slice;
use core::time::Duration;

use rns_core::link::LinkEngine;

use crate::Now;
use crate::identity::IdentityHash;
use crate::interface::InterfaceId;
use crate::limits;

/// A link in one of its states.
pub(crate) enum Link {
    Searching(Searching),
    Requested(Requested),
    Proven(Proven),
    Active(Active),
}

/// A path search.
pub(crate) struct Searching {
    pub(crate) to: IdentityHash,
    pub(crate) repeat_at: Now,
    pub(crate) until: Now,
    /// The pauses that follow.
    pauses: slice::Iter<'static, Duration>,
}

/// A link request of ours without its proof.
pub(crate) struct Requested {
    pub(crate) to: IdentityHash,
    pub(crate) session: Box<LinkEngine>,
    pub(crate) signing_key: [u8; 32],
    pub(crate) interface: InterfaceId,
    pub(crate) sent_at: Now,
    pub(crate) until: Now,
    /// The path was known before the link was asked for: it may have been out of date.
    pub(crate) remembered_path: bool,
}

/// A link request of a peer that we answered with a proof.
pub(crate) struct Proven {
    pub(crate) session: Box<LinkEngine>,
    pub(crate) interface: InterfaceId,
    pub(crate) received_at: Now,
    pub(crate) until: Now,
}

/// An established link.
pub(crate) struct Active {
    pub(crate) session: Box<LinkEngine>,
    pub(crate) interface: InterfaceId,
    pub(crate) rtt: Duration,
    last_inbound: Now,
    last_outbound: Now,
    last_keepalive: Option<Now>,
}

impl Link {
    /// When this link wants to be looked at, if nothing arrives before.
    pub(crate) fn deadline(&self) -> Now {
        match self {
            Self::Searching(link) => link.repeat_at.min(link.until),
            Self::Requested(link) => link.until,
            Self::Proven(link) => link.until,
            Self::Active(link) => link.deadline(),
        }
    }

    pub(crate) fn is_outgoing(&self) -> bool {
        match self {
            Self::Searching(_) | Self::Requested(_) => true,
            Self::Proven(_) => false,
            Self::Active(link) => link.session.is_initiator(),
        }
    }

    pub(crate) fn interface(&self) -> Option<InterfaceId> {
        match self {
            Self::Searching(_) => None,
            Self::Requested(link) => Some(link.interface),
            Self::Proven(link) => Some(link.interface),
            Self::Active(link) => Some(link.interface),
        }
    }

    pub(crate) fn id(&self) -> Option<[u8; 16]> {
        match self {
            Self::Searching(_) => None,
            Self::Requested(link) => Some(*link.session.link_id()),
            Self::Proven(link) => Some(*link.session.link_id()),
            Self::Active(link) => Some(*link.session.link_id()),
        }
    }
}

impl Searching {
    /// Begins a search whose first request leaves now.
    pub(crate) fn new(now: Now, to: IdentityHash, until: Now) -> Self {
        let mut search = Self { to, repeat_at: now, until, pauses: [].iter() };
        search.begin(now);
        search
    }

    /// Begins the pauses again: a first request leaves now.
    pub(crate) fn begin(&mut self, now: Now) {
        self.pauses = limits::PATH_REQUEST_PAUSES.iter();
        self.on_request(now);
    }

    /// Takes note that a request leaves now.
    pub(crate) fn on_request(&mut self, now: Now) {
        let pause = self.pauses.next().copied().unwrap_or(limits::PATH_REQUEST_INTERVAL);
        self.repeat_at = now + pause;
    }
}

impl Active {
    pub(crate) fn new(
        now: Now,
        session: Box<LinkEngine>,
        interface: InterfaceId,
        rtt: Duration,
    ) -> Self {
        Self {
            session,
            interface,
            rtt: rtt.min(limits::RTT_MAX),
            last_inbound: now,
            last_outbound: now,
            last_keepalive: None,
        }
    }

    pub(crate) fn heard(&mut self, now: Now) {
        self.last_inbound = now;
    }

    pub(crate) fn sent(&mut self, now: Now) {
        self.last_outbound = now;
    }

    pub(crate) fn sent_keepalive(&mut self, now: Now) {
        self.last_outbound = now;
        self.last_keepalive = Some(now);
    }

    pub(crate) fn keepalive_is_due(&self, now: Now) -> bool {
        self.keepalive_at().is_some_and(|at| at <= now)
    }

    /// Whether a keepalive of the initiator is answered: traffic of ours within half an interval
    /// told it as much. The reference waits a whole interval of its own, which may be longer than
    /// the initiator's, and so leaves every other keepalive unanswered; half is our choice.
    pub(crate) fn answers_keepalive(&self, now: Now) -> bool {
        !self.session.is_initiator() && now >= self.last_outbound + self.keepalive_interval() / 2
    }

    pub(crate) fn is_lost(&self, now: Now) -> bool {
        self.lost_at() <= now
    }

    fn deadline(&self) -> Now {
        let lost_at = self.lost_at();
        self.keepalive_at().map_or(lost_at, |at| at.min(lost_at))
    }

    /// Started when both sides are established, and again by each packet in either direction;
    /// silence in either direction lets it run out. None for the responder. *Source*: RNS/Link.py
    /// `__watchdog_job`.
    fn keepalive_at(&self) -> Option<Now> {
        if !self.session.is_initiator() {
            return None;
        }
        let interval = self.keepalive_interval();
        let quiet_at = self.last_inbound.min(self.last_outbound) + interval;
        let rested_at = self.last_keepalive.map(|last| last + interval);
        Some(rested_at.map_or(quiet_at, |rested_at| rested_at.max(quiet_at)))
    }

    /// Started again by each authentic packet; on expiry the link is closed. *Source*: RNS/Link.py
    /// `STALE_TIME`, whose documented grace RNS 1.5.7 itself cuts to 5 s.
    fn lost_at(&self) -> Now {
        self.stale_at() + self.rtt * limits::STALE_GRACE_RTTS + limits::STALE_GRACE
    }

    fn stale_at(&self) -> Now {
        self.last_inbound + self.keepalive_interval() * limits::STALE_FACTOR
    }

    fn keepalive_interval(&self) -> Duration {
        let scale = limits::KEEPALIVE_MAX.as_secs_f64() / limits::KEEPALIVE_MAX_RTT.as_secs_f64();
        self.rtt.mul_f64(scale).clamp(limits::KEEPALIVE_MIN, limits::KEEPALIVE_MAX)
    }
}

/// How long the initiator waits for the proof of its link request. *Source*: RNS/Link.py
/// `__init__`, without its addition for the bit rate of the first hop.
pub(crate) fn initiator_timeout(hops: u8) -> Duration {
    limits::FIRST_HOP_TIMEOUT + limits::TIMEOUT_PER_HOP * u32::from(hops.max(1))
}

/// How long the responder waits for the initiator's round-trip time. *Source*: RNS/Link.py
/// `validate_request`.
pub(crate) fn responder_timeout(hops: u8) -> Duration {
    limits::TIMEOUT_PER_HOP * u32::from(hops.max(1)) + limits::KEEPALIVE_MAX
}
