//! The status line at the bottom of the terminal.

use std::env;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use lxst_examples::console::show_status;
use lxst_examples::terminal::columns_of_stderr;
use lxst_tokio::{CallId, CallState, CallStatus, Mode, Role, State};

/// A line on standard error, if that is a terminal that can draw it.
#[derive(Debug)]
pub(crate) struct StatusLine {
    is_hidden: bool,
    /// The established call, and since when.
    since: Option<(CallId, Instant)>,
}

impl StatusLine {
    pub(crate) fn new(json: bool) -> Self {
        let is_dumb = env::var_os("TERM").is_some_and(|name| name == "dumb");
        Self { is_hidden: json || is_dumb || !io::stderr().is_terminal(), since: None }
    }

    pub(crate) const fn is_hidden(&self) -> bool {
        self.is_hidden
    }

    /// Draws the line, and the keys if there is a keyboard.
    pub(crate) fn draw(&mut self, state: &State, is_muted: bool, is_talking: bool, has_keys: bool) {
        if self.is_hidden {
            return;
        }
        let (lines, keys) = match &state.call {
            None => (idle(state), "[q]uit"),
            Some(call) => {
                let call_line = self.call(call);
                (told(state, call, &call_line, is_muted, is_talking), keys(call))
            }
        };
        let columns = columns_of_stderr().unwrap_or(COLUMNS);
        show_status(fitting(&lines, if has_keys { keys } else { "" }, columns));
    }

    fn call(&mut self, call: &CallStatus) -> String {
        if call.state != CallState::Established {
            self.since = None;
            return format!("{} {}", call.state, short(call));
        }
        let began = match self.since {
            Some((of, began)) if of == call.call => began,
            _ => self.since.insert((call.call, Instant::now())).1,
        };
        format!("{} {}", clock(began.elapsed()), short(call))
    }
}

/// Returns the first line that fits with the keys, else with their letters only. The last column
/// stays free.
fn fitting(lines: &[String], keys: &str, columns: usize) -> String {
    let letters: Vec<&str> = keys.split_whitespace().filter_map(|key| key.get(..3)).collect();
    let with = |line: &String, keys: &str| match keys {
        "" => line.clone(),
        _ => format!("{line}   {keys}"),
    };
    let letters = letters.join(" ");
    let whole = lines.iter().map(|line| with(line, keys));
    let shortened = lines.iter().map(|line| with(line, &letters));
    let fits = |line: &String| line.chars().count() < columns;
    let line = whole.chain(shortened).find(fits).unwrap_or(letters);
    line.chars().take(columns.saturating_sub(1)).collect()
}

/// Describes the network while there is no call.
fn idle(state: &State) -> Vec<String> {
    let network = match state.connections {
        0 => no_network(state),
        1 => "online".to_owned(),
        connections => format!("online, {connections} connections"),
    };
    let short = if state.connections == 0 { "no network" } else { "online" };
    vec![format!("{network}, idle"), short.into()]
}

/// Describes why there is no network, if that is known.
fn no_network(state: &State) -> String {
    let trouble = state.interfaces.iter().find_map(|interface| interface.trouble.as_deref());
    trouble.map_or("no network".into(), |trouble| format!("no network: {trouble}; trying on"))
}

/// Returns the line of a call, from the most detailed to the shortest.
fn told(
    state: &State,
    call: &CallStatus,
    line: &str,
    is_muted: bool,
    is_talking: bool,
) -> Vec<String> {
    if call.state != CallState::Established {
        return vec![line.into(), call.state.to_string()];
    }
    let profile = format!(", {}", call.profile);
    let (mut rates, mut score) = (String::new(), String::new());
    if let Some(quality) = &state.quality {
        let loss = f64::from(quality.loss_per_mille()) / 10.0;
        let kilobits = f64::from(quality.received_bps) / 1_000.0;
        let delay = quality.delay.as_millis();
        rates = format!(", {kilobits:.1} kbit/s, {delay} ms, {loss:.1} % lost");
        score = format!(", MOS {}", quality.mos);
    }
    let talks = match (call.mode, is_talking) {
        (Mode::HalfDuplex, true) => ", talking",
        (Mode::HalfDuplex, false) => ", listening",
        (Mode::FullDuplex, _) => "",
    };
    let muted = if is_muted { ", muted" } else { "" };
    let ours = format!("{talks}{muted}");
    vec![
        format!("{line}{profile}{rates}{score}{ours}"),
        format!("{line}{profile}{score}{ours}"),
        format!("{line}{score}{ours}"),
        format!("{line}{ours}"),
    ]
}

const fn keys(call: &CallStatus) -> &'static str {
    match (call.state, call.role, call.mode) {
        (CallState::Established, _, Mode::HalfDuplex) => "[h]ang up [p]rofile [m]ute [t]alk",
        (CallState::Established, ..) => "[h]ang up [p]rofile [m]ute",
        (CallState::Ringing, Role::Callee, _) => "[a]nswer [r]eject",
        _ => "[h]ang up",
    }
}

/// Returns the beginning of the peer's hash, which is enough to tell people apart.
fn short(call: &CallStatus) -> String {
    call.peer.to_string().chars().take(8).collect()
}

fn clock(time: Duration) -> String {
    format!("{:02}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

/// The width of a terminal that does not report one.
const COLUMNS: usize = 80;

#[cfg(test)]
mod tests {
    use lxst_tokio::InterfaceState;

    use super::*;

    #[test]
    fn a_narrow_terminal_keeps_the_keys_and_leaves_out_what_matters_less() {
        let lines = ["03:12 0707, Medium Quality, MOS 4.12", "03:12 0707, MOS 4.12", "03:12 0707"];
        let lines = lines.map(str::to_owned);
        let keys = "[h]ang up [p]rofile [m]ute";
        for (columns, wanted) in [
            (80, "03:12 0707, Medium Quality, MOS 4.12   [h]ang up [p]rofile [m]ute"),
            (60, "03:12 0707, MOS 4.12   [h]ang up [p]rofile [m]ute"),
            (40, "03:12 0707   [h]ang up [p]rofile [m]ute"),
            (39, "03:12 0707, MOS 4.12   [h] [p] [m]"),
            (30, "03:12 0707   [h] [p] [m]"),
            (20, "[h] [p] [m]"),
            (8, "[h] [p]"),
        ] {
            assert_eq!(fitting(&lines, keys, columns), wanted, "{columns} columns");
        }
        assert_eq!(fitting(&lines, "", 30), "03:12 0707, MOS 4.12");
    }

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
