//! How packets travel on an interface.

mod datagram;
mod deframer;
mod hdlc;
mod kiss;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;

pub(crate) use deframer::{Deframed, Deframer};

/// How packets travel on an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// A byte stream with HDLC-like framing: TCP, pipes, serial lines, `rnsd`.
    Hdlc,
    /// A byte stream with KISS framing: packet radio modems (TNCs), and TCP to one. Port 0 is sent
    /// to, and each is heard. A modem's parameters are set by who opens the stream.
    Kiss,
    /// One datagram is one packet: UDP, channels of whole packets.
    Datagram,
}

impl Framing {
    /// Appends a packet, given in parts, to `out` as it travels.
    pub(crate) fn write(self, parts: &[&[u8]], out: &mut Vec<u8>) {
        match self {
            Self::Hdlc => hdlc::write(parts, out),
            Self::Kiss => kiss::write(parts, out),
            Self::Datagram => datagram::write(parts, out),
        }
    }
}
