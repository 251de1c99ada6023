//! One link: its states and its timers.
//!
//! 1. *Opening*: an outgoing link. The path is requested if it is unknown. Then a link request is
//!    out, and the peer's proof is awaited. Without a proof another request with keys of its own is
//!    sent beside the first. The first proof wins.
//! 2. *Proven*: an incoming link. Our proof is out, and the initiator's round-trip time is awaited.
//! 3. *Active*: keys are agreed. The initiator sends keepalives, and silence ends the link.
//!
//! The cipher and the handshake are those of `rns-core`. Its timers are not used, because they
//! close a stale link without the grace that RNS gives it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::slice;
use core::time::Duration;

use lxst_core::{Instant, NameHash};
use rns_core::link::LinkEngine;

use crate::identity::DestinationHash;
use crate::interface::InterfaceId;
use crate::limits;
use crate::repeat::Repeat;

/// A link in one of its states.
pub(crate) enum Link {
    Opening(Opening),
    Proven(Proven),
    Active(Active),
}

/// An outgoing link that is not up.
pub(crate) struct Opening {
    pub(crate) to: DestinationHash,
    /// The destination with the hash that the app gave as an identity, in case it was one.
    pub(crate) mistaken: Option<DestinationHash>,
    pub(crate) stage: Stage,
    /// The requests that are out. Each may still be proved.
    pub(crate) requests: Vec<Request>,
    /// When the attempt fails.
    pub(crate) until: Instant,
}

/// What an opening link repeats.
pub(crate) enum Stage {
    /// The path request.
    Search(Search),
    /// The link request.
    Request {
        repeat: Repeat,
        /// When a path that was known before counts as stale.
        search_at: Option<Instant>,
    },
}

/// A path search.
pub(crate) struct Search {
    pub(crate) asked_at: Instant,
    pub(crate) repeat_at: Instant,
    /// The pauses that follow.
    pauses: slice::Iter<'static, Duration>,
}

/// A link request of ours without its proof.
pub(crate) struct Request {
    pub(crate) session: Box<LinkEngine>,
    pub(crate) signing_key: [u8; 32],
    pub(crate) interface: InterfaceId,
    pub(crate) sent_at: Instant,
}

/// A link request of a peer that we answered with a proof.
pub(crate) struct Proven {
    /// The app of the destination.
    pub(crate) on: NameHash,
    pub(crate) session: Box<LinkEngine>,
    pub(crate) interface: InterfaceId,
    pub(crate) received_at: Instant,
    /// The proof, which is repeated byte for byte.
    pub(crate) proof: Vec<u8>,
    pub(crate) proved_at: Instant,
    pub(crate) repeat: Repeat,
    pub(crate) until: Instant,
}

/// An established link.
pub(crate) struct Active {
    /// The app of the destination; `None` for an outgoing link.
    pub(crate) on: Option<NameHash>,
    pub(crate) session: Box<LinkEngine>,
    pub(crate) interface: InterfaceId,
    pub(crate) rtts: RoundTrips,
    last_inbound: Instant,
    last_outbound: Instant,
    last_keepalive: Option<Instant>,
    /// The initiator's report of the round-trip time, until something shows that it arrived.
    report: Option<Report>,
}

/// Bounds of the round-trip times that the two sides measured. They differ if a packet of the
/// set-up was lost, and each side times its keepalives by its own. So keepalives are sent by the
/// shortest and awaited by the longest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoundTrips {
    pub(crate) shortest: Duration,
    pub(crate) longest: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Report {
    repeat: Repeat,
    requested_at: Instant,
}

impl Link {
    /// Returns when this link is due, if nothing arrives before.
    pub(crate) fn deadline(&self) -> Instant {
        match self {
            Self::Opening(link) => link.deadline(),
            Self::Proven(link) => earliest(link.until, link.repeat.deadline()),
            Self::Active(link) => link.deadline(),
        }
    }

    pub(crate) fn is_outgoing(&self) -> bool {
        match self {
            Self::Opening(_) => true,
            Self::Proven(_) => false,
            Self::Active(link) => link.session.is_initiator(),
        }
    }

    /// Returns the interface of a link whose peer was heard.
    pub(crate) fn interface(&self) -> Option<InterfaceId> {
        match self {
            Self::Opening(_) => None,
            Self::Proven(link) => Some(link.interface),
            Self::Active(link) => Some(link.interface),
        }
    }

    /// Returns the ids of packets of this link.
    pub(crate) fn ids(&self) -> impl Iterator<Item = [u8; 16]> {
        let (requests, session) = match self {
            Self::Opening(link) => (&link.requests[..], None),
            Self::Proven(link) => (&[][..], Some(&link.session)),
            Self::Active(link) => (&[][..], Some(&link.session)),
        };
        let sessions = requests.iter().map(|request| &request.session).chain(session);
        sessions.map(|session| *session.link_id())
    }
}

impl Opening {
    pub(crate) fn is_searching(&self) -> bool {
        matches!(self.stage, Stage::Search(_))
    }

    fn deadline(&self) -> Instant {
        match &self.stage {
            Stage::Search(search) => search.repeat_at.min(self.until),
            Stage::Request { repeat, search_at } => {
                earliest(self.until, repeat.deadline().into_iter().chain(*search_at).min())
            }
        }
    }
}

impl Search {
    /// Begins a search whose first request leaves at `now`.
    pub(crate) fn new(now: Instant) -> Self {
        let pauses = limits::PATH_REQUEST_PAUSES.iter();
        let mut search = Self { asked_at: now, repeat_at: now, pauses };
        search.on_request(now);
        search
    }

