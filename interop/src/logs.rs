//! The logs of a process, for the message of a failure.

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

/// Describes the process of a failed test. It first writes the stack of each of its threads to its
/// stderr, because a stuck process looks like one that waits; then comes `description`.
#[expect(clippy::print_stderr, reason = "the test harness shows it with the test that failed")]
pub(crate) fn tell_of_failed_test(child: &Child, description: impl FnOnce(&str) -> String) {
    // The description is useful without the threads.
    let pid = child.id().to_string();
    if Command::new("kill").args(["-USR1", &pid]).status().is_ok_and(|kill| kill.success()) {
        thread::sleep(TIME_TO_WRITE);
    }
    eprintln!("{}", description("when the test failed"));
}

/// Returns whether an rnsd with a log below this folder cut off an app that attached to it.
///
/// RNS 1.5.7 sends to an app that attaches before its socket is registered with epoll, if another
/// app announces at that moment. `BackboneInterface.tx_ready` raises `FileNotFoundError` and the
/// interface is torn down. The app's socket stays open, and nothing is sent to it any more.
pub(crate) fn cut_off(folder: &Path) -> bool {
    let Ok(files) = fs::read_dir(folder) else { return false };
    files.flatten().any(|file| match file.file_type() {
        Ok(kind) if kind.is_dir() => cut_off(&file.path()),
        Ok(_) if file.file_name() == "log" => {
            fs::read(file.path()).is_ok_and(|log| String::from_utf8_lossy(&log).contains(CUT_OFF))
        }
        _ => false,
    })
}

/// The line that RNS logs then.
pub(crate) const CUT_OFF: &str = "Exception occurred while transmitting via LocalInterface";
const TIME_TO_WRITE: Duration = Duration::from_millis(300);
/// Lines of a log or of a list of events in a message.
pub(crate) const TAIL_LINES: usize = 60;
