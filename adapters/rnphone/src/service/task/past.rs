//! What clients are told of past calls.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use super::Task;
use crate::control::{ExportFormat, PastCall, Reply};
use crate::history::{CallRecord, to_csv, to_json};
use crate::service::new_file;
use crate::service::refused::Refused;
use crate::service::told::past;

impl Task {
    /// The latest calls that hold a text, the latest first.
    pub(super) fn past_calls(&self, search: &str, limit: usize) -> Vec<PastCall> {
        let latest = self.history.numbered(search).rev().take(limit);
        let past = |(number, record): (usize, &CallRecord)| PastCall {
            number: Some(number),
            ..past(record, self.peer(record.peer))
        };
        latest.map(past).collect()
    }

    /// Writes the calls that hold a text for other programs.
    pub(super) fn export(
        &self,
        format: ExportFormat,
        search: &str,
        path: Option<PathBuf>,
    ) -> Result<Reply, Refused> {
        let calls = self.history.search(search);
        let text = match format {
            ExportFormat::Json => to_json(calls),
            ExportFormat::Csv => to_csv(calls),
        };
        let Some(path) = path else { return Ok(Reply::Exported(text)) };
        let mut file = new_file::create(&path)?;
        if let Err(error) = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()) {
            // A part of it would pass for all of it.
            let _ = fs::remove_file(&path);
            return Err(Refused::new(format!("{}: {error}", path.display())));
        }
        Ok(Reply::File(path))
    }
}
