//! The codec jobs of LXST telephony: PCM to codec payloads and back, faster and slower playback,
//! what stands in for lost frames, and sample-rate conversion.
//!
//! An [`Encoder`] serves one transmit stream, a [`Decoder`] one receive stream. Neither knows calls,
//! packets or time: the caller gives a frame and gets a payload, or the other way round. A payload
//! stands here without the codec byte that leads it on the wire ([`Codec`] names that byte). The words are
//! those of `lxst-core`.
//!
//! PCM is `f32` in `-1.0..=1.0`, mono, at [`SAMPLE_RATE_HZ`]; a count of samples is at that rate.
//! Audio of another shape passes [`downmix()`] and a [`Resampler`] first.
//!
//! ```
//! use lxst_codecs::{Codec, Decoder, Encoder, Encoding, OpusConfig, Tempo};
//!
//! let mut encoder = Encoder::new(Encoding::Opus(OpusConfig::VOICE_MEDIUM_60_MS))?;
//! let mut decoder = Decoder::new()?;
//!
//! let frame = [0.0; 2880]; // 60 ms
//! let mut payload = Vec::new();
//! encoder.encode(&frame, &mut payload)?;
//! assert!(payload.len() <= 60);
//!
//! let mut pcm = Vec::new();
//! let played = decoder.decode(Codec::Opus, &payload, Tempo::Normal, &mut pcm)?;
//! assert_eq!(played.samples, 2880);
//!
//! let played = decoder.conceal(2880, &mut pcm)?; // the next frame was lost
//! assert_eq!((played.samples, pcm.len()), (2880, 5760));
//! # Ok::<(), lxst_codecs::CodecError>(())
//! ```
//!
//! Both keep their buffers: once `out` has grown to its size, a frame allocates nothing, but for
//! Codec2 in Rust.
//!
//! Codec2 is LGPL-2.1 and built in with one of two features only: `codec2` is written in Rust and
//! has every mode but 700C; `codec2-system` links the system's libcodec2 dynamically, has them all,
//! and wins where both are asked for. Without them it is refused, by name:
//!
//! ```
//! use lxst_codecs::{Codec2Mode, CodecError, Encoding};
//!
//! let refused = Encoding::Codec2(Codec2Mode::Mode1600).check().err();
//! if !cfg!(any(feature = "codec2", feature = "codec2-system")) {
//!     assert_eq!(refused, Some(CodecError::UnsupportedCodec { byte: 2 }));
//! }
//! ```

#![cfg_attr(not(feature = "codec2-system"), forbid(unsafe_code))]
#![cfg_attr(feature = "codec2-system", deny(unsafe_code))]

mod codec2;
mod decoder;
mod downmix;
mod encoder;
mod error;
mod float;
mod level;
mod likeness;
mod limits;
mod opus;
mod pause;
mod raw;
mod repetition;
mod resample;
mod splice;

pub use codec2::mode::Codec2Mode;
pub use decoder::{Decoder, Played};
pub use downmix::downmix;
pub use encoder::{Encoded, Encoder, Encoding};
pub use error::CodecError;
pub use level::Level;
pub use limits::{
    MAX_BITRATE_BPS, MAX_CODEC2_SAMPLES, MAX_RATE_HZ, MAX_RAW_SEND_CHANNELS, MIN_BITRATE_BPS,
    MIN_RATE_HZ, SAMPLE_RATE_HZ,
};
pub use lxst_core::wire::Codec;
pub use lxst_core::{RawDepth, Samples, Tempo};
pub use opus::{
    Application, Bandwidth, Channels, MAX_OPUS_SAMPLES, OPUS_FRAME_SAMPLES, OpusConfig, RateControl,
};
pub use raw::RawConfig;
pub use resample::Resampler;
pub use splice::MAX_HELD_SAMPLES;
