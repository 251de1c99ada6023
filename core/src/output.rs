//! What a phone wants done, and what it tells.

use core::fmt;

use crate::audio::{Direction, Samples};
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

/// One thing to do, from [`Telephone::poll_output`](crate::Telephone::poll_output). The order
/// counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Output<'b> {
    /// Send a packet of context NONE on a link, without a receipt.
    Transmit {
        /// The link.
        link: LinkId,
        /// What may become of it when the network stalls.
        class: Class,
        /// The plaintext.
        data: &'b [u8],
    },
    /// Do something with a link.
    Link {
        /// The link.
        link: LinkId,
        /// What to do.
        request: LinkRequest,
    },
    /// Announce our telephony destination on every interface.
    Announce,
    /// A direction of a call's audio begins or ends.
    Stream {
        /// The stream.
        stream: StreamId,
        /// The direction.
        direction: Direction,
        /// Opened: start with fresh codec state and an empty queue. Closed: drop the queue; jobs
        /// still out change nothing.
        change: StreamChange,
    },
    /// Run a codec job and report with [`Input::JobDone`](crate::Input::JobDone). Jobs of one
    /// direction of a stream run in order.
    Job {
        /// The id to report.
        job: JobId,
        /// Whose codec state and queue it uses, together with `direction`.
        stream: StreamId,
        /// The direction.
        direction: Direction,
        /// What to do.
        work: Work<'b>,
    },
    /// Tell the app.
    Event(Event),
}

/// The beginning or end of a direction of audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StreamChange {
    /// It begins.
    Opened,
    /// It ends.
    Closed,
}

/// A codec job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Work<'b> {
    /// Take `samples` off the front of the capture queue and encode them, or silence in their
    /// place. The queue may hold less only when the source is silence.
    Encode {
        /// How to encode.
        format: SendFormat,
        /// What to encode.
        source: Source,
        /// Exactly one frame.
        samples: Samples,
    },
    /// Take `samples` off the front of the capture queue and forget them.
    Discard {
        /// How much.
        samples: Samples,
    },
    /// Decode a frame and append it to the playout queue.
    Decode {
        /// The codec.
        codec: Codec,
        /// The frame, codec byte not included.
        payload: &'b [u8],
        /// How fast to play it.
        tempo: Tempo,
    },
    /// Append audio that stands in for a missing frame.
    Conceal {
        /// How much.
        samples: Samples,
    },
}

/// How to encode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SendFormat {
    /// As the profile says.
    Profile(Profile),
    /// Raw mono samples.
    Raw(crate::config::RawDepth),
}

