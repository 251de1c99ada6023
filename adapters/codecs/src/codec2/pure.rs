//! Codec2 by the crate `codec2`, in Rust: every mode but 700C.

use core::fmt;

use super::mode::Codec2Mode;
use crate::error::CodecError;

pub(super) struct Native(Box<::codec2::Codec2>);

impl Native {
    pub(super) const fn check(mode: Codec2Mode) -> Result<(), CodecError> {
        match mode {
            Codec2Mode::Mode700C => Err(CodecError::UnsupportedMode { mode }),
            _ => Ok(()),
        }
    }

    pub(super) fn new(mode: Codec2Mode) -> Result<Self, CodecError> {
        Ok(Self(Box::new(::codec2::Codec2::new(match mode {
            Codec2Mode::Mode700C => return Err(CodecError::UnsupportedMode { mode }),
            Codec2Mode::Mode1200 => ::codec2::Codec2Mode::MODE_1200,
            Codec2Mode::Mode1300 => ::codec2::Codec2Mode::MODE_1300,
            Codec2Mode::Mode1400 => ::codec2::Codec2Mode::MODE_1400,
            Codec2Mode::Mode1600 => ::codec2::Codec2Mode::MODE_1600,
            Codec2Mode::Mode2400 => ::codec2::Codec2Mode::MODE_2400,
            Codec2Mode::Mode3200 => ::codec2::Codec2Mode::MODE_3200,
        }))))
    }

    /// Encodes one native frame. The slices have the lengths of the mode.
    pub(super) fn encode(&mut self, speech: &[i16], bytes: &mut [u8]) {
        self.0.encode(bytes, speech);
    }

    /// Decodes one native frame. The slices have the lengths of the mode.
    pub(super) fn decode(&mut self, bytes: &[u8], speech: &mut [i16]) {
        self.0.decode(speech, bytes);
    }
}

impl fmt::Debug for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Native").finish_non_exhaustive()
    }
}
