//! What the line editor shows around the line.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rnphone_rs::terminal::columns_of_stdout;
use rnphone_rs::words;
use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hint, Hinter};
use rustyline::validate::Validator;
use rustyline::{Context, Helper};
use unicode_width::UnicodeWidthChar;

use super::PROMPT;
use super::board::{Board, Look, painted};
use super::paper::{Line, Paper};

/// Shows what a command takes behind the line, and the [`Board`] below it.
#[derive(Debug)]
pub(super) struct Surroundings {
    pub(super) board: Arc<Board>,
    pub(super) paper: Arc<Paper>,
    /// Whether what stands before the line below fills its last row.
    pub(super) is_row_full: AtomicBool,
}

/// What stands behind the line, and the line below.
#[derive(Debug)]
pub(super) struct Behind {
    display: String,
    rest: String,
}

impl Hint for Behind {
    fn display(&self) -> &str {
        &self.display
    }

    fn completion(&self) -> Option<&str> {
        Some(self.rest.as_str()).filter(|rest| !rest.is_empty())
    }
}

impl Hinter for Surroundings {
    type Hint = Behind;

    fn hint(&self, line: &str, pos: usize, _: &Context<'_>) -> Option<Behind> {
        // The editor is about to draw.
        self.paper.set(Line::Drawn);
        self.board.typed(line);
        let hint = words::hint(line).filter(|_| pos == line.len()).unwrap_or_default();
        let gap = if line.ends_with(' ') || hint == words::Hint::default() { "" } else { " " };
        let (below, _) = self.board.text();
        let before = format!("{PROMPT}{line}{}{gap}{}", hint.rest, hint.arguments);
        self.is_row_full.store(fills_row(&before), Ordering::Relaxed);
        let display = format!("{}{gap}{}\n{below}", hint.rest, hint.arguments);
        Some(Behind { display, rest: hint.rest })
    }
}

impl Highlighter for Surroundings {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        painted("1", prompt).into()
    }

    /// The editor draws the line anew with the hint that it had. The board may show more by then, in
    /// as many lines.
    ///
    /// Behind a full row the editor counts a row more, which a terminal begins with the next letter
    /// only: a line end of its own makes it.
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        let behind = hint.split('\n').next().unwrap_or_default();
        let (below, look) = self.board.text();
        let end = if self.is_row_full.load(Ordering::Relaxed) { "\n\n" } else { "\n" };
        format!("{}{end}{}", Look::Quiet.paint(behind), look.paint(&below)).into()
    }
}

impl Completer for Surroundings {
    type Candidate = String;
}

impl Validator for Surroundings {}

impl Helper for Surroundings {}

/// Whether a text ends in the last column of the terminal. A wide letter that does not fit there
/// begins the next row.
fn fills_row(text: &str) -> bool {
    let columns = columns_of_stdout().unwrap_or(80);
    let mut column = 0;
    for width in text.chars().filter_map(UnicodeWidthChar::width) {
        column = if column + width > columns { width } else { column + width };
    }
    column == columns
}
