//! What each key does.

use lxst_phone::{IdentityHash, Mode, Profile};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use rnphone_rs::control::{CallStage, Command};

use super::focus::Focus;
use super::people::Tab;
use super::screen::Screen;

/// What a key asks for beyond the screen.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    /// The phone does a command.
    Do(Command),
    /// The user leaves.
    Leave,
}

impl Screen {
    /// Takes a key. While a dialog of an incoming call is shown, letters that are typed into an input
    /// stay letters: nobody answers by a name that has an "a".
    pub(super) fn handle_key(&mut self, key: KeyEvent) -> Option<Action> {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            match key.code {
                KeyCode::Char('c') => return Some(Action::Leave),
                KeyCode::Char('u') => self.focus.clear(),
                _ => return None,
            }
            self.choose_found();
            return None;
        }
        match &self.focus {
            Focus::Find(_) | Focus::Name { .. } => self.handle_typed(key.code),
            _ if self.dialog().is_some() => self.handle_dialog(key.code),
            Focus::Quit => {
                self.focus = Focus::Lists;
                matches!(key.code, KeyCode::Char('q' | 'y')).then_some(Action::Leave)
            }
            Focus::Delete { message, .. } => {
                let command = Command::DeleteMessage { message: message.clone() };
                self.focus = Focus::Lists;
                (key.code == KeyCode::Char('y')).then_some(Action::Do(command))
            }
            Focus::Help => {
                self.focus = Focus::Lists;
                None
            }
            Focus::Lists => match self.is_move(key.code) {
                true => None,
                false => self.handle_letter(key.code),
            },
        }
    }

    /// Takes a text from the clipboard. It is never taken as keys.
    pub(super) fn handle_paste(&mut self, text: &str) {
        if self.focus.text().is_none() {
            self.focus = Focus::Find(String::new());
        }
        self.focus.type_text(text.trim());
        self.choose_found();
    }

    fn handle_typed(&mut self, code: KeyCode) -> Option<Action> {
        match code {
            KeyCode::Enter => {
                let row = self.chosen_row();
                return match std::mem::replace(&mut self.focus, Focus::Lists) {
                    Focus::Find(text) if text.trim().is_empty() => None,
                    Focus::Find(text) => Some(dial(row.map_or(text, |row| row.key.0.to_string()))),
                    Focus::Name { hash, text } => add(hash, text.trim()),
                    Focus::Lists | Focus::Help | Focus::Quit | Focus::Delete { .. } => None,
                };
            }
            KeyCode::Esc => self.focus = Focus::Lists,
            KeyCode::Up => self.choose_by(-1),
            KeyCode::Down => self.choose_by(1),
            KeyCode::Backspace => {
                self.focus.delete();
                self.choose_found();
            }
            KeyCode::Char(letter) => {
                self.focus.type_text(letter.encode_utf8(&mut [0; 4]));
                self.choose_found();
            }
            _ => {}
        }
        None
    }

    fn handle_dialog(&mut self, code: KeyCode) -> Option<Action> {
        let call = self.dialog().map(|info| info.call)?;
        match code {
            KeyCode::Char('a') => return Some(Action::Do(Command::Answer { call: Some(call) })),
            KeyCode::Char('r') => return Some(Action::Do(Command::Reject { call: Some(call) })),
            KeyCode::Char('l') | KeyCode::Esc => {
                self.put_aside.insert(call);
            }
            _ => {}
        }
        None
    }

    /// Moves in the lists. Returns whether the key is for that.
    fn is_move(&mut self, code: KeyCode) -> bool {
        match code {
            KeyCode::Up => self.choose_by(-1),
            KeyCode::Down => self.choose_by(1),
            KeyCode::PageUp => self.choose_by(-PAGE),
            KeyCode::PageDown => self.choose_by(PAGE),
            KeyCode::Home => self.choose_by(isize::MIN),
            KeyCode::End => self.choose_by(isize::MAX),
            KeyCode::Tab | KeyCode::Right => self.show_tab(self.tab.next()),
            KeyCode::BackTab | KeyCode::Left => self.show_tab(self.tab.previous()),
            _ => return false,
        }
        true
    }

    fn handle_letter(&mut self, code: KeyCode) -> Option<Action> {
        if self.tab == Tab::Messages
            && let (true, action) = self.handle_message_key(code)
        {
            return action;
        }
        let command = match code {
            KeyCode::Enter => return self.chosen_row().map(|row| dial(row.key.0.to_string())),
            KeyCode::Char(letter) => match letter {
                'q' => return self.quit(),
                'a' => Some(Command::Answer { call: None }),
                'r' => Some(Command::Reject { call: None }),
                'h' => Some(Command::HangUp { call: None }),
                'x' => Some(self.swap()),
                'c' if self.calls().len() > 1 => Some(Command::Merge {}),
                'm' => self.main_call().map(|call| Command::Mute { on: !call.is_muted }),
                ' ' => self.talk(),
                'p' => self.next_profile(),
                'v' => self.volume(-VOLUME_STEP),
                'V' => self.volume(VOLUME_STEP),
                'd' => self
                    .status
                    .as_ref()
                    .map(|status| Command::DoNotDisturb { on: !status.do_not_disturb }),
                'b' => self.block(),
                _ => {
                    self.open(letter);
                    None
                }
            },
            _ => None,
        };
        command.map(Action::Do)
    }

    /// Opens an input or the help.
    fn open(&mut self, letter: char) {
        match letter {
            '/' => {
                self.focus = Focus::Find(String::new());
                self.choose_found();
            }
            '?' => self.focus = Focus::Help,
            'n' => match self.chosen_row() {
                Some(row) if !row.is_contact => {
                    let announced = row.name.split(" (unverified").next().unwrap_or_default();
                    let text = if announced.starts_with('<') { "" } else { announced };
                    self.focus = Focus::Name { hash: row.key.0, text: text.to_owned() };
                }
                Some(row) => self.tell(format!("{} is a contact already", row.name)),
                None => self.tell("nobody is chosen to be a contact".to_owned()),
            },
            _ => {}
        }
    }

    fn show_tab(&mut self, tab: Tab) {
        self.tab = tab;
        self.chosen = None;
        self.choose_something();
    }

    /// Chooses the first that a text finds.
    fn choose_found(&mut self) {
        if matches!(self.focus, Focus::Find(_)) {
            self.chosen = None;
            self.choose_something();
        }
    }

    fn quit(&mut self) -> Option<Action> {
        if self.is_own && !self.calls().is_empty() {
            self.focus = Focus::Quit;
            return None;
        }
        Some(Action::Leave)
    }

    fn swap(&self) -> Command {
        match self.calls().iter().any(|call| call.is_held) {
            true => Command::Resume { call: None },
            false => Command::Hold { call: None },
        }
    }

    fn talk(&mut self) -> Option<Command> {
        let call = self.main_call()?;
        if call.mode == Mode::HalfDuplex {
            return Some(Command::Talk { on: !call.is_talking });
        }
        self.tell("both may speak at once: the call is in full duplex".to_owned());
        None
    }

    /// The profile after that of the call, or after the one that the call refused.
    fn next_profile(&self) -> Option<Command> {
        let call = self.main_call().filter(|call| call.state == CallStage::Established)?;
        let from = self.refused.unwrap_or(call.profile);
        let mut after = Profile::ALL.into_iter().cycle().skip_while(|profile| *profile != from);
        after.nth(1).map(|profile| Command::Profile { profile })
    }

    fn volume(&self, step: f32) -> Option<Command> {
        let volume = self.status.as_ref()?.volume;
        Some(Command::Volume { decibels: (volume + step).clamp(-60.0, 20.0) })
    }

    /// Blocks who is chosen; a contact that is blocked is let through again.
    fn block(&self) -> Option<Command> {
        let hash = self.chosen_row()?.key.0;
        let who = hash.to_string();
        let mut contacts = self.people.contacts.iter();
        Some(match contacts.any(|contact| contact.hash == hash && contact.is_blocked) {
            true => Command::Unblock { who },
            false => Command::Block { who },
        })
    }
}

fn dial(to: String) -> Action {
    Action::Do(Command::Dial { to, profile: None, mode: Mode::FullDuplex })
}

fn add(hash: IdentityHash, name: &str) -> Option<Action> {
    let name = name.to_owned();
    let is_named = !name.is_empty();
    is_named.then_some(Action::Do(Command::AddContact {
        name,
        who: hash.to_string(),
        number: None,
    }))
}

const PAGE: isize = 10;
/// In dB.
const VOLUME_STEP: f32 = 3.0;
