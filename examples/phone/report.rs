//! Output of the phone: events as text or as JSON lines, and the exit code.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lxst_examples::terminal::{columns_of_stderr, columns_of_stdout};
use lxst_examples::{errln, outln};
use lxst_tokio::reticulum;
use lxst_tokio::trace::view::wrap;
use lxst_tokio::{
    BuiltInCodecs, CallId, Codecs, EndReason, Event, LeftOut, Limit, LogLimit, Phone, Profile,
    Quality, Side,
};
use serde_json::{Value, json};

use crate::feature;

/// Writes events on standard error.
#[derive(Debug)]
pub(crate) struct Reporter {
    json: bool,
    start: Instant,
    lines: Mutex<LogLimit<&'static str>>,
}

impl Reporter {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, start: Instant::now(), lines: Mutex::default() }
    }

    /// Writes the identity of the phone; as text, to standard output unless that carries audio.
    pub(crate) fn ready(&self, phone: &Phone, stdout_is_audio: bool) {
        let identity = phone.identity().to_string();
        let destination = reticulum::DestinationHash::telephony(phone.identity()).to_string();
        if self.json {
            let keys = |built_in| profiles(built_in).map(Profile::key).collect::<Vec<_>>();
            let listening: Vec<String> =
                phone.listening().iter().map(ToString::to_string).collect();
            return self.line(json!({
                "event": "ready", "identity": identity, "destination": destination,
                "listening": listening, "profiles": keys(true), "profiles_not_built_in": keys(false),
            }));
        }
        let mut lines = vec![
            format!("identity     {identity}   others dial this"),
            format!("destination  {destination}   where Reticulum finds it; nobody dials this"),
        ];
        lines.extend(phone.listening().iter().map(|address| format!("listening    {address}")));
        lines.push(format!("profiles     {}", profile_list()));
        let columns = if stdout_is_audio { columns_of_stderr() } else { columns_of_stdout() };
        for line in lines {
            let line = wrap(&line, columns.unwrap_or(usize::MAX), 13);
            if stdout_is_audio { errln!("{line}") } else { outln!("{line}") }
        }
    }

    /// Writes an event. Of events that others can cause at any rate, it writes one per kind and
    /// second.
    pub(crate) fn event(&self, event: &Event) {
        let lines = || self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let more = match anybodys(event) {
            Some(cause) => lines().line(Instant::now(), cause),
            None => Some(LeftOut(0)),
        };
        let Some(more) = more else { return };
        if self.json {
            if let Some(mut event) = to_json(event) {
                if more != LeftOut(0) {
                    event["left_out"] = json!(more.0);
                }
                self.line(event);
            }
        } else if let Some(text) = to_text(event) {
            self.note(&format!("{text}{more}"));
        }
    }

    /// Writes a text that is no event, unless JSON is asked for.
    pub(crate) fn note(&self, text: &str) {
        if !self.json {
            let at = self.start.elapsed().as_secs_f64();
            let columns = columns_of_stderr().unwrap_or(usize::MAX);
            errln!("{}", wrap(&format!("{at:9.3}  {text}"), columns, 11));
        }
    }

    fn line(&self, mut event: Value) {
        event["t"] = json!(self.start.elapsed().as_secs_f64());
        errln!("{event}");
    }
}

/// Returns the event for lines that were dropped because nobody read them in time.
pub(crate) fn left_out(lines: u64) -> String {
    json!({ "event": "lines_left_out", "lines": lines }).to_string()
}

/// Returns the exit code of `--help` for the end of a call.
pub(crate) fn exit_code(reason: EndReason) -> u8 {
    match reason {
        EndReason::LocalHangup | EndReason::RemoteHangup => 0,
        EndReason::NoPath | EndReason::NoNetwork | EndReason::LinkFailed => 3,
        EndReason::Busy => 4,
        EndReason::Rejected => 5,
        EndReason::LinkLost => 7,
        _ => 6,
    }
}

/// Returns the profiles that this build can send, and the features of the others.
fn profile_list() -> String {
    let names = |profiles: &mut dyn Iterator<Item = Profile>| {
        profiles.map(Profile::abbreviation).collect::<Vec<_>>().join(", ")
    };
    let mut list = names(&mut profiles(true));
    for name in ["codec2", "codec2-system"] {
        let missing = names(&mut profiles(false).filter(|profile| feature(*profile) == name));
        if !missing.is_empty() {
            list.push_str(&format!("; {missing} with --features {name}"));
        }
    }
    list
}

/// Returns the profiles that this build can send, or those that it cannot.
fn profiles(built_in: bool) -> impl Iterator<Item = Profile> {
    let sendable = BuiltInCodecs.profiles();
    Profile::ALL.into_iter().filter(move |profile| sendable.contains(*profile) == built_in)
}

/// Returns the kind of an event that others can cause at any rate.
const fn anybodys(event: &Event) -> Option<&'static str> {
    Some(match event {
        Event::Announced { .. } => "announced",
        Event::CoderCrashed => "coder_crashed",
        Event::CallerTurnedAway { .. } => "caller_turned_away",
        Event::Dropped { .. } => "dropped",
        Event::ProfileChanged { by: Side::Remote, .. } => "profile_changed",
        Event::ModeChanged { by: Side::Remote, .. } => "mode_changed",
        _ => return None,
    })
}

