//! Inputs of a telephone: what the network, the app, the audio ports and the codecs report.

use crate::audio::{Direction, Samples};
use crate::config::{Admission, CallerLimits};
use crate::id::{CallId, IdentityHash, JobId, LinkId, StreamId};
use crate::link::LinkEvent;
use crate::profile::{Mode, Profile};
use crate::wire::Frame;

/// One thing that happened, given to [`Telephone::handle_input`](crate::Telephone::handle_input).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum Input<'a> {
    /// The deadline of [`Telephone::poll_timeout`](crate::Telephone::poll_timeout) has passed. An
    /// early one has no effect.
    Timeout,
    /// A decrypted packet of context NONE arrived on a link.
    Packet {
        link: LinkId,
        /// The plaintext.
        data: &'a [u8],
    },
    /// The network reports something of a link.
    Link { link: LinkId, event: LinkEvent },
    /// An interface came up.
    InterfaceUp,
    /// The app wants something.
    Command(Command),
    /// The microphone appended this much to the capture queue of a stream.
    Captured { stream: StreamId, samples: Samples },
    /// The speaker played this much of a stream: the playout clock. Silence that the port played
    /// because the queue was empty counts too.
    Consumed { stream: StreamId, samples: Samples },
    /// An audio port dropped this much: captured audio before the capture queue, or decoded audio
    /// between playout queue and speaker. The listener misses it, and [`Quality`](crate::Quality)
    /// shows it. Nothing is counted while the port is detached, while the direction is muted, or
    /// while nobody is to hear the audio.
    Overrun {
        stream: StreamId,
        /// [`Direction::Send`] is the microphone, [`Direction::Receive`] the speaker.
        direction: Direction,
        samples: Samples,
    },
    /// The app attached or detached the microphone or the speaker of a stream. A call begins with
    /// both detached. They can be attached once the call is dialled ([`Command::Dial`]) or comes in
    /// ([`Event::Incoming`](crate::Event::Incoming)).
    Port {
        stream: StreamId,
        /// [`Direction::Send`] is the microphone, [`Direction::Receive`] the speaker.
        direction: Direction,
        change: PortChange,
    },
    /// A codec job ended.
    JobDone {
        /// The id of [`Output::Job`](crate::Output::Job).
        job: JobId,
        outcome: Outcome<'a>,
    },
}

/// What the app wants of the telephone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "a field says only what its name and type do not")]
pub enum Command {
    /// Dial an identity.
    Dial {
        /// The id of the new call, from the driver's counter.
        call: CallId,
        /// The id of the link to open for it, from the same counter.
        link: LinkId,
        to: IdentityHash,
        /// The profile to propose.
        profile: Profile,
        /// The mode to propose.
        mode: Mode,
    },
    /// Answer an incoming call. Has no effect on an answered one.
    Answer(CallId),
    /// End a call: cancels a call that we dialled, rejects one that rings here, hangs up an
    /// answered one.
    HangUp(CallId),
    /// Decide on a caller after [`Event::Screening`](crate::Event::Screening), or withdraw the
    /// decision while the call rings here. That call then ends as
    /// [`Blocked`](crate::EndReason::Blocked), or as rejected.
    Screen(CallId, Admission),
    /// Switch the profile on both sides.
    SetProfile(CallId, Profile),
    /// Switch the mode on both sides.
    SetMode(CallId, Mode),
    /// Press or release the talk button (push-to-talk), which counts in half duplex.
    Talk(CallId, Talk),
    /// Mute or unmute a direction. A muted microphone sends what
    /// [`Config::when_muted`](crate::Config::when_muted) says. A muted speaker plays nothing of
    /// what arrives.
    Mute(CallId, Direction, Mute),
    /// Whether callers ring (`true`) or get BUSY. Calls that are active go on. *Default*: `true`.
    SetAvailable(bool),
    /// Count an identity as known, like those whom we dial or talk with: [`CallerLimits`] apply to
    /// strangers only. The latest [`CALLERS_REMEMBERED`](crate::limits::CALLERS_REMEMBERED) are
    /// remembered.
    Know(IdentityHash),
    /// Change how often strangers may ring, from the next caller on. Attempts already counted stay.
    LimitCallers(CallerLimits),
    /// Announce our telephony destination.
    Announce,
}

/// Whether an audio port is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PortChange {
    /// The port is there.
    Attached,
    /// The port is gone.
    Detached,
}

/// The state of the talk button.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Talk {
    /// Held down: we send.
    Pressed,
    /// Released: we do not send.
    Released,
}

/// Whether a direction is mute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mute {
    /// Muted.
    Muted,
    /// Not muted.
    Unmuted,
}

/// How a codec job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// An `Encode` made this frame. The driver says its codec; the reference sends
    /// [`SendFormat::codec`].
    ///
    /// [`SendFormat::codec`]: crate::SendFormat::codec
    Encoded(Frame<'a>),
    /// An `Encode` of captured audio found no voice (VAD), so no frame is sent (DTX).
    NoVoice,
    /// A `Decode` or `Conceal` appended audio to the playout queue.
    Played {
        /// The amount appended, which may be zero.
        samples: Samples,
        /// The level, in -dBov: 0 is full scale, 127 is silence.
        level: u8,
    },
    /// A `Discard` is done.
    Discarded,
    /// The codec refused the job, or there is no codec for it.
    Failed,
}
