//! Reads a value that is one text.

use crate::ini::{Entry, Value, is_interpolated};

/// Reads a name that stands for itself.
pub(super) fn text(entry: &Entry) -> Result<String, String> {
    let key = entry.key();
    match entry.value() {
        Value::List(_) => Err(format!("{key} is one name: put quotes around a name with commas")),
        Value::Text(text) if text.is_empty() => {
            Err(format!("{key} is empty: write a name, or remove the line"))
        }
        Value::Text(text) if is_interpolated(text) => Err(format!(
            "rnphone reads %(..)s in {key} as a reference to another key: leave it out"
        )),
        Value::Text(text) => Ok(text.clone()),
    }
}
