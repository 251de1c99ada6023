//! Every bound and every fixed time of the endpoint.
//!
//! Beyond a bound something is dropped and counted in [`Counters`](crate::Counters). Memory does
//! not grow with what a peer sends. A value without a *Source* is our choice.

use core::time::Duration;

/// Apps that are served or heard besides telephony. Beyond it another is refused.
pub const APPS: usize = 16;
/// Largest app data of an announce, in bytes. *Source*: RNS/Reticulum.py `MDU` less the 148 bytes
/// of keys, hashes and signature. A longer announce does not fit where a node forwards it.
pub const APP_DATA: usize = 316;
/// Joined broadcast channels. Beyond it joining another is refused.
pub const CHANNELS: usize = 16;

/// Established incoming links of one destination, by default. Beyond it link requests are dropped,
/// and half-open links are closed when they are established.
pub const INCOMING_LINKS: usize = 64;
/// Upper bound of the setting.
pub const MAX_INCOMING_LINKS: usize = 1024;
/// Largest greeting of a destination, in bytes: what the smallest link carries. *Source*:
/// RNS/Link.py `MDU`.
pub const GREETING: usize = 431;
/// Half-open incoming links of one destination on one interface. Beyond it the oldest of them makes
/// room. At [`LINK_REQUESTS`] one lasts 16 s, the round trip of the slowest path.
pub const HALF_OPEN_LINKS: usize = 192;
/// Half-open incoming links of one destination on all interfaces. Beyond it the oldest one of the
/// interface with most makes room.
pub const HALF_OPEN_LINKS_TOTAL: usize = 512;
/// Outgoing links at once, path searches included, by default. Beyond it
/// [`Endpoint::open`](crate::Endpoint::open) fails as refused.
pub const OUTGOING_LINKS: usize = 8;
/// Upper bound of the setting.
pub const MAX_OUTGOING_LINKS: usize = 256;

/// Link requests to one destination that are answered on one interface per second and in one burst,
/// by default: twenty callers at once fit. Malformed and duplicate packets do not count, here and
/// below.
pub const LINK_REQUESTS: (u32, u32) = (10, 24);
/// Upper bound of the setting. Each request costs a key agreement and a signature.
pub const MAX_LINK_REQUESTS: (u32, u32) = (100, 256);
/// Path requests for one destination that are answered on one interface per second and in one
/// burst.
pub const PATH_REQUESTS: (u32, u32) = (10, 8);
/// Announces of one app that are verified on one interface per second and in one burst. An announce
/// that a path search waits for is always verified.
pub const ANNOUNCES: (u32, u32) = (50, 100);
/// Packets of one broadcast channel that are accepted from one interface per second and in one
/// burst: two talkers with frames of 10 ms.
pub const BROADCASTS: (u32, u32) = (200, 100);
/// Factor for all interfaces together, in each of these.
pub const TOTAL_SHARES: u32 = 4;
/// Reserve of an interface in each of these, per second and in one burst, that other interfaces
/// cannot use up.
pub const MIN_SHARE: (u32, u32) = (1, 4);
/// Divisor of an interface's share that one UDP address may use.
pub const ADDRESS_PART: u32 = 2;
/// Addresses that one interface remembers. Beyond it the one used longest ago makes room.
pub const ADDRESSES: usize = 32;
/// Access codes that are checked on one interface per second and in one burst, a signature each. A
/// packet that is not for us after unmasking is dropped before the check.
pub const ACCESS_CODES: (u32, u32) = (1_000, 500);
/// Access codes of packets dropped for another reason that are checked per second and in one burst,
/// so that another network's packets show in the counters.
pub const ACCESS_CODES_SAMPLED: (u32, u32) = (10, 10);

/// Shortest time between two announces of a destination. An earlier one is postponed. *Source*:
/// RNS/Transport.py `inbound` accepts an announce only if its stamp is of a later second.
pub const ANNOUNCE_SPACING: Duration = Duration::from_secs(1);

/// Paths that are remembered. Beyond it the oldest makes room, and is searched again when it is
/// needed.
pub const PATHS: usize = 2048;
/// Destinations whose public key is remembered. Beyond it the app with most keys loses the one
/// heard longest ago.
pub const KEYS: usize = 2048;
/// Packets in the duplicate filter of routed packets (announces, requests).
pub const ROUTED_PACKETS_SEEN: usize = 4096;
/// Announces and requests in the duplicate filter of one interface, which comes before their count.
pub const REQUESTS_SEEN: usize = 256;
/// Packets in the duplicate filter of one link, ours included: 80 s of the busiest profile in both
/// directions, 8 min of the default one.
pub const LINK_PACKETS_SEEN: usize = 16_384;
/// Packets in the duplicate filter of one group channel, ours included.
pub const GROUP_PACKETS_SEEN: usize = 1024;
/// Path request tags that are remembered, so that one request is answered once.
pub const PATH_REQUEST_TAGS: usize = 1024;

/// Signals and link management packets that wait for one interface.
pub const CONTROL_QUEUE: usize = 128;
/// The part of [`CONTROL_QUEUE`] for [`Class::Signal`](crate::Class::Signal). The rest is for
/// keepalives, closes, proofs and announces.
pub const SIGNAL_QUEUE: usize = 64;
/// Media packets that wait for one interface. Beyond it the oldest is dropped.
pub const MEDIA_QUEUE: usize = 64;
/// Age beyond which media is dropped when its interface asks for its next packet.
pub const MEDIA_AGE: Duration = lxst_core::limits::MEDIA_AGE;
/// Events that wait to be polled. Beyond it events that peers can cause at any rate (announces,
/// packets, [`LinkEvent::Heard`](crate::LinkEvent::Heard)) are dropped. The up, failure and close
/// of a link are always kept.
pub const EVENTS: usize = 1024;

