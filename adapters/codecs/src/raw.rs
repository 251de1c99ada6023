//! Raw audio: IEEE floats after a header byte, at 48 kHz.
//!
//! ```text
//! | depth: 2 bits | channels - 1: 6 bits | samples, little endian, interleaved ... |
//! ```
//!
//! *Source*: LXST/Codecs/Raw.py. The wire tells no sample rate: the reference plays at the rate of
//! its sink, 48 kHz.

use lxst_core::RawDepth;
use lxst_core::wire::Codec;

use crate::downmix::mean;
use crate::error::CodecError;
use crate::float::{f16_from_f32, f32_from_f16, f32_from_x87, sanitised, x87_from_f32};
use crate::limits::MAX_RAW_SEND_CHANNELS;
use crate::provider::{FrameDecoder, FrameEncoder};

/// The settings of raw frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RawConfig {
    /// The format of a sample.
    pub depth: RawDepth,
    /// Channels on the wire, 1 to [`MAX_RAW_SEND_CHANNELS`]. All carry the same audio.
    pub channels: u8,
}

impl RawConfig {
    /// Returns the length of a payload of `samples`, in bytes, header byte included.
    #[must_use]
    pub const fn payload_bytes(&self, samples: usize) -> usize {
        1 + samples * self.channels as usize * self.depth.bytes()
    }

    pub(crate) fn check(self) -> Result<Self, CodecError> {
        if (1..=MAX_RAW_SEND_CHANNELS).contains(&self.channels) {
            return Ok(self);
        }
        Err(CodecError::UnsupportedChannels { channels: self.channels.into() })
    }
}

/// An encoder of raw audio, which has no state.
#[derive(Debug)]
pub(crate) struct RawEncoder(RawConfig);

impl RawEncoder {
    pub(crate) fn new(config: RawConfig) -> Result<Self, CodecError> {
        config.check().map(Self)
    }
}

impl FrameEncoder for RawEncoder {
    fn codec(&self) -> Codec {
        Codec::Raw
    }

    fn encode(&mut self, pcm: &[f32], out: &mut Vec<u8>) -> Result<(), CodecError> {
        if pcm.is_empty() {
            return Err(CodecError::FrameLength { samples: 0 });
        }
        let RawConfig { depth, channels } = self.0;
        out.reserve(self.0.payload_bytes(pcm.len()));
        out.push((depth as u8) << 6 | (channels - 1));
        for &sample in pcm {
            for _ in 0..channels {
                match depth {
                    RawDepth::Float16 => out.extend(f16_from_f32(sample)),
                    RawDepth::Float32 => out.extend(sample.to_le_bytes()),
                    RawDepth::Float64 => out.extend(f64::from(sample).to_le_bytes()),
                    RawDepth::Float128 => out.extend(x87_from_f32(sample)),
                }
            }
        }
        Ok(())
    }
}

/// A decoder of raw audio, which has no state.
#[derive(Debug)]
pub(crate) struct RawDecoder;

impl FrameDecoder for RawDecoder {
    fn decode(&mut self, payload: &[u8], pcm: &mut Vec<f32>) -> Result<(), CodecError> {
        decode(payload, pcm)
    }
}

const fn depth_of(header: u8) -> RawDepth {
    match header >> 6 {
        0 => RawDepth::Float16,
        1 => RawDepth::Float32,
        2 => RawDepth::Float64,
        _ => RawDepth::Float128,
    }
}

/// Appends the samples of a payload to `out`: the mean of its channels, clipped to -1 to 1; NaN
/// becomes zero.
fn decode(payload: &[u8], out: &mut Vec<f32>) -> Result<(), CodecError> {
    let Some((&header, data)) = payload.split_first() else {
        return Err(CodecError::Empty);
    };
    let depth = depth_of(header);
    let channels = usize::from(header & 0x3F) + 1;
    let unit = channels * depth.bytes();
    if data.is_empty() {
        return Err(CodecError::Empty);
    }
    if !data.len().is_multiple_of(unit) {
        return Err(CodecError::Partial { length: data.len(), unit });
    }
    match depth {
        RawDepth::Float16 => append(data, channels, f32_from_f16, out),
        RawDepth::Float32 => append(data, channels, f32::from_le_bytes, out),
        RawDepth::Float64 => append(data, channels, |bytes| f64::from_le_bytes(bytes) as f32, out),
        RawDepth::Float128 => append(data, channels, f32_from_x87, out),
    }
    Ok(())
}

/// Appends the mean of each sample's channels, at most [`MAX_RAW_CHANNELS`] of them.
fn append<const BYTES: usize>(
    data: &[u8],
    channels: usize,
    sample: impl Fn([u8; BYTES]) -> f32,
    out: &mut Vec<f32>,
) {
    let (samples, _) = data.as_chunks::<BYTES>();
    out.extend(samples.chunks_exact(channels).map(|channels| {
        let mut values = [0.0; MAX_RAW_CHANNELS];
        let values = &mut values[..channels.len()];
        for (value, &bytes) in values.iter_mut().zip(channels) {
            *value = sanitised(sample(bytes));
        }
        mean(values)
    }));
}

