//! The files that a process leaves behind, for the message of a failure.

use core::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Appends the last lines of these files of a folder.
pub(crate) fn append_ends(text: &mut String, folder: &Path, names: &[&str]) {
    for name in names {
        let path = folder.join(name);
        let log = fs::read(&path).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        // Writing to a String succeeds.
        let _ = write!(text, "\nend of {}:", path.display());
        for line in lines.iter().skip(lines.len().saturating_sub(TAIL_LINES)) {
            let _ = write!(text, "\n  {line}");
        }
    }
}

/// How much of a log or of a list of events a message shows.
pub(crate) const TAIL_LINES: usize = 15;
