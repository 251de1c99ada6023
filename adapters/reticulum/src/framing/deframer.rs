//! The deframer: finds the packets in the bytes that an interface receives.

use alloc::vec::Vec;
use core::mem;

use super::stuffing::Stuffing;
use super::{Framing, hdlc, kiss};

/// Finds packets in bytes that arrive in pieces of any size. A datagram is one packet.
///
/// One flag may end a frame and begin the next.
#[derive(Debug)]
pub(crate) struct Deframer {
    framing: Framing,
    frame: Vec<u8>,
    max: usize,
    state: State,
}

/// What the deframer found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Deframed<'d> {
    Frame(&'d [u8]),
    /// A frame beyond the bound, or one that ended within an escape.
    Broken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first flag, or within a frame that carries no packet.
    Outside,
    /// After a flag, before the command.
    Command,
    Inside,
    Escaped,
    /// Within a frame that is dropped.
    Broken,
}

impl Deframer {
    /// Creates a deframer. Frames have at most `max` bytes.
    pub(crate) const fn new(framing: Framing, max: usize) -> Self {
        Self { framing, frame: Vec::new(), max, state: State::Outside }
    }

    /// Takes bytes from the front of `input` and passes each packet that they complete to `found`.
    pub(crate) fn take(&mut self, input: &[u8], found: impl FnMut(Deframed<'_>)) {
        match self.framing {
            Framing::Hdlc => self.unstuff(&hdlc::STUFFING, input, found),
            Framing::Kiss => self.unstuff(&kiss::STUFFING, input, found),
            Framing::Datagram => {
                let mut found = found;
                let fits = input.len() <= self.max;
                found(if fits { Deframed::Frame(input) } else { Deframed::Broken });
            }
        }
    }

    fn unstuff(
        &mut self,
        stuffing: &Stuffing,
        mut input: &[u8],
        mut found: impl FnMut(Deframed<'_>),
    ) {
        while let Some((&byte, rest)) = input.split_first() {
            input = rest;
            if byte == stuffing.flag {
                let begun = if stuffing.has_command { State::Command } else { State::Inside };
                match mem::replace(&mut self.state, begun) {
                    State::Inside if !self.frame.is_empty() => found(Deframed::Frame(&self.frame)),
                    State::Escaped | State::Broken => found(Deframed::Broken),
                    State::Inside | State::Outside | State::Command => {}
                }
                self.frame.clear();
                continue;
            }
            match self.state {
                State::Command if kiss::is_data(byte) => self.state = State::Inside,
                State::Command => self.state = State::Outside,
                State::Inside if byte == stuffing.escape => self.state = State::Escaped,
                State::Inside => {
                    let run = rest.iter().position(|byte| stuffing.is_special(*byte));
                    let (more, after) = rest.split_at(run.unwrap_or(rest.len()));
                    input = after;
                    self.push(&[byte]);
                    self.push(more);
                }
                State::Escaped => {
                    self.state = State::Inside;
                    self.push(&[(stuffing.plain)(byte)]);
                }
                State::Outside | State::Broken => {}
            }
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.frame.len() + bytes.len() > self.max {
            self.state = State::Broken;
        } else if self.state == State::Inside {
            self.frame.extend_from_slice(bytes);
        }
    }
}
