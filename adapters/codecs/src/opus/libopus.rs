//! Opus by libopus.

use core::{fmt, mem};

use ::opus::SoftClip;
use lxst_core::wire::Codec;

#[cfg(feature = "neural")]
use super::neural::{NeuralDecoder, NeuralDecoder as Native, NeuralDecoding};
use super::{
    Application, Bandwidth, Channels, MAX_OPUS_SAMPLES, OPUS_FRAME_SAMPLES, OpusConfig, RateControl,
};
use crate::downmix::mean;
use crate::error::CodecError;
use crate::limits::SAMPLE_RATE_HZ;
use crate::provider::{Concealed, FrameDecoder, FrameEncoder};
#[cfg(not(feature = "neural"))]
use ::opus::Decoder as Native;

/// An Opus encoder with its state.
///
/// It takes 48 kHz PCM at every bandwidth, which libopus reduces. An encoder at 24 or 16 kHz behind
/// a [`Resampler`](crate::Resampler) scored at most 0.07 PESQ-WB more, with 1.3 ms more delay and a
/// second filter.
pub(crate) struct OpusEncoder {
    config: OpusConfig,
    encoder: ::opus::Encoder,
    stereo: Vec<f32>,
}

impl OpusEncoder {
    /// Checks that this build has Opus.
    pub(crate) const fn check() -> Result<(), CodecError> {
        Ok(())
    }

    pub(crate) fn new(config: OpusConfig) -> Result<Self, CodecError> {
        let bitrate_bps = config.check()?.bitrate_bps;
        let channels = match config.channels {
            Channels::Mono => ::opus::Channels::Mono,
            Channels::Stereo => ::opus::Channels::Stereo,
        };
        let application = match config.application {
            Application::Voip => ::opus::Application::Voip,
            Application::Audio => ::opus::Application::Audio,
        };
        let bandwidth = match config.bandwidth {
            Bandwidth::Narrow => ::opus::Bandwidth::Narrowband,
            Bandwidth::Medium => ::opus::Bandwidth::Mediumband,
            Bandwidth::Wide => ::opus::Bandwidth::Wideband,
            Bandwidth::SuperWide => ::opus::Bandwidth::Superwideband,
            Bandwidth::Full => ::opus::Bandwidth::Fullband,
        };
        let mut encoder = ::opus::Encoder::new(SAMPLE_RATE_HZ, channels, application)?;
        encoder.set_bandwidth(bandwidth)?;
        encoder.set_bitrate(::opus::Bitrate::Bits(bitrate_bps as i32))?;
        encoder.set_vbr(config.rate_control == RateControl::Variable)?;
        Ok(Self { config, encoder, stereo: Vec::new() })
    }
}

impl FrameEncoder for OpusEncoder {
    fn codec(&self) -> Codec {
        Codec::Opus
    }

    fn encode(&mut self, pcm: &[f32], out: &mut Vec<u8>) -> Result<(), CodecError> {
        if !OPUS_FRAME_SAMPLES.contains(&pcm.len()) {
            return Err(CodecError::FrameLength { samples: pcm.len() });
        }
        let interleaved = match self.config.channels {
            Channels::Mono => pcm,
            Channels::Stereo => {
                self.stereo.clear();
                self.stereo.extend(pcm.iter().flat_map(|&sample| [sample; 2]));
                &self.stereo
            }
        };
        let start = out.len();
        out.resize(start + self.config.ceiling(pcm.len()), 0);
        let length = self.encoder.encode_float(interleaved, &mut out[start..])?;
        out.truncate(start + length);
        Ok(())
    }
}

impl fmt::Debug for OpusEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpusEncoder").field("config", &self.config).finish_non_exhaustive()
    }
}

/// An Opus decoder with its state: 48 kHz stereo for every payload, mixed to mono.
pub(crate) struct OpusDecoder {
    decoder: Native,
    soft_clip: SoftClip,
    stereo: Box<[f32]>,
    /// Samples concealed since the latest packet, at most [`MAX_OPUS_SAMPLES`].
    concealed: usize,
    /// Concealment of libopus beyond that, less than [`CONCEALED_UNIT`].
    ahead: Vec<f32>,
}

