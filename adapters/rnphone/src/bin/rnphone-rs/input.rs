//! Lines that are typed: at a prompt on a terminal, else plainly from standard input.

use std::env;
use std::io::{self, IsTerminal};
use std::thread;

use rnphone_rs::control::Status;
use rnphone_rs::service::Client;
use tokio::sync::mpsc;

use crate::prompt::Prompt;
use crate::welcome::Welcome;

/// What is typed.
#[derive(Debug)]
pub(crate) enum Typed {
    Line(String),
    /// There will be no more.
    End,
}

/// Where lines come from.
#[derive(Debug)]
pub(crate) struct Input {
    lines: mpsc::Receiver<String>,
    prompt: Option<Prompt>,
    is_terminal: bool,
}

impl Input {
    /// Begins to read. On a terminal that edits lines, the first one is asked for by
    /// [`next`](Self::next).
    pub(crate) fn start(client: &Client, welcome: &Welcome) -> Self {
        let is_terminal = io::stdin().is_terminal();
        let (sender, lines) = mpsc::channel(1);
        let prompt = can_edit().then(|| Prompt::start(client, &welcome.lines, sender.clone()));
        let prompt = prompt.flatten();
        if prompt.is_none() {
            thread::spawn(move || read(&sender));
        }
        Self { lines, prompt, is_terminal }
    }

    /// Whether a person types.
    pub(crate) const fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Asks for the next line, where one is edited.
    pub(crate) fn next(&self) {
        if let Some(prompt) = &self.prompt {
            prompt.next();
        }
    }

    /// Waits for a line.
    ///
    /// # Cancel safety
    /// Cancel safe: no line is lost.
    pub(crate) async fn typed(&mut self) -> Typed {
        self.lines.recv().await.map_or(Typed::End, Typed::Line)
    }

    /// Shows the state of the phone.
    pub(crate) fn show(&self, status: Status) {
        if let Some(prompt) = &self.prompt {
            prompt.show(status);
        }
    }

    /// Gives the terminal back, so that what is printed from here on stays.
    pub(crate) fn end(&mut self) {
        self.prompt = None;
    }
}

/// Whether standard input and output are a terminal that moves its cursor.
fn can_edit() -> bool {
    let is_dumb = env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    io::stdin().is_terminal() && io::stdout().is_terminal() && !is_dumb
}

/// Reads standard input: this blocks.
fn read(lines: &mpsc::Sender<String>) {
    for line in io::stdin().lines().map_while(Result::ok) {
        if lines.blocking_send(line).is_err() {
            return;
        }
    }
}
