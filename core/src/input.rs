//! What the world does to a phone.

use crate::audio::{Direction, Samples};
use crate::config::{Admission, CallerLimits};
use crate::id::{CallId, IdentityHash, JobId, LinkId, StreamId};
use crate::link::LinkEvent;
use crate::profile::{Mode, Profile};
use crate::wire::Frame;

/// One thing that happened, given to [`Telephone::handle_input`](crate::Telephone::handle_input).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// The deadline of [`Telephone::poll_timeout`](crate::Telephone::poll_timeout) has come. Early
    /// or needless ones do no harm.
    Timeout,
    /// A packet of context NONE arrived on a link, decrypted.
    Packet {
        /// The link.
        link: LinkId,
        /// The plaintext.
        data: &'a [u8],
    },
    /// The network did something to a link.
    Link {
        /// The link.
        link: LinkId,
        /// What it did.
        event: LinkEvent,
    },
    /// An interface came up.
    InterfaceUp,
    /// The app wants something.
    Command(Command),
    /// The app's microphone added this much to the capture queue of a stream.
    Captured {
        /// The stream.
        stream: StreamId,
        /// How much.
        samples: Samples,
    },
    /// The app's speaker played this much of a stream: the playout clock. Silence that it put in
    /// for want of audio counts as played.
    Consumed {
        /// The stream.
        stream: StreamId,
        /// How much.
        samples: Samples,
    },
    /// An audio port dropped this much: what its microphone captured and never came into the
    /// capture queue, or what left the playout queue and its speaker never played. It is missing to
    /// the listener, and shows in [`Quality`](crate::Quality). What is dropped while the microphone
    /// or the speaker is silent, or while nobody is to hear it, is missing to nobody, and not
    /// counted.
    Overrun {
        /// The stream.
        stream: StreamId,
        /// [`Direction::Send`] is the microphone, [`Direction::Receive`] the speaker.
        direction: Direction,
        /// How much.
        samples: Samples,
    },
    /// The app attached or detached the microphone or the speaker of a stream. A call begins with
    /// both detached. They can be attached from the moment that the call is dialled
    /// ([`Command::Dial`]) or comes in ([`Event::Incoming`](crate::Event::Incoming)).
    Port {
        /// The stream.
        stream: StreamId,
        /// [`Direction::Send`] is the microphone, [`Direction::Receive`] the speaker.
        direction: Direction,
        /// What became of it.
        change: PortChange,
    },
    /// A codec job ended.
    JobDone {
        /// The job of [`Output::Job`](crate::Output::Job).
        job: JobId,
        /// How it ended.
        outcome: Outcome<'a>,
    },
}

/// What the app wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Call somebody.
    Dial {
        /// The id of the new call.
        call: CallId,
        /// The id of the link to open for it.
        link: LinkId,
        /// Whom to call.
        to: IdentityHash,
        /// The profile to propose.
        profile: Profile,
        /// The mode to propose.
        mode: Mode,
    },
    /// Answer an incoming call. Harmless when it is answered already.
    Answer(CallId),
    /// End a call: cancels one that we dialled, rejects one that rings here.
    HangUp(CallId),
    /// Decide on a caller after [`Event::Screening`](crate::Event::Screening), or think better of
    /// one whose call rings here: that call ends as [`Blocked`](crate::EndReason::Blocked), or as
    /// rejected.
    Screen(CallId, Admission),
    /// Switch the profile, here and at the peer.
    SetProfile(CallId, Profile),
    /// Switch the mode, here and at the peer.
    SetMode(CallId, Mode),
    /// Press or release the talk button, which counts in half duplex.
    Talk(CallId, Talk),
    /// Mute or unmute a direction. Muted sending sends what
    /// [`Config::when_muted`](crate::Config::when_muted) says; muted receiving plays none of what
    /// arrives.
    Mute(CallId, Direction, Mute),
    /// Whether callers ring, or hear that the line is busy. An active call is not touched.
    /// *Default*: they ring.
    SetAvailable(bool),
    /// Count somebody as known, as we do those whom we dial or talk with:
    /// [`CallerLimits`] are for others. The
    /// [`CALLERS_REMEMBERED`](crate::limits::CALLERS_REMEMBERED) latest are remembered.
    Know(IdentityHash),
    /// Change how often strangers may ring, from the next caller on. What was counted stays.
    LimitCallers(CallerLimits),
    /// Announce us.
    Announce,
}

/// What became of an audio port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PortChange {
    /// It is there.
    Attached,
    /// It is gone.
    Detached,
}

/// The state of the talk button.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Talk {
    /// Held down.
    Pressed,
    /// Let go.
    Released,
}

/// Whether a direction is mute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mute {
    /// Silent.
    Muted,
    /// Audible.
    Unmuted,
}

/// How a codec job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// An `Encode` made this frame. Its codec is the driver's to say: [`SendFormat::codec`] is
    /// what the reference sends.
    ///
    /// [`SendFormat::codec`]: crate::SendFormat::codec
    Encoded(Frame<'a>),
    /// An `Encode` of what was captured found silence, and nothing is to be sent for it.
    NoVoice,
    /// A `Decode` or `Conceal` appended this much to the playout queue.
    Played {
        /// How much was really appended, which may be none.
        samples: Samples,
        /// How loud it is, in -dBov: 0 is full scale, 127 silence.
        level: u8,
    },
    /// A `Discard` is done.
    Discarded,
    /// The job did not work.
    Failed,
}
