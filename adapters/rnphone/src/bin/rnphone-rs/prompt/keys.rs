//! Keys that do something else than in other line editors.

use std::sync::Arc;
use std::time::Duration;

use rnphone_rs::control::{Command, Reply};
use rnphone_rs::outln;
use rnphone_rs::service::Client;
use rnphone_rs::words::{self, Completion, Names};
use rustyline::{Cmd, ConditionalEventHandler, Event, EventContext, Movement, RepeatCount};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::board::Board;

/// Tab: inserts what all candidates have in common, and shows them below. A second one prints those
/// that do not fit there.
#[derive(Debug)]
pub(super) struct Tab {
    pub(super) board: Arc<Board>,
    pub(super) client: Client,
    pub(super) runtime: Handle,
}

/// Ctrl-C: clears the line; leaves if it is empty.
#[derive(Debug)]
pub(super) struct CtrlC;

impl ConditionalEventHandler for Tab {
    fn handle(
        &self,
        _: &Event,
        _: RepeatCount,
        _: bool,
        context: &EventContext<'_>,
    ) -> Option<Cmd> {
        let line = context.line().get(..context.pos()).unwrap_or_default();
        let Completion { rest, candidates } = words::complete(line, |names| self.ask(names));
        if rest.is_empty() && self.board.is_cut(context.line()) {
            outln!("{}", candidates.join("\n"));
            return Some(Cmd::Noop);
        }
        if candidates.len() > 1 {
            let mut line = context.line().to_owned();
            line.insert_str(context.pos(), &rest);
            self.board.set_menu(line, candidates);
        }
        Some(if rest.is_empty() { Cmd::Repaint } else { Cmd::Insert(1, rest) })
    }
}

impl ConditionalEventHandler for CtrlC {
    fn handle(
        &self,
        _: &Event,
        _: RepeatCount,
        _: bool,
        context: &EventContext<'_>,
    ) -> Option<Cmd> {
        Some(match context.line() {
            "" => Cmd::EndOfFile,
            _ => Cmd::Kill(Movement::WholeBuffer),
        })
    }
}

impl Tab {
    fn ask(&self, names: Names) -> Vec<String> {
        match names {
            Names::Contacts => self.contacts(),
            Names::People => {
                let mut people = self.contacts();
                if let Some(Reply::Announced(phones)) = self.command(Command::Announced {}) {
                    let names = phones.into_iter().filter(|phone| !phone.peer.is_contact);
                    people.extend(names.filter_map(|phone| phone.name));
                }
                people
            }
            Names::Messages => match self.command(Command::Messages {}) {
                Some(Reply::Messages(messages)) => {
                    (1..=messages.len()).map(|number| number.to_string()).collect()
                }
                _ => Vec::new(),
            },
            Names::Microphones => self.devices(true),
            Names::Speakers => self.devices(false),
        }
    }

    fn contacts(&self) -> Vec<String> {
        match self.command(Command::Contacts {}) {
            Some(Reply::Contacts(contacts)) => {
                contacts.into_iter().map(|contact| contact.name).collect()
            }
            _ => Vec::new(),
        }
    }

    fn devices(&self, microphones: bool) -> Vec<String> {
        match self.command(Command::Devices {}) {
            Some(Reply::Devices(devices)) => {
                let fits = devices.into_iter().filter(|device| device.is_microphone == microphones);
                fits.map(|device| device.name).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Asks the phone from the editor's thread. A phone that does not answer completes nothing.
    fn command(&self, command: Command) -> Option<Reply> {
        let asked = self.client.ask(command);
        self.runtime.block_on(async { timeout(PATIENCE, asked).await }).ok()?.ok()
    }
}

const PATIENCE: Duration = Duration::from_secs(2);
