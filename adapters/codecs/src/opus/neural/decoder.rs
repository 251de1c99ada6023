//! The decoder of libopus with its networks.

use super::ffi::Native;
use super::level::{NeuralDecoding, NeuralLevel};
use crate::error::CodecError;

/// A decoder of 48 kHz stereo at a level that may change with each packet.
#[derive(Debug)]
pub(crate) struct NeuralDecoder {
    native: Native,
    neural: NeuralDecoding,
    level: NeuralLevel,
    /// The last packet, if its bandwidth was extended.
    extended: Vec<u8>,
}

impl NeuralDecoder {
    pub(crate) fn new(neural: NeuralDecoding) -> Result<Self, CodecError> {
        let (native, level) = (Native::new()?, NeuralLevel::Off);
        Ok(Self { native, neural, level, extended: Vec::new() })
    }

    /// Decodes `payload`, or conceals all of `stereo` when it is empty. Returns the samples of a
    /// channel. `stereo` has room for every packet.
    ///
    /// libopus 1.6.1 skips all CELT after a packet of SILK that it extended, until it decodes SILK
    /// without extension: a peer that changes to CELT would be silent for good. So the extension is
    /// on for packets of SILK alone. At a change to CELT, libopus then conceals 5 ms of SILK, which
    /// ends the mode. It does not where the last packet of SILK brought the first 5 ms of CELT
    /// (redundancy): that packet is decoded once more without the extension, for its CELT alone.
    pub(crate) fn decode_float(
        &mut self,
        payload: &[u8],
        stereo: &mut [f32],
    ) -> Result<usize, CodecError> {
        self.follow_level()?;
        let Some(&first) = payload.first() else {
            return self.native.decode(payload, stereo);
        };
        let extends = self.level == NeuralLevel::Extended && first >> 3 < FIRST_OF_HYBRID;
        self.native.set_bandwidth_extension(extends)?;
        let mut decoded = self.native.decode(payload, stereo)?;
        let may_be_skipped = !extends && !self.extended.is_empty();
        if may_be_skipped && self.native.final_range()? == RANGE_OF_NOTHING_READ {
            self.native.decode(&self.extended, stereo)?;
            decoded = self.native.decode(payload, stereo)?;
        }
        // A packet without a frame is concealed, and the mode stays.
        if payload.len() > 1 {
            self.extended.clear();
            self.extended.extend(payload.iter().filter(|_| extends));
        }
        Ok(decoded)
    }

    fn follow_level(&mut self) -> Result<(), CodecError> {
        let level = self.neural.level();
        if level != self.level {
            self.native.set_complexity(level.complexity())?;
            self.level = level;
        }
        Ok(())
    }
}

/// The first configuration of a packet that has CELT in it; those below are SILK's (RFC 6716, table
/// 2).
const FIRST_OF_HYBRID: u8 = 12;

/// The range of an entropy decoder that has read no symbol (RFC 6716, section 4.1.1). A frame of
/// silent CELT leaves another.
const RANGE_OF_NOTHING_READ: u32 = 1 << 31;