impl SendFormat {
    /// Returns the codec that the reference encodes this with.
    #[must_use]
    pub const fn codec(self) -> Codec {
        match self {
            Self::Raw(_) => Codec::Raw,
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
    /// What was captured.
    Captured,
    /// Silence. It is encoded even where what is captured is left out when it is silent: it shows
    /// the peer that we are there.
    Silence,
}

/// How fast a decoded frame plays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tempo {
    /// As it was sent.
    #[default]
    Normal,
    /// Compressed to no less than three quarters, to shed delay. The decoder may hold back
    /// [`TEMPO_HELD`](crate::limits::TEMPO_HELD) until a frame plays otherwise.
    Faster {
        /// By how much at most.
        most: Samples,
    },
    /// Not at all, to shed delay in a pause of speech: decode it for the codec's state and append
    /// nothing. The frame before was no louder than
    /// [`PAUSE_LEVEL`](crate::limits::PAUSE_LEVEL).
    Skip,
    /// Expanded to no more than five quarters, to bridge a shortage.
    Slower,
}

/// What a phone tells its app. Exhaustive by intent: a driver handles each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// Somebody wants to call: decide by [`Command::Screen`](crate::Command::Screen).
    Screening {
        /// The call to be.
        call: CallId,
        /// Who calls.
        from: IdentityHash,
        /// When the configured default decides.
        until: Instant,
        /// The limit that the caller has reached, where one is: [`Ring`](crate::Admission::Ring) is
        /// then taken as [`Busy`](crate::Admission::Busy), unless
        /// [`Command::Know`](crate::Command::Know) says before that it is no stranger.
        limit: Option<Limit>,
    },
    /// Somebody about whom `Screening` asked has gone.
    CallerGone {
        /// The call that it would have been.
        call: CallId,
    },
    /// Somebody calls, and it rings here.
    Incoming {
        /// The call.
        call: CallId,
        /// Who calls.
        from: IdentityHash,
    },
    /// A call that we dialled rings there.
    Ringing {
        /// The call.
        call: CallId,
    },
    /// The call is answered, and both sides set up their audio.
    Connecting {
        /// The call.
        call: CallId,
    },
    /// The call stands: audio flows.
    Established {
        /// The call.
        call: CallId,
        /// The profile that we send.
        profile: Profile,
        /// The mode.
        mode: Mode,
    },
    /// The profile that we send changed.
    ProfileChanged {
        /// The call.
        call: CallId,
        /// The new one.
        profile: Profile,
        /// Who wanted it.
        by: Side,
    },
    /// The peer prefers a profile that our encoder cannot send. It is told `used`, which it follows
    /// where it can; a caller who would not be heard otherwise is heard.
    ProfileUnavailable {
        /// The call.
        call: CallId,
        /// What the peer prefers.
        asked: Profile,
        /// What we send.
        used: Profile,
    },
    /// The mode changed.
    ModeChanged {
        /// The call.
        call: CallId,
        /// The new one.
        mode: Mode,
        /// Who wanted it.
        by: Side,
    },
    /// No media came for 5 s in full duplex. Not an end: the peer may be mute.
    PeerSilent {
        /// The call.
        call: CallId,
    },
    /// Media came again.
    PeerAudible {
        /// The call.
        call: CallId,
    },
    /// How the call sounds: once a second while it stands, and once more before `Ended`. A chatty
    /// event: a slow app may leave out all but the latest.
    Quality {
        /// The call.
        call: CallId,
        /// The figures.
        quality: Quality,
    },
    /// Somebody called more often than the limit allows, and hears that the line is busy. Told
    /// once, until the limit's window has passed.
    CallerLimited {
        /// Who.
        from: IdentityHash,
        /// Which of the limits.
        limit: Limit,
    },
    /// Somebody called while the line was taken, by a call or by
    /// [`Command::SetAvailable`](crate::Command::SetAvailable), and hears that it is busy.
    CallerTurnedAway {
        /// Who.
        from: IdentityHash,
    },
    /// The call is over. Exactly one for every call dialled or announced by `Incoming`, and the
    /// last word on it.
    Ended {
        /// The call.
        call: CallId,
        /// Why.
        reason: EndReason,
    },
    /// Something of the peer's was not understood, and was left out.
    Dropped {
        /// The link that it came on.
        link: LinkId,
        /// What it was.
        reason: DropReason,
    },
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
    /// Attempts of all identities that we never talked with.
    Strangers,
}

/// Why a call is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndReason {
    /// We hung up after the answer.
    LocalHangup,
    /// The peer hung up after the answer.
    RemoteHangup,
    /// The callee's line was taken.
    Busy,
    /// The callee declined.
    Rejected,
    /// The callee closed before it answered, or did not answer in our wait time.
    NoAnswer,
    /// It rang here, and nobody answered.
    RingTimeout,
    /// No path to the callee was found.
    NoPath,
    /// The phone has no interface, or none that ever connected.
    NoNetwork,
    /// A path was known, but no link came up.
    LinkFailed,
    /// The link timed out, or its interface went down.
    LinkLost,
    /// It was ended before the answer by the side that dialled.
    Cancelled,
    /// Our app shut the caller out while it rang here.
    Blocked,
    /// The caller prefers a profile for a thin path, which our encoder cannot send, and
    /// [`Config::thin_path`](crate::Config::thin_path) refuses it.
    ProfileUnavailable,
    /// Nothing at all came from the peer for a minute.
    MediaTimeout,
    /// The other side's software did not go on with the call set-up.
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

/// What was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// A packet that is no MessagePack map, or breaks off.
    MalformedPacket,
    /// A signal that is no integer, or of no known meaning.
    UnknownSignal,
    /// A profile or mode that does not exist; or a profile that we cannot send, of which the peer
    /// was told often enough.
    UnsupportedPreference,
    /// A frame of an unknown codec ([`Config::codecs`](crate::Config::codecs)), that is not a
    /// binary value, is empty, or is longer than [`FRAME_BYTES`](crate::limits::FRAME_BYTES).
    UnknownFrame,
    /// A frame that the decoder refused, because nobody brings its codec for example. Told of the
    /// first one of a call; all are counted.
    UndecodableFrame,
}
