//! Every bound of the core, and what happens beyond it.

use core::time::Duration;

use crate::audio::Samples;

/// Bytes of the largest packet handed out, and of the buffer that a caller brings. A link of a
/// larger mdu is used up to this.
pub const PACKET_BYTES: usize = 1_500;

/// Bytes of the largest frame kept: an Opus packet of 1275 bytes and its codec byte. A longer one
/// is dropped and counted.
pub const FRAME_BYTES: usize = 1_276;

/// Bytes of received frames that wait for playout, unless [`Telephone`](crate::Telephone) is given
/// another number: 4 s of Super High Quality. Beyond it the oldest is dropped and counted.
pub const RING_BYTES: usize = 16_384;

/// Bytes of the smallest ring: one frame, its codec and its lengths.
pub const MIN_RING_BYTES: usize = FRAME_BYTES + 5;

/// Links without a call of their own: callers not yet accepted, and goodbyes. Beyond it a goodbye
/// makes room, else the caller who has had most time to identify, [`IDENTIFY_GRACE`] at least; whoever
/// identified never does. Else the new one is closed. Ten new links a second leave each 4.8 s, as a
/// path of 4 s round trip needs.
pub const PENDING_LINKS: usize = 48;

/// Outputs that wait to be polled.
pub const OUTBOX: usize = 64;

/// Outputs that one input can cause at most. An input is refused while fewer places are free.
pub const OUTPUTS_PER_INPUT: usize = 32;

/// Deadlines that one timeout takes at most, so that their outputs fit. The rest waits for the next
/// timeout.
pub const DEADLINES_PER_TIMEOUT: usize = 29;

/// Encode jobs out at once. Captured audio waits beyond it.
pub const SEND_JOBS: usize = 2;

/// Frames that one media packet takes at most, in the profile that allows the most of them
/// ([`Profile::max_frames_per_packet`](crate::Profile::max_frames_per_packet)).
pub const FRAMES_PER_PACKET: usize = 5;

/// Captured audio that waits for an encoder. Beyond it the oldest is discarded and counted.
pub const CAPTURE_BACKLOG: Samples = Samples::from_millis(500);

/// Audio that is kept decoded ahead of the speaker.
pub const PLAYOUT_LEAD: Samples = Samples::from_millis(20);

/// Upper bound for one block of a microphone or a speaker. Larger blocks count as this.
pub const MAX_BLOCK: Samples = Samples::from_millis(2_000);

/// The longest that a frame waits for those before it, a block of the speaker aside. Beyond it the
/// oldest is dropped and counted.
pub const MAX_PLAYOUT: Samples = Samples::from_millis(3_000);

/// The longest that the first frame after a pause is held back for uneven arrivals.
pub const MAX_PREBUFFER: Samples = Samples::from_millis(200);

/// How much later than those that follow it the first frame after a stall comes, at least.
pub const MIN_STALL: Samples = Samples::from_millis(100);

/// How long frames are watched after a gap for whether it was a stall.
pub const STALL_WATCH: Duration = Duration::from_secs(1);

/// How long a stall is remembered, a long one. Two in this time, the shorter at least half the
/// longer, are how the network is, and the delay that they need is kept.
pub const STALL_MEMORY: Duration = Duration::from_secs(30);

/// A stall from this length on is long. If shorter ones are rare, they cost less than the delay that
/// they need.
pub const STALL_LONG: Samples = Samples::from_millis(700);

/// How long a shorter stall is remembered.
pub const SHORT_STALL_MEMORY: Duration = Duration::from_secs(10);

/// How long delay that a stall or longer frames left is shed by playing faster, once it is known.
/// What more there is is dropped and counted.
pub const CATCH_UP: Duration = Duration::from_millis(2_500);

/// How much later than its block lasts a speaker comes back that stood still.
pub const SPEAKER_LATE: Duration = Duration::from_millis(100);

/// How long before the speaker's next block that which it lacks is made up: a quarter of a block,
/// or this where that is longer.
pub const CONCEALMENT_AHEAD: Samples = Samples::from_millis(50);

/// How long the arrivals of a part of the headroom's window are taken together.
pub const HEADROOM_BUCKET: Duration = Duration::from_millis(500);

/// The parts of the headroom's window: delay that no frame needed for so long is shed.
pub const HEADROOM_BUCKETS: usize = 8;

/// Headroom that is kept, or a quarter of a frame where that is shorter. Below it short frames play
/// slower.
pub const MIN_HEADROOM: Samples = Samples::from_millis(2);

/// The level, in -dBov, at and beyond which a frame is a pause in speech, which may be left out.
pub const PAUSE_LEVEL: u8 = 50;

/// The longest frame that is left out in a pause, since speech may begin in it.
pub const MAX_SKIP: Samples = Samples::from_millis(60);

/// What is worth to be shed, or a quarter of a frame where that is shorter.
pub const MIN_SHED: Samples = Samples::from_millis(10);

/// What a decoder that plays faster may hold back.
pub const TEMPO_HELD: Samples = Samples::from_millis(25);

/// How long no frame comes before the peer pauses and nothing counts as lost: at least this, and
/// what two packets and a half play.
pub const PAUSE: Duration = Duration::from_millis(300);

/// How long arrivals are held against the sender's estimated clock before lost frames count.
pub const SENDER_WINDOW: Duration = Duration::from_secs(1);

/// How often the quality of a call is told.
pub const QUALITY: Duration = Duration::from_secs(1);

