//! What a process leaves behind, for the message of a failure.

use core::fmt::Write as _;
use core::time::Duration;
use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::thread;

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

/// Tells of a process with the test that fails: where each of its threads is, which it writes to its
/// stderr (one that is stuck looks like one that waits), and then what `description` says.
#[expect(clippy::print_stderr, reason = "the test harness shows it with the test that failed")]
pub(crate) fn tell_of_failed_test(child: &Child, description: impl FnOnce(&str) -> String) {
    // Without its threads the description is still one.
    let pid = child.id().to_string();
    if Command::new("kill").args(["-USR1", &pid]).status().is_ok_and(|kill| kill.success()) {
        thread::sleep(TIME_TO_WRITE);
    }
    eprintln!("{}", description("when the test failed"));
}

const TIME_TO_WRITE: Duration = Duration::from_millis(300);
/// How much of a log or of a list of events a message shows.
pub(crate) const TAIL_LINES: usize = 60;
