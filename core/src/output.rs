//! Outputs of a telephone: what the driver does next, and what the app is told.

use core::fmt;

use crate::audio::{Direction, Samples};
use crate::codec_profile::CodecProfile;
use crate::id::{CallId, IdentityHash, JobId, LinkId, StreamId};
use crate::limits::PACKET_BYTES;
use crate::link::{Class, LinkRequest};
use crate::profile::{Mode, Profile, VoiceCodec};
use crate::quality::Quality;
use crate::time::Instant;
use crate::wire::Codec;

/// The buffer that carries the bytes of one [`Output`].
#[derive(Clone, Debug)]
pub struct PacketBuf(pub(crate) [u8; PACKET_BYTES]);

impl PacketBuf {
    /// Makes an empty buffer.
    #[must_use]
    pub const fn new() -> Self {
        Self([0; PACKET_BYTES])
    }
}

impl Default for PacketBuf {
    fn default() -> Self {
        Self::new()
    }
}

/// One thing for the driver to do, from [`Telephone::poll_output`](crate::Telephone::poll_output).
/// Outputs are done in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum Output<'b> {
    /// Send a packet of context NONE on a link, without a receipt.
    Transmit {
        link: LinkId,
        /// How the packet is treated when the network stalls.
        class: Class,
        /// The plaintext.
        data: &'b [u8],
    },
    /// Do what a telephone asks of a link.
    Link { link: LinkId, request: LinkRequest },
    /// Announce our telephony destination on every interface.
    Announce,
    /// A direction of a call's audio opens or closes.
    Stream {
        stream: StreamId,
        direction: Direction,
        /// `Opened`: start with fresh codec state and an empty queue. `Closed`: drop the queue;
        /// jobs that are still out have no effect.
        change: StreamChange,
    },
    /// Run a codec job and report with [`Input::JobDone`](crate::Input::JobDone). Jobs of one
    /// direction of a stream run in order.
    Job {
        /// The id to report.
        job: JobId,
        /// The stream whose codec state and queue the job uses, together with `direction`.
        stream: StreamId,
        direction: Direction,
        work: Work<'b>,
    },
    /// Tell the app.
    Event(Event),
}

/// Whether a direction of audio opens or closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StreamChange {
    /// It opens.
    Opened,
    /// It closes.
    Closed,
}

/// A codec job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum Work<'b> {
    /// Take `samples` from the front of the capture queue and encode them, or encode silence in
    /// their place. The queue may hold less than that only if the source is silence.
    Encode {
        format: SendFormat,
        source: Source,
        /// The length of one frame.
        samples: Samples,
    },
    /// Take `samples` from the front of the capture queue and discard them.
    Discard { samples: Samples },
    /// Decode a frame and append it to the playout queue.
    Decode {
        codec: Codec,
        /// The frame, without the codec byte.
        payload: &'b [u8],
        tempo: Tempo,
    },
    /// Append concealment (PLC) for missing audio.
    Conceal { samples: Samples },
}

/// How to encode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SendFormat {
    /// With the codec and settings of a profile.
    Profile(Profile),
    /// As raw mono samples.
    Raw(crate::config::RawDepth),
    /// With a codec profile. A [`Radio`](crate::talk::Radio) sends it, a telephone never.
    Codec(CodecProfile),
}

impl SendFormat {
    /// Returns the codec that the reference encodes this with.
    #[must_use]
    pub const fn codec(self) -> Codec {
        match self {
            Self::Raw(_) => Codec::Raw,
            Self::Codec(profile) => profile.codec(),
            Self::Profile(profile) => match profile.codec() {
                VoiceCodec::Opus { .. } => Codec::Opus,
                VoiceCodec::Codec2 { .. } => Codec::Codec2,
            },
        }
    }
}

/// What an `Encode` encodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The front of the capture queue.
    Captured,
    /// Silence. It is encoded even if DTX leaves out silent captured audio: it shows the peer that
    /// we are there.
    Silence,
}

/// The tempo of a decoded frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tempo {
    /// Unchanged.
    #[default]
    Normal,
    /// Time-compressed to at least three quarters, to shed delay. The decoder may hold back
    /// [`TEMPO_HELD`](crate::limits::TEMPO_HELD) of frames shorter than
    /// [`UNHELD_FRAME`](crate::limits::UNHELD_FRAME) until a frame plays at another tempo.
    Faster {
        /// Largest amount to shed. It may be more than the frame allows.
        most: Samples,
    },
    /// Skipped, to shed delay in a pause of speech: decode for the codec's state and append
    /// nothing. The frame before was no louder than [`PAUSE_LEVEL`](crate::limits::PAUSE_LEVEL).
    Skip,
    /// Time-stretched to at most five quarters, to bridge a shortage.
    Slower,
}

