//! Every bound and every fixed time of the endpoint, in one place.
//!
//! Beyond a bound something is dropped and counted in [`Counters`](crate::Counters); nothing grows
//! with what a peer sends.

use core::time::Duration;

/// Apps that are served or heard besides telephony. Beyond it another is refused.
pub const APPS: usize = 16;
/// Bytes of app data in an announce. *Source*: what RNS/Reticulum.py `MDU` leaves beside the 148
/// bytes of keys, hashes and signature; a longer announce does not fit where a node forwards it.
pub const APP_DATA: usize = 316;
/// Broadcast channels that are joined. Beyond it joining another is refused.
pub const CHANNELS: usize = 16;

/// Established incoming links of one destination, unless its settings say otherwise. Beyond it link
/// requests are dropped, and half-open links are closed when they are established.
pub const INCOMING_LINKS: usize = 64;
/// The most that settings may say.
pub const MAX_INCOMING_LINKS: usize = 1024;
/// Bytes of a destination's greeting: what the smallest link carries. *Source*: RNS/Link.py `MDU`.
pub const GREETING: usize = 431;
/// Half-open incoming links of one destination on one interface. Beyond it the oldest of them makes
/// room: one that lasts 16 s at [`LINK_REQUESTS`], as long as the slowest path's round trip.
pub const HALF_OPEN_LINKS: usize = 192;
/// Half-open incoming links of one destination on all interfaces. Beyond it the oldest makes room
/// of the interface that has most.
pub const HALF_OPEN_LINKS_TOTAL: usize = 512;
/// Outgoing links that exist at once, path searches included, unless the settings say otherwise.
/// Beyond it [`Endpoint::open`](crate::Endpoint::open) fails as refused.
pub const OUTGOING_LINKS: usize = 8;
/// The most that settings may say.
pub const MAX_OUTGOING_LINKS: usize = 256;

/// Link requests to one destination that one interface has answered per second, and in one burst,
/// unless the destination's settings say otherwise: twenty who call at once must fit. What is
/// malformed or a duplicate does not count, here and below.
pub const LINK_REQUESTS: (u32, u32) = (10, 24);
/// The most that settings may say. Each costs a key agreement and a signature.
pub const MAX_LINK_REQUESTS: (u32, u32) = (100, 256);
/// Path requests for one destination that one interface has answered per second, and in one burst.
pub const PATH_REQUESTS: (u32, u32) = (10, 8);
/// Announces of one app on one interface that are verified per second, and in one burst. An
/// announce that a path search waits for is always verified.
pub const ANNOUNCES: (u32, u32) = (50, 100);
/// Packets of one broadcast channel that one interface brings per second, and in one burst: two who
/// talk in frames of 10 ms.
pub const BROADCASTS: (u32, u32) = (200, 100);
/// All interfaces together have this many times what one has of each of these.
pub const TOTAL_SHARES: u32 = 4;
/// The reserve of an interface in each of these, per second and in one burst, which other
/// interfaces cannot use up.
pub const MIN_SHARE: (u32, u32) = (1, 4);
/// One address over UDP may use this fraction of the interface's share: one in so many.
pub const ADDRESS_PART: u32 = 2;
/// Addresses that one interface remembers. Beyond it the one used longest ago makes room.
pub const ADDRESSES: usize = 32;
/// Access codes of one interface that are checked per second, and in one burst: a signature each. A
/// packet that says nothing to us when its mask is off is dropped before.
pub const ACCESS_CODES: (u32, u32) = (1_000, 500);
/// Access codes that are checked of packets that are dropped anyway, to tell of another network's.
pub const ACCESS_CODES_SAMPLED: (u32, u32) = (10, 10);

/// The shortest time between two announces of ours; an earlier one is put off. *Source*:
/// RNS/Transport.py `inbound` takes an announce only when its second is a later one.
pub const ANNOUNCE_SPACING: Duration = Duration::from_secs(1);

/// Paths that are remembered. Beyond it the oldest makes room, and is searched again when needed.
pub const PATHS: usize = 2048;
/// Destinations whose public key is remembered. Beyond it a key of the app that has most makes
/// room: the one that was heard longest ago.
pub const KEYS: usize = 2048;
/// Packets that the duplicate filter of routed packets (announces, requests) remembers.
pub const ROUTED_PACKETS_SEEN: usize = 4096;
/// Announces and requests of one interface that are told from new ones before they count.
pub const REQUESTS_SEEN: usize = 256;
/// Packets that the duplicate filter of one link remembers, ours included: 80 s of the busiest
/// profile in both directions, 8 min of the default one.
pub const LINK_PACKETS_SEEN: usize = 16_384;
/// Packets of one group channel, ours included, that are told from new ones.
pub const GROUP_PACKETS_SEEN: usize = 1024;
/// Path request tags that are remembered, so that one request is answered once.
pub const PATH_REQUEST_TAGS: usize = 1024;

/// Packets of the signal and link management room of one interface.
pub const CONTROL_QUEUE: usize = 128;
/// The part of [`CONTROL_QUEUE`] that [`Class::Signal`](crate::Class::Signal) may fill; the rest
/// is for keepalives, closes, proofs and announces.
pub const SIGNAL_QUEUE: usize = 64;
/// Media packets that wait for one interface; beyond it the oldest is dropped.
pub const MEDIA_QUEUE: usize = 64;
/// Media that waited longer than this is dropped when the interface asks for its next packet.
pub const MEDIA_AGE: Duration = lxst_core::limits::MEDIA_AGE;
/// Events that wait to be polled. Beyond it events of chatty kinds (announces, packets, signs of
/// life) are dropped; those that say what became of a link are always kept.
pub const EVENTS: usize = 1024;

