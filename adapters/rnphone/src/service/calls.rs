//! The calls that are not over, and what clients did to them.

use std::collections::BTreeMap;
use std::time::Instant;

use lxst_tokio::{
    Call, CallError, CallId, CallState, CallStatus, Direction, IdentityHash, Phone, Quality, Role,
    State,
};

use super::refused::Refused;
use crate::control::{CallInfo, CallQuality, CallStage, ChosenProfile, Peer};

/// What of each call the phone itself does not know.
#[derive(Debug, Default)]
pub(super) struct Calls(BTreeMap<CallId, Line>);

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Line {
    /// Since both could hear each other.
    since: Option<Instant>,
    pub(super) chosen: Option<ChosenProfile>,
    pub(super) is_held: bool,
    pub(super) is_muted: bool,
    pub(super) is_talking: bool,
    /// Whether it is in the conference.
    pub(super) is_merged: bool,
    /// Whether the voicemail has it: no command without its number is for it.
    pub(super) is_voicemail: bool,
}

/// Which call a command is for where none is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// One that rings here.
    RingingHere,
    /// The one that is talked on, else one that is on its way.
    Talked,
    /// One that is held.
    Held,
}

impl Calls {
    pub(super) fn line(&mut self, call: CallId) -> &mut Line {
        self.0.entry(call).or_default()
    }

    pub(super) fn established(&mut self, call: CallId, now: Instant) {
        self.line(call).since = Some(now);
    }

    pub(super) fn ended(&mut self, call: CallId) {
        self.0.remove(&call);
    }

    pub(super) fn is_voicemail(&self, call: CallId) -> bool {
        self.seen(call).is_voicemail
    }

    fn seen(&self, call: CallId) -> Line {
        self.0.get(&call).copied().unwrap_or_default()
    }

    /// Returns the call that is meant.
    pub(super) fn find(
        &self,
        state: &State,
        call: Option<u64>,
        wanted: Wanted,
    ) -> Result<CallStatus, Refused> {
        let mut calls = state.calls.iter();
        if let Some(call) = call {
            let named = calls.find(|status| status.call.0 == call);
            return named.copied().ok_or_else(|| Refused::new(format!("there is no call {call}")));
        }
        let is_ringing_here =
            |status: &CallStatus| (status.role, status.state) == (Role::Callee, CallState::Ringing);
        let is_held = |status: &CallStatus| self.seen(status.call).is_held;
        let mut calls = calls.filter(|status| !self.seen(status.call).is_voicemail);
        let found = match wanted {
            Wanted::RingingHere => calls.find(|status| is_ringing_here(status)),
            Wanted::Held => calls.find(|status| is_held(status)),
            Wanted::Talked => {
                let ours = |status: &&CallStatus| !is_ringing_here(status) && !is_held(status);
                let is_established = |status: &&CallStatus| status.state == CallState::Established;
                let talked = calls.filter(ours);
                // In a conference, the call that came last.
                let established = talked.clone().filter(is_established);
                established.max_by_key(|status| status.call).or_else(|| talked.clone().next())
            }
        };
        found.copied().ok_or_else(|| {
            Refused::new(match wanted {
                Wanted::RingingHere => "no call rings here",
                Wanted::Held => "no call is held",
                Wanted::Talked => "there is no call",
            })
        })
    }

    /// Returns the call that both talk on, if there is one.
    pub(super) fn talked(&self, state: &State) -> Option<CallStatus> {
        let is_it = |status: &&CallStatus| {
            let line = self.seen(status.call);
            status.state == CallState::Established && !line.is_held && !line.is_voicemail
        };
        state.calls.iter().find(is_it).copied()
    }

    /// Returns the calls of the conference, in order; none where there is no conference.
    pub(super) fn merged(&self) -> Vec<CallId> {
        let merged = self.0.iter().filter(|(_, line)| line.is_merged);
        merged.map(|(call, _)| *call).collect()
    }

    /// Returns the established calls that the voicemail has not, held or not, in order.
    pub(super) fn users_established(&self, state: &State) -> Vec<CallId> {
        let is_it = |status: &&CallStatus| {
            status.state == CallState::Established && !self.is_voicemail(status.call)
        };
        let mut calls: Vec<_> = state.calls.iter().filter(is_it).map(|it| it.call).collect();
        calls.sort_unstable();
        calls
    }

    /// Holds a call or goes on with it. A microphone that is muted stays so.
    pub(super) async fn set_held(&mut self, call: &Call, on: bool) -> Result<(), CallError> {
        let line = self.line(call.id());
        if line.is_held == on {
            return Ok(());
        }
        if on {
            call.mute(Direction::Send).await?;
            call.mute(Direction::Receive).await?;
        } else {
            if !line.is_muted {
                call.unmute(Direction::Send).await?;
            }
            call.unmute(Direction::Receive).await?;
        }
        line.is_held = on;
        Ok(())
    }

    /// Closes the microphone of a call or opens it. That of a held call stays closed.
    pub(super) async fn set_muted(&mut self, call: &Call, on: bool) -> Result<(), CallError> {
        let line = self.line(call.id());
        match (on, line.is_held) {
            (true, _) => call.mute(Direction::Send).await?,
            (false, false) => call.unmute(Direction::Send).await?,
            (false, true) => {}
        }
        line.is_muted = on;
        Ok(())
    }

    pub(super) fn info(
        &self,
        phone: &Phone,
        status: &CallStatus,
        now: Instant,
        is_recorded: bool,
        peer: impl FnOnce(IdentityHash) -> Peer,
    ) -> CallInfo {
        let line = self.seen(status.call);
        CallInfo {
            call: status.call.0,
            peer: peer(status.peer),
            is_incoming: status.role == Role::Callee,
            state: stage(status.state),
            profile: status.profile,
            mode: status.mode,
            seconds: line.since.map(|since| now.duration_since(since).as_secs_f64()),
            is_held: line.is_held,
            is_muted: line.is_muted,
            is_talking: line.is_talking,
            is_merged: line.is_merged,
            is_voicemail: line.is_voicemail,
            is_recorded,
            chosen: line.chosen,
            quality: phone.state().quality_of(status.call).map(|of| quality(&of)),
        }
    }
}

pub(super) fn quality(quality: &Quality) -> CallQuality {
    let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    CallQuality {
        mos: f64::from(quality.mos.0) / 100.0,
        delay_ms: millis(quality.delay),
        loss_percent: f64::from(quality.loss_per_mille()) / 10.0,
        jitter_ms: millis(quality.jitter),
        received_bps: quality.received_bps,
        sent_bps: quality.sent_bps,
    }
}

fn stage(state: CallState) -> CallStage {
    match state {
        CallState::Ringing => CallStage::Ringing,
        CallState::Connecting => CallStage::Connecting,
        CallState::Established => CallStage::Established,
        _ => CallStage::Calling,
    }
}