/// What a telephone tells its app. The enum is exhaustive by intent: a driver handles each variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum Event {
    /// A caller identified. The app decides by [`Command::Screen`](crate::Command::Screen).
    Screening {
        /// The id that the call will have.
        call: CallId,
        from: IdentityHash,
        /// When [`Config::screening_default`](crate::Config::screening_default) decides.
        until: Instant,
        /// The limit that the caller has reached, if any: [`Ring`](crate::Admission::Ring) then
        /// counts as [`Busy`](crate::Admission::Busy), unless
        /// [`Command::Know`](crate::Command::Know) names the caller first.
        limit: Option<Limit>,
    },
    /// A caller of `Screening` closed its link before the decision.
    CallerGone {
        /// The id of `Screening`.
        call: CallId,
    },
    /// A call rings here.
    Incoming { call: CallId, from: IdentityHash },
    /// A call that we dialled rings at the callee.
    Ringing { call: CallId },
    /// The call is answered. Both sides set up their audio.
    Connecting { call: CallId },
    /// The call is established: audio flows.
    Established {
        call: CallId,
        /// The profile that we send.
        profile: Profile,
        mode: Mode,
    },
    /// The profile that we send changed.
    ProfileChanged {
        call: CallId,
        /// The profile that we send from here on.
        profile: Profile,
        /// Which side switched.
        by: Side,
    },
    /// The peer prefers a profile that our encoder cannot send. The peer is told `used`, and
    /// follows if it can.
    ProfileUnavailable {
        call: CallId,
        /// What the peer prefers.
        asked: Profile,
        /// What we send.
        used: Profile,
    },
    /// The mode changed.
    ModeChanged {
        call: CallId,
        mode: Mode,
        /// Which side switched.
        by: Side,
    },
    /// No media came for [`SILENCE`](crate::limits::SILENCE), 5 s, in full duplex. The call goes
    /// on: the peer may be muted.
    PeerSilent { call: CallId },
    /// Media came again after `PeerSilent`.
    PeerAudible { call: CallId },
    /// The measured quality, once a second in an established call and once before `Ended`. A slow
    /// app may drop all but the latest.
    Quality { call: CallId, quality: Quality },
    /// A caller exceeded a limit and gets BUSY. Told once per limit and window.
    CallerLimited { from: IdentityHash, limit: Limit },
    /// A caller gets BUSY because all lines are taken, or because of
    /// [`Command::SetAvailable`](crate::Command::SetAvailable).
    CallerTurnedAway { from: IdentityHash },
    /// The call is over. It comes exactly once for every call that was dialled or told by
    /// `Incoming`, as its last event.
    Ended { call: CallId, reason: EndReason },
    /// Part of what the peer sent was not understood, and was left out.
    Dropped { link: LinkId, reason: DropReason },
}

/// A side of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Our app.
    Local,
    /// The peer.
    Remote,
}

/// A limit on callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Attempts of one identity.
    OneCaller,
    /// Attempts of all strangers together: identities that we never dialled or talked with.
    Strangers,
}

/// Why a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndReason {
    /// We hung up after the answer.
    LocalHangup,
    /// The peer hung up after the answer.
    RemoteHangup,
    /// The callee's line was busy.
    Busy,
    /// The callee rejected the call.
    Rejected,
    /// The callee closed the link before it answered, or did not answer within our wait time.
    NoAnswer,
    /// The call rang here, and nobody answered.
    RingTimeout,
    /// No path to the callee was found.
    NoPath,
    /// The phone has no interface, or none that ever connected.
    NoNetwork,
    /// A path was known, but no link came up.
    LinkFailed,
    /// The link timed out, or its interface went down.
    LinkLost,
    /// The caller ended the call before the answer.
    Cancelled,
    /// Our app blocked the caller while the call rang here.
    Blocked,
    /// The caller prefers a profile for a thin path that our encoder cannot send, and
    /// [`Config::thin_path`](crate::Config::thin_path) refuses it.
    ProfileUnavailable,
    /// No authenticated packet came from the peer for
    /// [`MEDIA_TIMEOUT`](crate::limits::MEDIA_TIMEOUT), 60 s.
    MediaTimeout,
    /// The peer did not go on with the set-up of the call in time.
    ProtocolTimeout,
}

impl EndReason {
    /// Every reason.
    pub const ALL: [Self; 15] = [
        Self::LocalHangup,
        Self::RemoteHangup,
        Self::Busy,
        Self::Rejected,
        Self::NoAnswer,
        Self::RingTimeout,
        Self::NoPath,
        Self::NoNetwork,
        Self::LinkFailed,
        Self::LinkLost,
        Self::Cancelled,
        Self::Blocked,
        Self::ProfileUnavailable,
        Self::MediaTimeout,
        Self::ProtocolTimeout,
    ];
}

impl fmt::Display for EndReason {
    /// Writes a few lower-case words: "no answer".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LocalHangup => "hung up here",
            Self::RemoteHangup => "hung up by the peer",
            Self::Busy => "busy",
            Self::Rejected => "rejected",
            Self::NoAnswer => "no answer",
            Self::RingTimeout => "not answered here",
            Self::NoPath => "no path",
            Self::NoNetwork => "no network",
            Self::LinkFailed => "no link",
            Self::LinkLost => "link lost",
            Self::Cancelled => "cancelled",
            Self::Blocked => "blocked",
            Self::ProfileUnavailable => "profile unavailable",
            Self::MediaTimeout => "media timeout",
            Self::ProtocolTimeout => "protocol timeout",
        })
    }
}

/// Why something that the peer sent was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// A packet that is no MessagePack map, or is truncated.
    MalformedPacket,
    /// A signal that is no integer, or has no known meaning.
    UnknownSignal,
    /// A profile or mode that does not exist, or a profile that we cannot send after the peer was
    /// told so [`PROFILES_TOLD`](crate::limits::PROFILES_TOLD) times.
    UnsupportedPreference,
    /// A frame that is no binary value, is empty, is longer than
    /// [`FRAME_BYTES`](crate::limits::FRAME_BYTES), or has a codec that is not in
    /// [`Config::codecs`](crate::Config::codecs).
    UnknownFrame,
    /// A frame that the decoder refused, for example because there is no decoder for its codec.
    /// Told for the first one of a call; all are counted.
    UndecodableFrame,
}
