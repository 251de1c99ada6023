//! A build without Codec2.

use super::mode::Codec2Mode;
use crate::error::CodecError;
use lxst_core::wire::Codec;

/// The state of the codec, which no value can have.
#[derive(Debug)]
pub(super) enum Native {}

impl Native {
    pub(super) const fn check(_: Codec2Mode) -> Result<(), CodecError> {
        Err(CodecError::UnsupportedCodec { byte: Codec::Codec2.byte() })
    }

    pub(super) const fn new(_: Codec2Mode) -> Result<Self, CodecError> {
        Err(CodecError::UnsupportedCodec { byte: Codec::Codec2.byte() })
    }

    pub(super) const fn encode(&mut self, _: &[i16], _: &mut [u8]) {
        match *self {}
    }

    pub(super) const fn decode(&mut self, _: &[u8], _: &mut [i16]) {
        match *self {}
    }
}
