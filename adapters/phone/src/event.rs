//! What an app is told, and how the engine's events become it.

use std::time::Instant as Moment;

use lxst_core::{
    CallId, DisplayName, DropReason, EndReason, Event as CoreEvent, IdentityHash, Instant, Limit,
    Mode, Profile, Quality, Side,
};
use lxst_engine::Event as EngineEvent;

/// What a phone tells its app, from [`Events`](crate::Events).
///
/// Events of a call name it; [`Phone::call`](crate::Phone::call) makes a handle of the name. When an
/// event is read, [`Phone::state`](crate::Phone::state) shows what it tells, or what came later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "of fields that their names say it all of")]
#[non_exhaustive]
pub enum Event {
    /// A phone announced itself: it can be dialled. Comes at any time, as often as phones announce
    /// themselves. A list of who can be called is made of these.
    Announced {
        /// Whom to dial.
        identity: IdentityHash,
        /// Hops to it; 1 is a neighbour.
        hops: u8,
        /// The name that it tells, as visible text. Nobody proves it: show it as a claim.
        name: Option<DisplayName>,
    },

    /// A caller waits to be let through, before anything rings. Comes where the app is to decide
    /// about callers. Decide with [`Call::screen`](crate::Call::screen).
    Screening {
        /// The call that it becomes.
        call: CallId,
        from: IdentityHash,
        /// When the default of the settings decides.
        until: Moment,
        /// The limit that the caller has reached. [`Admission::Ring`](crate::Admission::Ring) then
        /// counts as [`Admission::Busy`](crate::Admission::Busy).
        limit: Option<Limit>,
    },
    /// The caller about whom [`Screening`](Self::Screening) asked hung up before the decision. Nothing
    /// is left to decide.
    CallerGone { call: CallId },
    /// Somebody called while the line was taken, and heard that it is busy. For a list of missed
    /// calls.
    CallerTurnedAway { from: IdentityHash },
    /// A stranger called more often than the limits allow, and hears that the line is busy. Comes once
    /// in the limit's window. Consider to block an identity that comes back.
    CallerLimited {
        from: IdentityHash,
        /// Whose attempts are too many: this caller's, or those of all strangers.
        limit: Limit,
    },

    /// Somebody calls, and it rings here. Ring, and [`answer`](crate::Call::answer) or
    /// [`reject`](crate::Call::reject); `Ended` comes where nobody does.
    Incoming { call: CallId, from: IdentityHash },
    /// What was dialled is the hash of a telephony destination, as its announce tells. The call ends
    /// with [`NoPath`](EndReason::NoPath): dial the identity instead.
    DestinationDialled {
        call: CallId,
        /// What was dialled.
        given: IdentityHash,
        /// The identity that the destination belongs to.
        identity: IdentityHash,
    },
    /// A call that we dialled rings there. Play the ringback tone.
    Ringing { call: CallId },
    /// The call is answered, and both sides set up their audio. `Established` or `Ended` follows.
    Connecting { call: CallId },
    /// The call stands, and audio flows between the peer and the attached ports.
    Established {
        call: CallId,
        /// The profile that we send.
        profile: Profile,
        mode: Mode,
    },
    /// The profile that we send changed during the call. Audio goes on by itself.
    ProfileChanged {
        call: CallId,
        profile: Profile,
        /// Who wanted it.
        by: Side,
    },
    /// The peer prefers a profile whose codec this build cannot send, and is told another. Audio goes
    /// on in that.
    ProfileUnavailable {
        call: CallId,
        /// What the peer prefers.
        asked: Profile,
        /// What we send.
        used: Profile,
    },
    /// The mode changed during the call. In half duplex,
    /// [`press_to_talk`](crate::Call::press_to_talk) opens the microphone.
    ModeChanged {
        call: CallId,
        mode: Mode,
        /// Who wanted it.
        by: Side,
    },
    /// No audio came for 5 s in full duplex. The call goes on: the peer may be mute, or its network
    /// slow.
    PeerSilent { call: CallId },
    /// Audio comes again after [`PeerSilent`](Self::PeerSilent).
    PeerAudible { call: CallId },
    /// How the call sounds: once a second while it stands, and once more before `Ended`.
    Quality { call: CallId, quality: Quality },
    /// The call is over. Comes once for each call that was dialled or that rang here, and nothing
    /// comes of the call after it.
    Ended { call: CallId, reason: EndReason },

