//! The reader of a trace, line by line.

use core::fmt;
use std::io::{self, BufRead, Read};

use lxst_core::{Input, Instant, Output};
use serde_json::Value;

use crate::header::{Ending, Header, LINE_BYTES, VERSION};
use crate::input::read_input;
use crate::line::{Fields, LineError, wrong};
use crate::output::read_output;

/// Reads a trace from its header to its end.
///
/// *Bounds*: it holds one line of at most [`LINE_BYTES`].
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    /// The number of the line in `text`, from 1.
    line: u64,
    text: Vec<u8>,
    bytes: Vec<u8>,
    header: Header,
    ending: Option<Ending>,
}

/// A line between the header and the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Record<'r> {
    /// Its number; the header is line 1.
    pub line: u64,
    /// The text of the line, without the line feed.
    pub text: &'r str,
    /// The moment of the input or output.
    pub at: Instant,
    /// The input or output.
    pub what: Recorded<'r>,
}

/// An item that passed a door of the telephone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Recorded<'r> {
    /// An input that was applied.
    Input(Input<'r>),
    /// An output. `None` is an event without a name in this version: it compares by its text.
    Output(Option<Output<'r>>),
}

/// Where and why a trace cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct TraceError {
    /// The number of the line, from 1.
    pub line: u64,
    /// Why it cannot be read.
    pub problem: Problem,
}

/// Why a trace cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum Problem {
    /// The source failed.
    Io(io::Error),
    /// The trace has a version that this build does not know.
    Version {
        /// The version found.
        found: u64,
    },
    /// The file ends without the end of the trace.
    Cut,
    /// The line is longer than [`LINE_BYTES`].
    TooLong,
    /// The line does not have the format. The text says where.
    Damaged(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot be read: {error}"),
            Self::Version { found } => {
                write!(f, "trace of version {found}; this build reads up to {VERSION}")
            }
            Self::Cut => {
                f.write_str("the trace breaks off: its file was cut, or its phone was killed")
            }
            Self::TooLong => write!(f, "longer than {LINE_BYTES} bytes; allowed is less"),
            Self::Damaged(what) => write!(f, "damaged: {what}"),
        }
    }
}

impl<R: BufRead> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`TraceError`]: the source fails, is no trace, or is of a newer version.
    pub fn new(mut source: R) -> Result<Self, TraceError> {
        let mut text = Vec::new();
        let header = read_line(&mut source, &mut text)
            .and_then(|line| line.whole())
            .and_then(|()| read_header(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&text)))
            .map_err(|problem| TraceError { line: 1, problem })?;
        Ok(Self { source, line: 1, text, bytes: Vec::new(), header, ending: None })
    }

    /// Returns the first line.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Returns how the trace ended, once [`next_record`](Self::next_record) returned `None`.
    #[must_use]
    pub const fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// Returns the number of the latest line read.
    #[must_use]
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// Reads the next line; `None` at the end of the trace.
    ///
    /// # Errors
    /// [`TraceError`]: the line cannot be read, or the file ends before it. The lines before it are
    /// valid.
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, TraceError> {
        if self.ending.is_some() {
            return Ok(None);
        }
        self.line += 1;
        let line = self.line;
        let at_line = |problem| TraceError { line, problem };
        let line_end = read_line(&mut self.source, &mut self.text).map_err(at_line)?;
        let is_end = self.text.starts_with(END) && self.text.ends_with(b"}");
        if line_end == LineEnd::Truncated && !is_end {
            return Err(at_line(Problem::Cut));
        }
        let damaged = |LineError(what)| at_line(Problem::Damaged(what));
        let mut fields = Fields::parse(&self.text).map_err(damaged)?;
        if fields.has("end") {
            let ending = read_end(fields).map_err(damaged)?;
            self.read_blank_tail()?;
            self.ending = Some(ending);
            return Ok(None);
        }
        let (at, what) = read_record(&mut fields, &mut self.bytes).map_err(damaged)?;
        fields.end().map_err(damaged)?;
        // serde_json accepted the bytes, so they are UTF-8.
        let text = core::str::from_utf8(&self.text).unwrap_or_default();
        Ok(Some(Record { line, text, at, what }))
    }

    fn read_blank_tail(&mut self) -> Result<(), TraceError> {
        let at_line = |problem| TraceError { line: self.line + 1, problem };
        loop {
            let rest = self.source.fill_buf().map_err(|error| at_line(Problem::Io(error)))?;
            let length = rest.len();
            if length == 0 {
                return Ok(());
            }
            if !rest.iter().all(u8::is_ascii_whitespace) {
                let what = "something follows the end of the trace".into();
                return Err(at_line(Problem::Damaged(what)));
            }
            self.source.consume(length);
        }
    }
}

fn read_end(mut fields: Fields) -> Result<Ending, LineError> {
    let found = fields.text("end")?;
    fields.end()?;
    [Ending::Closed, Ending::Overflow]
        .into_iter()
        .find(|ending| ending.name() == found)
        .ok_or_else(|| wrong("end", &Value::from(found), "closed, overflow"))
}

fn read_header(text: &[u8]) -> Result<Header, Problem> {
    let damaged = |LineError(what)| Problem::Damaged(what);
    let no_trace = |LineError(what)| Problem::Damaged(format!("not a trace: {what}"));
    let mut fields = Fields::parse(text).map_err(no_trace)?;
    let found: u64 = fields.number("trace").map_err(no_trace)?;
    if found > VERSION {
        return Err(Problem::Version { found });
    }
    if found < 1 {
        return Err(damaged(wrong("trace", &Value::from(found), "versions from 1")));
    }
    Header::read(fields).map_err(damaged)
}

fn read_record<'b>(
    fields: &mut Fields,
    bytes: &'b mut Vec<u8>,
) -> Result<(Instant, Recorded<'b>), LineError> {
    let at = Instant::from_micros(fields.number("t")?);
    let what = if fields.has("in") {
        let kind = fields.text("in")?;
        Recorded::Input(read_input(&kind, fields, bytes)?)
    } else if fields.has("out") {
        let kind = fields.text("out")?;
        Recorded::Output(read_output(&kind, fields, bytes)?)
    } else {
        return Err(LineError("neither \"in\", \"out\" nor \"end\" is there".into()));
    };
    Ok((at, what))
}

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineEnd {
    Complete,
    /// By the end of the source.
    Truncated,
}

impl LineEnd {
    fn whole(self) -> Result<(), Problem> {
        match self {
            Self::Complete => Ok(()),
            Self::Truncated => Err(Problem::Cut),
        }
    }
}

/// Reads a line without its line feed, and without a carriage return before it.
fn read_line(source: &mut impl BufRead, text: &mut Vec<u8>) -> Result<LineEnd, Problem> {
    text.clear();
    source.by_ref().take(LINE_BYTES as u64).read_until(b'\n', text).map_err(Problem::Io)?;
    let line_end = match text.pop_if(|last| *last == b'\n') {
        Some(_) => LineEnd::Complete,
        None if text.len() == LINE_BYTES => return Err(Problem::TooLong),
        None => LineEnd::Truncated,
    };
    text.pop_if(|last| *last == b'\r');
    Ok(line_end)
}

/// The beginning of the last line.
const END: &[u8] = b"{\"end\":";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
