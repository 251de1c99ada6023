//! No framing: the transport keeps packets apart.

use alloc::vec::Vec;

pub(super) fn write(parts: &[&[u8]], out: &mut Vec<u8>) {
    parts.iter().for_each(|part| out.extend_from_slice(part));
}
