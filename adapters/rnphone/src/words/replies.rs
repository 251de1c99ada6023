//! Replies as a user reads them.

use std::fmt::Write as _;
use std::time::Duration;

use crate::control::{
    AnnouncedInfo, CallInfo, CallStage, ContactInfo, DeviceInfo, MessageInfo, PastCall, Reply,
    StationInfo, Status,
};
use crate::history::UnixTime;

/// Returns a reply as lines of text without the last line end; empty where there is nothing to tell.
#[must_use]
pub fn reply(reply: &Reply) -> String {
    match reply {
        // Events tell of calls and recordings.
        Reply::Done | Reply::Call(_) | Reply::File(_) => String::new(),
        Reply::Status(status) => status_text(status),
        Reply::Devices(devices) => list(devices, "there are no sound devices", device),
        Reply::Contacts(contacts) => {
            list(contacts, "the phonebook is empty: type add HASH NAME, or add last NAME", contact)
        }
        Reply::Announced(phones) => list(phones, "no phone announced itself yet", announced),
        Reply::Stations(stations) => list(stations, "no station announced itself yet", station),
        Reply::Exported(text) => text.trim_end().to_owned(),
        Reply::Messages(messages) => messages_text(messages),
        Reply::History(calls) => list(calls, "there are no calls", past),
    }
}

/// Returns the state of the phone in one line, without its end.
#[must_use]
pub fn status_line(status: &Status) -> String {
    if let Some(call) = status.calls.iter().find(|call| !call.is_held).or(status.calls.first()) {
        return call_line(call, status);
    }
    let network = match (status.connections, &status.trouble) {
        (0, Some(trouble)) => format!("no network: {trouble}"),
        (0, None) => "no network".to_owned(),
        _ => "online".to_owned(),
    };
    let away = match &status.quiet_until {
        _ if status.do_not_disturb => ", do not disturb".to_owned(),
        Some(until) => format!(", quiet until {until}"),
        None => String::new(),
    };
    let missed = match status.missed {
        0 => String::new(),
        1 => ", 1 missed call".to_owned(),
        missed => format!(", {missed} missed calls"),
    };
    let messages = match status.new_messages {
        0 => String::new(),
        1 => ", 1 new message".to_owned(),
        messages => format!(", {messages} new messages"),
    };
    format!("{network}{away}{missed}{messages}")
}

/// Returns a duration as minutes and seconds, with hours where there are any.
#[must_use]
pub fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes:02}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// Returns the missed calls in a line, the latest first; `None` where there are none.
#[must_use]
pub fn missed(calls: &[PastCall], now: UnixTime) -> Option<String> {
    let shown: Vec<String> = calls
        .iter()
        .take(SHOWN)
        .map(|call| format!("{} {} ago", call.peer.name, ago(now.0.saturating_sub(call.started))))
        .collect();
    let more = if calls.len() > shown.len() { ", .." } else { "" };
    let names = shown.join(", ");
    match calls.len() {
        0 => None,
        1 => Some(format!("1 missed call: {names}; callback calls back")),
        count => Some(format!("{count} missed calls: {names}{more}; see history missed")),
    }
}

/// Seconds in the largest unit that is full.
fn ago(seconds: u64) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (unit, word) =
        units.into_iter().find(|(unit, _)| seconds >= *unit).unwrap_or((1, "second"));
    let count = seconds / unit;
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

fn call_line(call: &CallInfo, status: &Status) -> String {
    let mut line = call.peer.name.clone();
    let mut add = |text: std::fmt::Arguments<'_>| {
        // A text takes everything.
        let _ = line.write_fmt(text);
    };
    match (call.state, call.seconds) {
        (CallStage::Established, Some(seconds)) => {
            let time = clock(Duration::from_secs_f64(seconds));
            add(format_args!("  {time}  {}", call.profile));
        }
        (CallStage::Ringing, _) if call.is_incoming => add(format_args!(" calls")),
        (CallStage::Ringing, _) => add(format_args!("  ringing")),
        (CallStage::Connecting, _) => add(format_args!("  connecting")),
        _ => add(format_args!("  calling")),
    }
    if let Some(quality) = call.quality {
        let (mos, delay, loss) = (quality.mos, quality.delay_ms, quality.loss_percent);
        add(format_args!("  MOS {mos:.1}  {delay} ms  {loss:.1} % lost"));
    }
    for (is_so, word) in [
        (call.is_held, "held"),
        (call.is_merged, "conference"),
        (call.is_muted, "muted"),
        (call.is_talking, "talking"),
        (call.is_recorded, "recording"),
    ] {
        if is_so {
            add(format_args!("  {word}"));
        }
    }
    let others = status.calls.len() - 1;
    if others > 0 {
        add(format_args!("  (+{others})"));
    }
    line
}

