//! Events as a user reads them.

use std::time::Duration;

use super::replies::{clock, quiet};
use crate::control::{Event, PastCall};

/// Returns an event in a line; `None` for one that a status line shows better.
#[must_use]
pub fn event(event: &Event) -> Option<String> {
    Some(match event {
        Event::Dialled { peer, .. } => format!("calling {}", peer.name),
        Event::Incoming { peer, is_waiting, .. } => incoming(&peer.name, *is_waiting),
        Event::ProfileChosen { chosen, .. } => {
            format!("{} fits a round trip of {} ms", chosen.profile, chosen.round_trip_ms)
        }
        Event::Ringing { .. } => "it rings".to_owned(),
        Event::Established { peer, profile, mode, .. } => {
            format!("you talk with {}: {profile}, {mode}", peer.name)
        }
        Event::ProfileChanged { profile, by_peer: true, .. } => {
            format!("profile changed by the peer: {profile}")
        }
        // By a user, or by `auto`.
        Event::ProfileChanged { profile, .. } => format!("profile changed here: {profile}"),
        Event::ProfileUnavailable { asked, used, .. } => {
            format!("the peer prefers {asked}, which this phone cannot send; it sends {used}")
        }
        Event::ModeChanged { mode, by_peer, .. } => {
            format!("mode changed by {}: {mode}", side(*by_peer))
        }
        Event::Held { .. } | Event::Resumed { .. } | Event::Merged { .. } | Event::Split {} => {
            return of_two(event).map(ToOwned::to_owned);
        }
        Event::Microphone { is_muted: true, .. } => "the microphone is muted".to_owned(),
        Event::Microphone { is_talking: true, .. } => "you talk".to_owned(),
        Event::Microphone { .. } => "the microphone is as before".to_owned(),
        Event::PeerSilent { .. } => "nothing is heard from the peer".to_owned(),
        Event::PeerAudible { .. } => "the peer is heard again".to_owned(),
        Event::RecordingStarted { .. }
        | Event::RecordingEnded { .. }
        | Event::VoicemailAnswers { .. }
        | Event::Message { .. }
        | Event::Playing { .. }
        | Event::PlayingEnded { .. }
        | Event::GreetingRecording { .. }
        | Event::GreetingRecorded { .. } => return recorded(event),
        Event::Ended { past, .. } => ended(past),
        Event::TurnedAway { peer } => format!("{} called while the line was busy", peer.name),
        Event::CallerLimited { peer } => {
            format!("{} calls too often, and hears that the line is busy", peer.name)
        }
        Event::DestinationDialled { identity, .. } => {
            format!("this is the hash of a destination; the identity to dial is {identity}")
        }
        Event::Device { text, .. } | Event::Warning { text } => text.clone(),
        Event::Network { text, connections } => network(text, *connections),
        Event::QuietHours { until } => quiet_hours(until.as_deref()),
        Event::LeftOut { events } => format!("{events} events are left out"),
        Event::Stopped {} => "the phone ends".to_owned(),
        _ => return over_the_air(event),
    })
}

/// Whether a user who does something else wants to know of an event at once.
#[must_use]
pub const fn is_news(event: &Event) -> bool {
    matches!(event, Event::Incoming { .. } | Event::Ended { .. } | Event::Warning { .. })
}

fn incoming(name: &str, is_waiting: bool) -> String {
    match is_waiting {
        false => format!("{name} calls: answer or reject"),
        true => format!("{name} calls too: answer holds the call that you talk on"),
    }
}

/// What is told of the calls where there are two.
const fn of_two(event: &Event) -> Option<&'static str> {
    Some(match event {
        Event::Held { .. } => "the call is held",
        Event::Resumed { .. } => "the held call goes on",
        Event::Merged { .. } => "both calls are in a conference",
        Event::Split {} => "the conference is over",
        _ => return None,
    })
}

