//! The line below the one that is typed: the state of the phone, or what Tab found.

use std::io::IsTerminal;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rnphone_rs::control::{CallStage, Status};
use rnphone_rs::terminal::columns_of_stdout;
use rnphone_rs::words;

/// What is shown below the line.
#[derive(Debug, Default)]
pub(super) struct Board(Mutex<Shown>);

#[derive(Debug, Default)]
struct Shown {
    status: Option<Status>,
    menu: Option<Menu>,
}

/// Candidates of a line.
#[derive(Debug)]
struct Menu {
    line: String,
    candidates: Vec<String>,
}

/// How the line below looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Quiet,
    Call,
    Ringing,
}

impl Board {
    /// Takes a state. Returns whether what is shown is another.
    pub(super) fn set_status(&self, status: Status) -> bool {
        let before = self.text();
        self.lock().status = Some(status);
        before != self.text()
    }

    /// Shows candidates until the line is another than `line`.
    pub(super) fn set_menu(&self, line: String, candidates: Vec<String>) {
        self.lock().menu = Some(Menu { line, candidates });
    }

    /// Whether the candidates of this line are shown, but not all of them.
    pub(super) fn is_cut(&self, line: &str) -> bool {
        let has_menu = self.lock().menu.as_ref().is_some_and(|menu| menu.line == line);
        has_menu && self.text().0.ends_with("..")
    }

    /// Takes note of what is typed.
    pub(super) fn typed(&self, line: &str) {
        let mut shown = self.lock();
        if shown.menu.as_ref().is_some_and(|menu| menu.line != line) {
            shown.menu = None;
        }
    }

    /// Returns a text that fits in a line of the terminal.
    pub(super) fn text(&self) -> (String, Look) {
        let columns = columns_of_stdout().unwrap_or(80).saturating_sub(1);
        let shown = self.lock();
        if let Some(menu) = &shown.menu {
            return (words::shortened(&menu.candidates.join("  "), columns), Look::Quiet);
        }
        let Some(status) = &shown.status else { return (String::new(), Look::Quiet) };
        (words::status_bar(status, columns), look(status))
    }

    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Look {
    /// Returns a text in this look.
    pub(super) fn paint(self, text: &str) -> String {
        let code = match self {
            Self::Quiet => "2",
            Self::Call => "1",
            Self::Ringing => "1;7",
        };
        painted(code, text)
    }
}

/// Returns a text with a code of SGR, unless the user wants no colour.
pub(super) fn painted(code: &str, text: &str) -> String {
    let has_colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    match has_colour && !text.is_empty() && std::io::stdout().is_terminal() {
        true => format!("\x1b[{code}m{text}\x1b[m"),
        false => text.to_owned(),
    }
}

fn look(status: &Status) -> Look {
    let rings = |stage, is_incoming| is_incoming && stage == CallStage::Ringing;
    match status.calls.as_slice() {
        [] => Look::Quiet,
        calls if calls.iter().any(|call| rings(call.state, call.is_incoming)) => Look::Ringing,
        _ => Look::Call,
    }
}
