//! A line editor on the terminal.
//!
//! A thread edits; it is asked for each line ([`Prompt::next`]), so that what a line prints stands
//! before the next one. Everything else that the program prints goes above the line.

mod board;
mod helper;
mod keys;
mod paper;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use rnphone_rs::control::Status;
use rnphone_rs::service::Client;
use rnphone_rs::{console, errln, outln};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{ColorMode, Config, Editor, EventHandler, KeyEvent};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use board::Board;
use helper::Surroundings;
use keys::{CtrlC, Tab};
use paper::{Line, Paper};

type LineEditor = Editor<Surroundings, DefaultHistory>;

/// The line editor. Dropping it gives the terminal back as it was.
#[derive(Debug)]
pub(crate) struct Prompt {
    asked: std::sync::mpsc::Sender<()>,
    board: Arc<Board>,
    paper: Arc<Paper>,
    before: Termios,
}

impl Prompt {
    /// Starts the editor, which sends `lines` until there are no more. Returns `None` if this is no
    /// terminal that can edit.
    pub(crate) fn start(
        client: &Client,
        history: &Path,
        lines: mpsc::Sender<String>,
    ) -> Option<Self> {
        let before = tcgetattr(io::stdin()).ok()?;
        // Keys that are typed while a line is done wait for the editor, and are not shown twice.
        let mut between = before.clone();
        between.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON);
        tcsetattr(io::stdin(), OptionalActions::Now, &between).ok()?;
        let config = Config::builder()
            .max_history_size(MAX_LINES)
            .ok()?
            // What is painted is decided where it is.
            .color_mode(ColorMode::Forced)
            .build();
        let mut editor = LineEditor::with_config(config).ok()?;
        let paper = Arc::new(Paper::new(editor.create_external_printer().ok()?));
        let board = Arc::new(Board::default());
        editor.set_helper(Some(Surroundings {
            board: board.clone(),
            paper: paper.clone(),
            is_row_full: AtomicBool::new(false),
        }));
        let tab = Tab { board: board.clone(), client: client.clone(), runtime: Handle::current() };
        editor.bind_sequence(KeyEvent::from('\t'), EventHandler::Conditional(Box::new(tab)));
        editor.bind_sequence(KeyEvent::ctrl('C'), EventHandler::Conditional(Box::new(CtrlC)));
        if let Err(error) = editor.load_history(history)
            && !is_missing(&error)
        {
            errln!("{}: {error}: earlier lines are not known", history.display());
        }
        let (asked, asking) = std::sync::mpsc::channel();
        let printing = paper.clone();
        console::print_above(move |text| printing.print(text));
        let editing = Editing { editor, paper: paper.clone(), history: history.to_owned() };
        thread::spawn(move || editing.run(&asking, &lines));
        Some(Self { asked, board, paper, before })
    }

    /// Asks for the next line.
    pub(crate) fn next(&self) {
        self.paper.set(Line::Asked);
        if self.asked.send(()).is_err() {
            // The editor has ended.
            self.paper.set(Line::Done);
        }
    }

    /// Shows the state of the phone below the line.
    pub(crate) fn show(&self, status: Status) {
        if self.board.set_status(status) && self.paper.is_drawn() {
            outln!("{DRAW_AGAIN}");
        }
    }
}

impl Drop for Prompt {
    fn drop(&mut self) {
        console::flush();
        console::print_below();
        if self.paper.is_drawn_at_last() {
            let mut terminal = io::stdout().lock();
            // A terminal that is gone needs nothing.
            let _ = terminal.write_all(LEAVE).and_then(|()| terminal.flush());
        }
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

/// The thread of the editor.
struct Editing {
    editor: LineEditor,
    paper: Arc<Paper>,
    history: PathBuf,
}

impl Editing {
    fn run(mut self, asking: &std::sync::mpsc::Receiver<()>, lines: &mpsc::Sender<String>) {
        let mut is_kept = true;
        while asking.recv().is_ok() {
            console::flush();
            let line = self.editor.readline(PROMPT);
            self.paper.set(Line::Done);
            // Ctrl-D, a signal, or a terminal that is gone.
            let Ok(line) = line else { return };
            if is_kept && let Err(error) = self.keep(&line) {
                errln!("{}: {error}: lines are not kept", self.history.display());
                is_kept = false;
            }
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    }

    fn keep(&mut self, line: &str) -> Result<(), ReadlineError> {
        match line.trim() {
            "" => Ok(()),
            line => {
                self.editor.add_history_entry(line)?;
                self.editor.append_history(&self.history)
            }
        }
    }
}

fn is_missing(error: &ReadlineError) -> bool {
    matches!(error, ReadlineError::Io(error) if error.kind() == io::ErrorKind::NotFound)
}

const PROMPT: &str = "> ";
/// Earlier lines that are kept.
const MAX_LINES: usize = 500;
/// A line that leaves no trace: the cursor goes up, and its end brings it back. After it, as after
/// any other, the editor draws its line.
const DRAW_AGAIN: &str = "\x1b[A";
/// Removes the line from the screen, and ends the mode in which pasted text is marked.
const LEAVE: &[u8] = b"\r\x1b[J\x1b[?2004l";
