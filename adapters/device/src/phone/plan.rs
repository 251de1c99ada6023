//! What of the devices is open, and which tone plays, by the state of the calls.

use std::collections::VecDeque;

use lxst_audio::{Cadence, CallTones};
use lxst_phone::{CallId, CallState, CallStatus, EndReason, IdentityHash, Role};

/// What is open and playing while the calls stand as they do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// The microphone and the speaker: the user has dialled or answered.
    pub(super) is_in_call: bool,
    /// The ringer, for this caller.
    pub(super) ringing: Option<IdentityHash>,
    pub(super) tone: Option<LastingTone>,
}

/// The calls that the app answers itself, the latest at the back.
#[derive(Debug, Default)]
pub(super) struct LeftCalls(VecDeque<CallId>);

impl LeftCalls {
    /// Leaves a call to the app, whether it is known here yet or not.
    pub(super) fn leave(&mut self, call: CallId) {
        if self.0.len() == MAX_LEFT {
            self.0.pop_front();
        }
        self.0.push_back(call);
    }

    /// Returns the calls of the user: those that ring, and those that are not left to the app.
    pub(super) fn without(&self, calls: &[CallStatus]) -> Vec<CallStatus> {
        let is_of_user = |call: &&CallStatus| rings_here(call) || !self.0.contains(&call.call);
        calls.iter().filter(is_of_user).copied().collect()
    }
}

/// A tone that lasts as long as what it tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LastingTone {
    Ringback,
    CallWaiting,
}

impl Plan {
    pub(super) fn of(calls: &[CallStatus]) -> Self {
        let rings = calls.iter().find(|call| rings_here(call));
        let is_in_call = calls.iter().any(is_of_user);
        let is_ringback =
            |call: &CallStatus| (call.role, call.state) == (Role::Caller, CallState::Ringing);
        let tone = match () {
            () if calls.iter().any(is_ringback) => Some(LastingTone::Ringback),
            () if rings.is_some() && is_in_call => Some(LastingTone::CallWaiting),
            () => None,
        };
        let ringing = rings.filter(|_| !is_in_call).map(|call| call.peer);
        Self { is_in_call, ringing, tone }
    }
}

impl Plan {
    /// Whether a call takes the devices from the app.
    pub(super) const fn is_for_user(&self) -> bool {
        self.is_in_call || self.ringing.is_some()
    }
}

impl LastingTone {
    pub(super) fn cadence(self, tones: &CallTones) -> &Cadence {
        match self {
            Self::Ringback => &tones.ringback,
            Self::CallWaiting => &tones.call_waiting,
        }
    }
}

/// Returns the tone that tells of a change of the calls: one was answered, or is over.
pub(super) fn tone_of_change<'a>(
    before: &[CallStatus],
    after: &[CallStatus],
    end_of: impl Fn(&CallStatus) -> Option<EndReason>,
    tones: &'a CallTones,
) -> Option<&'a Cadence> {
    let is_up = |calls: &[CallStatus], of: &CallStatus| {
        let is_it = |call: &&CallStatus| call.call == of.call;
        calls.iter().find(is_it).is_some_and(|call| call.state == CallState::Established)
    };
    let is_gone = |call: &&CallStatus| after.iter().all(|other| other.call != call.call);
    let ended = before.iter().filter(|call| is_of_user(call)).filter(is_gone);
    let mut ends = ended.filter_map(|call| tone_of_end(end_of(call)?, tones));
    let is_answered = after.iter().any(|call| is_up(after, call) && !is_up(before, call));
    ends.next().or_else(|| is_answered.then_some(&tones.connected))
}

const fn tone_of_end(reason: EndReason, tones: &CallTones) -> Option<&Cadence> {
    match reason {
        EndReason::LocalHangup | EndReason::Cancelled | EndReason::RingTimeout => None,
        EndReason::RemoteHangup | EndReason::NoAnswer => Some(&tones.ended),
        EndReason::Busy => Some(&tones.busy),
        EndReason::Rejected | EndReason::Blocked => Some(&tones.rejected),
        EndReason::NoPath | EndReason::NoNetwork => Some(&tones.no_path),
        EndReason::LinkFailed
        | EndReason::LinkLost
        | EndReason::ProfileUnavailable
        | EndReason::MediaTimeout
        | EndReason::ProtocolTimeout => Some(&tones.congestion),
        // A reason that is told of nowhere else.
        _ => Some(&tones.ended),
    }
}

/// The user has dialled or answered it.
fn is_of_user(call: &CallStatus) -> bool {
    let is_answered = matches!(call.state, CallState::Connecting | CallState::Established);
    call.role == Role::Caller || is_answered
}

fn rings_here(call: &CallStatus) -> bool {
    (call.role, call.state) == (Role::Callee, CallState::Ringing)
}

/// Calls that are left to the app at a time, and those that have ended since. Beyond it the oldest
/// is forgotten: it has ended long ago.
const MAX_LEFT: usize = 64;