fn to_text(event: &Event) -> Option<String> {
    Some(match event {
        Event::CoderCrashed => "a codec crashed and was started anew: please report it".into(),
        Event::Announced { identity, hops, name: None } => {
            format!("announced: {identity}, {hops} hops away")
        }
        Event::Announced { identity, hops, name: Some(name) } => {
            format!("announced: {identity}, who says to be \"{name}\", {hops} hops away")
        }
        Event::DestinationDialled { given, identity, .. } => format!(
            "{given} is a telephony destination; dial the identity that it belongs to, {identity}"
        ),
        Event::Incoming { from, .. } => format!("incoming call from {from}"),
        Event::CallerTurnedAway { from } => format!("turned away while busy: {from}"),
        Event::CallerLimited { from, limit: Limit::OneCaller } => {
            format!("{from} calls too often, and hears that the line is busy for a while")
        }
        Event::CallerLimited { limit: Limit::Strangers, .. } => {
            "strangers call too often, and hear that the line is busy for a while".into()
        }
        Event::Ringing { .. } => "ringing".into(),
        Event::Connecting { .. } => "connecting".into(),
        Event::Established { profile, mode, .. } => {
            format!("established: {profile}, {mode}")
        }
        Event::ProfileChanged { profile, by, .. } => {
            format!("profile switched by {}: {profile}", side(*by))
        }
        Event::ProfileUnavailable { asked, used, .. } => {
            let feature = feature(*asked);
            format!("the peer prefers {asked}, which needs --features {feature}; offered: {used}")
        }
        Event::ModeChanged { mode, by, .. } => {
            format!("mode switched by {}: {mode}", side(*by))
        }
        Event::Ended { reason: EndReason::NoPath, .. } => {
            "ended: no path; is it the identity that the other phone tells, and is that online?"
                .into()
        }
        Event::Ended { reason: EndReason::NoNetwork, .. } => {
            "ended: no network; run rnsd and say --shared, or say --connect or --udp".into()
        }
        Event::Ended { reason, .. } => format!("ended: {reason}"),
        Event::Dropped { reason, .. } => format!("left out: {reason:?}"),
        _ => return None,
    })
}

fn to_json(event: &Event) -> Option<Value> {
    Some(match event {
        Event::CoderCrashed => json!({ "event": "coder_crashed" }),
        Event::Announced { identity, hops, name } => json!({
            "event": "announced", "identity": identity.to_string(), "hops": hops,
            "name": name.map(|name| name.to_string()),
        }),
        Event::DestinationDialled { call, given, identity } => json!({
            "event": "destination_dialled", "call": call.0, "given": given.to_string(),
            "identity": identity.to_string(),
        }),
        Event::Incoming { call, from } => {
            json!({ "event": "incoming", "call": call.0, "from": from.to_string() })
        }
        Event::CallerTurnedAway { from } => {
            json!({ "event": "caller_turned_away", "from": from.to_string() })
        }
        Event::CallerLimited { from, limit } => json!({
            "event": "caller_limited", "from": from.to_string(),
            "limit": match limit {
                Limit::OneCaller => "one_caller",
                Limit::Strangers => "strangers",
            },
        }),
        Event::Ringing { call } => json!({ "event": "ringing", "call": call.0 }),
        Event::Connecting { call } => json!({ "event": "connecting", "call": call.0 }),
        Event::Established { call, profile, mode } => json!({
            "event": "established", "call": call.0, "profile": profile.key(),
            "mode": mode.id(),
        }),
        Event::ProfileChanged { call, profile, by } => json!({
            "event": "profile_changed", "call": call.0, "profile": profile.key(),
            "by": side(*by),
        }),
        Event::ProfileUnavailable { call, asked, used } => json!({
            "event": "profile_unavailable", "call": call.0, "asked": asked.key(),
            "used": used.key(),
        }),
        Event::ModeChanged { call, mode, by } => json!({
            "event": "mode_changed", "call": call.0, "mode": mode.id(), "by": side(*by),
        }),
        Event::Quality { call, quality } => quality_to_json(*call, quality),
        Event::Ended { call, reason } => json!({
            "event": "ended", "call": call.0, "reason": reason.to_string(),
        }),
        Event::Dropped { reason, .. } => {
            json!({ "event": "dropped", "reason": format!("{reason:?}") })
        }
        _ => return None,
    })
}

fn quality_to_json(call: CallId, quality: &Quality) -> Value {
    let millis = |duration: Duration| duration.as_millis() as u64;
    json!({
        "event": "quality", "call": call.0, "frames_received": quality.frames_received,
        "frames_lost": quality.frames_lost, "frames_recovered": quality.frames_recovered,
        "concealed_ms": millis(quality.concealed.duration()),
        "dropped_ms": millis(quality.dropped.duration()),
        "capture_dropped_ms": millis(quality.capture_dropped.duration()),
        "playback_dropped_ms": millis(quality.playback_dropped.duration()),
        "shed_ms": millis(quality.shed.duration()),
        "delay_ms": millis(quality.delay),
        "spread_ms": millis(quality.jitter),
        "received_bps": quality.received_bps, "sent_bps": quality.sent_bps,
        "mos": f64::from(quality.mos.0) / 100.0,
        "is_peer_silent": quality.is_peer_silent,
    })
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Local => "us",
        Side::Remote => "the peer",
    }
}
