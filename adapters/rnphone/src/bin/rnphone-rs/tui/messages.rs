//! The list of messages that callers left.

use std::time::Duration;

use lxst_phone::Mode;
use ratatui::crossterm::event::KeyCode;
use rnphone_rs::control::{Command, MessageInfo};
use rnphone_rs::words::clock;

use super::focus::Focus;
use super::keys::Action;
use super::people::{Mark, Row, ago};
use super::screen::Screen;

impl Screen {
    pub(super) fn message_rows(&self) -> Vec<Row> {
        let row = |message: &MessageInfo| {
            let length = clock(Duration::from_millis(message.length_ms));
            let position = self.position_of(message).map(clock);
            let (mark, detail) = match (position, message.is_new) {
                (Some(position), _) => (Mark::Playing, format!("{position} / {length}")),
                (None, is_new) => {
                    let mark = if is_new { Mark::New } else { Mark::None };
                    let ago = ago(self.today.0.saturating_sub(message.time));
                    (mark, format!("{length}, {ago}"))
                }
            };
            Row {
                key: (message.peer.hash, message.time),
                name: message.peer.name.clone(),
                is_contact: message.peer.is_contact,
                mark,
                detail,
            }
        };
        self.people.messages.iter().map(row).collect()
    }

    /// Takes a key for the chosen message. Returns whether it is one, and what it asks for.
    pub(super) fn handle_message_key(&mut self, code: KeyCode) -> (bool, Option<Action>) {
        let Some(message) = self.chosen_message().cloned() else { return (false, None) };
        let command = match code {
            KeyCode::Enter if self.position_of(&message).is_some() => Command::StopPlaying {},
            KeyCode::Enter => Command::PlayMessage { message: message.id },
            KeyCode::Char('c') => {
                let to = message.peer.hash.to_string();
                Command::Dial { to, profile: None, mode: Mode::FullDuplex }
            }
            KeyCode::Char('D') | KeyCode::Delete => {
                self.focus = Focus::Delete { message: message.id, name: message.peer.name };
                return (true, None);
            }
            _ => return (false, None),
        };
        (true, Some(Action::Do(command)))
    }

    fn chosen_message(&self) -> Option<&MessageInfo> {
        let key = self.chosen_row()?.key;
        self.people.messages.iter().find(|message| (message.peer.hash, message.time) == key)
    }

    fn position_of(&self, message: &MessageInfo) -> Option<Duration> {
        self.playing.as_ref()?.position_of(&message.id)
    }
}