impl OpusDecoder {
    #[cfg(not(feature = "neural"))]
    pub(crate) fn new() -> Result<Self, CodecError> {
        Ok(Self::of(::opus::Decoder::new(SAMPLE_RATE_HZ, ::opus::Channels::Stereo)?))
    }

    #[cfg(feature = "neural")]
    pub(crate) fn new(neural: NeuralDecoding) -> Result<Self, CodecError> {
        Ok(Self::of(NeuralDecoder::new(neural)?))
    }

    fn of(decoder: Native) -> Self {
        Self {
            decoder,
            soft_clip: SoftClip::new(::opus::Channels::Mono),
            stereo: vec![0.0; 2 * MAX_OPUS_SAMPLES].into(),
            concealed: 0,
            ahead: Vec::new(),
        }
    }

    /// Decodes `payload`, or conceals exactly `samples` if it is empty. `samples` is at most
    /// [`MAX_OPUS_SAMPLES`], and libopus writes at most that.
    fn run(
        &mut self,
        payload: &[u8],
        samples: usize,
        out: &mut Vec<f32>,
    ) -> Result<(), CodecError> {
        let stereo = &mut self.stereo[..2 * samples];
        #[cfg(not(feature = "neural"))]
        let decoded = self.decoder.decode_float(payload, stereo, false)?;
        #[cfg(feature = "neural")]
        let decoded = self.decoder.decode_float(payload, stereo)?;
        let start = out.len();
        out.extend(stereo[..2 * decoded].chunks_exact(2).map(mean));
        self.soft_clip.apply(&mut out[start..]);
        Ok(())
    }
}

impl FrameDecoder for OpusDecoder {
    fn decode(&mut self, payload: &[u8], out: &mut Vec<f32>) -> Result<(), CodecError> {
        if payload.is_empty() {
            return Err(CodecError::Empty);
        }
        self.run(payload, MAX_OPUS_SAMPLES, out)?;
        self.concealed = 0;
        self.ahead.clear();
        Ok(())
    }

    /// Extrapolates the stream for 60 ms, fades it over the next 60 ms, and is silent after that.
    ///
    /// libopus alone does not end in silence: at 10 ms frames its noise returns after 100 ms, as
    /// loud as the speech was. It is asked for whole 10 ms, because SILK makes no less, and drops
    /// what does not fit the buffer.
    fn conceal(&mut self, samples: usize, out: &mut Vec<f32>) -> Result<Concealed, CodecError> {
        let start = out.len();
        let audible = samples.min(MAX_OPUS_SAMPLES - self.concealed);
        if audible > self.ahead.len() {
            let missing = (audible - self.ahead.len()).next_multiple_of(CONCEALED_UNIT);
            let mut ahead = mem::take(&mut self.ahead);
            let made = self.run(&[], missing, &mut ahead);
            self.ahead = ahead;
            made?;
        }
        // One fade over all pieces.
        let gains = (self.concealed..)
            .map(|n| ((MAX_OPUS_SAMPLES - n) as f32 / FADE_SAMPLES as f32).min(1.0));
        out.extend(self.ahead.drain(..audible).zip(gains).map(|(sample, gain)| sample * gain));
        self.concealed += audible;
        out.resize(start + samples, 0.0);
        Ok(Concealed::Continued)
    }

    /// Returns whether the next packet does not continue the latest samples: they have faded, or
    /// libopus has concealed more than was handed out.
    fn is_broken(&self) -> bool {
        self.concealed > MAX_OPUS_SAMPLES - FADE_SAMPLES || !self.ahead.is_empty()
    }
}

impl fmt::Debug for OpusDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpusDecoder").finish_non_exhaustive()
    }
}

/// The unit of libopus's concealment: 10 ms.
const CONCEALED_UNIT: usize = 480;
const FADE_SAMPLES: usize = 2_880;