/// Audio made up in a row while frames are missing (one frame where that is longer). Beyond it
/// there is silence until a frame comes.
pub const CONCEALMENT: Samples = Samples::from_millis(120);

/// The least that is made up at once, however little the speaker takes.
pub const CONCEALMENT_STEP: Samples = Samples::from_millis(10);

/// How long a new incoming link is left alone, since a Python caller hears nothing before it.
pub const ACCEPT_DELAY: Duration = Duration::from_millis(5);

/// The least wait before AVAILABLE is sent again; three round trips where that is longer, and half
/// as long again each time.
pub const AVAILABLE_AGAIN: Duration = Duration::from_millis(150);

/// The least wait before anything else is said again while a call is set up; three round trips
/// where that is longer (RFC 6298, 2.2), and half as long again each time. A Python caller was seen
/// to take 130 ms for its answer to the first RINGING after its start.
pub const AGAIN: Duration = Duration::from_millis(250);

/// How often a thing is said again. Where one packet of five is lost, it or its answer is lost six
/// times in a row in one call of four hundred.
pub const REPEATS: u8 = 5;

/// The least wait before the answer is said again to a caller that seems not to have heard it; four
/// round trips and two frames where that is longer. A Python caller that did hear it opens its
/// microphone twice.
pub const ANSWER_AGAIN: Duration = Duration::from_millis(1_500);

/// How long BUSY or REJECTED may travel before the link closes behind it.
pub const GOODBYE: Duration = Duration::from_millis(100);

/// How long RINGING and BUSY in one packet may travel before the link closes behind them. A Python
/// caller opens its speaker at RINGING, before it comes to BUSY, and takes a link that closes
/// meanwhile for an end without a reason.
pub const BUSY_GOODBYE: Duration = Duration::from_secs(1);

/// How long a caller has to identify, [`SET_UP_TRIPS`] added.
pub const IDENTIFY: Duration = Duration::from_secs(10);

/// How long a new caller is safe from making room for a newer one; [`IDENTIFY_TRIPS`] longer it comes
/// after those who have had as much.
pub const IDENTIFY_GRACE: Duration = Duration::from_millis(500);

/// The round trips that a caller may take to identify before it makes room like others. It is one; a
/// round trip that was measured while packets were lost may be four times as long.
pub const IDENTIFY_TRIPS: u32 = 4;

/// The longest round trip that deadlines count with; a longer one, which a peer may claim, is taken
/// as this.
pub const MAX_ROUND_TRIP: Duration = Duration::from_secs(60);

/// The round trips that a step of the set-up takes at most, what is lost and said again included.
pub const SET_UP_TRIPS: u32 = 14;

/// How long a callee has from link-up to AVAILABLE, [`SET_UP_TRIPS`] added. Later it may ring
/// there, and RINGING be what was lost.
pub const CONNECT: Duration = Duration::from_secs(5);

/// How long a callee has from CONNECTING to ESTABLISHED, [`SET_UP_TRIPS`] added. The reference
/// waits for ever.
pub const ESTABLISH: Duration = Duration::from_secs(10);

/// How often in a call a peer is told what we send in place of a profile that we cannot send. Beyond
/// it, its wish is dropped and counted.
pub const PROFILES_TOLD: u8 = 4;

/// How long an answer waits for the caller's preferred profile and mode, one round trip added.
pub const PREFERENCES: Duration = Duration::from_millis(500);

/// How long it rings at least before an answer goes on without them, while RINGING is said again;
/// [`SET_UP_TRIPS`] added.
pub const PREFERENCES_FROM_RINGING: Duration = Duration::from_secs(2);

/// The longest screening; a longer setting is taken as this.
pub const MAX_SCREENING: Duration = Duration::from_secs(3);

/// How long the link of a peer that we dial, and who dials us, is kept from its arrival while our
/// own call decides, [`SET_UP_TRIPS`] added: longer than any caller waits for RINGING.
pub const GLARE_HOLD: Duration = Duration::from_secs(60);

/// How long a call that the callee refused waits for a link of the callee's own, at least; three
/// round trips where that is longer.
pub const GLARE_LINK: Duration = Duration::from_millis(150);

/// How long a call that the callee refused waits at most to learn whether the callee calls us,
/// three round trips for its link and as many for its identification added.
pub const GLARE: Duration = Duration::from_secs(3);

/// The round trips that the peer's first media may take, beyond [`FIRST_MEDIA`]. It is one; a round
/// trip that was measured while packets were lost may be four times as long.
pub const FIRST_MEDIA_TRIPS: u32 = 4;

/// The part of [`SILENCE`] that covers the way of the peer's first media.
pub const FIRST_MEDIA: Duration = Duration::from_secs(4);

/// How long no media comes before the peer counts as silent.
pub const SILENCE: Duration = Duration::from_secs(5);

/// How long nothing at all comes before a call ends: no media, no signal, nothing else that was proved
/// to be the peer's.
///
/// In half duplex no call ends by that. A peer that listens sends only keepalives of its link, which
/// anybody on the way can forge; and a Python peer answers nothing that could be asked with something
/// that proves it is there (RNS/Link.py `receive`: LXST asks for no proofs, and registers no requests,
/// resources or channel). So a call in which nobody talks lasts as long as its link.
pub const MEDIA_TIMEOUT: Duration = Duration::from_secs(60);

/// How long we send nothing before one frame shows that we are there.
pub const PRESENCE: Duration = Duration::from_secs(5);

/// Callers whose attempts are told apart. Beyond it the one whose last attempt is the oldest is
/// forgotten, strangers first.
pub const CALLERS_REMEMBERED: usize = 64;