fn status_text(status: &Status) -> String {
    let mut lines = vec![format!("identity  {}   others dial this", status.identity)];
    if let Some(name) = &status.name {
        lines.push(format!("name      {name}"));
    }
    add_network(&mut lines, status);
    if let Some(is_cancelled) = status.cancels_echo {
        let not = if is_cancelled { "" } else { "not " };
        lines.push(format!("sound     the echo of the speaker is {not}cancelled"));
    }
    if status.do_not_disturb {
        lines.push("do not disturb: callers hear that the line is busy".to_owned());
    }
    if status.is_away {
        lines.push("away: the voicemail answers as it does while you are away".to_owned());
    }
    if let Some(until) = &status.quiet_until {
        lines.push(quiet(until));
    }
    for call in &status.calls {
        lines.push(format!("call      {}", call_line(call, status)));
        if let Some(chosen) = call.chosen {
            let (profile, trip) = (chosen.profile, chosen.round_trip_ms);
            lines.push(format!(
                "          began in {profile}, which fits a round trip of {trip} ms"
            ));
        }
    }
    if status.missed > 0 {
        lines.push(format!("missed    {}: type history missed", status.missed));
    }
    lines.join("\n")
}

/// Adds how the mesh is reached, or why it is not and what helps.
fn add_network(lines: &mut Vec<String>, status: &Status) {
    let Status { network, trouble, connections, .. } = status;
    let of = if *connections == 1 { "connection" } else { "connections" };
    lines.push(format!("network   {network}, {connections} {of}"));
    if let Some(trouble) = trouble.as_ref().filter(|trouble| !network.contains(*trouble)) {
        lines.push(format!("          {trouble}"));
    }
    if *connections == 0 {
        lines.push("          run rnsd, or name a server: --connect HOST:PORT".to_owned());
    }
}

/// Tells of quiet hours and their end.
pub(super) fn quiet(until: &str) -> String {
    format!("quiet until {until}: this phone rings for exceptions alone")
}

fn list<T>(all: &[T], none: &str, line: impl Fn(&T) -> String) -> String {
    match all {
        [] => none.to_owned(),
        all => all.iter().map(line).collect::<Vec<_>>().join("\n"),
    }
}

fn contact(contact: &ContactInfo) -> String {
    let number = contact.number.as_deref().unwrap_or_default();
    let blocked = if contact.is_blocked { "  blocked" } else { "" };
    format!("{number:>6}  {:<24}  {}{blocked}", contact.name, contact.hash)
}

fn announced(phone: &AnnouncedInfo) -> String {
    let ago = clock(Duration::from_secs(phone.seconds_ago));
    let hops = if phone.hops == 1 { "hop" } else { "hops" };
    let is_named = phone.peer.is_contact || phone.name.is_some();
    let name = if is_named { phone.peer.name.as_str() } else { "" };
    format!("{}  {:>2} {hops}  {ago:>8} ago  {name}", phone.peer.hash, phone.hops)
}

fn station(station: &StationInfo) -> String {
    let ago = clock(Duration::from_secs(station.seconds_ago));
    let hops = if station.hops == 1 { "hop" } else { "hops" };
    let profile = station.profile.as_deref().unwrap_or("unknown here");
    let relay = if station.is_relay { ", a relay" } else { "" };
    let StationInfo { hash, name, hops: count, .. } = station;
    format!("{hash}  {count:>2} {hops}  {ago:>8} ago  {name} ({profile}{relay})")
}

fn past(call: &PastCall) -> String {
    let arrow = if call.is_incoming { "from" } else { "to  " };
    let talked = call.talked_ms.map(|talked| clock(Duration::from_millis(talked)));
    let missed = if call.is_missed { "missed, " } else { "" };
    let talked = talked.map_or_else(String::new, |talked| format!("{talked}, "));
    let when = UnixTime(call.started).local();
    let number = call.number.map_or_else(String::new, |number| format!("#{number:<4} "));
    format!("{number}{when}  {arrow} {}  {talked}{missed}{}", call.peer.name, call.outcome)
}

fn messages_text(messages: &[MessageInfo]) -> String {
    let lines = messages.iter().enumerate().map(|(index, of)| message(index + 1, of));
    match messages {
        [] => "there are no messages".to_owned(),
        _ => lines.collect::<Vec<_>>().join("\n"),
    }
}

fn message(number: usize, message: &MessageInfo) -> String {
    let length = clock(Duration::from_millis(message.length_ms));
    let (mark, when) = (if message.is_new { "new" } else { "   " }, UnixTime(message.time).local());
    let (name, path) = (&message.peer.name, message.path.display());
    format!("{number:>3}  {mark}  {when}  {length}  {name}  {path}")
}

fn device(device: &DeviceInfo) -> String {
    let what = if device.is_microphone { "microphone" } else { "speaker" };
    let default = if device.is_default { "  default" } else { "" };
    format!("{what:<10}  {}  ({}){default}", device.name, device.format)
}

/// Missed calls that are told one by one.
const SHOWN: usize = 3;