/// What is told of recordings, messages and greetings.
fn recorded(event: &Event) -> Option<String> {
    Some(match event {
        Event::RecordingStarted { path, .. } => format!("the call is recorded: {}", path.display()),
        Event::RecordingEnded { path, length_ms, fault, .. } => {
            let (length, path) = (clock(Duration::from_millis(*length_ms)), path.display());
            match fault {
                None => format!("{length} of the call are in {path}"),
                Some(fault) => format!("the recording ends: {fault}; {length} are in {path}"),
            }
        }
        Event::VoicemailAnswers { peer, .. } => format!("the voicemail answers {}", peer.name),
        Event::Message { message, .. } => {
            let length = clock(Duration::from_millis(message.length_ms));
            format!("{} left a message of {length}", message.peer.name)
        }
        Event::Playing { position_ms: 0, length_ms: Some(length), .. } => {
            let length = clock(Duration::from_millis(*length));
            format!("the message of {length} plays")
        }
        Event::PlayingEnded { message: Some(_), is_whole: true } => {
            "the message is over".to_owned()
        }
        Event::PlayingEnded { message: Some(_), is_whole: false } => {
            "the message has stopped, and counts as not heard".to_owned()
        }
        Event::GreetingRecording { length_ms: 0 } => {
            "speak the greeting, then type greeting keep or greeting off".to_owned()
        }
        Event::GreetingRecorded { length_ms, fault: None } => {
            let length = clock(Duration::from_millis(*length_ms));
            format!("callers of the voicemail hear this greeting of {length}")
        }
        Event::GreetingRecorded { fault: Some(fault), .. } => {
            format!("the greeting stays as it was: {fault}")
        }
        _ => return None,
    })
}

fn quiet_hours(until: Option<&str>) -> String {
    until.map_or_else(|| "the quiet hours are over".to_owned(), quiet)
}

fn network(text: &str, connections: usize) -> String {
    match connections {
        0 => format!("no network ({text})"),
        _ => format!("online: {text}"),
    }
}

/// Tells of stations and pages.
fn over_the_air(event: &Event) -> Option<String> {
    Some(match event {
        Event::Tuned { name, profile, is_on_air: true, .. } => {
            format!("you hear the station {name}: {profile}")
        }
        Event::Tuned { name, .. } => format!("the station {name} is silent"),
        Event::TuneLost { reason, again_in_seconds: Some(seconds) } => {
            format!("the station is lost: {reason}; again in {seconds} s")
        }
        Event::TuneLost { reason, .. } => format!("the station is lost: {reason}"),
        Event::Listeners { count: 1 } => "1 listens to your station".to_owned(),
        Event::Listeners { count } => format!("{count} listen to your station"),
        Event::PageHeard { name, unplayed, .. } => {
            let name = name.as_deref().unwrap_or("somebody");
            match unplayed {
                None => format!("{name} pages"),
                Some(why) => format!("{name} pages, which is not played: {why}"),
            }
        }
        Event::PageEnded {} => "the page is over".to_owned(),
        Event::Paging {} => "all neighbours with the key hear you until page off".to_owned(),
        Event::PageSent { fault: None } => "your page is over".to_owned(),
        Event::PageSent { fault: Some(fault) } => format!("your page is over: {fault}"),
        _ => return None,
    })
}

fn ended(past: &PastCall) -> String {
    let name = &past.peer.name;
    match past.talked_ms {
        Some(talked) => {
            let talked = clock(Duration::from_millis(talked));
            format!("the call with {name} is over after {talked}: {}", past.outcome)
        }
        None if past.is_missed => format!("missed call from {name}: {}", past.outcome),
        None if past.is_incoming => format!("the call from {name} is over: {}", past.outcome),
        None => format!("{name} was not reached: {}", past.outcome),
    }
}

const fn side(by_peer: bool) -> &'static str {
    if by_peer { "the peer" } else { "you" }
}
