//! The deframer: finds the packets in the bytes that an interface receives.

use alloc::vec::Vec;
use core::mem;

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

/// The bytes to which a framing gives a meaning.
pub(super) struct Stuffing {
    pub(super) flag: u8,
    pub(super) escape: u8,
    /// Returns the byte that follows an escape, for a flag or an escape.
    pub(super) escaped: fn(u8) -> u8,
    /// The reverse.
    pub(super) plain: fn(u8) -> u8,
    /// Whether the first byte of a frame is a command.
    pub(super) has_command: bool,
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

impl Stuffing {
    /// Appends a packet, given in parts, to `out`, without flags.
    pub(super) fn write(&self, parts: &[&[u8]], out: &mut Vec<u8>) {
        for part in parts {
            let mut rest = *part;
            while let Some(at) = rest.iter().position(|byte| self.is_special(*byte)) {
                let (plain, special) = rest.split_at(at);
                out.extend_from_slice(plain);
                out.extend_from_slice(&[self.escape, (self.escaped)(special[0])]);
                rest = &special[1..];
            }
            out.extend_from_slice(rest);
        }
    }

    const fn is_special(&self, byte: u8) -> bool {
        byte == self.flag || byte == self.escape
    }
}
