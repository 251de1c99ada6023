//! Every bound of the core, what happens beyond it, and where it comes from.
//!
//! *Source* names a file and a symbol of the reference, Python LXST 0.5.4, or says that the value
//! is our choice and why. Each time of the protocol has one; other values without one are our
//! choice.

use core::time::Duration;

use crate::audio::Samples;

// Sizes.

/// Largest packet handed out, in bytes, and the size of the caller's buffer. If a link's mdu is
/// larger, packets still end here.
///
/// *Source*: our choice: more than three times [`DEFAULT_MDU`].
pub const PACKET_BYTES: usize = 1_500;

/// The mdu, in bytes, of a link whose stack does not tell it.
///
/// *Source*: `MDU` in RNS/Link.py: what a link over RNS's default MTU carries.
pub const DEFAULT_MDU: usize = 431;

/// Largest frame kept, in bytes. A longer one is dropped and counted.
///
/// *Source*: RFC 6716, 3.4: an Opus packet has at most 1275 bytes; the codec byte is one more.
pub const FRAME_BYTES: usize = 1_276;

/// Default size of a ring of received frames, in bytes: 4 s of Super High Quality, or a packet of
/// [`TALK_FRAMES`] frames of at most 251 bytes each. Beyond it the oldest frame is dropped and
/// counted. [`Telephone`](crate::Telephone) and [`Radio`](crate::talk::Radio) take another size as a
/// const parameter.
///
/// *Source*: our choice: [`MAX_PLAYOUT`] and a second to spare.
pub const RING_BYTES: usize = 16_384;

/// Smallest ring, in bytes: a frame that waits to be decoded, and one with its codec and its lengths.
///
/// *Source*: [`FRAME_BYTES`] and the layout of the ring: a codec byte and two lengths of two bytes.
pub const MIN_RING_BYTES: usize = 2 * FRAME_BYTES + 5;

/// Links without a call, of all lines together: callers who are not accepted yet, and links that
/// close after BUSY or REJECTED. Beyond it a closing link makes room, else the unidentified caller
/// who has waited longest, if longer than [`IDENTIFY_GRACE`]. A caller who has identified is never
/// closed to make room. If none of them can be closed, the new link is closed.
///
/// *Source*: our choice: at ten new links a second each has 4.8 s, enough for a round trip of 4 s.
pub const PENDING_LINKS: usize = 48;

/// Outputs that wait to be polled, of all lines together.
pub const OUTBOX: usize = 64;

/// Upper bound of the outputs of one input, whatever the number of lines. An input is refused while
/// fewer places are free.
pub const OUTPUTS_PER_INPUT: usize = 32;

/// Upper bound of the outputs of one deadline. A timeout handles no further deadline while fewer of
/// [`OUTPUTS_PER_INPUT`] are left. Others that are due stay due for the next timeout.
pub const OUTPUTS_PER_DEADLINE: usize = 12;

/// Upper bound of the deadlines handled by one timeout.
pub const DEADLINES_PER_TIMEOUT: usize = 29;

/// Encode jobs of a stream that are out at once. Captured audio waits until one is done.
pub const SEND_JOBS: usize = 2;

/// Upper bound of the frames of one media packet, in the profile that allows most
/// ([`Profile::max_frames_per_packet`](crate::Profile::max_frames_per_packet)).
pub const FRAMES_PER_PACKET: usize = 5;

/// Callers whose attempts are counted, each apart. Beyond it the caller with the oldest last
/// attempt is forgotten, strangers first.
pub const CALLERS_REMEMBERED: usize = 64;

/// How often per call the peer is told which profile we send in place of the one it prefers. Beyond
/// it the preference is dropped and counted.
pub const PROFILES_TOLD: u8 = 4;

/// Bytes of a link packet in the air beside its padded content.
///
/// *Source*: `Packet.pack` in RNS/Packet.py and `encrypt` in RNS/Link.py: a header of 19 bytes, and
/// a token of 48 bytes around the ciphertext. Measured.
pub const PACKET_AIR: usize = 67;

/// The content of a link packet is padded to the next multiple of this, in bytes, by at least one.
///
/// *Source*: `PKCS7` in RNS/Cryptography.
pub const PADDING: usize = 16;

/// Longest copy of a packet's frames, in bytes. The frames of a longer one are not copied.
///
/// *Source*: our choice: more than half of [`DEFAULT_MDU`]. A packet holds a copy of frames that are
/// as long as its own.
pub const COPY_BYTES: usize = 256;

