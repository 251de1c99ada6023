//! A build without Opus.

use lxst_core::wire::Codec;

use super::OpusConfig;
use crate::error::CodecError;
use crate::provider::{FrameDecoder, FrameEncoder};

/// The encoder, which no value can have.
#[derive(Debug)]
pub(crate) enum OpusEncoder {}

impl OpusEncoder {
    pub(crate) const fn check() -> Result<(), CodecError> {
        Err(ABSENT)
    }

    pub(crate) const fn new(_: OpusConfig) -> Result<Self, CodecError> {
        Err(ABSENT)
    }
}

impl FrameEncoder for OpusEncoder {
    fn codec(&self) -> Codec {
        match *self {}
    }

    fn encode(&mut self, _: &[f32], _: &mut Vec<u8>) -> Result<(), CodecError> {
        match *self {}
    }
}

/// The decoder, which no value can have.
#[derive(Debug)]
pub(crate) enum OpusDecoder {}

impl OpusDecoder {
    pub(crate) const fn new() -> Result<Self, CodecError> {
        Err(ABSENT)
    }
}

impl FrameDecoder for OpusDecoder {
    fn decode(&mut self, _: &[u8], _: &mut Vec<f32>) -> Result<(), CodecError> {
        match *self {}
    }
}

const ABSENT: CodecError = CodecError::UnsupportedCodec { byte: Codec::Opus.byte() };
