//! Makes records of the events of a phone.

use std::collections::BTreeMap;
use std::time::Instant;

use lxst_phone::{CallId, EndReason, Event, IdentityHash, Profile};

use super::{CallDirection, CallRecord, Outcome, UnixTime};
use crate::contacts::PeerName;

/// The calls that are not over.
///
/// *Bounds*: as many as the phone has calls.
#[derive(Clone, Debug, Default)]
pub struct CallTracker {
    calls: BTreeMap<CallId, Open>,
}

/// A call that is not over.
#[derive(Clone, Copy, Debug)]
struct Open {
    direction: CallDirection,
    peer: IdentityHash,
    started: UnixTime,
    /// When both could hear each other.
    established: Option<Instant>,
    profile: Option<Profile>,
}

impl CallTracker {
    /// Takes note of a call that the app dialled.
    pub fn handle_dialled(&mut self, call: CallId, peer: IdentityHash, time: UnixTime) {
        self.open(call, CallDirection::Outgoing, peer, time);
    }

    /// Takes an event of the phone at a time. Returns the record of a call that is over, with the name
    /// that `name` gives.
    pub fn handle_event(
        &mut self,
        event: &Event,
        now: Instant,
        time: UnixTime,
        name: impl FnOnce(IdentityHash) -> PeerName,
    ) -> Option<CallRecord> {
        match *event {
            Event::Incoming { call, from } => {
                self.open(call, CallDirection::Incoming, from, time);
                None
            }
            Event::Established { call, profile, .. } => {
                let open = self.calls.get_mut(&call)?;
                open.established = Some(now);
                open.profile = Some(profile);
                None
            }
            Event::ProfileChanged { call, profile, .. } => {
                self.calls.get_mut(&call)?.profile = Some(profile);
                None
            }
            Event::Ended { call, reason } => {
                self.calls.remove(&call).map(|open| open.ended(reason, now, name))
            }
            Event::CallerTurnedAway { from } => {
                Some(unanswered(from, time, Outcome::TurnedAway, name))
            }
            Event::CallerLimited { from, .. } => {
                Some(unanswered(from, time, Outcome::Limited, name))
            }
            _ => None,
        }
    }

    fn open(
        &mut self,
        call: CallId,
        direction: CallDirection,
        peer: IdentityHash,
        started: UnixTime,
    ) {
        let open = Open { direction, peer, started, established: None, profile: None };
        self.calls.insert(call, open);
    }
}

impl Open {
    fn ended(
        self,
        reason: EndReason,
        now: Instant,
        name: impl FnOnce(IdentityHash) -> PeerName,
    ) -> CallRecord {
        CallRecord {
            direction: self.direction,
            peer: self.peer,
            name: name(self.peer),
            started: self.started,
            talked: self.established.map(|since| now.saturating_duration_since(since)),
            profile: self.profile,
            outcome: Outcome::Ended(reason),
        }
    }
}

/// The record of a caller who never rang.
fn unanswered(
    peer: IdentityHash,
    started: UnixTime,
    outcome: Outcome,
    name: impl FnOnce(IdentityHash) -> PeerName,
) -> CallRecord {
    CallRecord {
        direction: CallDirection::Incoming,
        peer,
        name: name(peer),
        started,
        talked: None,
        profile: None,
        outcome,
    }
}