/// How long copies are sent after the latest report of loss.
///
/// *Source*: our choice: reports come once a second while packets are lost, and may be lost too.
pub const COPIES_AFTER_REPORT: Duration = Duration::from_secs(7);

/// Growth of the reported loss, in percent, from which copies seem to fill a narrow path.
///
/// *Source*: our choice: more than three times the spread of what is reported after three seconds of
/// a path that loses a fifth of the packets of Medium Quality.
pub const COPIES_HURT: u8 = 20;

/// How long after copies began that growth counts. Later it is the path that changed.
///
/// *Source*: our choice: [`LOSS_WINDOW`], and some round trips.
pub const COPIES_TRIED: Duration = Duration::from_secs(15);

/// How long no copies are sent after that.
///
/// *Source*: our choice.
pub const COPIES_REST: Duration = Duration::from_secs(60);

/// How long after the latest copy the jitter buffer keeps the delay of one frame for the next.
///
/// *Source*: our choice.
pub const COPIES_AWAITED: Duration = Duration::from_secs(5);

/// Intervals of [`QUALITY`] in which lost frames count for a report of loss.
///
/// *Source*: our choice.
pub const LOSS_WINDOW: usize = 15;

/// Fewest of these intervals with lost frames before loss is reported.
///
/// *Source*: our choice: fewer may be one stall, a switch, or an estimate that the next second
/// corrects.
pub const MIN_LOSSY: usize = 3;

/// Shortest time between two reports of loss that go without a media packet, because none is sent.
///
/// *Source*: our choice: two of them fit [`COPIES_AFTER_REPORT`].
pub const REPORT_ALONE: Duration = Duration::from_secs(3);

// Audio.

/// Age beyond which a [`Stack`](crate::Stack) drops a media packet before it is sent.
///
/// *Source*: our choice: the peer's jitter buffer has concealed such a packet.
pub const MEDIA_AGE: Duration = Duration::from_millis(200);

/// Captured audio that waits for an encoder. Beyond it the oldest is discarded and counted.
pub const CAPTURE_BACKLOG: Samples = Samples::from_millis(500);

/// Decoded audio kept ahead of the speaker.
pub const PLAYOUT_LEAD: Samples = Samples::from_millis(20);

/// Upper bound for one block of a microphone or a speaker. Larger blocks count as this.
pub const MAX_BLOCK: Samples = Samples::from_millis(2_000);

/// Upper bound of the jitter buffer's delay, without the speaker's current block and without a
/// talker's longest batch ([`MAX_BATCH`]). Beyond it the oldest frame is dropped and counted.
///
/// *Source*: our choice.
pub const MAX_PLAYOUT: Samples = Samples::from_millis(3_000);

/// Upper bound of the prebuffer: how long the first frame of a talk spurt is held back for jitter.
pub const MAX_PREBUFFER: Samples = Samples::from_millis(200);

/// Lateness of the first frame after a gap, against the frames that follow it, from which the gap
/// counts as a stall.
pub const MIN_STALL: Samples = Samples::from_millis(100);

/// How long frames are watched after a gap before the gap counts as a stall or as loss.
pub const STALL_WATCH: Duration = Duration::from_secs(1);

/// How long a stall of at least [`STALL_LONG`] is remembered. Two stalls within this time, the
/// shorter at least half the longer, count as usual for the network. The jitter buffer then keeps
/// the delay that they need.
pub const STALL_MEMORY: Duration = Duration::from_secs(30);

/// Shortest stall that counts as long. A rare shorter one costs less than the delay that would
/// cover it.
pub const STALL_LONG: Samples = Samples::from_millis(700);

/// How long a stall below [`STALL_LONG`] is remembered.
pub const SHORT_STALL_MEMORY: Duration = Duration::from_secs(10);

/// How long excess delay after a stall, or after a switch from longer frames, is shed by
/// time-compression. The rest is then dropped and counted.
pub const CATCH_UP: Duration = Duration::from_millis(2_500);

/// Largest excess delay that is shed by time-compression alone, such as that of a speaker that is
/// slower than real time. More is shed as after a stall.
///
/// *Source*: our choice.
pub const MAX_EXCESS: Samples = Samples::from_millis(1_000);

/// Lateness of a speaker, beyond the length of its block, from which it counts as stalled.
pub const SPEAKER_LATE: Duration = Duration::from_millis(100);

