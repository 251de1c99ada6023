//! HDLC-like framing by byte stuffing, which most RNS stream interfaces use: TCP, serial lines,
//! pipes, rnsd.
//!
//! ```text
//! [7e][packet, with 7e sent as 7d 5e and 7d as 7d 5d][7e]
//! ```
//! *Source*: RNS/Interfaces/TCPInterface.py and SerialInterface.py, `HDLC`.

use alloc::vec::Vec;

use super::stuffing::Stuffing;

pub(super) fn write(parts: &[&[u8]], out: &mut Vec<u8>) {
    out.push(FLAG);
    STUFFING.write(parts, out);
    out.push(FLAG);
}

pub(super) const STUFFING: Stuffing = Stuffing {
    flag: FLAG,
    escape: ESCAPE,
    escaped: |byte| byte ^ MASK,
    plain: |byte| byte ^ MASK,
    has_command: false,
};

const FLAG: u8 = 0x7e;
const ESCAPE: u8 = 0x7d;
const MASK: u8 = 0x20;
