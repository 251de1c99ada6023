//! Inputs and outputs of phones as lines, to read and to compare.

use core::fmt;
use std::collections::BTreeMap;

use lxst_core::wire::{Packet, Signal};
use lxst_core::{Class, Input, Instant, Mode, Output, Profile};

/// The inputs and outputs of some phones, as text.
///
/// *Shape*: one line for each input, `time name > input`, and each output, `time name < output`,
/// with the time in seconds. Media packets are counted: the counts since the latest such line,
/// `time name ~ 12 sent, 11 received`, stand before the next line that is no media. The audio
/// ports' counts of samples and the codec jobs are left out.
///
/// ```
/// # use lxst_core::{Command, Input, Instant, Output};
/// let mut transcript = lxst_trace::view::Transcript::default();
/// let now = Instant::from_millis(1_500);
/// transcript.input("alice", now, &Input::Command(Command::Announce));
/// transcript.output("alice", now, &Output::Announce);
/// assert_eq!(transcript.to_string(), "  1.500 alice > Announce\n  1.500 alice < announce\n");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    text: String,
    media: BTreeMap<String, Count>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    sent: u64,
    received: u64,
}

impl Transcript {
    /// Adds an input of a phone.
    pub fn input(&mut self, name: &str, now: Instant, input: &Input<'_>) {
        let line = match input {
            Input::Timeout => "timeout".to_owned(),
            Input::Packet { link, data } => {
                if carries_media(data) {
                    self.count(name).received += 1;
                    return;
                }
                format!("packet on {}: {}", link.0, signals(data))
            }
            Input::Link { link, event } => format!("link {}: {event:?}", link.0),
            Input::InterfaceUp => "interface up".to_owned(),
            Input::Command(command) => format!("{command:?}"),
            Input::Port { direction, change, .. } => format!("{direction:?} port {change:?}"),
            Input::Captured { .. }
            | Input::Consumed { .. }
            | Input::Overrun { .. }
            | Input::JobDone { .. } => return,
        };
        self.line(now, name, '>', &line);
    }

    /// Adds an output of a phone.
    pub fn output(&mut self, name: &str, now: Instant, output: &Output<'_>) {
        let line = match output {
            Output::Transmit { class: Class::Media, .. } => {
                self.count(name).sent += 1;
                return;
            }
            Output::Transmit { link, data, .. } => {
                format!("send on {}: {}", link.0, signals(data))
            }
            Output::Link { link, request } => format!("link {}: {request:?}", link.0),
            Output::Announce => "announce".to_owned(),
            Output::Stream { stream, direction, change } => {
                format!("{direction:?} stream of {} {change:?}", stream.0)
            }
            Output::Event(event) => format!("{event:?}"),
            Output::Job { .. } => return,
        };
        self.line(now, name, '<', &line);
    }

    fn line(&mut self, now: Instant, name: &str, mark: char, line: &str) {
        for (name, count) in core::mem::take(&mut self.media) {
            let text = format!("{} sent, {} received", count.sent, count.received);
            self.push(now, &name, '~', &text);
        }
        self.push(now, name, mark, line);
    }

    fn push(&mut self, now: Instant, name: &str, mark: char, line: &str) {
        self.text += &format!("{:>7} {name} {mark} {line}\n", now.to_string());
    }

    fn count(&mut self, name: &str) -> &mut Count {
        self.media.entry(name.to_owned()).or_default()
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn carries_media(data: &[u8]) -> bool {
    Packet::parse(data).is_ok_and(|packet| packet.frames().next().is_some())
}

fn signals(data: &[u8]) -> String {
    match Packet::parse(data) {
        Ok(packet) => {
            let names: Vec<String> = packet.signals().map(name).collect();
            format!("[{}]", names.join(", "))
        }
        Err(error) => format!("{error}"),
    }
}

/// Returns the name of a signal, with that of its profile or mode.
fn name(signal: Signal) -> String {
    match signal {
        Signal::PreferredProfile(id) => match Profile::from_id(id.into()) {
            Some(profile) => format!("PreferredProfile({profile:?})"),
            None => format!("{signal:?}"),
        },
        Signal::PreferredMode(id) => match Mode::from_id(id) {
            Some(mode) => format!("PreferredMode({mode:?})"),
            None => format!("{signal:?}"),
        },
        other => format!("{other:?}"),
    }
}
