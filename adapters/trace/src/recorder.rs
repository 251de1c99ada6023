//! The recorder: writes inputs and outputs as the lines of a trace.

use lxst_core::{Boundary, Instant};

use crate::header::{Header, Payloads};
use crate::input::write_input;
use crate::line::Line;
use crate::output::write_output;
use crate::strip::Stripper;

/// Writes the lines of one trace, for a sink of the owner's: a file, a channel, memory.
///
/// A trace is the lines of [`line`](Self::line) in order, then
/// [`Ending::line`](crate::Ending::line). A line longer than [`LINE_BYTES`](crate::LINE_BYTES),
/// which no Reticulum packet makes, cannot be read: end the trace by
/// [`Ending::Overflow`](crate::Ending::Overflow) in its place.
#[derive(Debug)]
pub struct Recorder {
    payloads: Payloads,
    stripper: Stripper,
}

impl Recorder {
    /// Begins a trace.
    #[must_use]
    pub fn new(payloads: Payloads) -> Self {
        Self { payloads, stripper: Stripper::default() }
    }

    /// Returns an item as a line, with its line feed.
    pub fn line(&mut self, now: Instant, boundary: Boundary<'_>) -> String {
        match (self.payloads, boundary) {
            (payloads, Boundary::Start { identity, config, lines }) => {
                let by = env!("CARGO_PKG_VERSION").into();
                Header { by, payloads, at: now, identity, lines, config: *config }.write()
            }
            (Payloads::Kept, Boundary::In(input)) => input_line(now, &input),
            (Payloads::Kept, Boundary::Out(output)) => output_line(now, &output),
            (Payloads::Stripped, Boundary::In(input)) => {
                input_line(now, &self.stripper.input(input))
            }
            (Payloads::Stripped, Boundary::Out(output)) => {
                output_line(now, &self.stripper.output(output))
            }
        }
    }
}

pub(crate) fn input_line(now: Instant, input: &lxst_core::Input<'_>) -> String {
    let mut line = Line::at(now);
    write_input(&mut line, input);
    line.end()
}

pub(crate) fn output_line(now: Instant, output: &lxst_core::Output<'_>) -> String {
    let mut line = Line::at(now);
    write_output(&mut line, output);
    line.end()
}
