//! The states of a call, the transitions between them and the action of each: the program of a
//! line.

use core::fmt;

use crate::output::EndReason;
use crate::state::{CallState, Role};

/// The cause of a transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// The app dialled.
    Dial,
    /// The app answered, or the telephone answered for it.
    Answer,
    /// The app hung up.
    HangUp,
    /// The app decided on BUSY for the caller while the call rings.
    ScreenedBusy,
    /// The app decided on no signal for the caller while the call rings.
    ScreenedOut,
    /// The caller prefers a profile for a thin path that we cannot send.
    ProfileRefused,
    /// The link that we opened is up.
    LinkUp,
    /// No path to the callee is known.
    NoPath,
    /// There is no network.
    NoNetwork,
    /// A path is known, but no link came up.
    LinkFailed,
    /// The peer closed the link.
    LinkClosed,
    /// The link timed out, or its interface went down.
    LinkLost,
    /// A caller was identified and admitted.
    CallerAccepted,
    /// The peer that we dial calls us, and its call replaces ours.
    PeerCalls,
    /// The signal AVAILABLE.
    Available,
    /// The signal RINGING.
    Ringing,
    /// The signal CONNECTING.
    Connecting,
    /// The signal ESTABLISHED.
    Established,
    /// The signal BUSY.
    Busy,
    /// The signal REJECTED.
    Rejected,
    /// A media frame.
    Media,
    /// The caller's preferences arrived, or the wait for them is over.
    Preferences,
    /// The timer `Repeat` expired.
    RepeatExpired,
    /// The timer `Wait` expired.
    WaitExpired,
    /// The timer `Connect` expired.
    ConnectExpired,
    /// The timer `Establish` expired.
    EstablishExpired,
    /// The timer `Ring` expired.
    RingExpired,
    /// No waiting caller is the peer, or the timer `Glare` expired.
    GlareExpired,
    /// The timer `Media` expired.
    MediaExpired,
}

/// One row: in these states, this trigger leads to this state. A trigger without a row changes
/// nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Our role before.
    pub role: Role,
    /// The states that the row applies to.
    pub from: &'static [CallState],
    /// The cause of the transition.
    pub trigger: Trigger,
    /// Where the transition leads.
    pub to: Next,
    /// The action on the way.
    pub does: Action,
}

/// Where a transition leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// To another state of the call.
    State(Role, CallState),
    /// To the end of the call, and an idle line.
    End(EndReason),
}

impl fmt::Display for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State(role, state) => write!(f, "{role} {state}"),
            Self::End(reason) => write!(f, "idle: {reason}"),
        }
    }
}

/// The action of a transition. [`TRANSITIONS`] prints its name, and `Line::act` runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Open the link, start Wait.
    OpenLink,
    /// Start Connect.
    AwaitAvailable,
    /// Identify, stop Connect.
    Identify,
    /// Identify again, then with profile and mode.
    IdentifyAgain,
    /// Send profile and mode, start Wait again.
    SendPreferences,
    /// Send profile and mode again.
    SendPreferencesAgain,
    /// Send ESTABLISHED, start Establish.
    Echo,
    /// Send ESTABLISHED, open the streams.
    EchoAndOpen,
    /// Send ESTABLISHED again.
    EchoAgain,
    /// Open the streams.
    Open,
    /// Close the link, start Glare.
    AwaitPeerCall,
    /// Send RINGING on the peer's link, close ours, start Preferences.
    TakePeerCall,
    /// Send RINGING, start Ring.
    Ring,
    /// Send RINGING again.
    RingAgain,
    /// Start Preferences.
    AwaitPreferences,
    /// Send CONNECTING and ESTABLISHED, open the streams.
    Accept,
    /// Send CONNECTING and ESTABLISHED again, or ESTABLISHED alone, or nothing.
    AcceptAgain,
    /// Send ESTABLISHED again at the second echo before media.
    NoteEcho,
    /// Send REJECTED.
    Reject,
    /// Send BUSY.
    SayBusy,
    /// Close the link.
    CloseLink,
    /// Nothing: the link is closed already.
    Nothing,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OpenLink => "open the link, start Wait",
            Self::AwaitAvailable => "start Connect",
            Self::Identify => "identify, stop Connect",
            Self::IdentifyAgain => "identify again, then with profile and mode",
            Self::SendPreferences => "send profile and mode, start Wait again",
            Self::SendPreferencesAgain => "send profile and mode again",
            Self::Echo => "send ESTABLISHED, start Establish",
            Self::EchoAndOpen => "send ESTABLISHED, open the streams",
            Self::EchoAgain => "send ESTABLISHED again",
            Self::Open => "open the streams",
            Self::AwaitPeerCall => "close the link, start Glare",
            Self::TakePeerCall => "send RINGING on the peer's link, close ours, start Preferences",
            Self::Ring => "send RINGING, start Ring",
            Self::RingAgain => "send RINGING again",
            Self::AwaitPreferences => "start Preferences",
            Self::Accept => "send CONNECTING and ESTABLISHED, open the streams",
            Self::AcceptAgain => {
                "send CONNECTING and ESTABLISHED again, or ESTABLISHED alone, or nothing"
            }
            Self::NoteEcho => "send ESTABLISHED again at the second time before media",
            Self::Reject => "send REJECTED",
            Self::SayBusy => "send BUSY",
            Self::CloseLink => "close the link",
            Self::Nothing => "",
        })
    }
}

