//! The codecs that are built in.

use lxst_core::wire::Codec;
use lxst_core::{Profile, SendFormat};

use crate::codec2::Codec2Decoder;
use crate::encoding::Encoding;
use crate::error::CodecError;
#[cfg(feature = "neural")]
use crate::opus::NeuralDecoding;
use crate::opus::{OpusConfig, OpusDecoder};
use crate::provider::{Codecs, FrameDecoder, FrameEncoder};
use crate::raw::RawDecoder;

/// The codecs that are built in: raw audio always, Opus with the feature `opus`, Codec2 with
/// `codec2` or `codec2-system`. Each format is encoded as the reference encodes it ([`Encoding`]).
#[derive(Clone, Copy, Debug, Default)]
pub struct BuiltInCodecs;

impl Codecs for BuiltInCodecs {
    fn encoder(&self, format: SendFormat) -> Result<Box<dyn FrameEncoder>, CodecError> {
        CodecSettings::new().encoder(format)
    }

    fn decoder(&self, codec: Codec) -> Result<Box<dyn FrameDecoder>, CodecError> {
        CodecSettings::new().decoder(codec)
    }

    fn check(&self, format: SendFormat) -> Result<(), CodecError> {
        CodecSettings::new().check(format)
    }
}

/// The built-in codecs with settings of the app. *Default*: as [`BuiltInCodecs`].
///
/// A phone takes it as its codecs. A codec of the app's own may build on it as on
/// [`BuiltInCodecs`].
#[derive(Clone, Debug, Default)]
pub struct CodecSettings {
    full_band_ultra_low_latency: bool,
    #[cfg(feature = "neural")]
    neural: NeuralDecoding,
}

impl CodecSettings {
    /// Creates the default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets whether Ultra Low Latency sends 20 kHz of audio in 26 bytes per frame. *Default*: 12
    /// kHz in at most 10 bytes, as the reference does.
    ///
    /// Every peer can decode it, and the delay is the same. By `interop/quality.py --voices
    /// chosen`, PESQ-WB is 3.84 against 1.37. It takes 19 % more airtime, 9,900 bytes per second
    /// against 8,300; no other profile takes more airtime than the reference's.
    #[must_use]
    pub fn full_band_ultra_low_latency(mut self, full_band: bool) -> Self {
        self.full_band_ultra_low_latency = full_band;
        self
    }

    /// Sets the level of neural decoding, to which the app keeps a handle. *Default*: a level of
    /// its own that is [`NeuralLevel::Off`](crate::NeuralLevel::Off).
    #[cfg(feature = "neural")]
    #[must_use]
    pub fn neural_decoding(mut self, neural: NeuralDecoding) -> Self {
        self.neural = neural;
        self
    }

    /// Returns how a format is encoded.
    #[must_use]
    pub fn encoding(&self, format: SendFormat) -> Encoding {
        match format {
            SendFormat::Profile(Profile::UltraLowLatency) if self.full_band_ultra_low_latency => {
                Encoding::Opus(OpusConfig::VOICE_FULL_BAND_10_MS)
            }
            _ => Encoding::from(format),
        }
    }
}

impl Codecs for CodecSettings {
    fn encoder(&self, format: SendFormat) -> Result<Box<dyn FrameEncoder>, CodecError> {
        self.encoding(format).encoder()
    }

    fn decoder(&self, codec: Codec) -> Result<Box<dyn FrameDecoder>, CodecError> {
        Ok(match codec {
            Codec::Raw => Box::new(RawDecoder),
            #[cfg(not(feature = "neural"))]
            Codec::Opus => Box::new(OpusDecoder::new()?),
            #[cfg(feature = "neural")]
            Codec::Opus => Box::new(OpusDecoder::new(self.neural.clone())?),
            Codec::Codec2 => Box::new(Codec2Decoder::new()?),
            Codec::Other(byte) => return Err(CodecError::UnsupportedCodec { byte }),
        })
    }

    fn check(&self, format: SendFormat) -> Result<(), CodecError> {
        self.encoding(format).check()
    }

    /// Lowers the level of neural decoding.
    #[cfg(feature = "neural")]
    fn relieve(&self) -> Option<&'static str> {
        self.neural.lower().map(crate::NeuralLevel::in_words)
    }
}
