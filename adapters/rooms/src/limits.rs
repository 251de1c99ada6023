//! Every bound and every fixed time of clients and servers.
//!
//! *Source*: Partyline 1.0.5, where a value does not say "our choice".

use core::time::Duration;

// Texts, in bytes of UTF-8. Those that peers give are cut at a character; those of settings are
// refused.

/// Names of servers, rooms and members.
pub const NAME: usize = 48;
/// Text, poke, notice, message of the day, and the reason of a refusal.
pub const TEXT: usize = 300;
/// Description of a room.
pub const DESCRIPTION: usize = 120;
/// Description of a server in its announces.
pub const DESCRIPTION_ANNOUNCED: usize = 100;
/// Language of a server in its announces.
pub const LANGUAGE: usize = 16;
/// Country of a server in its announces.
pub const COUNTRY: usize = 16;
/// Passwords. A longer one of a peer is a wrong one. *Source*: our choice.
pub const PASSWORD: usize = 300;

// Rooms and members.

/// Members of a server, and of a room, by default.
pub const MEMBERS: usize = 32;
/// Upper bound of both settings.
pub const MAX_MEMBERS: usize = 1_000;
/// Rooms of a server.
pub const ROOMS: usize = 64;
/// Links that wait to be admitted. One more closes the oldest of those that sent no HELLO.
pub const VISITORS: usize = 16;
/// Refused links that wait to be closed. One more closes the earliest at once. *Source*: our
/// choice.
pub const REFUSED: usize = 64;
/// Identities that wrong passwords are counted of. One more forgets the oldest.
pub const PASSWORD_RECORDS: usize = 4_096;

// Voice.

/// Frames of a packet.
pub const FRAMES: usize = 64;
/// Frames per second that a member may send, as a multiple of those that it speaks.
pub const FRAME_RATE: u64 = 2;
/// Frames that a member may send at once, at least; twice its rate if that is more.
pub const FRAME_BURST: u64 = 64;
/// Room left in the packets of a talker, in bytes below the link's MDU.
pub const TALKER_RESERVE: usize = 16;
/// Room left in the packets of a server, in bytes below the link's MDU.
pub const SERVER_RESERVE: usize = 8;
/// Largest jitter buffer of a push-to-talk room.
pub const MAX_PTT_JITTER: Duration = Duration::from_secs(30);
/// The default one.
pub const PTT_JITTER: Duration = Duration::from_secs(6);
/// Largest packet that is written, in bytes: 64 frames of 400 bytes fit. A link's MDU beyond it
/// counts as this. *Source*: our choice.
pub const PACKET_BYTES: usize = 32 * 1_024;
/// MDU of a link whose stack does not know it, in bytes.
pub const MDU: usize = lxst_core::limits::DEFAULT_MDU;

// Messages of a member, per second and at once.

/// Text and pokes.
pub const TEXTS: u64 = 4;
/// Moves, states, and what operators ask for. (Partyline does not limit operators.)
pub const REQUESTS: u64 = 6;

/// Outputs that may wait while an input is taken. One input adds a few for each member. *Source*:
/// our choice.
pub const OUTBOX: usize = 256;

// Times.

/// How long a link may wait to be admitted.
pub const HELLO_TIME: Duration = Duration::from_secs(25);
/// How long HELLO waits for an identity that it needs, four round trips if that is longer.
pub const IDENTITY_TIME: Duration = Duration::from_secs(2);
/// How long a refused link stays open, two round trips if that is longer.
pub const REFUSED_TIME: Duration = Duration::from_millis(500);
/// Longest round trip that these times are computed with.
pub const MAX_ROUND_TRIP: Duration = Duration::from_secs(5);
/// Wrong passwords without a wait.
pub const FREE_TRIES: u32 = 2;
/// The wait after one more; it doubles with each.
pub const FIRST_WAIT: Duration = Duration::from_secs(2);
/// The longest wait.
pub const MAX_WAIT: Duration = Duration::from_secs(300);
/// How long after its wait a wrong password is forgotten.
pub const FORGET: Duration = Duration::from_secs(3_600);

// Times of a client.