/// How long before the speaker's next block missing audio is concealed (PLC): a quarter of a block,
/// at most this.
pub const CONCEALMENT_AHEAD: Samples = Samples::from_millis(50);

/// Length of one bucket of the window in which headroom and jitter are measured: this, or a talker's
/// longest batch if that is longer.
pub const HEADROOM_BUCKET: Duration = Duration::from_millis(500);

/// Buckets of that window. Headroom that no frame needed for the whole window is shed.
pub const HEADROOM_BUCKETS: usize = 8;

/// Minimum headroom of the jitter buffer: this or a quarter of a frame, whichever is less. Below
/// it, short frames are time-stretched.
pub const MIN_HEADROOM: Samples = Samples::from_millis(2);

/// Level, in -dBov, of the loudest frame that counts as a pause in speech (VAD of the receiver).
/// Such a frame may be skipped to shed delay.
pub const PAUSE_LEVEL: u8 = 50;

/// Longest frame that is skipped in a pause. A longer frame may contain the start of a talk spurt.
pub const MAX_SKIP: Samples = Samples::from_millis(60);

/// Smallest excess delay that is shed: this or a quarter of a frame, whichever is less.
pub const MIN_SHED: Samples = Samples::from_millis(10);

/// Upper bound of the audio that a decoder holds back while it time-compresses frames shorter than
/// [`UNHELD_FRAME`]. Of longer ones it holds nothing back.
pub const TEMPO_HELD: Samples = Samples::from_millis(25);

/// Shortest frame that is time-compressed by itself, without the one after it.
///
/// *Source*: our choice: the longest pitch period and a fade are 25 ms, and as much again.
pub const UNHELD_FRAME: Samples = Samples::from_millis(50);

/// Upper bound of packet loss concealment (PLC) in a row, or one frame if that is longer. Beyond it
/// the speaker plays silence until a frame comes.
///
/// *Source*: our choice.
pub const CONCEALMENT: Samples = Samples::from_millis(120);

/// Smallest amount of audio that is concealed at once.
pub const CONCEALMENT_STEP: Samples = Samples::from_millis(10);

/// Shortest gap that counts as a pause of the sender (DTX) and not as loss: this, or two and a half
/// packets if that is longer.
pub const PAUSE: Duration = Duration::from_millis(300);

/// How long arrivals are compared with the estimated clock of the sender before missing frames
/// count as lost.
pub const SENDER_WINDOW: Duration = Duration::from_secs(1);

/// Interval of [`Event::Quality`](crate::Event::Quality).
pub const QUALITY: Duration = Duration::from_secs(1);

// Voice without a call: `talk`.

/// Talkers that a [`Radio`](crate::talk::Radio) plays at once, unless it is given another number.
/// Beyond it a talker who is quiet makes room, else the frames of a new one are dropped and counted.
///
/// *Source*: our choice.
pub const TALKERS: usize = 4;

/// Upper bound of the talkers of a [`Radio`](crate::talk::Radio).
///
/// *Source*: our choice: one input hands out a job for each, within [`OUTPUTS_PER_INPUT`].
pub const MAX_TALKERS: usize = 16;

/// Upper bound of the frames of one packet without a call. Further ones are dropped and counted.
///
/// *Source*: Partyline 1.0.5 reads as many.
pub const TALK_FRAMES: usize = 64;

/// Longest audio of a talker that may come at once, in one packet or in the parts of one: a batch.
/// What is longer counts as this. Its frames wait in the ring of the talker, whose size bounds them
/// as well.
///
/// *Source*: the largest `ptt_jitter_ms` of Partyline 1.0.5.
pub const MAX_BATCH: Samples = Samples::from_millis(30_000);

/// Numbers, back from the newest, within which a frame counts as late and not as one of a new count.
///
/// *Source*: our choice: a word of bits.
pub const ORDER_WINDOW: u16 = 64;

/// Shortest time without a frame after which a talker counts as quiet: this, or the time that
/// counts as a pause ([`PAUSE`]) if that is longer, but at most [`MAX_TALK_QUIET`].
///
/// *Source*: our choice; Partyline 1.0.5 ends a talk spurt after the same time.
pub const TALK_QUIET: Duration = Duration::from_secs(1);

/// Longest time without a frame until a talker counts as quiet, whatever the length of its packets.
///
/// *Source*: our choice.
pub const MAX_TALK_QUIET: Duration = Duration::from_secs(10);

