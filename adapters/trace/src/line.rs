//! A line of a trace: a flat JSON object, written and read key by key.

use core::fmt::{Display, Write};
use core::time::Duration;

use lxst_core::Instant;
use lxst_core::wire::{Codec, CodecSet};
use serde_json::{Map, Value};

use crate::names::Named;

/// Writes a line. Its keys are in the order of the calls.
#[derive(Debug)]
pub(crate) struct Line(String);

impl Line {
    /// Begins a line with its moment.
    pub(crate) fn at(now: Instant) -> Self {
        Self::first("t", now.as_micros())
    }

    /// Begins a line with a number.
    pub(crate) fn first(key: &str, value: u64) -> Self {
        let mut text = String::with_capacity(TYPICAL_BYTES);
        // Writing to a string cannot fail, here and below.
        let _ = write!(text, r#"{{"{key}":{value}"#);
        Self(text)
    }

    pub(crate) fn number(&mut self, key: &str, value: u64) -> &mut Self {
        self.raw(key, value)
    }

    pub(crate) fn flag(&mut self, key: &str, value: bool) -> &mut Self {
        self.raw(key, value)
    }

    /// Writes whole nanoseconds, at most `u64::MAX`: 584 years.
    pub(crate) fn duration(&mut self, key: &str, value: Duration) -> &mut Self {
        self.raw(key, u64::try_from(value.as_nanos()).unwrap_or(u64::MAX))
    }

    /// Writes a text that needs no escaping in JSON.
    pub(crate) fn text(&mut self, key: &str, value: impl Display) -> &mut Self {
        let _ = write!(self.0, r#","{key}":"{value}""#);
        self
    }

    pub(crate) fn name(&mut self, key: &str, value: impl Named) -> &mut Self {
        self.text(key, value.name())
    }

    /// Writes any text.
    pub(crate) fn prose(&mut self, key: &str, value: &str) -> &mut Self {
        self.raw(key, Value::from(value))
    }

    pub(crate) fn hex(&mut self, key: &str, bytes: &[u8]) -> &mut Self {
        let _ = write!(self.0, r#","{key}":""#);
        for byte in bytes {
            self.0.push(digit(byte >> 4));
            self.0.push(digit(byte & 0x0f));
        }
        self.0.push('"');
        self
    }

    /// Writes a value, if there is one.
    pub(crate) fn optional<T>(
        &mut self,
        key: &str,
        value: Option<T>,
        write: for<'a> fn(&'a mut Self, &str, T) -> &'a mut Self,
    ) -> &mut Self {
        match value {
            Some(value) => write(self, key, value),
            None => self,
        }
    }

    /// Completes the line.
    pub(crate) fn end(mut self) -> String {
        self.0.push_str("}\n");
        self.0
    }

    fn raw(&mut self, key: &str, value: impl Display) -> &mut Self {
        let _ = write!(self.0, r#","{key}":{value}"#);
        self
    }
}

/// Reads a line. Each key is taken once. A key that is left at the end is unknown.
#[derive(Debug)]
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    pub(crate) fn parse(text: &[u8]) -> Result<Self, LineError> {
        match serde_json::from_slice(text) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(LineError("not a JSON object".into())),
            Err(error) => Err(LineError(format!("not JSON: {error}"))),
        }
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Reads a value, if there is one.
    pub(crate) fn optional<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&mut Self, &str) -> Result<T, LineError>,
    ) -> Result<Option<T>, LineError> {
        if self.has(key) { read(self, key).map(Some) } else { Ok(None) }
    }

    pub(crate) fn number<T: TryFrom<u64>>(&mut self, key: &str) -> Result<T, LineError> {
        let value = self.take(key)?;
        let number = value.as_u64().and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| wrong(key, &value, "a whole number in its range"))
    }

    pub(crate) fn flag(&mut self, key: &str) -> Result<bool, LineError> {
        let value = self.take(key)?;
        value.as_bool().ok_or_else(|| wrong(key, &value, "true or false"))
    }

    pub(crate) fn duration(&mut self, key: &str) -> Result<Duration, LineError> {
        self.number(key).map(Duration::from_nanos)
    }

    pub(crate) fn text(&mut self, key: &str) -> Result<String, LineError> {
        match self.take(key)? {
            Value::String(text) => Ok(text),
            value => Err(wrong(key, &value, "a text")),
        }
    }

    pub(crate) fn name<T: Named>(&mut self, key: &str) -> Result<T, LineError> {
        let text = self.text(key)?;
        T::named(&text).ok_or_else(|| {
            let names: Vec<&str> = T::ALL.iter().map(|value| value.name()).collect();
            wrong(key, &Value::String(text), &names.join(", "))
        })
    }

    pub(crate) fn codec(&mut self, key: &str) -> Result<Codec, LineError> {
        codec(key, &self.text(key)?)
    }

    pub(crate) fn codecs(&mut self, key: &str) -> Result<CodecSet, LineError> {
        let text = self.text(key)?;
        text.split_whitespace()
            .try_fold(CodecSet::EMPTY, |set, name| codec(key, name).map(|codec| set.with(codec)))
    }

    pub(crate) fn hex<'b>(
        &mut self,
        key: &str,
        bytes: &'b mut Vec<u8>,
    ) -> Result<&'b [u8], LineError> {
        let text = self.text(key)?;
        let (pairs, rest) = text.as_bytes().as_chunks();
        let is_whole = rest.is_empty();
        bytes.clear();
        for [high, low] in pairs {
            match value(*high).zip(value(*low)) {
                Some((high, low)) => bytes.push(high << 4 | low),
                None => return Err(LineError(format!("\"{key}\" is not in lower-case hex"))),
            }
        }
        if !is_whole {
            return Err(LineError(format!("\"{key}\" has an odd number of hex digits")));
        }
        Ok(bytes)
    }

    /// Checks that every key was taken.
    pub(crate) fn end(self) -> Result<(), LineError> {
        match self.0.keys().next() {
            Some(key) => Err(LineError(format!("\"{key}\" does not belong here"))),
            None => Ok(()),
        }
    }

    pub(crate) fn take(&mut self, key: &str) -> Result<Value, LineError> {
        self.0.remove(key).ok_or_else(|| LineError(format!("\"{key}\" is missing")))
    }
}

/// Why a line cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LineError(pub(crate) String);

pub(crate) fn wrong(key: &str, found: &Value, allowed: &str) -> LineError {
    let mut found = found.to_string();
    if found.chars().count() > SHOWN_CHARS {
        found = found.chars().take(SHOWN_CHARS).chain("...".chars()).collect();
    }
    LineError(format!("\"{key}\" is {found}; allowed: {allowed}"))
}

fn codec(key: &str, name: &str) -> Result<Codec, LineError> {
    let found = CodecSet::ALL.iter().find(|codec| codec.to_string() == name);
    let allowed = "raw, opus, codec2, or a byte such as 0x0a";
    found.ok_or_else(|| wrong(key, &Value::from(name), allowed))
}

fn digit(nibble: u8) -> char {
    char::from(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 })
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

const TYPICAL_BYTES: usize = 256;
const SHOWN_CHARS: usize = 40;