#[cfg(test)]
mod tests {
    use lxst_phone::{Mode, Profile};

    use super::*;

    fn call(number: u64, role: Role, state: CallState) -> CallStatus {
        CallStatus {
            call: CallId(number),
            role,
            peer: PEER,
            state,
            profile: Profile::MediumQuality,
            mode: Mode::FullDuplex,
        }
    }

    #[test]
    fn a_call_that_rings_here_opens_no_microphone() {
        for state in [CallState::Linked, CallState::Identified, CallState::Ringing] {
            assert!(!Plan::of(&[call(1, Role::Callee, state)]).is_in_call, "{state}");
        }
        for state in [CallState::Connecting, CallState::Established] {
            assert!(Plan::of(&[call(1, Role::Callee, state)]).is_in_call, "{state}");
        }
        let ringing = Plan::of(&[call(1, Role::Callee, CallState::Ringing)]);
        assert_eq!(ringing, Plan { ringing: Some(PEER), ..Plan::default() });
    }

    #[test]
    fn whoever_dials_hears_it_ring_there() {
        let dialled = Plan::of(&[call(1, Role::Caller, CallState::Calling)]);
        assert_eq!(dialled, Plan { is_in_call: true, ..Plan::default() });
        let rings = Plan::of(&[call(1, Role::Caller, CallState::Ringing)]);
        assert_eq!(rings, Plan { tone: Some(LastingTone::Ringback), ..dialled });
        let answered = Plan::of(&[call(1, Role::Caller, CallState::Established)]);
        assert_eq!(answered, dialled);
    }

    #[test]
    fn a_second_call_knocks_and_does_not_ring() {
        let calls = [
            call(1, Role::Callee, CallState::Established),
            call(2, Role::Callee, CallState::Ringing),
        ];
        let tone = Some(LastingTone::CallWaiting);
        assert_eq!(Plan::of(&calls), Plan { is_in_call: true, ringing: None, tone });
    }

    #[test]
    fn the_end_of_a_call_is_told_by_its_reason_and_one_that_only_rang_by_nothing() {
        let tones = CallTones::EUROPE;
        let heard = |before, reason| tone_of_change(&[before], &[], |_| Some(reason), &tones);
        let talking = call(1, Role::Callee, CallState::Established);
        assert_eq!(heard(talking, EndReason::RemoteHangup), Some(&tones.ended));
        assert_eq!(heard(talking, EndReason::LinkLost), Some(&tones.congestion));
        assert_eq!(heard(talking, EndReason::LocalHangup), None);
        let dialling = call(1, Role::Caller, CallState::Calling);
        assert_eq!(heard(dialling, EndReason::NoPath), Some(&tones.no_path));
        assert_eq!(heard(dialling, EndReason::Busy), Some(&tones.busy));
        let ringing = call(1, Role::Callee, CallState::Ringing);
        assert_eq!(heard(ringing, EndReason::Cancelled), None);
        let after = [call(1, Role::Caller, CallState::Established)];
        let before = [call(1, Role::Caller, CallState::Connecting)];
        assert_eq!(tone_of_change(&before, &after, |_| None, &tones), Some(&tones.connected));
        assert_eq!(tone_of_change(&after, &after, |_| None, &tones), None);
    }

    #[test]
    fn a_call_that_is_left_to_the_app_rings_and_opens_nothing_else() {
        let mut left = LeftCalls::default();
        left.leave(CallId(1));
        let plan = |state| Plan::of(&left.without(&[call(1, Role::Callee, state)]));
        assert_eq!(plan(CallState::Ringing), Plan { ringing: Some(PEER), ..Plan::default() });
        assert_eq!(plan(CallState::Connecting), Plan::default());
        assert_eq!(plan(CallState::Established), Plan::default());
        let other = call(2, Role::Callee, CallState::Established);
        assert_eq!(left.without(&[other]), [other]);
        // Nothing tells of its answer and its end.
        let (rings, talks) = (
            call(1, Role::Callee, CallState::Ringing),
            call(1, Role::Callee, CallState::Established),
        );
        let tones = CallTones::EUROPE;
        let [before, after] = [rings, talks].map(|call| left.without(&[call]));
        assert_eq!(tone_of_change(&before, &after, |_| None, &tones), None);
        let ended = |_: &CallStatus| Some(EndReason::RemoteHangup);
        assert_eq!(tone_of_change(&after, &[], ended, &tones), None);
    }

    #[test]
    fn the_ringer_rings_for_the_first_of_those_who_ring() {
        let other = IdentityHash([2; 16]);
        let second = CallStatus { peer: other, ..call(2, Role::Callee, CallState::Ringing) };
        let first = call(1, Role::Callee, CallState::Ringing);
        assert_eq!(Plan::of(&[first, second]).ringing, Some(PEER));
        assert_eq!(Plan::of(&[second]).ringing, Some(other));
    }

    const PEER: IdentityHash = IdentityHash([1; 16]);
}