/// Bytes of a PLAIN packet. *Source*: RNS/Packet.py `PLAIN_MDU`.
pub const PLAIN_MDU: usize = 464;
/// Bytes of a GROUP packet: [`PLAIN_MDU`] without the 48 of initialisation vector and MAC, in whole
/// blocks of 16, less one byte of padding.
pub const GROUP_MDU: usize = (PLAIN_MDU - 48) / 16 * 16 - 1;

/// The wait before a link request or its proof is sent again, while nothing has told the round-trip
/// time; each later wait is longer by half. *Source*: RFC 6298, 2.1.
pub const AGAIN: Duration = Duration::from_secs(1);
/// How long a path search lasts, unless the settings say otherwise. A node of RNS passes one
/// request for a destination on and none in the 45 s after it (RNS/Transport.py
/// `PATH_REQUEST_GATE_TIMEOUT`): where that one was lost, the search is still on when the next is
/// passed on.
pub const PATH_SEARCH: Duration = Duration::from_secs(55);
/// The pauses after the first requests of a path search. A packet is lost at any of the hops both
/// ways; a node that knows the path answers within the first pause, for RNS waits 0.4 s before it
/// answers for somebody else (RNS/Transport.py `PATH_REQUEST_GRACE`).
pub const PATH_REQUEST_PAUSES: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_millis(1_500),
    Duration::from_secs(2),
    Duration::from_secs(2),
];
/// How often a path search repeats its request after those. RNS holds back from an interface with
/// more than three path requests a second (RNS/Interfaces/Interface.py `IC_PR_BURST_FREQ_NEW`).
pub const PATH_REQUEST_INTERVAL: Duration = Duration::from_secs(5);
/// Link requests that follow the first one on a path: with one packet of five lost, one request and
/// its proof in three are lost, and six in a row in one case of four hundred.
pub const REQUESTS: u32 = 5;
/// Repeats of the proof of an incoming link.
pub const PROOFS: u32 = 5;
/// Repeated proofs for one destination on one interface per second, and in one burst. Greetings go
/// with them and are not counted. They cost airtime for initiators that have not proved anything.
pub const PROOFS_AGAIN: (u32, u32) = (4, 24);
/// Reports of the round-trip time that follow the first one of a link of ours.
pub const REPORTS: u32 = 5;
/// The least wait before the round-trip time is reported again; three round trips where that is
/// longer. *Source*: RFC 6298, 2.2.
pub const REPORT_AGAIN: Duration = Duration::from_millis(200);
/// The least time that a link request waits for a proof. A path of 16 s round trip fits twice.
pub const PROOF_WAIT: Duration = Duration::from_secs(40);
/// The time that each hop adds to the establishment of a link. *Source*: RNS/Link.py
/// `ESTABLISHMENT_TIMEOUT_PER_HOP`.
pub const TIMEOUT_PER_HOP: Duration = Duration::from_secs(6);
/// The initiator's allowance for its first hop. *Source*: RNS/Reticulum.py
/// `DEFAULT_PER_HOP_TIMEOUT`.
pub const FIRST_HOP_TIMEOUT: Duration = Duration::from_secs(6);
/// The shortest interval between keepalives. *Source*: RNS/Link.py `KEEPALIVE_MIN`.
pub const KEEPALIVE_MIN: Duration = Duration::from_secs(5);
/// The longest interval between keepalives, and the responder's allowance for the establishment of
/// a link. *Source*: RNS/Link.py `KEEPALIVE_MAX`.
pub const KEEPALIVE_MAX: Duration = Duration::from_secs(360);
/// The round-trip time at which keepalives are [`KEEPALIVE_MAX`] apart. *Source*: RNS/Link.py
/// `KEEPALIVE_MAX_RTT`.
pub const KEEPALIVE_MAX_RTT: Duration = Duration::from_millis(1750);
/// A link is stale after this many silent keepalive intervals. *Source*: RNS/Link.py
/// `STALE_FACTOR`.
pub const STALE_FACTOR: u32 = 2;
/// The fixed part of the grace of a stale link. *Source*: RNS/Link.py `STALE_GRACE`.
pub const STALE_GRACE: Duration = Duration::from_secs(5);
/// The round-trip times that the grace of a stale link adds. *Source*: RNS/Link.py
/// `KEEPALIVE_TIMEOUT_FACTOR`.
pub const STALE_GRACE_RTTS: u32 = 4;
/// The longest round-trip time that a peer may claim; our choice, the reference has no bound.
pub const RTT_MAX: Duration = Duration::from_secs(120);

/// The longest time that nothing is sent to a node that connected to us and says nothing.
pub const ACCEPTED_HOLD: Duration = Duration::from_millis(500);

/// How long a shared instance may say nothing to a client that attached. RNS 1.5.7 sent a client's
/// own announce back to it after 0.8 s; the rest is for a machine that starts.
pub const INSTANCE_SILENCE: Duration = Duration::from_secs(10);

/// How long a socket stays open, and is read, after the last bytes were written to it. RNS drops
/// the packets that it has read and not looked at when it finds their connection closed, half
/// closed included (RNS/Transport.py `_inbound`); how long it takes is our choice.
pub const LINGER: Duration = Duration::from_millis(250);
