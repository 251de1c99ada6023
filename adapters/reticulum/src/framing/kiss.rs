//! KISS, the framing of packet radio modems.
//!
//! ```text
//! [c0][port << 4 | command][packet, with c0 sent as db dc and db as db dd][c0]
//! ```
//! Command 0 carries a packet. Frames of other commands are the modem's own, and are skipped.
//!
//! *Source*: RNS/Interfaces/KISSInterface.py. It accepts packets of every port, and takes a byte
//! after an escape that needs none for itself. If a frame stops, RNS waits 100 ms for its rest;
//! here the next flag ends it, and also begins the next frame.

use alloc::vec::Vec;

use super::stuffing::Stuffing;

pub(super) fn write(parts: &[&[u8]], out: &mut Vec<u8>) {
    out.extend_from_slice(&[FLAG, DATA]);
    STUFFING.write(parts, out);
    out.push(FLAG);
}

/// Returns whether a frame with this first byte carries a packet.
pub(super) const fn is_data(command: u8) -> bool {
    command & 0x0f == DATA
}

pub(super) const STUFFING: Stuffing = Stuffing {
    flag: FLAG,
    escape: ESCAPE,
    escaped: |byte| if byte == FLAG { ESCAPED_FLAG } else { ESCAPED_ESCAPE },
    plain: |byte| match byte {
        ESCAPED_FLAG => FLAG,
        ESCAPED_ESCAPE => ESCAPE,
        other => other,
    },
    has_command: true,
};

const FLAG: u8 = 0xc0;
const ESCAPE: u8 = 0xdb;
const ESCAPED_FLAG: u8 = 0xdc;
const ESCAPED_ESCAPE: u8 = 0xdd;
const DATA: u8 = 0x00;
