//! What is sealed in a packet of a page.

use alloc::string::String;

use lxst_core::frame_length;
use lxst_core::wire::msgpack::Writer;
use lxst_core::wire::{Codec, Frame, Overflow};

use crate::limits;
use crate::spoken::Spoken;
use crate::text::clean;
use crate::wire::text_of;

/// Writes voice, and the name of who pages if it fits. Returns the length in bytes.
pub(super) fn write(
    spoken: &Spoken<'_>,
    name: Option<&str>,
    out: &mut [u8],
) -> Result<usize, Overflow> {
    let length = spoken.write(out)?;
    let (pairs, rest) = out.split_at_mut(length);
    let mut writer = Writer::new(rest);
    let fits = |name: &str| writer.unsigned(NAME).and_then(|()| writer.str(name)).is_ok();
    if name.is_some_and(fits) {
        // A map of one pair more. It has three at most.
        pairs[0] += 1;
        return Ok(length + writer.length());
    }
    Ok(length)
}

/// Returns the name of who pages.
pub(super) fn name_of(plain: &[u8]) -> Option<String> {
    text_of(plain, NAME).map(|name| clean(name, limits::NAME))
}

/// Returns whether a frame is voice that pages carry: Opus or Codec2 of a length that is known.
pub(super) fn is_voice(frame: Frame<'_>) -> bool {
    matches!(frame.codec, Codec::Opus | Codec::Codec2) && frame_length(frame).is_some()
}

/// The key of the name.
const NAME: u64 = 0x28;
