//! The codecs of this build.

use lxst_core::SendFormat;
use lxst_core::wire::Codec;

use crate::codec2::Codec2Decoder;
use crate::encoding::Encoding;
use crate::error::CodecError;
use crate::opus::OpusDecoder;
use crate::provider::{Codecs, FrameDecoder, FrameEncoder};
use crate::raw::RawDecoder;

/// The codecs of this build: raw audio always, Opus with the feature `opus`, Codec2 with `codec2`
/// or `codec2-system`. Each format is encoded as the reference does ([`Encoding`]).
#[derive(Clone, Copy, Debug, Default)]
pub struct BuiltInCodecs;

impl Codecs for BuiltInCodecs {
    fn encoder(&self, format: SendFormat) -> Result<Box<dyn FrameEncoder>, CodecError> {
        Encoding::from(format).encoder()
    }

    fn decoder(&self, codec: Codec) -> Result<Box<dyn FrameDecoder>, CodecError> {
        Ok(match codec {
            Codec::Raw => Box::new(RawDecoder),
            Codec::Opus => Box::new(OpusDecoder::new()?),
            Codec::Codec2 => Box::new(Codec2Decoder::new()?),
            Codec::Other(byte) => return Err(CodecError::UnsupportedCodec { byte }),
        })
    }

    fn check(&self, format: SendFormat) -> Result<(), CodecError> {
        Encoding::from(format).check()
    }
}
