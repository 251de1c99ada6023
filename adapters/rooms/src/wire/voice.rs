//! Voice in a packet.

use alloc::vec::Vec;

use lxst_core::wire::{Frames, Media, Overflow, Sequence, encode_media};

use super::value::Fields;
use crate::id::MemberId;

/// The frames of a packet, and the number of the first one.
///
/// [`encode_media`] documents the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice<'p> {
    /// The frames. A bad one is an error, and the last item.
    pub frames: Frames<'p>,
    /// The number of the first frame. `None`: the sender numbers none.
    pub sequence: Option<Sequence>,
}

impl<'p> Voice<'p> {
    pub(super) fn parse(fields: &Fields<'p>) -> Self {
        Self { frames: fields.packet.frames(), sequence: fields.packet.sequence() }
    }

    /// Writes a packet of its good frames.
    pub(super) fn encode(
        &self,
        speaker: Option<MemberId>,
        out: &mut [u8],
    ) -> Result<usize, Overflow> {
        let frames: Vec<_> = self.frames.clone().flatten().collect();
        let speaker = speaker.map(Into::into);
        encode_media(Media { frames: &frames, speaker, sequence: self.sequence }, out)
    }
}
