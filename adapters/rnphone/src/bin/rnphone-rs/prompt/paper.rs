//! Where lines are printed while one is edited.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use rustyline::ExternalPrinter;

/// Prints above the line that is edited; where none is, on the terminal itself.
///
/// The editor prints at once until it has the terminal, and then leaves it to its reader. A text
/// between the two would stand behind the prompt: hence the editor is not asked before it draws.
pub(super) struct Paper {
    is_drawn: Mutex<bool>,
    above: Mutex<Box<dyn ExternalPrinter + Send>>,
}

impl Paper {
    pub(super) fn new(above: impl ExternalPrinter + Send + 'static) -> Self {
        Self { is_drawn: Mutex::new(false), above: Mutex::new(Box::new(above)) }
    }

    /// Takes note of whether a line is edited.
    pub(super) fn set_drawn(&self, is_drawn: bool) {
        *self.is_drawn.lock().unwrap_or_else(PoisonError::into_inner) = is_drawn;
    }

    pub(super) fn is_drawn(&self) -> bool {
        *self.is_drawn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prints lines. It may wait for the editor.
    pub(super) fn print(&self, lines: &str) {
        let is_drawn = self.is_drawn.lock().unwrap_or_else(PoisonError::into_inner);
        if *is_drawn {
            // The editor may wait for this to draw.
            drop(is_drawn);
            let mut above = self.above.lock().unwrap_or_else(PoisonError::into_inner);
            // The terminal is gone.
            let _ = above.print(lines.to_owned());
        } else {
            let mut terminal = io::stdout().lock();
            let _ = terminal.write_all(lines.as_bytes()).and_then(|()| terminal.flush());
        }
    }
}

impl std::fmt::Debug for Paper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Paper").field("is_drawn", &self.is_drawn()).finish_non_exhaustive()
    }
}
