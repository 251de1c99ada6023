//! Phones with a user at a terminal of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lxst_interop::Terminal;

/// What a terminal is.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) columns: u16,
}

/// An ordinary one.
pub(crate) const USUAL: Kind = Kind { name: "xterm-256color", columns: 80 };

/// Starts a phone in a folder, with a user at a terminal.
pub(crate) fn person(kind: Kind, folder: &Path, options: &[&str]) -> Terminal {
    let mut command = program(folder, options);
    Terminal::start_at(command.env("TERM", kind.name), ROWS, kind.columns)
}

/// Starts a phone that listens. Returns it with its identity and its address.
pub(crate) fn listening(kind: Kind, folder: &Path) -> (Terminal, String, String) {
    let phone = person(kind, folder, &["--listen", "127.0.0.1:0"]);
    let (identity, address) = told(&phone);
    (phone, identity, address)
}

/// Waits until a phone that listens has told its identity and its address.
pub(crate) fn told(phone: &Terminal) -> (String, String) {
    phone.until_screen("identity and address", |screen| {
        // A line is whole when the cursor has left it.
        let (row, _) = screen.cursor_position();
        let rows: Vec<String> = screen.rows(0, u16::MAX).take(row.into()).collect();
        let word = |name: &str| {
            let row = rows.iter().find(|row| row.starts_with(name))?;
            row.split_whitespace().nth(1).map(str::to_owned)
        };
        Some((word("identity ")?, word("listening ")?))
    })
}

/// Starts a phone that is connected to another.
pub(crate) fn connected(kind: Kind, folder: &Path, address: &str) -> Terminal {
    let phone = person(kind, folder, &["--connect", address]);
    phone.until("online: ");
    phone
}

/// Waits until the time of a call is shown. Returns it with what stands before it.
pub(crate) fn until_clock(phone: &Terminal) -> String {
    phone.until_screen("time of a call", |screen| {
        let screen = screen.contents();
        let (_, clock) = screen.rsplit_once("  00:")?;
        let seconds = clock.get(..2).filter(|seconds| seconds.trim().len() == 2)?;
        Some(format!("  00:{seconds}"))
    })
}

/// Waits for the end. Returns the exit code, and whether the terminal takes lines again.
pub(crate) fn end(phone: &mut Terminal) -> (Option<i32>, bool) {
    (phone.wait().code(), phone.takes_lines())
}

/// A phone without a terminal.
pub(crate) fn program(folder: &Path, options: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_rnphone-rs"));
    program.arg("--no-devices").arg("--config").arg(folder).args(options).stdin(Stdio::null());
    program.env("DBUS_SESSION_BUS_ADDRESS", "");
    program
}

pub(crate) fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prompt").join(test);
    // Left by an earlier run.
    let _ = fs::remove_dir_all(&folder);
    folder
}

const ROWS: u16 = 50;
