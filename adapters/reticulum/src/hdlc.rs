//! The byte-stuffed framing of RNS stream interfaces (TCP, pipes, rnsd).
//!
//! ```text
//! [7e][packet, with 7e sent as 7d 5e and 7d as 7d 5d][7e]
//! ```
//! One flag may end a frame and begin the next.

use alloc::vec::Vec;

/// Appends a packet, given in parts, to `out` as one frame.
pub(crate) fn frame(parts: &[&[u8]], out: &mut Vec<u8>) {
    out.push(FLAG);
    for part in parts {
        let mut rest = *part;
        while let Some(at) = rest.iter().position(|byte| matches!(*byte, FLAG | ESCAPE)) {
            let (plain, special) = rest.split_at(at);
            out.extend_from_slice(plain);
            out.extend_from_slice(&[ESCAPE, special[0] ^ MASK]);
            rest = &special[1..];
        }
        out.extend_from_slice(rest);
    }
    out.push(FLAG);
}

/// Finds the frames in a byte stream that arrives in pieces of any size.
#[derive(Debug, Default)]
pub(crate) struct Deframer {
    frame: Vec<u8>,
    max: usize,
    state: State,
}

/// What the deframer found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Deframed<'d> {
    Frame(&'d [u8]),
    /// A frame beyond the bound, or one that broke off within an escape.
    Broken,
}

impl Deframer {
    /// A deframer whose frames have at most `max` bytes.
    pub(crate) fn new(max: usize) -> Self {
        Self { frame: Vec::new(), max, state: State::Outside }
    }

    /// Takes bytes off the front of `input` until something is found or nothing is left.
    pub(crate) fn next_frame(&mut self, input: &mut &[u8]) -> Option<Deframed<'_>> {
        if self.state == State::Ended {
            self.frame.clear();
            self.state = State::Inside;
        }
        while let Some((&byte, rest)) = input.split_first() {
            *input = rest;
            match (self.state, byte) {
                (State::Inside, FLAG) if self.frame.is_empty() => {}
                (State::Inside, FLAG) => {
                    self.state = State::Ended;
                    return Some(Deframed::Frame(&self.frame));
                }
                (State::Escaped | State::Broken, FLAG) => {
                    self.state = State::Ended;
                    return Some(Deframed::Broken);
                }
                (_, FLAG) => self.state = State::Inside,
                (State::Inside, ESCAPE) => self.state = State::Escaped,
                (State::Inside, _) => {
                    let run = rest.iter().position(|byte| matches!(*byte, FLAG | ESCAPE));
                    let (more, after) = rest.split_at(run.unwrap_or(rest.len()));
                    *input = after;
                    self.push(&[byte]);
                    self.push(more);
                }
                (State::Escaped, _) => {
                    self.state = State::Inside;
                    self.push(&[byte ^ MASK]);
                }
                (State::Outside | State::Broken | State::Ended, _) => {}
            }
        }
        None
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.frame.len() + bytes.len() > self.max {
            self.state = State::Broken;
        } else if self.state == State::Inside {
            self.frame.extend_from_slice(bytes);
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Before the first flag.
    #[default]
    Outside,
    Inside,
    Escaped,
    /// Within a frame that is already lost.
    Broken,
    /// A frame was handed out; its bytes go with the next call.
    Ended,
}

const FLAG: u8 = 0x7e;
const ESCAPE: u8 = 0x7d;
const MASK: u8 = 0x20;

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn deframe(deframer: &mut Deframer, mut input: &[u8]) -> Vec<Option<Vec<u8>>> {
        let mut frames = vec![];
        while let Some(found) = deframer.next_frame(&mut input) {
            frames.push(match found {
                Deframed::Frame(frame) => Some(frame.to_vec()),
                Deframed::Broken => None,
            });
        }
        frames
    }

    #[test]
    fn a_stream_in_pieces_of_any_size_gives_the_packets_back() {
        let packets: [&[u8]; 4] = [b"one", &[0x7e, 0x7d, 0x20, 0x7d, 0x7e], &[0x7d; 40], b"4"];
        let mut stream = b"noise before the first flag".to_vec();
        for packet in packets {
            let (head, tail) = packet.split_at(packet.len() / 2);
            frame(&[head, tail], &mut stream);
        }
        for size in 1..stream.len() {
            let mut deframer = Deframer::new(64);
            let found: Vec<_> =
                stream.chunks(size).flat_map(|piece| deframe(&mut deframer, piece)).collect();
            assert_eq!(found, packets.map(|packet| Some(packet.to_vec())), "pieces of {size}");
        }
    }

    #[test]
    fn one_flag_may_end_a_frame_and_begin_the_next() {
        let found = deframe(&mut Deframer::new(9), b"\x7eab\x7ecd\x7e");
        assert_eq!(found, [Some(b"ab".to_vec()), Some(b"cd".to_vec())]);
    }

    #[test]
    fn an_oversized_or_broken_frame_is_lost_alone() {
        let found =
            deframe(&mut Deframer::new(3), b"\x7eabcd\x7e\x7eabc\x7e\x7ea\x7d\x7e\x7ez\x7e");
        assert_eq!(found, [None, Some(b"abc".to_vec()), None, Some(b"z".to_vec())]);
    }
}