/// Finds the row of a trigger.
pub(super) fn transition(
    role: Role,
    from: CallState,
    trigger: Trigger,
) -> Option<&'static Transition> {
    TRANSITIONS
        .iter()
        .find(|row| row.role == role && row.trigger == trigger && row.from.contains(&from))
}

const fn row(
    role: Role,
    from: &'static [CallState],
    trigger: Trigger,
    to: Next,
    does: Action,
) -> Transition {
    Transition { role, from, trigger, to, does }
}

const fn caller(state: CallState) -> Next {
    Next::State(Role::Caller, state)
}

const fn callee(state: CallState) -> Next {
    Next::State(Role::Callee, state)
}

use CallState::{Calling, Connecting, Established, GlareWait, Identified, Idle, Linked, Ringing};
use Next::End;
use Role::{Callee, Caller};

/// Every transition of a call.
pub const TRANSITIONS: &[Transition] = &[
    row(Caller, &[Idle], Trigger::Dial, caller(Calling), Action::OpenLink),
    row(Caller, &[Calling], Trigger::LinkUp, caller(Linked), Action::AwaitAvailable),
    row(Caller, &[Linked], Trigger::Available, caller(Identified), Action::Identify),
    row(Caller, &[Identified], Trigger::RepeatExpired, caller(Identified), Action::IdentifyAgain),
    row(Caller, &[Identified], Trigger::Ringing, caller(Ringing), Action::SendPreferences),
    row(Caller, &[Ringing], Trigger::Ringing, caller(Ringing), Action::SendPreferencesAgain),
    row(Caller, &[Identified, Ringing], Trigger::Connecting, caller(Connecting), Action::Echo),
    row(
        Caller,
        &[Identified, Ringing],
        Trigger::Established,
        caller(Established),
        Action::EchoAndOpen,
    ),
    row(Caller, &[Identified, Ringing], Trigger::Media, caller(Established), Action::EchoAndOpen),
    row(Caller, &[Connecting], Trigger::RepeatExpired, caller(Connecting), Action::EchoAgain),
    row(Caller, &[Connecting], Trigger::Established, caller(Established), Action::Open),
    row(Caller, &[Connecting], Trigger::Media, caller(Established), Action::Open),
    row(Caller, &[Linked, Identified], Trigger::Busy, caller(GlareWait), Action::AwaitPeerCall),
    row(
        Caller,
        &[Calling, Linked, Identified, GlareWait],
        Trigger::PeerCalls,
        callee(Connecting),
        Action::TakePeerCall,
    ),
    row(Caller, &[Calling], Trigger::NoPath, End(EndReason::NoPath), Action::Nothing),
    row(Caller, &[Calling], Trigger::NoNetwork, End(EndReason::NoNetwork), Action::Nothing),
    row(Caller, &[Calling], Trigger::LinkFailed, End(EndReason::LinkFailed), Action::Nothing),
    row(Caller, &[Calling], Trigger::LinkClosed, End(EndReason::LinkFailed), Action::Nothing),
    row(
        Caller,
        &[Linked, Identified, Ringing],
        Trigger::LinkClosed,
        End(EndReason::NoAnswer),
        Action::Nothing,
    ),
    row(Caller, &[Ringing, Connecting], Trigger::Busy, End(EndReason::Busy), Action::CloseLink),
    row(
        Caller,
        &[Linked, Identified, Ringing, Connecting],
        Trigger::Rejected,
        End(EndReason::Rejected),
        Action::CloseLink,
    ),
    row(Caller, &[GlareWait], Trigger::GlareExpired, End(EndReason::Busy), Action::Nothing),
    row(
        Caller,
        &[Calling, Linked, Identified, Ringing],
        Trigger::WaitExpired,
        End(EndReason::NoAnswer),
        Action::CloseLink,
    ),
    row(
        Caller,
        &[Linked],
        Trigger::ConnectExpired,
        End(EndReason::ProtocolTimeout),
        Action::CloseLink,
    ),
    row(
        Caller,
        &[Connecting],
        Trigger::EstablishExpired,
        End(EndReason::ProtocolTimeout),
        Action::CloseLink,
    ),
    row(
        Caller,
        &[Calling, Linked, Identified, Ringing],
        Trigger::HangUp,
        End(EndReason::Cancelled),
        Action::CloseLink,
    ),
    row(Caller, &[GlareWait], Trigger::HangUp, End(EndReason::Cancelled), Action::Nothing),
    row(Callee, &[Idle], Trigger::CallerAccepted, callee(Ringing), Action::Ring),
    row(Callee, &[Ringing], Trigger::RepeatExpired, callee(Ringing), Action::RingAgain),
    row(Callee, &[Ringing], Trigger::Answer, callee(Connecting), Action::AwaitPreferences),
    row(Callee, &[Connecting], Trigger::RepeatExpired, callee(Connecting), Action::RingAgain),
    row(Callee, &[Connecting], Trigger::Preferences, callee(Established), Action::Accept),
    row(Callee, &[Established], Trigger::RepeatExpired, callee(Established), Action::AcceptAgain),
    row(Callee, &[Established], Trigger::Established, callee(Established), Action::NoteEcho),
    row(Callee, &[Ringing], Trigger::HangUp, End(EndReason::Rejected), Action::Reject),
    row(Callee, &[Ringing], Trigger::ScreenedBusy, End(EndReason::Blocked), Action::SayBusy),
    row(Callee, &[Ringing], Trigger::ScreenedOut, End(EndReason::Blocked), Action::CloseLink),
    row(
        Callee,
        &[Ringing, Connecting],
        Trigger::ProfileRefused,
        End(EndReason::ProfileUnavailable),
        Action::Reject,
    ),
    row(Callee, &[Ringing], Trigger::RingExpired, End(EndReason::RingTimeout), Action::CloseLink),
    row(Callee, &[Ringing], Trigger::LinkClosed, End(EndReason::Cancelled), Action::Nothing),
    row(
        Caller,
        &[Calling, Linked, Identified, Ringing, Connecting, Established],
        Trigger::LinkLost,
        End(EndReason::LinkLost),
        Action::Nothing,
    ),
    row(
        Callee,
        &[Ringing, Connecting, Established],
        Trigger::LinkLost,
        End(EndReason::LinkLost),
        Action::Nothing,
    ),
    row(
        Caller,
        &[Connecting, Established],
        Trigger::LinkClosed,
        End(EndReason::RemoteHangup),
        Action::Nothing,
    ),
    row(
        Callee,
        &[Connecting, Established],
        Trigger::LinkClosed,
        End(EndReason::RemoteHangup),
        Action::Nothing,
    ),
    row(
        Caller,
        &[Connecting, Established],
        Trigger::HangUp,
        End(EndReason::LocalHangup),
        Action::CloseLink,
    ),
    row(
        Callee,
        &[Connecting, Established],
        Trigger::HangUp,
        End(EndReason::LocalHangup),
        Action::CloseLink,
    ),
    row(Caller, &[Established], Trigger::Busy, End(EndReason::RemoteHangup), Action::CloseLink),
    row(Caller, &[Established], Trigger::Rejected, End(EndReason::RemoteHangup), Action::CloseLink),
    row(
        Callee,
        &[Connecting, Established],
        Trigger::Busy,
        End(EndReason::RemoteHangup),
        Action::CloseLink,
    ),
    row(
        Callee,
        &[Connecting, Established],
        Trigger::Rejected,
        End(EndReason::RemoteHangup),
        Action::CloseLink,
    ),
    row(
        Caller,
        &[Established],
        Trigger::MediaExpired,
        End(EndReason::MediaTimeout),
        Action::CloseLink,
    ),
    row(
        Callee,
        &[Established],
        Trigger::MediaExpired,
        End(EndReason::MediaTimeout),
        Action::CloseLink,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The states, except idle, that a call can reach.
    fn reached() -> std::vec::Vec<(Role, CallState)> {
        let mut reached = std::vec![];
        let mut open = std::vec![(Caller, Idle), (Callee, Idle)];
        while let Some((role, state)) = open.pop() {
            let rows =
                TRANSITIONS.iter().filter(|row| row.role == role && row.from.contains(&state));
            for row in rows {
                if let Next::State(role, state) = row.to
                    && !reached.contains(&(role, state))
                {
                    reached.push((role, state));
                    open.push((role, state));
                }
            }
        }
        reached
    }

    #[test]
    fn every_state_of_every_row_can_be_reached() {
        let reached = reached();
        for row in TRANSITIONS {
            for from in row.from {
                assert!(*from == Idle || reached.contains(&(row.role, *from)), "{row:?}");
            }
        }
    }

    #[test]
    fn every_state_has_a_way_back_to_idle_by_hanging_up() {
        for (role, state) in reached() {
            let end = transition(role, state, Trigger::HangUp);
            assert!(matches!(end, Some(Transition { to: End(_), .. })), "{role} {state}");
        }
    }

    #[test]
    fn every_state_before_the_answer_is_left_by_a_timer_too() {
        let timers = [
            Trigger::WaitExpired,
            Trigger::EstablishExpired,
            Trigger::RingExpired,
            Trigger::GlareExpired,
            Trigger::Preferences,
            Trigger::MediaExpired,
        ];
        for (role, state) in reached() {
            let leaves = timers.iter().filter_map(|timer| transition(role, state, *timer));
            assert!(leaves.count() > 0, "{role} {state}");
        }
    }

    #[test]
    fn no_state_and_cause_has_two_rows() {
        for (index, row) in TRANSITIONS.iter().enumerate() {
            for other in &TRANSITIONS[index + 1..] {
                let is_same = row.role == other.role && row.trigger == other.trigger;
                let overlaps = row.from.iter().any(|from| other.from.contains(from));
                assert!(!(is_same && overlaps), "{row:?} {other:?}");
            }
        }
    }
}
