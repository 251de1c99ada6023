//! The line at the bottom of the terminal: how the phone stands.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use lxst_tokio::telephony::{CallState, Mode, Mute, Role, Talk};
use lxst_tokio::{CallId, CallStatus, State};

/// A line on standard error, where that is a terminal.
#[derive(Clone, Debug)]
pub(crate) struct StatusLine {
    bar: ProgressBar,
    /// The call that is established, and since when.
    since: Arc<Mutex<Option<(CallId, Instant)>>>,
}

impl StatusLine {
    pub(crate) fn new(json: bool) -> Self {
        let bar = if json { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
        let style = ProgressStyle::with_template("{msg}");
        bar.set_style(style.expect("the template is a constant, and valid"));
        Self { bar, since: Arc::default() }
    }

    pub(crate) fn is_hidden(&self) -> bool {
        self.bar.is_hidden()
    }

    /// Writes above the line.
    pub(crate) fn above(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    /// Draws the line, and what keys do where there are some to press.
    pub(crate) fn draw(&self, state: &State, microphone: Mute, talk: Talk, has_keys: bool) {
        if self.is_hidden() {
            return;
        }
        let network = match state.connections {
            0 => no_network(state),
            1 => "online".to_owned(),
            connections => format!("online, {connections} connections"),
        };
        let (line, keys) = match &state.call {
            None => (format!("{network}, idle"), "[q]uit"),
            Some(call) => {
                let told = told(state, call, microphone, talk);
                (format!("{}{told}", self.call(call)), keys(call))
            }
        };
        self.bar.set_message(if has_keys { format!("{line}   {keys}") } else { line });
    }

    fn call(&self, call: &CallStatus) -> String {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if call.state != CallState::Established {
            *since = None;
            return format!("{} {}", call.state, short(call));
        }
        let began = match *since {
            Some((of, began)) if of == call.call => began,
            _ => since.insert((call.call, Instant::now())).1,
        };
        format!("{} {}", clock(began.elapsed()), short(call))
    }
}

/// Why there is no network, as far as that is known.
fn no_network(state: &State) -> String {
    let trouble = state.interfaces.iter().find_map(|interface| interface.trouble.as_deref());
    trouble.map_or("no network".into(), |trouble| format!("no network: {trouble}; trying on"))
}

/// What the line tells of an established call.
fn told(state: &State, call: &CallStatus, microphone: Mute, talk: Talk) -> String {
    if call.state != CallState::Established {
        return String::new();
    }
    let mut told = format!(", {}", call.profile);
    if let Some(quality) = &state.quality {
        let loss = f64::from(quality.loss_per_mille()) / 10.0;
        let kilobits = f64::from(quality.received_bps) / 1_000.0;
        let delay = quality.delay.as_millis();
        told.push_str(&format!(", {kilobits:.1} kbit/s, {delay} ms, {loss:.1} % lost"));
        told.push_str(&format!(", MOS {}", quality.mos));
    }
    if call.mode == Mode::HalfDuplex {
        told.push_str(if talk == Talk::Pressed { ", talking" } else { ", listening" });
    }
    if microphone == Mute::Muted {
        told.push_str(", muted");
    }
    told
}

const fn keys(call: &CallStatus) -> &'static str {
    match (call.state, call.role, call.mode) {
        (CallState::Established, _, Mode::HalfDuplex) => "[h]ang up [p]rofile [m]ute [t]alk",
        (CallState::Established, ..) => "[h]ang up [p]rofile [m]ute",
        (CallState::Ringing, Role::Callee, _) => "[a]nswer [r]eject",
        _ => "[h]ang up",
    }
}

/// The beginning of the peer's hash, which is enough to tell people apart.
fn short(call: &CallStatus) -> String {
    call.peer.to_string().chars().take(8).collect()
}

fn clock(time: Duration) -> String {
    format!("{:02}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

#[cfg(test)]
mod tests {
    use lxst_tokio::InterfaceState;

    use super::*;

    #[test]
    fn a_network_that_is_not_there_is_explained() {
        let well = InterfaceState { name: "server on 127.0.0.1:1".into(), ..Default::default() };
        let trouble = Some("no address of nobody.test is found".to_owned());
        let ill = InterfaceState { name: "nobody.test:1".into(), trouble, ..Default::default() };
        let mut state = State { interfaces: vec![well], ..State::default() };
        assert_eq!(no_network(&state), "no network");
        state.interfaces.push(ill);
        let told = "no network: no address of nobody.test is found; trying on";
        assert_eq!(no_network(&state), told);
    }
}