/// How long a quiet talker keeps its place and the state of its decoder, if nobody needs them.
///
/// *Source*: our choice: longer than a pause between two turns of a conversation.
pub const TALKER_IDLE: Duration = Duration::from_secs(30);

// Times of a call's set-up. The reference sends each signal once; our repeats, and what a Python
// peer makes of them, were measured against it.

/// How long a callee waits after link-up before it sends AVAILABLE or BUSY.
///
/// *Source*: our choice: a Python caller sets its packet handler after its link is up, and misses
/// packets that come before (`__outgoing_link_established` in LXST/Primitives/Telephony.py).
pub const ACCEPT_DELAY: Duration = Duration::from_millis(5);

/// Shortest wait before AVAILABLE is repeated; three round trips if that is longer. Each further
/// wait is half as long again.
///
/// *Source*: our choice: a Python caller identifies again at each AVAILABLE, which is harmless
/// until RINGING.
pub const AVAILABLE_AGAIN: Duration = Duration::from_millis(150);

/// Shortest wait before another message of the set-up is repeated; three round trips if that is
/// longer. Each further wait is half as long again.
///
/// *Source*: the three round trips are those of RFC 6298, 2.2; the time is our choice: a Python
/// caller took 130 ms to answer the first RINGING after its start.
pub const AGAIN: Duration = Duration::from_millis(250);

/// How often a message of the set-up is repeated.
///
/// *Source*: our choice: where one packet of five is lost, a message or its answer is lost six
/// times in a row in one call of four hundred.
pub const REPEATS: u8 = 5;

/// Shortest wait before CONNECTING and ESTABLISHED are repeated to a caller who seems not to have
/// heard them; four round trips and two frames if that is longer.
///
/// *Source*: our choice: a Python caller that did hear them opens a second microphone stream.
pub const ANSWER_AGAIN: Duration = Duration::from_millis(1_500);

/// How long a link stays open after BUSY or REJECTED, so that the signal arrives.
///
/// *Source*: our choice; the reference closes at once (`hangup` in LXST/Primitives/Telephony.py).
pub const GOODBYE: Duration = Duration::from_millis(100);

/// How long a link stays open after RINGING and BUSY in one packet.
///
/// *Source*: our choice: a Python caller opens its speaker at RINGING before it handles BUSY. If
/// the link closes meanwhile, it reports an end without a reason.
pub const BUSY_GOODBYE: Duration = Duration::from_secs(1);

/// How long a caller has to identify, [`SET_UP_TRIPS`] added.
///
/// *Source*: our choice: twice `CONNECT_TIME` of LXST/Primitives/Telephony.py, after which a Python
/// caller has given up. The reference's callee waits without limit.
pub const IDENTIFY: Duration = Duration::from_secs(10);

/// How long a new caller cannot be closed to make room for a newer one. Until [`IDENTIFY_TRIPS`]
/// have passed as well, it is closed only after callers for whom both times have passed.
///
/// *Source*: our choice.
pub const IDENTIFY_GRACE: Duration = Duration::from_millis(500);

/// Round trips that a caller may take to identify before its link makes room like others.
///
/// *Source*: our choice: identification takes one. A round trip measured while packets were lost
/// may be four times too long.
pub const IDENTIFY_TRIPS: u32 = 4;

/// Longest round trip that deadlines are computed with. A longer one, which a peer may claim,
/// counts as this.
///
/// *Source*: our choice: over a longer one a caller gives up before the second round trip
/// (`WAIT_TIME`, 70 s, in LXST/Primitives/Telephony.py).
pub const MAX_ROUND_TRIP: Duration = Duration::from_secs(60);

/// Longest time from opening a link to link-up that a caller takes for a round trip, while the
/// stack does not tell the round trip and the callee has not answered. The time beyond it counts as
/// path search.
///
/// *Source*: our choice: with [`SET_UP_TRIPS`] it leaves a callee 61 s for AVAILABLE, less than a
/// caller waits (`WAIT_TIME`, 70 s, in LXST/Primitives/Telephony.py).
pub const MAX_OPENING: Duration = Duration::from_secs(4);

/// Round trips added to each deadline of the set-up: the longest that one step takes, lost and
/// repeated messages included.
///
/// *Source*: our choice: about the first three waits, of 3, 4.5 and 6.75 round trips.
pub const SET_UP_TRIPS: u32 = 14;