/// How long a client waits for WELCOME, 15 round trips if that is longer.
pub const WELCOME_TIME: Duration = Duration::from_secs(10);
/// Round trips that a client waits for WELCOME.
pub const WELCOME_TRIPS: u32 = 15;
/// How long a client waits for WELCOME before it says HELLO again, three round trips if that is
/// longer. *Source*: our choice: Partyline's server loses a HELLO that arrives before it has set its
/// packet handler (`link_established` in partyline/server.py), and ignores a second one. It is longer
/// than [`IDENTITY_TIME`], for which a server may wait.
pub const HELLO_AGAIN: Duration = Duration::from_secs(3);
/// How long a client waits for the server to tell its new state before it repeats it, three round
/// trips if that is longer. *Source*: our choice: the server drops states beyond [`REQUESTS`].
pub const STATE_AGAIN: Duration = Duration::from_secs(2);
/// How often a client repeats one state. *Source*: our choice.
pub const STATES_AGAIN: u32 = 5;
/// Pauses before a client connects again after a lost link. The last one repeats.
pub const RECONNECT: [Duration; 5] = [
    Duration::from_secs(3),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(20),
    Duration::from_secs(30),
];
/// Members that a client lists. More are not listed. *Source*: our choice.
pub const ROSTER: usize = 2 * MAX_MEMBERS;
/// Rooms that a client lists. More are not listed. *Source*: our choice.
pub const ROOMS_LISTED: usize = 16 * ROOMS;

// Stations. *Source* of all: our choice.

/// Listeners of a station, by default.
pub const LISTENERS: usize = 64;
/// Of these, the listeners that are not among those with a reserved place.
pub const STRANGERS: usize = 48;
/// Upper bound of the listeners of a station.
pub const MAX_LISTENERS: usize = 4_096;
/// Upper bound of the identities with a reserved place.
pub const RESERVED: usize = 4_096;
/// Stations on the way from a source to a listener. A relay refuses a longer way.
pub const STATION_PATH: usize = 8;
/// Largest packet of a station, in bytes: it passes every link.
pub const STATION_PACKET: usize = lxst_core::limits::DEFAULT_MDU;
/// How long a link may wait to identify, when places are left only for those with a reserved one.
pub const PLACE_TIME: Duration = Duration::from_secs(10);
/// How long after an answer a station answers the same listener again.
pub const ANSWER_PAUSE: Duration = Duration::from_secs(1);
/// How long a listener waits for STATION before it asks again, three round trips if that is longer.
pub const ASK_AGAIN: Duration = Duration::from_secs(3);
/// How long a listener hears nothing before it asks whether the station is there.
pub const STATION_QUIET: Duration = Duration::from_secs(30);
/// Unanswered questions after which the station is gone.
pub const STATION_ASKS: u32 = 3;

// Paging. *Source* of all: our choice.

/// Groups of a pager. Each packet is tried with the key of each.
pub const GROUPS: usize = 8;
/// Largest packet of a page, in bytes: the data of a PLAIN packet. *Source*: `PLAIN_MDU` in
/// RNS/Packet.py.
pub const PAGE_PACKET: usize = 464;
/// Largest packet of voice that is sealed, in bytes.
pub const PAGE_VOICE: usize = PAGE_PACKET - PAGE_HEAD - PAGE_TAG;
/// Bytes before what is sealed.
pub const PAGE_HEAD: usize = 18;
/// Bytes behind it.
pub const PAGE_TAG: usize = 16;
/// Longest page. It ends then for sender and receivers.
pub const MAX_PAGE: Duration = Duration::from_secs(120);
/// How much the clocks of two pagers may differ.
pub const PAGE_SKEW: Duration = Duration::from_secs(120);
/// How long a page that says nothing is not over.
pub const PAGE_QUIET: Duration = Duration::from_secs(3);
/// Pages that are remembered, so that no packet of them is heard twice. While there are as many, new
/// pages are refused; each is forgotten when its stamp is too old for its packets to be heard.
pub const PAGES: usize = 64;
/// Packets of a page that name the one who speaks: the first ones.
pub const PAGE_NAMES: u32 = 3;
/// How often the end of a page is told.
pub const PAGE_ENDS: usize = 2;

// Conferences. *Source* of all: our choice.

/// Members of a conference, by default.
pub const CONFERENCE: usize = 8;
/// Of these, the members that are not among those with a reserved place.
pub const CONFERENCE_STRANGERS: usize = 6;
/// Upper bound of the members of a conference.
pub const MAX_CONFERENCE: usize = 64;
