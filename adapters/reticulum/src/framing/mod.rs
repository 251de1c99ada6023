//! Framing: how an interface delimits packets.

mod datagram;
mod deframer;
mod hdlc;
mod kiss;
mod stuffing;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;

pub(crate) use deframer::{Deframed, Deframer};

/// How an interface delimits packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// A byte stream with HDLC-like framing: TCP, pipes, serial lines, `rnsd`.
    Hdlc,
    /// A byte stream with KISS framing: packet radio modems (TNCs), and TCP to one. Packets are
    /// sent to port 0, and received from every port. The code that opens the stream sets the
    /// modem's parameters.
    Kiss,
    /// One datagram is one packet: UDP, channels of whole packets.
    Datagram,
}

impl Framing {
    /// Appends a packet, given in parts, to `out` with its framing.
    pub(crate) fn write(self, parts: &[&[u8]], out: &mut Vec<u8>) {
        match self {
            Self::Hdlc => hdlc::write(parts, out),
            Self::Kiss => kiss::write(parts, out),
            Self::Datagram => datagram::write(parts, out),
        }
    }
}