/// How long a callee has from link-up to AVAILABLE, [`SET_UP_TRIPS`] added.
///
/// *Source*: `CONNECT_TIME` in LXST/Primitives/Telephony.py. The reference counts it from dialling
/// to RINGING, path search included, so its calls over slow links always fail.
pub const CONNECT: Duration = Duration::from_secs(5);

/// How long a callee has from CONNECTING to ESTABLISHED, [`SET_UP_TRIPS`] added.
///
/// *Source*: our choice; the reference waits without limit.
pub const ESTABLISH: Duration = Duration::from_secs(10);

/// How long an answer waits for the caller's preferred profile and mode, one round trip added.
///
/// *Source*: our choice; the reference does not wait, and answers with its own profile.
pub const PREFERENCES: Duration = Duration::from_millis(500);

/// Shortest time from the first RINGING to an answer without preferences, while RINGING is
/// repeated; [`SET_UP_TRIPS`] added.
///
/// *Source*: our choice: the first four waits, which begin with [`AGAIN`].
pub const PREFERENCES_FROM_RINGING: Duration = Duration::from_secs(2);

/// Longest screening: the bound of [`ScreeningTime`](crate::ScreeningTime).
///
/// *Source*: our choice: less than `CONNECT_TIME` in LXST/Primitives/Telephony.py (5 s), after
/// which a Python caller gives up unless it heard RINGING.
pub const MAX_SCREENING: Duration = Duration::from_secs(3);

/// Shortest time between two announces: the bound of [`AnnounceInterval`](crate::AnnounceInterval).
///
/// *Source*: `ANNOUNCE_INTERVAL_MIN` in LXST/Primitives/Telephony.py.
pub const MIN_ANNOUNCE_INTERVAL: Duration = Duration::from_secs(5 * 60);

/// Glare: how long the link of a peer whom we dial, and who dials us, is held from its arrival
/// while our own call is undecided; [`SET_UP_TRIPS`] added.
///
/// *Source*: our choice: longer than any caller waits for RINGING.
pub const GLARE_HOLD: Duration = Duration::from_secs(60);

/// Glare: shortest wait of a call that got BUSY for a link of the callee's own; three round trips
/// if that is longer.
///
/// *Source*: our choice.
pub const GLARE_LINK: Duration = Duration::from_millis(150);

/// Glare: longest wait of a call that got BUSY for the callee to identify on a link of its own;
/// three round trips for the link and three for the identification added.
///
/// *Source*: our choice.
pub const GLARE: Duration = Duration::from_secs(3);

// Times of an established call. The reference has none: its calls end with their link.

/// Round trips that the peer's first media may take beyond [`FIRST_MEDIA`].
///
/// *Source*: our choice: one is needed. A round trip measured while packets were lost may be four
/// times too long.
pub const FIRST_MEDIA_TRIPS: u32 = 4;

/// Part of [`SILENCE`] that is reserved for the arrival of the peer's first media. A round trip
/// longer than a quarter of it postpones [`SILENCE`] and [`MEDIA_TIMEOUT`].
///
/// *Source*: our choice: [`FIRST_MEDIA_TRIPS`] round trips of one second, which leave one second of
/// [`SILENCE`]. A Python peer sends its first media 0.1 s to 0.8 s after ESTABLISHED (measured).
pub const FIRST_MEDIA: Duration = Duration::from_secs(4);

/// Time without media after which the peer counts as silent, in full duplex.
///
/// *Source*: our choice; a Python peer sends media all the time, muted or not (`mute_transmit` in
/// LXST/Primitives/Telephony.py).
pub const SILENCE: Duration = Duration::from_secs(5);

/// Time without authenticated packets of the peer (media, signals, others) after which a call ends,
/// in full duplex.
///
/// In half duplex a call in which nobody talks lasts as long as its link. A listening peer sends
/// only keepalives, which anybody on the path can forge. A Python peer cannot be probed: it
/// registers no proofs, requests, resources or channels (`receive` in RNS/Link.py). A switch to
/// full duplex makes a peer send; one that is gone is missed a minute later.
///
/// *Source*: our choice; the reference relies on the link's own time-out.
pub const MEDIA_TIMEOUT: Duration = Duration::from_secs(60);

/// Longest time without a frame from us before one frame of silence shows that we are there.
///
/// *Source*: our choice: as long as [`SILENCE`].
pub const PRESENCE: Duration = Duration::from_secs(5);
