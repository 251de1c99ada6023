//! Where the codecs of a phone come from: the traits that an app implements to bring its own.

use core::fmt;

use lxst_core::wire::{Codec, CodecSet};
use lxst_core::{Profile, ProfileSet, SendFormat};

use crate::error::CodecError;

/// Makes the encoders and decoders of a phone.
///
/// [`BuiltInCodecs`](crate::BuiltInCodecs) is one. An app that brings a codec implements this trait
/// in one place: it names the formats that it sends with the codec, and the codecs that it decodes,
/// and leaves the rest to [`BuiltInCodecs`](crate::BuiltInCodecs). The codec may replace one of the
/// reference's, such as Opus by the system's library, or stand under a byte of its own
/// ([`Codec::Other`]), which only peers with the same codec decode. Everything around a codec
/// stays: DTX, tempo, splices, and concealment where the codec has none.
///
/// ```
/// use lxst_codecs::{
///     BuiltInCodecs, Codec, CodecError, Codecs, FrameDecoder, FrameEncoder, Profile, SendFormat,
/// };
///
/// /// Sends Low Latency with 8 bits a sample, and decodes that.
/// #[derive(Debug)]
/// struct WithBytes;
///
/// /// Each sample in a byte, at 8 kHz.
/// #[derive(Debug)]
/// struct Bytes;
///
/// const BYTES: Codec = Codec::Other(0x0a);
///
/// impl Codecs for WithBytes {
///     fn encoder(&self, format: SendFormat) -> Result<Box<dyn FrameEncoder>, CodecError> {
///         match format {
///             SendFormat::Profile(Profile::LowLatency) => Ok(Box::new(Bytes)),
///             other => BuiltInCodecs.encoder(other),
///         }
///     }
///
///     fn decoder(&self, codec: Codec) -> Result<Box<dyn FrameDecoder>, CodecError> {
///         if codec == BYTES { Ok(Box::new(Bytes)) } else { BuiltInCodecs.decoder(codec) }
///     }
/// }
///
/// impl FrameEncoder for Bytes {
///     fn codec(&self) -> Codec {
///         BYTES
///     }
///
///     fn encode(&mut self, pcm: &[f32], payload: &mut Vec<u8>) -> Result<(), CodecError> {
///         payload.extend(pcm.iter().step_by(6).map(|sample| (sample * 127.0) as i8 as u8));
///         Ok(())
///     }
/// }
///
/// impl FrameDecoder for Bytes {
///     fn decode(&mut self, payload: &[u8], pcm: &mut Vec<f32>) -> Result<(), CodecError> {
///         let samples = payload.iter().map(|byte| f32::from(*byte as i8) / 127.0);
///         pcm.extend(samples.flat_map(|sample| [sample; 6]));
///         Ok(())
///     }
/// }
///
/// assert!(WithBytes.profiles().contains(Profile::LowLatency));
/// assert!(WithBytes.known().contains(BYTES));
/// ```
pub trait Codecs: fmt::Debug + Send + Sync {
    /// Creates an encoder with fresh state for a format.
    ///
    /// # Errors
    /// [`CodecError`] if the format cannot be sent.
    fn encoder(&self, format: SendFormat) -> Result<Box<dyn FrameEncoder>, CodecError>;

    /// Creates a decoder with fresh state. A stream keeps it while its frames name this codec.
    ///
    /// # Errors
    /// [`CodecError::UnsupportedCodec`] if the codec cannot be decoded, or another [`CodecError`].
    fn decoder(&self, codec: Codec) -> Result<Box<dyn FrameDecoder>, CodecError>;

    /// Checks that a format can be sent.
    ///
    /// # Errors
    /// As [`encoder`](Self::encoder), which the default calls.
    fn check(&self, format: SendFormat) -> Result<(), CodecError> {
        self.encoder(format).map(drop)
    }

    /// Returns the profiles that can be sent: those that pass [`check`](Self::check). A phone
    /// offers no others.
    fn profiles(&self) -> ProfileSet {
        let can_send = |profile: &Profile| self.check(SendFormat::Profile(*profile)).is_ok();
        Profile::ALL.into_iter().filter(can_send).fold(ProfileSet::EMPTY, ProfileSet::with)
    }

    /// Returns the codecs whose frames a phone accepts: those of the reference, and every other
    /// byte, 0x03 to 0xFE, for which [`decoder`](Self::decoder) makes a decoder. Frames under
    /// another byte are counted and dropped, as the reference does.
    fn known(&self) -> CodecSet {
        let others = (0x03..=0xfe).map(Codec::from_byte);
        let decoded = others.filter(|codec| self.decoder(*codec).is_ok());
        decoded.fold(CodecSet::REFERENCE, CodecSet::with)
    }

    /// Makes decoding take less time from the next frame on, because a phone's codec work runs
    /// late. Returns what it changed, in words for people; `None` if there is nothing to change.
    /// *Default*: nothing.
    fn relieve(&self) -> Option<&'static str> {
        None
    }
}

/// The encoder of one transmit stream.
pub trait FrameEncoder: fmt::Debug + Send {
    /// Returns the codec, whose byte leads each payload on the wire.
    fn codec(&self) -> Codec;

    /// Encodes one frame and appends its payload, without the codec byte, to `payload`.
    ///
    /// *Units*: mono PCM at 48 kHz, from -1 to 1. A frame has the length of its profile
    /// ([`Profile::frame`]).
    ///
    /// *Bounds*: a payload that exceeds a packet of the link with its
    /// [`MEDIA_OVERHEAD`](lxst_core::wire::MEDIA_OVERHEAD) is counted and not sent. A link's mdu is
    /// 431 bytes by default.
    ///
    /// # Errors
    /// [`CodecError`]: what was appended is then removed.
    fn encode(&mut self, pcm: &[f32], payload: &mut Vec<u8>) -> Result<(), CodecError>;
}

/// The decoder of one codec in one receive stream.
pub trait FrameDecoder: fmt::Debug + Send {
    /// Decodes one payload, without the codec byte, and appends its PCM to `pcm`.
    ///
    /// The payload comes from a stranger and may hold any bytes.
    ///
    /// *Units*: mono PCM at 48 kHz. Samples are clipped to -1 to 1; NaN becomes zero.
    ///
    /// *Bounds*: 2 s ([`MAX_FRAME_SAMPLES`](crate::MAX_FRAME_SAMPLES)); a longer frame is dropped.
    ///
    /// # Errors
    /// [`CodecError`] if the payload is none of this codec. The stream goes on as if it had been
    /// lost.
    fn decode(&mut self, payload: &[u8], pcm: &mut Vec<f32>) -> Result<(), CodecError>;

    /// Conceals `samples` that are missing and appends them to `pcm`: packet loss concealment
    /// (PLC). *Default*: none; the last pitch period is repeated.
    ///
    /// # Errors
    /// [`CodecError`]: silence is played.
    fn conceal(&mut self, samples: usize, pcm: &mut Vec<f32>) -> Result<Concealed, CodecError> {
        let _ = (samples, pcm);
        Ok(Concealed::Unable)
    }

    /// Returns whether the next payload does not continue the concealed audio, and fades in.
    /// *Default*: `false`.
    fn is_broken(&self) -> bool {
        false
    }
}

/// What a decoder did about missing audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concealed {
    /// It appended a continuation of its stream.
    Continued,
    /// It has no concealment of its own, and appended nothing.
    Unable,
}
