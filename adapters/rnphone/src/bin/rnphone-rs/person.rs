//! A person at a terminal, or a script: lines typed, events printed.
//!
//! 1. Says who we are, and what was missed ([`Welcome`]).
//! 2. Does each line that is typed, and prints each event.
//! 3. On a terminal that can, [`prompt`](crate::prompt) edits the lines, and shows the state below.

use std::time::Duration;

use rnphone_rs::control::{CallStage, Command, Event, Reply, Status};
use rnphone_rs::service::{Client, ClientEvents};
use rnphone_rs::terminal::columns_of_stdout;
use rnphone_rs::{errln, outln, words};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::failure::Failure;
use crate::input::{Input, Typed};
use crate::report;
use crate::welcome::{self, Welcome};

/// What becomes of the phone when the person leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtEnd {
    /// It ends.
    Stop,
    /// It is another process's, and goes on.
    Leave,
}

/// Does what is typed until the person leaves, or the phone ends.
pub(crate) async fn talk(
    client: Client,
    mut events: ClientEvents,
    mut stops: mpsc::Receiver<()>,
    at_end: AtEnd,
    welcome: Welcome,
) -> Result<u8, Failure> {
    let hello = events.next().await;
    if let (true, Some(hello)) = (welcome.json, &hello) {
        errln!("{}", report::json(hello));
    }
    let mut input = Input::start(&client, &welcome);
    let is_terminal = input.is_terminal();
    let mut person = Person { client, at_end, is_terminal, bell: "" };
    if is_terminal && person.status().await.is_some_and(|status| status.speaker_dbfs.is_none()) {
        person.bell = BELL;
    }
    if person.is_terminal
        && !welcome.json
        && let Some(Event::Hello { identity, listening, .. }) = &hello
    {
        welcome::tell(&person.client, *identity, listening, welcome.is_first_run).await;
    }
    let mut has_calls = person.show(&input).await;
    input.next();
    let mut second = interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            event = events.next() => match event {
                None => return Err(Failure::refused("the phone has ended")),
                Some(Event::Stopped {}) => {
                    input.end();
                    outln!("the phone has ended");
                    return Ok(0);
                }
                Some(event) => {
                    person.tell(&event, &welcome);
                    if !matches!(event, Event::Announced { .. }) {
                        has_calls = person.show(&input).await;
                    }
                }
            },
            typed = input.typed() => match typed {
                Typed::Line(line) => {
                    if person.is_left_by(&line).await { return Ok(0) }
                    person.tell_missed().await;
                    has_calls = person.show(&input).await;
                    input.next();
                }
                Typed::End => return Ok(0),
            },
            _ = second.tick(), if has_calls && person.is_terminal => {
                has_calls = person.show(&input).await;
            }
            _ = stops.recv() => return Ok(0),
        }
    }
}

struct Person {
    client: Client,
    at_end: AtEnd,
    /// Whether a person sits there, and not a script.
    is_terminal: bool,
    /// What rings where no device does.
    bell: &'static str,
}

impl Person {
    /// Does a line, or each line of a pasted text. Returns whether the person leaves.
    async fn is_left_by(&self, typed: &str) -> bool {
        let mut lines = typed.lines().filter(|line| !line.trim().is_empty());
        if self.is_left(lines.next().unwrap_or_default()).await {
            return true;
        }
        for line in lines {
            if self.is_left(line).await {
                return true;
            }
        }
        false
    }

    /// Does a line. Returns whether the person leaves.
    async fn is_left(&self, line: &str) -> bool {
        let command = match line.trim() {
            "" if self.is_terminal => return self.enter().await,
            "" => return false,
            "q" | "quit" | "exit" => return true,
            line => match words::help(line, columns_of_stdout().unwrap_or(COLUMNS)) {
                Some(help) => {
                    outln!("{help}");
                    return false;
                }
                None => words::parse(line),
            },
        };
        match command {
            Ok(Command::Stop {}) if self.at_end == AtEnd::Stop => return true,
            Ok(command) => self.ask(command).await,
            Err(error) => errln!("{error}"),
        }
        false
    }

    async fn ask(&self, command: Command) {
        let done = words::done(&command).filter(|_| self.is_terminal);
        match self.client.ask(command).await {
            Ok(Reply::Done) => done.into_iter().for_each(|text| outln!("{text}")),
            Ok(reply) => {
                let text = words::reply(&reply);
                if !text.is_empty() {
                    outln!("{text}");
                }
            }
            Err(error) => errln!("{error}"),
        }
    }

    /// Enter on an empty line answers; in a call it tells the status.
    async fn enter(&self) -> bool {
        let Some(status) = self.status().await else { return false };
        let mut calls = status.calls.iter();
        let rings = calls.find(|call| call.is_incoming && call.state == CallStage::Ringing);
        match rings {
            Some(call) => self.ask(Command::Answer { call: Some(call.call) }).await,
            None if status.calls.is_empty() => {}
            None => outln!("{}", words::status_line(&status)),
        }
        false
    }

    fn tell(&self, event: &Event, welcome: &Welcome) {
        if welcome.json {
            errln!("{}", report::json(event));
            return;
        }
        let Some(text) = words::event(event) else {
            if self.is_terminal && welcome.is_first_run {
                welcome::tell_echo_line(event);
            }
            return;
        };
        match event {
            Event::Incoming { is_waiting: false, .. } if self.is_terminal => {
                errln!("{}{text} (or press Enter)", self.bell);
            }
            _ => errln!("{text}"),
        }
    }

    /// Tells what was missed since it was told last.
    async fn tell_missed(&self) {
        if self.is_terminal {
            welcome::tell_missed(&self.client).await;
        }
    }

    /// Shows the state. Returns whether there are calls.
    async fn show(&self, input: &Input) -> bool {
        let Some(status) = self.status().await else { return false };
        let has_calls = !status.calls.is_empty();
        input.show(status);
        has_calls
    }

    async fn status(&self) -> Option<Status> {
        match self.client.ask(Command::Status {}).await {
            Ok(Reply::Status(status)) => Some(*status),
            // The end of the phone is an event.
            _ => None,
        }
    }
}

/// The width where there is no terminal.
const COLUMNS: usize = 80;
const BELL: &str = "\x07";
