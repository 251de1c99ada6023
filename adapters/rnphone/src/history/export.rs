//! The history for other programs.

use std::fmt::Write;

use serde_json::{Value, json};

use super::CallRecord;
use crate::contacts::PeerName;

/// Writes calls as a JSON array, a line for each: the fields of the file, and `time`.
pub fn to_json<'a>(calls: impl IntoIterator<Item = &'a CallRecord>) -> String {
    let calls = calls.into_iter().map(|call| {
        let mut fields = call.fields();
        fields.insert("time".to_owned(), json!(call.started.to_string()));
        Value::Object(fields).to_string()
    });
    let lines: Vec<String> = calls.collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

/// Writes calls as CSV: a header, then a line for each. `name` is empty where none is known, and
/// `verified` tells a contact's name from an announced one.
///
/// A name that a spreadsheet would take for a formula has a `'` before it.
///
/// *Source*: RFC 4180, with its line ends.
pub fn to_csv<'a>(calls: impl IntoIterator<Item = &'a CallRecord>) -> String {
    let mut csv = "time,direction,peer,name,verified,talked_s,profile,outcome\r\n".to_owned();
    for call in calls {
        let (name, verified) = match &call.name {
            PeerName::Contact(name) => (name.as_str(), "yes"),
            PeerName::Announced(name, _) => (name.as_str(), "no"),
            PeerName::Unknown(_) => ("", "no"),
        };
        let talked = call.talked.map(|talked| format!("{:.1}", talked.as_secs_f64()));
        // Writing to a string does not fail.
        let _ = write!(
            csv,
            "{},{},{},{},{verified},{},{},{}\r\n",
            call.started,
            call.direction.name(),
            call.peer,
            field(name),
            talked.unwrap_or_default(),
            call.profile.map_or("", |profile| profile.abbreviation()),
            call.outcome.name(),
        );
    }
    csv
}

fn field(text: &str) -> String {
    let begins = text.trim_start().chars().next();
    let is_formula = begins.is_some_and(|first| FORMULA.contains(&first));
    let guard = if is_formula || text.starts_with(['\t', '\r', '\n']) { "'" } else { "" };
    match text.contains([',', '"', '\r', '\n']) {
        true => format!("\"{guard}{}\"", text.replace('"', "\"\"")),
        false => format!("{guard}{text}"),
    }
}

/// What begins a formula in a spreadsheet, in full width too.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
