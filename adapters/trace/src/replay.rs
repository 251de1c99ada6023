//! Gives a trace's inputs to a fresh telephone, and compares what comes out.

use core::fmt;

use lxst_core::{Input, InputError, Instant, Output, PacketBuf, Telephone};

use crate::header::{Ending, Header, MAX_LINES};
use crate::reader::{Record, Recorded};
use crate::recorder::output_line;

/// A telephone that lives through a trace.
///
/// Give it each [`Record`] in order, and then the end. Outputs are the same when their lines are.
#[derive(Debug)]
pub struct Replay {
    telephone: Box<dyn Machine>,
    /// The moment of the latest input.
    now: Instant,
    buf: PacketBuf,
}

/// Where the telephone did something else than the trace says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: parted\n  expected: {expected}\n  got:      {got}")]
pub struct Divergence {
    /// The number of the line.
    pub line: u64,
    /// The line.
    pub expected: String,
    /// What came, as a line, or in words.
    pub got: String,
}

impl Replay {
    /// Makes a telephone of the trace's settings.
    #[must_use]
    pub fn new(header: &Header) -> Self {
        Self { telephone: telephone(header), now: header.at, buf: PacketBuf::new() }
    }

    /// Gives an input, or compares an output.
    ///
    /// # Errors
    /// [`Divergence`]. What follows means nothing.
    pub fn step(&mut self, record: &Record<'_>) -> Result<(), Divergence> {
        let parted =
            |got: String| Divergence { line: record.line, expected: record.text.into(), got };
        match record.what {
            Recorded::Input(input) => {
                if let Some(output) = self.next_output() {
                    return Err(parted(output));
                }
                self.now = record.at;
                let refused = |error: &dyn fmt::Display| parted(format!("refused: {error}"));
                self.telephone.handle_input(record.at, input).map_err(|error| refused(&error))
            }
            Recorded::Output(_) => match self.next_output() {
                Some(output) if output == record.text => Ok(()),
                Some(output) => Err(parted(output)),
                None => Err(parted("nothing".into())),
            },
        }
    }

    /// Checks at the trace's last line that nothing is left to come out. After an overflow there may
    /// be: the outputs of the last input are then not on record.
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
        // A header is read with MAX_LINES at most.
        _ => with::<MAX_LINES>(header),
    }
}
