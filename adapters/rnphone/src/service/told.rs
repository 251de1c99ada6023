//! The phone's events, as clients are told them.

use std::time::Instant;

use lxst_tokio::{Event as PhoneEvent, IdentityHash, Side, State};

use super::calls::{self, Calls};
use crate::control::{ChosenProfile, Event, PastCall, Peer};
use crate::history::{CallDirection, CallRecord};

/// Translates an event; `None` for one that clients need not hear, or that is told otherwise.
pub(super) fn told(
    event: &PhoneEvent,
    state: &State,
    calls: &mut Calls,
    now: Instant,
    peer: impl Fn(IdentityHash) -> Peer,
) -> Option<Event> {
    let of = |call| {
        let status = state.calls.iter().find(|status| status.call == call);
        status.map(|status| peer(status.peer))
    };
    let by_peer = |side| side == Side::Remote;
    Some(match *event {
        PhoneEvent::Incoming { call, .. } if calls.is_voicemail(call) => return None,
        PhoneEvent::Incoming { call, from } => {
            let is_waiting = calls.talked(state).is_some();
            Event::Incoming { call: call.0, peer: peer(from), is_waiting }
        }
        PhoneEvent::DestinationDialled { call, identity, .. } => {
            Event::DestinationDialled { call: call.0, identity }
        }
        PhoneEvent::ProfileChosen { call, profile, round_trip } => {
            let round_trip_ms = u64::try_from(round_trip.as_millis()).unwrap_or(u64::MAX);
            let chosen = ChosenProfile { profile, round_trip_ms };
            calls.line(call).chosen = Some(chosen);
            Event::ProfileChosen { call: call.0, chosen }
        }
        PhoneEvent::Ringing { call } => Event::Ringing { call: call.0 },
        PhoneEvent::Connecting { call } => Event::Connecting { call: call.0 },
        PhoneEvent::Established { call, profile, mode } => {
            calls.established(call, now);
            Event::Established { call: call.0, peer: of(call)?, profile, mode }
        }
        PhoneEvent::ProfileChanged { call, profile, by } => {
            Event::ProfileChanged { call: call.0, profile, by_peer: by_peer(by) }
        }
        PhoneEvent::ProfileUnavailable { call, asked, used } => {
            Event::ProfileUnavailable { call: call.0, asked, used }
        }
        PhoneEvent::ModeChanged { call, mode, by } => {
            Event::ModeChanged { call: call.0, mode, by_peer: by_peer(by) }
        }
        PhoneEvent::PeerSilent { call } => Event::PeerSilent { call: call.0 },
        PhoneEvent::PeerAudible { call } => Event::PeerAudible { call: call.0 },
        PhoneEvent::Quality { call, quality } => {
            Event::Quality { call: call.0, quality: calls::quality(&quality) }
        }
        PhoneEvent::CallerTurnedAway { from } => Event::TurnedAway { peer: peer(from) },
        PhoneEvent::CallerLimited { from, .. } => Event::CallerLimited { peer: peer(from) },
        PhoneEvent::CodecsRelieved { change } => {
            Event::Warning { text: format!("codec work runs late: {change}") }
        }
        PhoneEvent::CoderCrashed => Event::Warning {
            text: "a codec crashed and was started anew: please report it".to_owned(),
        },
        _ => return None,
    })
}

/// A past call, named as the phonebook names its peer today.
pub(super) fn past(record: &CallRecord, peer: Peer) -> PastCall {
    PastCall {
        number: None,
        peer,
        is_incoming: record.direction == CallDirection::Incoming,
        is_missed: record.is_missed(),
        started: record.started.0,
        talked_ms: record.talked.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        profile: record.profile,
        outcome: record.outcome,
    }
}
