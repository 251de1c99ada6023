//! Where a call can go from where it is: the one table that the line follows.

use core::fmt;

use crate::output::EndReason;
use crate::state::{CallState, Role};

/// What moves a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trigger {
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
    /// Whoever called us is not the peer, or the timer `Glare` expired.
    GlareExpired,
    /// The timer `Media` expired.
    MediaExpired,
}

/// One row: in these states, this trigger leads there. A trigger without a row changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Our role before.
    pub role: Role,
    /// The states that it leads out of.
    pub from: &'static [CallState],
    /// What happens.
    pub trigger: Trigger,
    /// Where it leads.
    pub to: Next,
    /// What is done on the way, in a few words.
    pub does: &'static str,
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

/// Finds where a trigger leads.
pub(super) fn target(role: Role, from: CallState, trigger: Trigger) -> Option<Next> {
    TRANSITIONS
        .iter()
        .find(|row| row.role == role && row.trigger == trigger && row.from.contains(&from))
        .map(|row| row.to)
}

const fn row(
    role: Role,
    from: &'static [CallState],
    trigger: Trigger,
    to: Next,
    does: &'static str,
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
    row(Caller, &[Idle], Trigger::Dial, caller(Calling), "open the link, start Wait"),
    row(Caller, &[Calling], Trigger::LinkUp, caller(Linked), "start Connect"),
    row(Caller, &[Linked], Trigger::Available, caller(Identified), "identify, stop Connect"),
    row(
        Caller,
        &[Identified],
        Trigger::RepeatExpired,
        caller(Identified),
        "identify again, then with profile and mode",
    ),
    row(
        Caller,
        &[Identified],
        Trigger::Ringing,
        caller(Ringing),
        "send profile and mode, start Wait again",
    ),
    row(Caller, &[Ringing], Trigger::Ringing, caller(Ringing), "send profile and mode again"),
    row(
        Caller,
        &[Identified, Ringing],
        Trigger::Connecting,
        caller(Connecting),
        "send ESTABLISHED, start Establish",
    ),
    row(
        Caller,
        &[Identified, Ringing],
        Trigger::Established,
        caller(Established),
        "send ESTABLISHED, open the streams",
    ),
    row(
        Caller,
        &[Identified, Ringing],
        Trigger::Media,
        caller(Established),
        "send ESTABLISHED, open the streams",
    ),
    row(
        Caller,
        &[Connecting],
        Trigger::RepeatExpired,
        caller(Connecting),
        "send ESTABLISHED again",
    ),
    row(Caller, &[Connecting], Trigger::Established, caller(Established), "open the streams"),
    row(Caller, &[Connecting], Trigger::Media, caller(Established), "open the streams"),
    row(
        Caller,
        &[Linked, Identified],
        Trigger::Busy,
        caller(GlareWait),
        "close the link, start Glare",
    ),
    row(
        Caller,
        &[Calling, Linked, Identified, GlareWait],
        Trigger::PeerCalls,
        callee(Connecting),
        "send RINGING on the peer's link, close ours, start Preferences",
    ),
    row(Caller, &[Calling], Trigger::NoPath, End(EndReason::NoPath), ""),
    row(Caller, &[Calling], Trigger::NoNetwork, End(EndReason::NoNetwork), ""),
    row(Caller, &[Calling], Trigger::LinkFailed, End(EndReason::LinkFailed), ""),
    row(Caller, &[Calling], Trigger::LinkClosed, End(EndReason::LinkFailed), ""),
    row(Caller, &[Linked, Identified, Ringing], Trigger::LinkClosed, End(EndReason::NoAnswer), ""),
    row(Caller, &[Ringing, Connecting], Trigger::Busy, End(EndReason::Busy), "close the link"),
    row(
        Caller,
        &[Linked, Identified, Ringing, Connecting],
        Trigger::Rejected,
        End(EndReason::Rejected),
        "close the link",
    ),
    row(Caller, &[GlareWait], Trigger::GlareExpired, End(EndReason::Busy), ""),
    row(
        Caller,
        &[Calling, Linked, Identified, Ringing],
        Trigger::WaitExpired,
        End(EndReason::NoAnswer),
        "close the link",
    ),
    row(
        Caller,
        &[Linked],
        Trigger::ConnectExpired,
        End(EndReason::ProtocolTimeout),
        "close the link",
    ),
    row(
        Caller,
        &[Connecting],
        Trigger::EstablishExpired,
        End(EndReason::ProtocolTimeout),
        "close the link",
    ),
    row(
        Caller,
        &[Calling, Linked, Identified, GlareWait, Ringing],
        Trigger::HangUp,
        End(EndReason::Cancelled),
        "close the link",
    ),
    row(Callee, &[Idle], Trigger::CallerAccepted, callee(Ringing), "send RINGING, start Ring"),
    row(Callee, &[Ringing], Trigger::RepeatExpired, callee(Ringing), "send RINGING again"),
    row(Callee, &[Ringing], Trigger::Answer, callee(Connecting), "start Preferences"),
    row(Callee, &[Connecting], Trigger::RepeatExpired, callee(Connecting), "send RINGING again"),
    row(
        Callee,
        &[Connecting],
        Trigger::Preferences,
        callee(Established),
        "send CONNECTING and ESTABLISHED, open the streams",
    ),
    row(
        Callee,
        &[Established],
        Trigger::RepeatExpired,
        callee(Established),
        "send CONNECTING and ESTABLISHED again, or ESTABLISHED alone, or nothing",
    ),
    row(
        Callee,
        &[Established],
        Trigger::Established,
        callee(Established),
        "send ESTABLISHED again at the second time before media",
    ),
    row(Callee, &[Ringing], Trigger::HangUp, End(EndReason::Rejected), "send REJECTED"),
    row(Callee, &[Ringing], Trigger::ScreenedBusy, End(EndReason::Blocked), "send BUSY"),
    row(Callee, &[Ringing], Trigger::ScreenedOut, End(EndReason::Blocked), "close the link"),
    row(
        Callee,
        &[Ringing, Connecting],
        Trigger::ProfileRefused,
        End(EndReason::ProfileUnavailable),
        "send REJECTED",
    ),
    row(Callee, &[Ringing], Trigger::RingExpired, End(EndReason::RingTimeout), "close the link"),
    row(Callee, &[Ringing], Trigger::LinkClosed, End(EndReason::Cancelled), ""),
    row(
        Caller,
        &[Calling, Linked, Identified, Ringing, Connecting, Established],
        Trigger::LinkLost,
        End(EndReason::LinkLost),
        "",
    ),
    row(
        Callee,
        &[Ringing, Connecting, Established],
        Trigger::LinkLost,
        End(EndReason::LinkLost),
        "",
    ),
    row(Caller, &[Connecting, Established], Trigger::LinkClosed, End(EndReason::RemoteHangup), ""),
    row(Callee, &[Connecting, Established], Trigger::LinkClosed, End(EndReason::RemoteHangup), ""),
    row(
        Caller,
        &[Connecting, Established],
        Trigger::HangUp,
        End(EndReason::LocalHangup),
        "close the link",
    ),
    row(
        Callee,
        &[Connecting, Established],
        Trigger::HangUp,
        End(EndReason::LocalHangup),
        "close the link",
    ),
    row(Caller, &[Established], Trigger::Busy, End(EndReason::RemoteHangup), "close the link"),
    row(Caller, &[Established], Trigger::Rejected, End(EndReason::RemoteHangup), "close the link"),
    row(
        Callee,
        &[Connecting, Established],
        Trigger::Busy,
        End(EndReason::RemoteHangup),
        "close the link",
    ),
    row(
        Callee,
        &[Connecting, Established],
        Trigger::Rejected,
        End(EndReason::RemoteHangup),
        "close the link",
    ),
    row(
        Caller,
        &[Established],
        Trigger::MediaExpired,
        End(EndReason::MediaTimeout),
        "close the link",
    ),
    row(
        Callee,
        &[Established],
        Trigger::MediaExpired,
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
            let end = target(role, state, Trigger::HangUp);
            assert!(matches!(end, Some(End(_))), "{role} {state}");
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
            let leaves = timers.iter().filter_map(|timer| target(role, state, *timer));
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