    /// Something that a peer sent was not understood, and was left out. The call goes on. Worth a line
    /// in a log.
    Dropped { reason: DropReason },
    /// A codec panicked: a frame is lost, and codecs begin anew. The call goes on. It is a fault of
    /// this library: report it.
    CoderCrashed,
}

impl Event {
    /// Makes of the engine's event what the app is told; `None` of what concerns audio ports only.
    /// `moment` places the engine's time on the clock.
    pub(crate) fn new(event: EngineEvent, moment: impl Fn(Instant) -> Moment) -> Option<Self> {
        Some(match event {
            EngineEvent::Call(event) => Self::of_call(event, moment),
            EngineEvent::Stream { .. } => return None,
            EngineEvent::CoderCrashed => Self::CoderCrashed,
            EngineEvent::DestinationDialled { call, given, identity } => {
                Self::DestinationDialled { call, given, identity }
            }
            EngineEvent::Announced { identity, hops, name } => {
                Self::Announced { identity, hops, name }
            }
        })
    }

    fn of_call(event: CoreEvent, moment: impl Fn(Instant) -> Moment) -> Self {
        match event {
            CoreEvent::Screening { call, from, until, limit } => {
                Self::Screening { call, from, until: moment(until), limit }
            }
            CoreEvent::CallerGone { call } => Self::CallerGone { call },
            CoreEvent::CallerTurnedAway { from } => Self::CallerTurnedAway { from },
            CoreEvent::CallerLimited { from, limit } => Self::CallerLimited { from, limit },
            CoreEvent::Incoming { call, from } => Self::Incoming { call, from },
            CoreEvent::Ringing { call } => Self::Ringing { call },
            CoreEvent::Connecting { call } => Self::Connecting { call },
            CoreEvent::Established { call, profile, mode } => {
                Self::Established { call, profile, mode }
            }
            CoreEvent::ProfileChanged { call, profile, by } => {
                Self::ProfileChanged { call, profile, by }
            }
            CoreEvent::ProfileUnavailable { call, asked, used } => {
                Self::ProfileUnavailable { call, asked, used }
            }
            CoreEvent::ModeChanged { call, mode, by } => Self::ModeChanged { call, mode, by },
            CoreEvent::PeerSilent { call } => Self::PeerSilent { call },
            CoreEvent::PeerAudible { call } => Self::PeerAudible { call },
            CoreEvent::Quality { call, quality } => Self::Quality { call, quality },
            CoreEvent::Ended { call, reason } => Self::Ended { call, reason },
            CoreEvent::Dropped { link: _, reason } => Self::Dropped { reason },
        }
    }

    /// The call that the event is about; `None` where it is about none.
    #[must_use]
    pub const fn call(&self) -> Option<CallId> {
        match self {
            Self::Screening { call, .. }
            | Self::CallerGone { call }
            | Self::Incoming { call, .. }
            | Self::DestinationDialled { call, .. }
            | Self::Ringing { call }
            | Self::Connecting { call }
            | Self::Established { call, .. }
            | Self::ProfileChanged { call, .. }
            | Self::ProfileUnavailable { call, .. }
            | Self::ModeChanged { call, .. }
            | Self::PeerSilent { call }
            | Self::PeerAudible { call }
            | Self::Quality { call, .. }
            | Self::Ended { call, .. } => Some(*call),
            Self::Announced { .. }
            | Self::CallerTurnedAway { .. }
            | Self::CallerLimited { .. }
            | Self::Dropped { .. }
            | Self::CoderCrashed => None,
        }
    }

    /// Tells whether a peer or the clock decides how many of these there are.
    pub(crate) const fn is_chatty(&self) -> bool {
        match self {
            Self::ProfileChanged { by, .. } | Self::ModeChanged { by, .. } => {
                matches!(by, Side::Remote)
            }
            Self::Announced { .. }
            | Self::CallerTurnedAway { .. }
            | Self::PeerSilent { .. }
            | Self::PeerAudible { .. }
            | Self::Quality { .. }
            | Self::Dropped { .. }
            | Self::CoderCrashed => true,
            Self::Screening { .. }
            | Self::CallerGone { .. }
            | Self::CallerLimited { .. }
            | Self::Incoming { .. }
            | Self::DestinationDialled { .. }
            | Self::Ringing { .. }
            | Self::Connecting { .. }
            | Self::Established { .. }
            | Self::ProfileUnavailable { .. }
            | Self::Ended { .. } => false,
        }
    }
}
