//! The words of a radio's doors: its settings, what it is given, and what it says.

use super::format::Format;
use crate::audio::{Direction, Samples};
use crate::id::{JobId, LinkId, StreamId};
use crate::input::{Mute, Outcome, PortChange, Talk};
use crate::limits::DEFAULT_MDU;
use crate::link::Class;
use crate::output::{DropReason, StreamChange, Work};
use crate::profile::Profile;
use crate::quality::Quality;
use crate::stream::TalkerTimer;
use crate::time::Instant;
use crate::wire::{CodecSet, Signal, SpeakerId};

/// The settings of a [`Radio`](super::Radio).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// What we send. Talkers are rated as if they sent it too.
    pub format: Format,
    /// The codecs whose frames are accepted.
    pub codecs: CodecSet,
    /// Audio that one packet collects at most. A packet has one frame at least. It also ends at the
    /// `mdu` and at [`TALK_FRAMES`](crate::limits::TALK_FRAMES).
    pub batch: Samples,
    /// Whether packets carry the number of their first frame.
    pub numbers: Numbers,
    /// Whether the end of each talk spurt is told. It costs a packet; without it, receivers
    /// conceal for a moment before they are silent.
    pub ends: bool,
    /// Largest plaintext of a packet that we send, in bytes: the smallest mdu of the links.
    ///
    /// *Bounds*: a larger one counts as [`PACKET_BYTES`](crate::limits::PACKET_BYTES).
    pub mdu: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            format: Format::default(),
            codecs: CodecSet::REFERENCE,
            batch: Samples::ZERO,
            numbers: Numbers::Auto,
            ends: true,
            mdu: DEFAULT_MDU,
        }
    }
}

/// Whether packets carry the number of their first frame. With it, receivers know what was lost and
/// put late frames in order. The reference ignores it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Numbers {
    /// In all profiles but Ultra Low Latency, where a number costs a cipher block (16 bytes) in each
    /// packet of 10 ms.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Numbers {
    /// Returns whether packets of this format carry a number.
    pub(super) fn apply_to(self, format: Format) -> bool {
        match self {
            Self::Auto => format != Format::profile(Profile::UltraLowLatency),
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// One thing that happened, given to [`Radio::handle_input`](super::Radio::handle_input).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum Input<'a> {
    /// The deadline of [`Radio::poll_timeout`](super::Radio::poll_timeout) has passed. An early one
    /// has no effect.
    Timeout,
    /// A decrypted packet arrived, on a link or at a destination that the driver numbers like a
    /// link. A talker is a link, or a speaker that its packets name
    /// ([`SpeakerId`]).
    Packet {
        link: LinkId,
        /// The plaintext.
        data: &'a [u8],
    },
    /// A link is gone. The talks of its talkers end.
    Closed { link: LinkId },
    /// The microphone appended this much to the capture queue. It is ignored while the microphone is
    /// detached.
    Captured { samples: Samples },
    /// The speaker played this much of every talker's queue: the playout clock. Silence that was
    /// played because a queue was empty counts too.
    Consumed { samples: Samples },
    /// An audio port dropped this much: captured audio before the capture queue, or decoded audio
    /// between the playout queues and the speaker.
    Overrun {
        /// [`Direction::Send`] is the microphone, [`Direction::Receive`] the speaker.
        direction: Direction,
        samples: Samples,
    },
    /// The app attached or detached the microphone or the speaker. Both begin detached.
    Port {
        /// [`Direction::Send`] is the microphone, [`Direction::Receive`] the speaker.
        direction: Direction,
        change: PortChange,
    },
    /// A codec job ended.
    JobDone {
        /// The id of [`Output::Job`].
        job: JobId,
        outcome: Outcome<'a>,
    },
    /// The app wants something.
    Command(Command),
}

/// What the app wants of the radio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Press or release the talk button (push-to-talk). It begins released. The frame that was begun
    /// when it is released is completed and sent.
    Talk(Talk),
    /// Mute or unmute a talker. A new talker is not mute.
    Mute(StreamId, Mute),
    /// Send another format, from the next frame on.
    SetFormat(Format),
    /// Change the largest plaintext of a packet, in bytes.
    SetMdu(usize),
    /// Send a signal in the band.
    Signal(Signal),
}

/// One thing for the driver to do, from [`Radio::poll_output`](super::Radio::poll_output). Outputs
/// are done in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum Output<'b> {
    /// Send a packet of context NONE on each link of the radio, without a receipt.
    Transmit {
        /// How the packet is treated when the network stalls.
        class: Class,
        /// The plaintext.
        data: &'b [u8],
    },
    /// Our stream ([`SEND_STREAM`](super::SEND_STREAM)) or a talker's opens or closes.
    Stream {
        stream: StreamId,
        direction: Direction,
        /// `Opened`: start with fresh codec state and an empty queue. `Closed`: drop the queue;
        /// jobs that are still out have no effect.
        change: StreamChange,
    },
    /// Run a codec job and report with [`Input::JobDone`]. Jobs of one stream run in order.
    Job {
        /// The id to report.
        job: JobId,
        /// The stream whose codec state and queue the job uses.
        stream: StreamId,
        direction: Direction,
        work: Work<'b>,
    },
    /// Tell the app.
    Event(Event),
}

/// What a radio tells its app. The enum is exhaustive by intent: a driver handles each variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum Event {
    /// A talk spurt begins.
    Talking {
        /// The talker's stream, until it closes.
        stream: StreamId,
        link: LinkId,
        /// Who speaks, if somebody else relays it.
        speaker: Option<SpeakerId>,
    },
    /// A talk spurt is over: the talker said so, or no frame came for
    /// [`TALK_QUIET`](crate::limits::TALK_QUIET). What is there of it still plays.
    TalkEnded { stream: StreamId },
    /// The measured quality of a talk spurt since its beginning, once a second and once before
    /// `TalkEnded`. Round trip and our own sending are not part of it.
    Quality { stream: StreamId, quality: Quality },
    /// A signal came in the band. A radio gives it no meaning.
    Signal { link: LinkId, signal: Signal },
    /// Part of what came was not understood, and was left out.
    Dropped { link: LinkId, reason: DropReason },
}

/// The moment at which [`Input::Timeout`] is due next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// When it is due.
    pub at: Instant,
    /// The talker's stream.
    pub stream: StreamId,
    /// The timer that expires then.
    pub timer: TalkerTimer,
}
