//! The status in a line of a terminal.

use std::time::Duration;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::replies::{clock, status_line};
use crate::control::{CallInfo, CallStage, Status};

/// Returns the state of the phone in at most so many columns of a terminal. What matters least is
/// left out first: the meter, the name of the profile, the delay, the loss, the MOS.
#[must_use]
pub fn status_bar(status: &Status, columns: usize) -> String {
    let Some(call) = shown(status) else { return shortened(&status_line(status), columns) };
    let mut parts = parts(call, status);
    let width = |parts: &[(u8, String)]| {
        parts.iter().map(|(_, text)| text.width() + GAP.width()).sum::<usize>() - GAP.width()
    };
    while width(&parts) > columns
        && let Some(least) = parts.iter().map(|(rank, _)| *rank).max().filter(|rank| *rank > 0)
    {
        parts.retain(|(rank, _)| *rank != least);
    }
    let excess = width(&parts).saturating_sub(columns);
    if let Some((_, name)) = parts.first_mut() {
        *name = shortened(name, name.width().saturating_sub(excess));
    }
    let texts: Vec<&str> = parts.iter().map(|(_, text)| text.as_str()).collect();
    shortened(&texts.join(GAP), columns)
}

/// Returns the beginning of a text that fits in so many columns, with two dots where it is cut.
#[must_use]
pub fn shortened(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let dots = ".".repeat(columns.min(2));
    let mut left = columns - dots.len();
    let fits = |letter: &char| match left.checked_sub(letter.width().unwrap_or(0)) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    text.chars().take_while(fits).chain(dots.chars()).collect()
}

/// The call that rings here, else the one that is talked on, else the first.
fn shown(status: &Status) -> Option<&CallInfo> {
    let rings = |call: &&CallInfo| call.is_incoming && call.state == CallStage::Ringing;
    let calls = || status.calls.iter();
    calls().find(rings).or_else(|| calls().find(|call| !call.is_held)).or_else(|| calls().next())
}

/// What is shown of a call, each with its rank: the highest is left out first, 0 never.
fn parts(call: &CallInfo, status: &Status) -> Vec<(u8, String)> {
    let state = match (call.state, call.seconds) {
        (CallStage::Established, Some(seconds)) => clock(Duration::from_secs_f64(seconds)),
        (CallStage::Ringing, _) if call.is_incoming => "calls: Enter answers".to_owned(),
        (CallStage::Ringing, _) => "rings".to_owned(),
        (CallStage::Connecting, _) => "connects".to_owned(),
        _ => "calling".to_owned(),
    };
    let mut parts = vec![(0, call.peer.name.clone()), (0, state)];
    let flags = [
        (call.is_held, "held"),
        (call.is_merged, "conference"),
        (call.is_muted, "muted"),
        (call.is_talking, "you talk"),
        (call.is_voicemail, "voicemail"),
        (call.is_recorded, "recording"),
    ];
    let flags = flags.into_iter().filter(|(is_so, _)| *is_so);
    parts.extend(flags.map(|(_, word)| (1, word.to_owned())));
    if status.calls.len() > 1 {
        parts.push((2, format!("+{}", status.calls.len() - 1)));
    }
    if call.state == CallStage::Established {
        parts.push((6, call.profile.to_string()));
    }
    if let Some(quality) = call.quality {
        parts.push((3, format!("MOS {:.1}", quality.mos)));
        parts.push((5, format!("{} ms", quality.delay_ms)));
        parts.push((4, format!("{:.1} % lost", quality.loss_percent)));
    }
    if call.state == CallStage::Established
        && let Some(peak) = status.microphone_dbfs
    {
        parts.push((7, format!("mic [{}]", meter(peak))));
    }
    parts
}

/// A peak as eight characters, of 7.5 dB each.
fn meter(peak_dbfs: f32) -> String {
    let is_lit = |step: u8| peak_dbfs > f32::from(step) * 7.5 - 60.0;
    (0..8).map(|step| if is_lit(step) { '|' } else { ' ' }).collect()
}

const GAP: &str = "  ";
