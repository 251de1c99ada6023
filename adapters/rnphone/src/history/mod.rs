//! The history of calls: a file of JSON lines that survives restarts.
//!
//! A line is a call, `{"seen":true}` marks the calls above it as seen. A new line is appended; when
//! there are too many, the file is replaced. A line that is not understood, such as the last one
//! that a full disk or a lost battery left, is skipped and counted.

mod export;
mod record;
mod time;
mod tracker;

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub use export::{to_csv, to_json};
use lxst_phone::host::{
    create_private_file, create_private_folder, read_regular_file, replace_private_file,
};
pub use record::{CallDirection, CallRecord, Outcome};
pub use time::UnixTime;
pub use tracker::CallTracker;

/// The calls of a phone, and the file that holds them.
#[derive(Clone, Debug)]
pub struct History {
    path: PathBuf,
    calls: Vec<CallRecord>,
    /// How many of the calls, from the first on, the user has seen.
    seen: usize,
    damaged_lines: usize,
    /// Whether the file ends in the middle of a line.
    is_torn: bool,
}

impl History {
    /// The most calls that are kept.
    pub const MAX_CALLS: usize = 5_000;
    /// The largest file that is read.
    pub const MAX_BYTES: u64 = 16 << 20;

    /// Reads a history. If there is no file, it is empty.
    ///
    /// # Errors
    /// The operating system's, or the file is larger than [`MAX_BYTES`](Self::MAX_BYTES).
    pub fn open(path: &Path) -> io::Result<Self> {
        let bytes = match read_regular_file(path, Self::MAX_BYTES) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read?,
        };
        let mut history = Self {
            path: path.into(),
            calls: Vec::new(),
            seen: 0,
            damaged_lines: 0,
            is_torn: bytes.last().is_some_and(|last| *last != b'\n'),
        };
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty())
        {
            if line.trim_ascii() == SEEN.as_bytes() {
                history.seen = history.calls.len();
            } else if let Some(call) = CallRecord::from_line(line) {
                history.calls.push(call);
            } else {
                history.damaged_lines += 1;
            }
        }
        history.shrink(Self::MAX_CALLS);
        Ok(history)
    }

    /// Returns the calls, the oldest first.
    #[must_use]
    pub fn calls(&self) -> &[CallRecord] {
        &self.calls
    }

    /// Returns how many lines were not understood when the file was read.
    #[must_use]
    pub const fn damaged_lines(&self) -> usize {
        self.damaged_lines
    }

    /// Returns the missed calls that the user has not seen, the oldest first.
    pub fn missed(&self) -> impl Iterator<Item = &CallRecord> {
        self.calls.iter().skip(self.seen).filter(|call| call.is_missed())
    }

    /// Returns the calls whose name, hash, direction or outcome holds a text, the oldest first. Upper
    /// and lower case are the same.
    pub fn search(&self, text: &str) -> impl Iterator<Item = &CallRecord> {
        let text = text.trim().to_lowercase();
        self.calls.iter().filter(move |call| call.holds(&text))
    }

    /// Returns the calls of [`search`](Self::search) with their numbers: 1 is the oldest that is kept.
    /// A new call changes no number, as long as none has to leave.
    pub fn numbered(&self, text: &str) -> impl DoubleEndedIterator<Item = (usize, &CallRecord)> {
        let text = text.trim().to_lowercase();
        let numbered = self.calls.iter().enumerate().map(|(index, call)| (index + 1, call));
        numbered.filter(move |(_, call)| call.holds(&text))
    }

    /// Returns the call of a number.
    #[must_use]
    pub fn get(&self, number: usize) -> Option<&CallRecord> {
        self.calls.get(number.checked_sub(1)?)
    }

    /// Returns the last call in a direction: whom to dial again, or to call back.
    #[must_use]
    pub fn last(&self, direction: CallDirection) -> Option<&CallRecord> {
        self.calls.iter().rfind(|call| call.direction == direction)
    }

    /// Adds a call at the end. The file is for its owner alone (mode 0600), and is made with its
    /// folder if it is not there.
    ///
    /// *Bounds*: of more than [`MAX_CALLS`](Self::MAX_CALLS), the oldest leave; unanswered calls of
    /// strangers before others, if they are more than half.
    ///
    /// # Errors
    /// The operating system's: the call is in this history, and not in the file.
    pub fn add(&mut self, call: CallRecord) -> io::Result<()> {
        let line = call.to_line();
        self.calls.push(call);
        if self.calls.len() <= Self::MAX_CALLS + SLACK {
            return self.append(&line);
        }
        self.shrink(Self::MAX_CALLS);
        self.rewrite()
    }

    /// Marks all calls as seen.
    ///
    /// # Errors
    /// The operating system's: they are seen until the next start.
    pub fn mark_seen(&mut self) -> io::Result<()> {
        let had_missed = self.missed().next().is_some();
        self.seen = self.calls.len();
        if had_missed { self.append(SEEN) } else { Ok(()) }
    }

    fn append(&mut self, line: &str) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = match options.append(true).open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
                parent.map_or(Ok(()), create_private_folder)?;
                create_private_file(&self.path)?
            }
            opened => opened?,
        };
        let end_of_torn = if self.is_torn { "\n" } else { "" };
        self.is_torn = true;
        file.write_all(format!("{end_of_torn}{line}\n").as_bytes())?;
        file.sync_data()?;
        self.is_torn = false;
        Ok(())
    }

    fn rewrite(&mut self) -> io::Result<()> {
        let mut lines: Vec<String> = self.calls.iter().map(CallRecord::to_line).collect();
        lines.insert(self.seen, SEEN.to_owned());
        lines.push(String::new());
        replace_private_file(&self.path, lines.join("\n").as_bytes())?;
        self.is_torn = false;
        Ok(())
    }

    /// Removes calls until so many are left.
    fn shrink(&mut self, left: usize) {
        let excess = self.calls.len().saturating_sub(left);
        let strangers = self.calls.iter().filter(|call| call.is_of_stranger()).count();
        let mut of_strangers = excess.min(strangers.saturating_sub(left / 2));
        let mut of_all = excess - of_strangers;
        let mut seen = 0;
        let mut index = 0;
        self.calls.retain(|call| {
            let leaves = if of_strangers > 0 && call.is_of_stranger() {
                of_strangers -= 1;
                true
            } else if of_all > 0 {
                of_all -= 1;
                true
            } else {
                false
            };
            seen += usize::from(!leaves && index < self.seen);
            index += 1;
            !leaves
        });
        self.seen = seen;
    }
}

const SEEN: &str = "{\"seen\":true}";
/// How many calls more there may be before the file is replaced.
const SLACK: usize = 500;

#[cfg(test)]
#[cfg(unix)]
mod tests;
