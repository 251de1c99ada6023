//! Commands to the phone that runs in the folder.

use rnphone_rs::control::{Command, Event, Message};
use rnphone_rs::service::{self, ClientEvents};
use rnphone_rs::{outln, words};

use crate::begin::{folder, not_used};
use crate::failure::Failure;
use crate::listen;
use crate::options::Options;

/// What is asked for.
enum Asked {
    Events,
    Sound { of: Option<u64> },
    Done(Command),
}

pub(crate) async fn run(
    options: &Options,
    json: bool,
    is_wav: bool,
    typed: &[String],
) -> Result<u8, Failure> {
    let folder = folder(options)?;
    let asked = match typed {
        [word] if word == "events" => Asked::Events,
        [word] if word == "listen" => Asked::Sound { of: None },
        [word, call] if word == "listen" => Asked::Sound { of: Some(listen::call(call)?) },
        typed => Asked::Done(words::parse(&typed.join(" "))?),
    };
    if is_wav && !matches!(asked, Asked::Sound { .. }) {
        return Err(Failure::usage("--wav is for ctl listen"));
    }
    let none = || Failure::usage("no phone runs in the folder: start rnphone-rs --service");
    let (client, events) = service::connect(&folder.control()).await?.ok_or_else(none)?;
    if let Some(option) = options.first_of_network() {
        return Err(not_used(option, &folder));
    }
    let command = match asked {
        Asked::Events => return print(events).await,
        Asked::Sound { of } => {
            drop((client, events));
            return listen::run(&folder, of, is_wav);
        }
        Asked::Done(command) => command,
    };
    let is_last = command == Command::Stop {};
    let reply = client.ask(command).await.map_err(|error| Failure::refused(error.to_string()))?;
    let text = if json { serde_json::to_string(&reply)? } else { words::reply(&reply) };
    if !text.is_empty() {
        outln!("{text}");
    }
    if is_last {
        ended(events).await;
    }
    Ok(0)
}

async fn print(mut events: ClientEvents) -> Result<u8, Failure> {
    while let Some(event) = events.next().await {
        outln!("{}", Message::Event(event).to_line().trim_end());
    }
    Ok(0)
}

async fn ended(mut events: ClientEvents) {
    while let Some(event) = events.next().await {
        if event == (Event::Stopped {}) {
            return;
        }
    }
}