/// Largest data of a PLAIN packet, in bytes. *Source*: RNS/Packet.py `PLAIN_MDU`.
pub const PLAIN_MDU: usize = 464;
/// Largest data of a GROUP packet, in bytes: [`PLAIN_MDU`] without 48 bytes of initialisation
/// vector and MAC, in whole blocks of 16, less one byte of padding.
pub const GROUP_MDU: usize = (PLAIN_MDU - 48) / 16 * 16 - 1;

/// First wait before a link request or its proof is repeated, while the round-trip time is unknown.
/// Each later wait is half as long again. *Source*: RFC 6298, 2.1.
pub const AGAIN: Duration = Duration::from_secs(1);
/// Length of a path search, by default. An RNS node forwards one request for a destination and none
/// in the 45 s after it (RNS/Transport.py `PATH_REQUEST_GATE_TIMEOUT`). If that request was lost,
/// the search still lasts when the next one is forwarded.
pub const PATH_SEARCH: Duration = Duration::from_secs(55);
/// Pauses after the first requests of a path search. A node that knows the path answers within the
/// first pause: RNS waits 0.4 s before it answers for another node (RNS/Transport.py
/// `PATH_REQUEST_GRACE`).
pub const PATH_REQUEST_PAUSES: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_millis(1_500),
    Duration::from_secs(2),
    Duration::from_secs(2),
];
/// Interval of the requests of a path search after those. RNS limits an interface with more than
/// three path requests per second (RNS/Interfaces/Interface.py `IC_PR_BURST_FREQ_NEW`).
pub const PATH_REQUEST_INTERVAL: Duration = Duration::from_secs(5);
/// Link requests that follow the first one on a path. If one packet of five is lost, one request or
/// its proof in three is lost, and six in a row in one case of four hundred.
pub const REQUESTS: u32 = 5;
/// Repeats of the proof of an incoming link.
pub const PROOFS: u32 = 5;
/// Repeated proofs for one destination on one interface per second and in one burst. Greetings
/// follow them and are not counted. They cost airtime for initiators that have proved nothing.
pub const PROOFS_AGAIN: (u32, u32) = (4, 24);
/// Reports of the round-trip time that follow the first one on an outgoing link.
pub const REPORTS: u32 = 5;
/// Shortest wait before the round-trip time is reported again; three round trips if that is longer.
/// *Source*: RFC 6298, 2.2.
pub const REPORT_AGAIN: Duration = Duration::from_millis(200);
/// Shortest time that a link request waits for a proof. A path with a round trip of 16 s fits
/// twice.
pub const PROOF_WAIT: Duration = Duration::from_secs(40);
/// Time that each hop adds to the establishment of a link. *Source*: RNS/Link.py
/// `ESTABLISHMENT_TIMEOUT_PER_HOP`.
pub const TIMEOUT_PER_HOP: Duration = Duration::from_secs(6);
/// The initiator's allowance for its first hop. *Source*: RNS/Reticulum.py
/// `DEFAULT_PER_HOP_TIMEOUT`.
pub const FIRST_HOP_TIMEOUT: Duration = Duration::from_secs(6);
/// Shortest interval between keepalives. *Source*: RNS/Link.py `KEEPALIVE_MIN`.
pub const MIN_KEEPALIVE: Duration = Duration::from_secs(5);
/// Longest interval between keepalives, and the responder's allowance for the establishment of a
/// link. *Source*: RNS/Link.py `KEEPALIVE_MAX`.
pub const MAX_KEEPALIVE: Duration = Duration::from_secs(360);
/// Round-trip time from which keepalives are [`MAX_KEEPALIVE`] apart. *Source*: RNS/Link.py
/// `KEEPALIVE_MAX_RTT`.
pub const MAX_KEEPALIVE_RTT: Duration = Duration::from_millis(1750);
/// Silent keepalive intervals after which a link is stale. *Source*: RNS/Link.py `STALE_FACTOR`.
pub const STALE_FACTOR: u32 = 2;
/// Fixed part of the grace of a stale link. *Source*: RNS/Link.py `STALE_GRACE`.
pub const STALE_GRACE: Duration = Duration::from_secs(5);
/// Round trips in the grace of a stale link. *Source*: RNS/Link.py `KEEPALIVE_TIMEOUT_FACTOR`.
pub const STALE_GRACE_RTTS: u32 = 4;
/// Longest round-trip time that a peer may claim. *Source*: our choice; the reference has no bound.
pub const MAX_RTT: Duration = Duration::from_secs(120);

/// Longest time before something is sent to a node that connected to us and has sent nothing.
pub const ACCEPTED_HOLD: Duration = Duration::from_millis(500);

/// How long a shared instance may send nothing to a client that connected. RNS 1.5.7 sent a
/// client's own announce back after 0.8 s (measured). The rest is for a machine that is still
/// starting.
pub const INSTANCE_SILENCE: Duration = Duration::from_secs(10);

/// How long a socket stays open, and is read, after the last bytes were written to it. RNS drops
/// packets that it has read and not handled when it finds their connection closed, also if half
/// closed (RNS/Transport.py `_inbound`). The time is our choice.
pub const LINGER: Duration = Duration::from_millis(250);
