//! The replay of a trace: gives its inputs to a fresh telephone and compares the outputs.

use core::fmt;

use lxst_core::{Input, InputError, Instant, Output, PacketBuf, Telephone};

use crate::header::{Ending, Header, MAX_LINES};
use crate::reader::{Record, Recorded};
use crate::recorder::output_line;

/// A telephone that replays a trace.
///
/// Give it each [`Record`] in order, and then the end. Two outputs are equal if their lines are.
#[derive(Debug)]
pub struct Replay {
    telephone: Box<dyn Machine>,
    /// The moment of the latest input.
    now: Instant,
    buf: PacketBuf,
}

/// Where the telephone diverged from the trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: diverged\n  expected: {expected}\n  got:      {got}")]
pub struct Divergence {
    /// The number of the line.
    pub line: u64,
    /// The line of the trace.
    pub expected: String,
    /// The telephone's output as a line, or what it did, in words.
    pub got: String,
}

impl Replay {
    /// Creates a telephone with the trace's settings.
    #[must_use]
    pub fn new(header: &Header) -> Self {
        Self { telephone: telephone(header), now: header.at, buf: PacketBuf::new() }
    }

    /// Gives an input, or compares an output.
    ///
    /// # Errors
    /// [`Divergence`]. Further results are meaningless.
    pub fn step(&mut self, record: &Record<'_>) -> Result<(), Divergence> {
        let diverged =
            |got: String| Divergence { line: record.line, expected: record.text.into(), got };
        match record.what {
            Recorded::Input(input) => {
                if let Some(output) = self.next_output() {
                    return Err(diverged(output));
                }
                self.now = record.at;
                let refused = |error: &dyn fmt::Display| diverged(format!("refused: {error}"));
                self.telephone.handle_input(record.at, input).map_err(|error| refused(&error))
            }
            Recorded::Output(_) => match self.next_output() {
                Some(output) if output == record.text => Ok(()),
                Some(output) => Err(diverged(output)),
                None => Err(diverged("nothing".into())),
            },
        }
    }

    /// Checks at the end of the trace that no output is left. After an overflow outputs may be
    /// left: those of the last input are then not recorded.
    ///
    /// # Errors
    /// [`Divergence`].
    pub fn end(&mut self, line: u64, ending: Ending) -> Result<(), Divergence> {
        match (ending, self.next_output()) {
            (Ending::Closed, Some(got)) => {
                Err(Divergence { line, expected: "the end of the trace".into(), got })
            }
            _ => Ok(()),
        }
    }

    fn next_output(&mut self) -> Option<String> {
        let output: Output<'_> = self.telephone.poll_output(&mut self.buf)?;
        let mut line = output_line(self.now, &output);
        line.pop();
        Some(line)
    }
}

/// A telephone of any number of lines.
trait Machine: fmt::Debug + Send {
    fn handle_input(&mut self, now: Instant, input: Input<'_>) -> Result<(), InputError>;
    fn poll_output<'b>(&mut self, buf: &'b mut PacketBuf) -> Option<Output<'b>>;
}

impl<const LINES: usize> Machine for Telephone<LINES> {
    fn handle_input(&mut self, now: Instant, input: Input<'_>) -> Result<(), InputError> {
        Self::handle_input(self, now, input)
    }

    fn poll_output<'b>(&mut self, buf: &'b mut PacketBuf) -> Option<Output<'b>> {
        Self::poll_output(self, buf)
    }
}

fn telephone(header: &Header) -> Box<dyn Machine> {
    fn with<const LINES: usize>(header: &Header) -> Box<dyn Machine> {
        let Header { identity, config, at, .. } = header;
        Box::new(Telephone::<LINES>::with_lines(*identity, *config, *at))
    }
    match header.lines {
        0 | 1 => with::<1>(header),
        2 => with::<2>(header),
        3 => with::<3>(header),
        4 => with::<4>(header),
        5 => with::<5>(header),
        6 => with::<6>(header),
        7 => with::<7>(header),
        // The reader refuses headers of more than MAX_LINES.
        _ => with::<MAX_LINES>(header),
    }
}