    /// Records a request that leaves at `now`. Returns whether it is the last of the first ones.
    pub(crate) fn on_request(&mut self, now: Instant) -> bool {
        let pause = self.pauses.next().copied();
        let is_last = pause.is_some() && self.pauses.as_slice().is_empty();
        let pause = pause.unwrap_or(limits::PATH_REQUEST_INTERVAL);
        (self.asked_at, self.repeat_at) = (now, now + pause);
        is_last
    }
}

impl Active {
    pub(crate) fn new(
        now: Instant,
        session: Box<LinkEngine>,
        interface: InterfaceId,
        rtts: RoundTrips,
    ) -> Self {
        let longest = rtts.longest.min(limits::MAX_RTT);
        Self {
            on: None,
            session,
            interface,
            rtts: RoundTrips { longest, ..rtts },
            last_inbound: now,
            last_outbound: now,
            last_keepalive: None,
            report: None,
        }
    }

    /// Makes it an incoming link to this app.
    pub(crate) fn incoming(self, on: NameHash) -> Self {
        Self { on: Some(on), ..self }
    }

    /// Repeats the report of the round-trip time until something shows that it arrived. *Source*:
    /// the reference answers each one, but locks up on a report after the initiator's
    /// identification (measured). Its responder measures up to the latest one that arrives.
    pub(crate) fn with_report(self, now: Instant, rtt: Duration, requested_at: Instant) -> Self {
        let interval = limits::REPORT_AGAIN.max(rtt * 3);
        let repeat = Repeat::new(now, interval, limits::REPORTS);
        Self { report: Some(Report { repeat, requested_at }), ..self }
    }

    pub(crate) fn takes_report(&mut self, now: Instant) -> bool {
        let Some(report) = &mut self.report else { return false };
        let takes = report.repeat.take(now);
        if takes {
            let measured = now.since(report.requested_at).min(limits::MAX_RTT);
            self.rtts.longest = self.rtts.longest.max(measured);
        }
        takes
    }

    /// Stops the report: the peer has taken the link for established, or must not get another.
    pub(crate) fn end_report(&mut self) {
        self.report = None;
    }

    pub(crate) fn heard(&mut self, now: Instant) {
        self.last_inbound = now;
    }

    pub(crate) fn sent(&mut self, now: Instant) {
        self.last_outbound = now;
    }

    pub(crate) fn sent_keepalive(&mut self, now: Instant) {
        self.last_outbound = now;
        self.last_keepalive = Some(now);
    }

    pub(crate) fn keepalive_is_due(&self, now: Instant) -> bool {
        self.keepalive_at().is_some_and(|at| at <= now)
    }

    /// Returns whether a keepalive of the initiator is answered: not if we sent something within
    /// half an interval. The reference waits a whole interval of its own, which may be longer than
    /// the initiator's, and so leaves every other keepalive unanswered. Half is our choice.
    pub(crate) fn answers_keepalive(&self, now: Instant) -> bool {
        let interval = keepalive_interval(self.rtts.shortest);
        !self.session.is_initiator() && now >= self.last_outbound + interval / 2
    }

    pub(crate) fn is_lost(&self, now: Instant) -> bool {
        self.lost_at() <= now
    }

    fn deadline(&self) -> Instant {
        let report = self.report.and_then(|report| report.repeat.deadline());
        earliest(self.lost_at(), self.keepalive_at().into_iter().chain(report).min())
    }

    /// Started when both sides are established, and again by each packet in either direction.
    /// Silence in either direction lets it expire. None for the responder. *Source*: RNS/Link.py
    /// `__watchdog_job`.
    fn keepalive_at(&self) -> Option<Instant> {
        if !self.session.is_initiator() {
            return None;
        }
        let interval = keepalive_interval(self.rtts.shortest);
        let quiet_at = self.last_inbound.min(self.last_outbound) + interval;
        let rested_at = self.last_keepalive.map(|last| last + interval);
        Some(rested_at.map_or(quiet_at, |rested_at| rested_at.max(quiet_at)))
    }

    /// Started again by each authentic packet; on expiry the link closes. *Source*: RNS/Link.py
    /// `STALE_TIME`, whose documented grace RNS 1.5.7 itself cuts to 5 s.
    fn lost_at(&self) -> Instant {
        self.stale_at() + self.rtts.longest * limits::STALE_GRACE_RTTS + limits::STALE_GRACE
    }

    fn stale_at(&self) -> Instant {
        self.last_inbound + keepalive_interval(self.rtts.longest) * limits::STALE_FACTOR
    }
}

fn keepalive_interval(rtt: Duration) -> Duration {
    let scale = limits::MAX_KEEPALIVE.as_secs_f64() / limits::MAX_KEEPALIVE_RTT.as_secs_f64();
    rtt.mul_f64(scale).clamp(limits::MIN_KEEPALIVE, limits::MAX_KEEPALIVE)
}

/// How long the reference's initiator waits for the proof of its link request. A path that was
/// known before counts as stale then. *Source*: RNS/Link.py `__init__`, without its addition for
/// the bit rate of the first hop.
pub(crate) fn initiator_timeout(hops: u8) -> Duration {
    limits::FIRST_HOP_TIMEOUT + limits::TIMEOUT_PER_HOP * u32::from(hops.max(1))
}

/// How long the responder waits for the initiator's round-trip time. *Source*: RNS/Link.py
/// `validate_request`.
pub(crate) fn responder_timeout(hops: u8) -> Duration {
    limits::TIMEOUT_PER_HOP * u32::from(hops.max(1)) + limits::MAX_KEEPALIVE
}

fn earliest(at: Instant, other: Option<Instant>) -> Instant {
    other.map_or(at, |other| other.min(at))
}
