//! Where a call can go from where it is: the one table that the line follows.

use core::fmt;

use crate::{CallState, EndReason, Role};

/// What moves a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The app dialled.
    Dial,
    /// The app answered, or the phone did for it.
    Answer,
    /// The app hung up.
    HangUp,
    /// The app wants the caller to hear that the line is busy, though it rings.
    ScreenedBusy,
    /// The app wants the caller to hear nothing, though it rings.
    ScreenedOut,
    /// The caller prefers a profile for a thin path that we cannot send.
    ProfileRefused,
    /// The link that we opened is up.
    LinkUp,
    /// Nobody knew a way to the callee.
    NoPath,
    /// There was no network to ask.
    NoNetwork,
    /// A way was known, but no link came up.
    LinkFailed,
    /// The peer closed the link.
    LinkClosed,
    /// The link timed out, or its interface went down.
    LinkLost,
    /// A caller was identified and let through.
    CallerAccepted,
    /// The peer that we dial calls us, and its call stands for both.
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
    /// The caller's preferences are heard, or were waited for long enough.
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
    /// Whoever called us is not the peer, or the timer `Crossing` expired.
    CrossingExpired,
    /// The timer `Media` expired.
    MediaExpired,
}

/// One row: in these states, this cause leads there. A cause without a row changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Our role before.
    pub role: Role,
    /// The states that it leads out of.
    pub from: &'static [CallState],
    /// What happens.
    pub cause: Cause,
    /// Where it leads.
    pub to: Target,
    /// What is done on the way, in a few words.
    pub does: &'static str,
}

/// Where a transition leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// To another state of the call.
    State(Role, CallState),
    /// To the end of the call, and an idle line.
    End(EndReason),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State(role, state) => write!(f, "{role} {state}"),
            Self::End(reason) => write!(f, "idle: {reason}"),
        }
    }
}

/// Finds where a cause leads.
pub(super) fn target(role: Role, from: CallState, cause: Cause) -> Option<Target> {
    TRANSITIONS
        .iter()
        .find(|row| row.role == role && row.cause == cause && row.from.contains(&from))
        .map(|row| row.to)
}

const fn row(
    role: Role,
    from: &'static [CallState],
    cause: Cause,
    to: Target,
    does: &'static str,
) -> Transition {
    Transition { role, from, cause, to, does }
}

const fn caller(state: CallState) -> Target {
    Target::State(Role::Caller, state)
}

const fn callee(state: CallState) -> Target {
    Target::State(Role::Callee, state)
}

use CallState::{Calling, Connecting, Established, Identified, Idle, Linked, Refused, Ringing};
use Role::{Callee, Caller};
use Target::End;

