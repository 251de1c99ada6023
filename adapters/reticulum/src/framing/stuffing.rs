//! Byte stuffing: how a packet is sent without the bytes that delimit it.

use alloc::vec::Vec;

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

    /// Returns whether a framing gives a byte a meaning.
    pub(super) const fn is_special(&self, byte: u8) -> bool {
        byte == self.flag || byte == self.escape
    }
}
