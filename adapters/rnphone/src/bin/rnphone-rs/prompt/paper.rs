//! Where lines are printed while one is edited.

use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustyline::ExternalPrinter;

/// Prints above the line that is edited; where none is, on the terminal itself.
///
/// The editor prints at once until it has the terminal, and then leaves it to its reader. A text
/// between the two would stand behind the prompt: hence the editor is not asked before it draws.
pub(super) struct Paper {
    line: Mutex<Line>,
    changed: Condvar,
    above: Mutex<Box<dyn ExternalPrinter + Send>>,
}

/// How far a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// None is edited.
    Done,
    /// The editor was asked for one, and is about to take the terminal.
    Asked,
    /// The editor has the terminal.
    Drawn,
}

impl Paper {
    pub(super) fn new(above: impl ExternalPrinter + Send + 'static) -> Self {
        Self {
            line: Mutex::new(Line::Done),
            changed: Condvar::new(),
            above: Mutex::new(Box::new(above)),
        }
    }

    /// Takes note of how far the line is.
    pub(super) fn set(&self, line: Line) {
        *self.line() = line;
        self.changed.notify_all();
    }

    pub(super) fn is_drawn(&self) -> bool {
        *self.line() == Line::Drawn
    }

    /// Waits until the editor has taken the terminal, if it was asked to. Returns whether it has it.
    ///
    /// A terminal that is given back before would be taken again.
    pub(super) fn is_drawn_at_last(&self) -> bool {
        let is_asked = |line: &mut Line| *line == Line::Asked;
        let waited = self.changed.wait_timeout_while(self.line(), PATIENCE, is_asked);
        *waited.unwrap_or_else(PoisonError::into_inner).0 == Line::Drawn
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prints lines. It may wait for the editor.
    pub(super) fn print(&self, lines: &str) {
        let line = self.line();
        if *line == Line::Drawn {
            // The editor may wait for this to draw.
            drop(line);
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
        f.debug_struct("Paper").field("line", &*self.line()).finish_non_exhaustive()
    }
}

/// Time limit of an editor that takes the terminal.
const PATIENCE: Duration = Duration::from_secs(2);
