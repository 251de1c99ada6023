//! Events of the app, and their translation from the engine's.

use std::time::{Duration, Instant as Moment};

use lxst_core::{
    CallId, DisplayName, DropReason, EndReason, Event as CoreEvent, IdentityHash, Instant, Limit,
    Mode, Profile, Quality, Side,
};
use lxst_engine::Event as EngineEvent;

/// An event of a phone, read from [`Events`](crate::Events).
///
/// Events of a call carry its id; [`Phone::call`](crate::Phone::call) returns a handle for it. When
/// an event is read, [`Phone::state`](crate::Phone::state) includes it already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "of fields that their names say it all of")]
#[non_exhaustive]
pub enum Event {
    /// A phone announced itself: it can be dialled. Comes at any time, once for each announce. An
    /// app makes its list of reachable people from these.
    Announced {
        /// The identity to dial.
        identity: IdentityHash,
        /// Hops to it; 1 is a neighbour.
        hops: u8,
        /// The name that it tells, as visible text. Nobody proves it: show it as a claim.
        name: Option<DisplayName>,
    },

    /// A caller waits for the app's decision before its call rings. Comes if the settings leave the
    /// decision to the app. Decide with [`Call::screen`](crate::Call::screen).
    Screening {
        /// The id of the call, once it rings.
        call: CallId,
        from: IdentityHash,
        /// The moment at which the default of the settings decides.
        until: Moment,
        /// The limit that the caller has reached. [`Admission::Ring`](crate::Admission::Ring) then
        /// counts as [`Admission::Busy`](crate::Admission::Busy).
        limit: Option<Limit>,
    },
    /// The caller of a [`Screening`](Self::Screening) event hung up before the decision, which is
    /// no longer needed.
    CallerGone { call: CallId },
    /// Somebody called while the line was taken, and was told that it is busy. An app lists it as a
    /// missed call.
    CallerTurnedAway { from: IdentityHash },
    /// A stranger called more often than the limits allow, and is told that the line is busy. Comes
    /// once in each window of the limit. An app may block an identity that comes back.
    CallerLimited {
        from: IdentityHash,
        /// Which limit was reached: this caller's, or that of all strangers.
        limit: Limit,
    },

    /// An incoming call rings. [`answer`](crate::Call::answer) or [`reject`](crate::Call::reject)
    /// it; else [`Ended`](Self::Ended) comes after the ring time.
    Incoming { call: CallId, from: IdentityHash },
    /// The dialled hash is that of a telephony destination, as its announce shows. The call ends
    /// with [`NoPath`](EndReason::NoPath): dial the identity instead.
    DestinationDialled {
        call: CallId,
        /// The dialled hash.
        given: IdentityHash,
        /// The identity that the destination belongs to.
        identity: IdentityHash,
    },
    /// The profile of a call dialled with [`ProfileChoice::Auto`](crate::ProfileChoice::Auto) is
    /// chosen, before the call rings at the peer.
    ProfileChosen {
        call: CallId,
        /// The profile that we propose.
        profile: Profile,
        /// The round trip of the link, or the time to the peer's first answer on it if that was
        /// longer.
        round_trip: Duration,
    },
    /// An outgoing call rings at the peer. Play the ringback tone.
    Ringing { call: CallId },
    /// The call is answered, and both sides set up their audio. `Established` or `Ended` follows.
    Connecting { call: CallId },
    /// The call is established, and audio flows between the peer and the attached ports.
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
        /// The side that asked for it.
        by: Side,
    },
    /// The peer prefers a profile whose codec this phone cannot encode. The phone sends in another
    /// profile, and tells the peer so.
    ProfileUnavailable {
        call: CallId,
        /// The profile that the peer prefers.
        asked: Profile,
        /// The profile that we send.
        used: Profile,
    },
    /// The mode changed during the call. In half duplex,
    /// [`press_to_talk`](crate::Call::press_to_talk) opens the microphone.
    ModeChanged {
        call: CallId,
        mode: Mode,
        /// The side that asked for it.
        by: Side,
    },
    /// No audio arrived for 5 s in full duplex. The call goes on: the peer may be muted, or its
    /// network slow.
    PeerSilent { call: CallId },
    /// Audio arrives again after [`PeerSilent`](Self::PeerSilent).
    PeerAudible { call: CallId },
    /// The quality of the call: once a second while it is established, and once before
    /// [`Ended`](Self::Ended).
    Quality { call: CallId, quality: Quality },
    /// The call is over. Comes once for each call that was dialled or that rang, as its last event.
    Ended { call: CallId, reason: EndReason },

    /// An invalid packet of a peer was dropped. The call goes on. An app may log it.
    Dropped { reason: DropReason },
    /// Codec work ran late, and takes less time from here on. Voice is decoded a little worse: the
    /// level of neural decoding is lower, and is not raised again.
    CodecsRelieved {
        /// What changed, in words.
        change: &'static str,
    },
    /// A codec panicked. One frame is lost, the codecs are restarted, and the call goes on. This is
    /// a defect of this library or of the app's [`Codecs`](crate::Codecs): report it.
    CoderCrashed,
}

impl Event {
    /// Translates an event of the engine; `None` for one that concerns the audio ports only.
    /// `moment` converts the engine's time to the runtime's clock.
    pub(crate) fn new(event: EngineEvent, moment: impl Fn(Instant) -> Moment) -> Option<Self> {
        Some(match event {
            EngineEvent::Call(event) => Self::of_call(event, moment),
            EngineEvent::Stream { .. } => return None,
            EngineEvent::CoderCrashed => Self::CoderCrashed,
            EngineEvent::DestinationDialled { call, given, identity } => {
                Self::DestinationDialled { call, given, identity }
            }
            EngineEvent::ProfileChosen { call, profile, round_trip } => {
                Self::ProfileChosen { call, profile, round_trip }
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

    /// Returns the call of the event; `None` if it belongs to none.
    #[must_use]
    pub const fn call(&self) -> Option<CallId> {
        match self {
            Self::Screening { call, .. }
            | Self::CallerGone { call }
            | Self::Incoming { call, .. }
            | Self::DestinationDialled { call, .. }
            | Self::ProfileChosen { call, .. }
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
            | Self::CodecsRelieved { .. }
            | Self::CoderCrashed => None,
        }
    }

    /// Tells whether a peer or the clock alone can cause any number of these events.
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
            | Self::CodecsRelieved { .. }
            | Self::CoderCrashed => true,
            Self::Screening { .. }
            | Self::CallerGone { .. }
            | Self::CallerLimited { .. }
            | Self::Incoming { .. }
            | Self::DestinationDialled { .. }
            | Self::ProfileChosen { .. }
            | Self::Ringing { .. }
            | Self::Connecting { .. }
            | Self::Established { .. }
            | Self::ProfileUnavailable { .. }
            | Self::Ended { .. } => false,
        }
    }
}