/// Largest channel count of six bits.
const MAX_RAW_CHANNELS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_a_header_and_interleaved_little_endian_samples() {
        let encoded = |depth, channels, pcm: &[f32]| {
            let mut out = Vec::new();
            RawEncoder::new(RawConfig { depth, channels }).unwrap().encode(pcm, &mut out).unwrap();
            out
        };
        assert_eq!(encoded(RawDepth::Float16, 1, &[0.5, -1.0]), [0x00, 0x00, 0x38, 0x00, 0xBC]);
        assert_eq!(encoded(RawDepth::Float16, 2, &[0.5]), [0x01, 0x00, 0x38, 0x00, 0x38]);
        assert_eq!(encoded(RawDepth::Float32, 1, &[0.5]), [0x40, 0, 0, 0, 0x3F]);
        assert_eq!(encoded(RawDepth::Float64, 1, &[0.5]), [0x80, 0, 0, 0, 0, 0, 0, 0xE0, 0x3F]);
        assert_eq!(
            encoded(RawDepth::Float128, 1, &[0.5]),
            [0xC0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0xFE, 0x3F, 0, 0, 0, 0, 0, 0]
        );
    }

    #[test]
    fn every_depth_and_channel_count_comes_back() {
        let pcm = [0.0, 0.5, -0.25, 1.0, -1.0, 0.125];
        for depth in [RawDepth::Float16, RawDepth::Float32, RawDepth::Float64, RawDepth::Float128] {
            for channels in 1..=MAX_RAW_SEND_CHANNELS {
                let config = RawConfig { depth, channels }.check().unwrap();
                let (mut payload, mut decoded) = (Vec::new(), Vec::new());
                RawEncoder(config).encode(&pcm, &mut payload).unwrap();
                assert_eq!(payload.len(), config.payload_bytes(pcm.len()));
                decode(&payload, &mut decoded).unwrap();
                assert_eq!(decoded, pcm, "{config:?}");
            }
        }
    }

    #[test]
    fn sixty_four_channels_are_received_as_their_mean() {
        let mut payload = vec![0x40 | 63];
        for channel in 0..64 {
            payload.extend((channel as f32 / 64.0).to_le_bytes());
        }
        let mut pcm = Vec::new();
        decode(&payload, &mut pcm).unwrap();
        assert_eq!(pcm, [(63.0 / 2.0) / 64.0]);
    }

    #[test]
    fn values_that_are_no_audio_become_silence_or_full_scale() {
        let hostile = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -7.0, 0.25];
        for depth in [RawDepth::Float16, RawDepth::Float32, RawDepth::Float64, RawDepth::Float128] {
            let (mut payload, mut pcm) = (Vec::new(), Vec::new());
            RawEncoder(RawConfig { depth, channels: 1 }).encode(&hostile, &mut payload).unwrap();
            decode(&payload, &mut pcm).unwrap();
            assert_eq!(pcm, [0.0, 1.0, -1.0, 1.0, -1.0, 0.25], "{depth:?}");
        }
    }

    #[test]
    fn no_extended_float_decodes_to_anything_but_audio() {
        let mantissas = [0, 1, 1 << 62, 1 << 63, 3 << 62, u64::MAX];
        let tops = [0, 1, 0x3BFF, 0x3FFE, 0x3FFF, 0x43FE, 0x7FFE, 0x7FFF];
        let mut payload = vec![0xC0];
        for mantissa in mantissas {
            for top in tops {
                for top in [top, top | 0x8000_u16] {
                    payload.extend(mantissa.to_le_bytes());
                    payload.extend(top.to_le_bytes());
                    payload.extend([0xFF; 6]);
                }
            }
        }
        let mut pcm = Vec::new();
        decode(&payload, &mut pcm).unwrap();
        assert_eq!(pcm.len(), mantissas.len() * tops.len() * 2);
        assert!(pcm.iter().all(|sample| (-1.0..=1.0).contains(sample)));
    }

    #[test]
    fn a_partial_sample_or_none_is_refused() {
        let mut pcm = Vec::new();
        assert_eq!(decode(&[], &mut pcm), Err(CodecError::Empty));
        assert_eq!(decode(&[0x41], &mut pcm), Err(CodecError::Empty));
        for (payload, length, unit) in [
            (vec![0x00, 0, 0, 0], 3, 2),
            (vec![0x01, 0, 0, 0, 0, 0, 0], 6, 4),
            (vec![0xC0; 11], 10, 16),
        ] {
            assert_eq!(decode(&payload, &mut pcm), Err(CodecError::Partial { length, unit }));
        }
        assert!(pcm.is_empty());
    }

    #[test]
    fn zero_and_thirty_three_channels_are_not_sent() {
        for channels in [0, 33] {
            assert_eq!(
                RawConfig { depth: RawDepth::Float16, channels }.check(),
                Err(CodecError::UnsupportedChannels { channels: channels.into() })
            );
        }
    }
}