/// Every transition of a call.
pub const TRANSITIONS: &[Transition] = &[
    row(Caller, &[Idle], Cause::Dial, caller(Calling), "open the link, start Wait"),
    row(Caller, &[Calling], Cause::LinkUp, caller(Linked), "start Connect"),
    row(Caller, &[Linked], Cause::Available, caller(Identified), "identify, stop Connect"),
    row(
        Caller,
        &[Identified],
        Cause::RepeatExpired,
        caller(Identified),
        "identify again, then with profile and mode",
    ),
    row(
        Caller,
        &[Identified],
        Cause::Ringing,
        caller(Ringing),
        "send profile and mode, start Wait again",
    ),
    row(Caller, &[Ringing], Cause::Ringing, caller(Ringing), "send profile and mode again"),
    row(
        Caller,
        &[Identified, Ringing],
        Cause::Connecting,
        caller(Connecting),
        "send ESTABLISHED, start Establish",
    ),
    row(
        Caller,
        &[Identified, Ringing],
        Cause::Established,
        caller(Established),
        "send ESTABLISHED, open the streams",
    ),
    row(
        Caller,
        &[Identified, Ringing],
        Cause::Media,
        caller(Established),
        "send ESTABLISHED, open the streams",
    ),
    row(Caller, &[Connecting], Cause::RepeatExpired, caller(Connecting), "send ESTABLISHED again"),
    row(Caller, &[Connecting], Cause::Established, caller(Established), "open the streams"),
    row(Caller, &[Connecting], Cause::Media, caller(Established), "open the streams"),
    row(
        Caller,
        &[Linked, Identified],
        Cause::Busy,
        caller(Refused),
        "close the link, start Crossing",
    ),
    row(
        Caller,
        &[Calling, Linked, Identified, Refused],
        Cause::PeerCalls,
        callee(Connecting),
        "send RINGING on the peer's link, close ours, start Preferences",
    ),
    row(Caller, &[Calling], Cause::NoPath, End(EndReason::NoPath), ""),
    row(Caller, &[Calling], Cause::NoNetwork, End(EndReason::NoNetwork), ""),
    row(Caller, &[Calling], Cause::LinkFailed, End(EndReason::LinkFailed), ""),
    row(Caller, &[Calling], Cause::LinkClosed, End(EndReason::LinkFailed), ""),
    row(Caller, &[Linked, Identified, Ringing], Cause::LinkClosed, End(EndReason::NoAnswer), ""),
    row(Caller, &[Ringing, Connecting], Cause::Busy, End(EndReason::Busy), "close the link"),
    row(
        Caller,
        &[Linked, Identified, Ringing, Connecting],
        Cause::Rejected,
        End(EndReason::Rejected),
        "close the link",
    ),
    row(Caller, &[Refused], Cause::CrossingExpired, End(EndReason::Busy), ""),
    row(
        Caller,
        &[Calling, Linked, Identified, Ringing],
        Cause::WaitExpired,
        End(EndReason::NoAnswer),
        "close the link",
    ),
    row(
        Caller,
        &[Linked],
        Cause::ConnectExpired,
        End(EndReason::ProtocolTimeout),
        "close the link",
    ),
    row(
        Caller,
        &[Connecting],
        Cause::EstablishExpired,
        End(EndReason::ProtocolTimeout),
        "close the link",
    ),
    row(
        Caller,
        &[Calling, Linked, Identified, Refused, Ringing],
        Cause::HangUp,
        End(EndReason::Cancelled),
        "close the link",
    ),
    row(Callee, &[Idle], Cause::CallerAccepted, callee(Ringing), "send RINGING, start Ring"),
    row(Callee, &[Ringing], Cause::RepeatExpired, callee(Ringing), "send RINGING again"),
    row(Callee, &[Ringing], Cause::Answer, callee(Connecting), "start Preferences"),
    row(Callee, &[Connecting], Cause::RepeatExpired, callee(Connecting), "send RINGING again"),
    row(
        Callee,
        &[Connecting],
        Cause::Preferences,
        callee(Established),
        "send CONNECTING and ESTABLISHED, open the streams",
    ),
    row(
        Callee,
        &[Established],
        Cause::RepeatExpired,
        callee(Established),
        "send CONNECTING and ESTABLISHED again, or ESTABLISHED alone, or nothing",
    ),
    row(
        Callee,
        &[Established],
        Cause::Established,
        callee(Established),
        "send ESTABLISHED again at the second time before media",
    ),
    row(Callee, &[Ringing], Cause::HangUp, End(EndReason::Rejected), "send REJECTED"),
    row(Callee, &[Ringing], Cause::ScreenedBusy, End(EndReason::Blocked), "send BUSY"),
    row(Callee, &[Ringing], Cause::ScreenedOut, End(EndReason::Blocked), "close the link"),
    row(
        Callee,
        &[Ringing, Connecting],
        Cause::ProfileRefused,
        End(EndReason::ProfileUnavailable),
        "send REJECTED",
    ),
    row(Callee, &[Ringing], Cause::RingExpired, End(EndReason::RingTimeout), "close the link"),
    row(Callee, &[Ringing], Cause::LinkClosed, End(EndReason::Cancelled), ""),
    row(
        Caller,
        &[Calling, Linked, Identified, Ringing, Connecting, Established],
        Cause::LinkLost,
        End(EndReason::LinkLost),
        "",
    ),
    row(Callee, &[Ringing, Connecting, Established], Cause::LinkLost, End(EndReason::LinkLost), ""),
    row(Caller, &[Connecting, Established], Cause::LinkClosed, End(EndReason::RemoteHangup), ""),
    row(Callee, &[Connecting, Established], Cause::LinkClosed, End(EndReason::RemoteHangup), ""),
    row(
        Caller,
        &[Connecting, Established],
        Cause::HangUp,
        End(EndReason::LocalHangup),
        "close the link",
    ),
    row(
        Callee,
        &[Connecting, Established],
        Cause::HangUp,
        End(EndReason::LocalHangup),
        "close the link",
    ),
    row(Caller, &[Established], Cause::Busy, End(EndReason::RemoteHangup), "close the link"),
    row(Caller, &[Established], Cause::Rejected, End(EndReason::RemoteHangup), "close the link"),
    row(
        Callee,
        &[Connecting, Established],
        Cause::Busy,
        End(EndReason::RemoteHangup),
        "close the link",
    ),
    row(
        Callee,
        &[Connecting, Established],
        Cause::Rejected,
        End(EndReason::RemoteHangup),
        "close the link",
    ),
    row(
        Caller,
        &[Established],
        Cause::MediaExpired,
        End(EndReason::MediaTimeout),
        "close the link",
    ),
    row(
        Callee,
        &[Established],
        Cause::MediaExpired,
        End(EndReason::MediaTimeout),
        "close the link",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The states, idle left out, that a call can be in.
    fn reached() -> std::vec::Vec<(Role, CallState)> {
        let mut reached = std::vec![];
        let mut open = std::vec![(Caller, Idle), (Callee, Idle)];
        while let Some((role, state)) = open.pop() {
            let rows =
                TRANSITIONS.iter().filter(|row| row.role == role && row.from.contains(&state));
            for row in rows {
                if let Target::State(role, state) = row.to
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
            let end = target(role, state, Cause::HangUp);
            assert!(matches!(end, Some(End(_))), "{role} {state}");
        }
    }

    #[test]
    fn every_state_before_the_answer_is_left_by_a_timer_too() {
        let timers = [
            Cause::WaitExpired,
            Cause::EstablishExpired,
            Cause::RingExpired,
            Cause::CrossingExpired,
            Cause::Preferences,
            Cause::MediaExpired,
        ];
        for (role, state) in reached() {
            let leaves = timers.iter().filter_map(|timer| target(role, state, *timer));
            assert!(leaves.count() > 0, "{role} {state}");
        }
    }

    #[test]
    fn no_state_and_cause_has_two_rows() {
        for (index, row) in TRANSITIONS.iter().enumerate() {
            for other in &TRANSITIONS[index + 1..] {
                let is_same = row.role == other.role && row.cause == other.cause;
                let overlaps = row.from.iter().any(|from| other.from.contains(from));
                assert!(!(is_same && overlaps), "{row:?} {other:?}");
            }
        }
    }
}
