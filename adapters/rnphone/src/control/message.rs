//! Lines of the protocol.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Command, Event, Reply};

/// The longest line that is read, without its end.
pub const MAX_LINE: usize = 64 << 10;

/// A command with the number that its reply repeats.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Chosen by the client.
    pub id: u64,
    /// What it asks.
    pub command: Command,
}

/// A line to a client.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// The reply to a command; else why it was not done, in words.
    Reply {
        /// That of the request; 0 where the line held none.
        id: u64,
        /// What it came to.
        result: Result<Reply, String>,
    },
    /// An event.
    Event(Event),
}

/// A line that is no request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct BadRequest {
    /// Its number, where it has one.
    pub id: u64,
    /// In words.
    pub reason: String,
}

#[derive(Serialize, Deserialize)]
struct ReplyLine {
    id: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ok: Option<Reply>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Request {
    /// Reads a line.
    ///
    /// # Errors
    /// [`BadRequest`]: no JSON object, no `id`, an unknown command or field, or a wrong value.
    pub fn from_line(line: &[u8]) -> Result<Self, BadRequest> {
        let bad = |id, reason: String| BadRequest { id, reason };
        let mut fields: Map<String, Value> =
            serde_json::from_slice(line).map_err(|error| bad(0, format!("no JSON: {error}")))?;
        let id = fields.remove("id").and_then(|id| id.as_u64());
        let id = id.ok_or_else(|| bad(0, "a request has a number as its id".to_owned()))?;
        let command = serde_json::from_value(Value::Object(fields));
        Ok(Self { id, command: command.map_err(|error| bad(id, error.to_string()))? })
    }

    /// Returns the line, with its end.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut fields = to_object(&self.command);
        fields.insert("id".to_owned(), self.id.into());
        format!("{}\n", Value::Object(fields))
    }
}

impl Message {
    /// Reads a line; `None` for one that this version does not know.
    #[must_use]
    pub fn from_line(line: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(line).ok()?;
        if value.get("event").is_some() {
            return serde_json::from_value(value).ok().map(Self::Event);
        }
        let ReplyLine { id, ok, error } = serde_json::from_value(value).ok()?;
        let result = ok.ok_or_else(|| error.unwrap_or_else(|| "not understood".to_owned()));
        Some(Self::Reply { id, result })
    }

    /// Returns the line, with its end.
    #[must_use]
    pub fn to_line(&self) -> String {
        let fields = match self {
            Self::Event(event) => to_object(event),
            Self::Reply { id, result } => {
                let (ok, error) = match result.clone() {
                    Ok(reply) => (Some(reply), None),
                    Err(error) => (None, Some(error)),
                };
                to_object(&ReplyLine { id: *id, ok, error })
            }
        };
        format!("{}\n", Value::Object(fields))
    }
}

/// The protocol's values are objects of texts, numbers and lists, which JSON always holds.
fn to_object(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}
