//! A person at a terminal: lines typed, events printed.

use std::io;
use std::thread;

use rnphone_rs::control::{Command, Event};
use rnphone_rs::service::{Client, ClientEvents};
use rnphone_rs::{errln, outln, words};
use tokio::sync::mpsc;

use crate::failure::Failure;

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
) -> Result<u8, Failure> {
    let mut lines = lines();
    loop {
        tokio::select! {
            event = events.next() => match event {
                None | Some(Event::Stopped {}) => return Ok(0),
                Some(event) => {
                    if let Some(text) = words::event(&event) {
                        errln!("{text}");
                    }
                }
            },
            line = lines.recv() => match line {
                None => return Ok(0),
                Some(line) => if is_left(&client, &line, at_end).await { return Ok(0) },
            },
            _ = stops.recv() => return Ok(0),
        }
    }
}

/// Does a line. Returns whether the person leaves.
async fn is_left(client: &Client, line: &str, at_end: AtEnd) -> bool {
    let command = match line.trim() {
        "" => return false,
        "q" | "quit" | "exit" => return true,
        "help" | "?" => {
            outln!("{}", words::help());
            return false;
        }
        line => words::parse(line),
    };
    let replied = match command {
        Ok(Command::Stop {}) if at_end == AtEnd::Stop => return true,
        Ok(command) => client.ask(command).await,
        Err(error) => {
            errln!("{error}");
            return false;
        }
    };
    match replied {
        Ok(reply) => {
            let text = words::reply(&reply);
            if !text.is_empty() {
                outln!("{text}");
            }
        }
        Err(error) => errln!("{error}"),
    }
    false
}

/// Standard input, on a thread of its own: reading blocks.
fn lines() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(1);
    thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}
